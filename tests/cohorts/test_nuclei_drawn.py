"""New outlines measured in the slide are what the search would have measured."""

import numpy as np
import pytest

from cohorts.reviewed import searched
from corporis.cohorts.nuclei_drawn import DrawnOn, centre_of, same_outline
from corporis.cohorts.nuclei_review import Searched
from corporis.errors import BadInput


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    _, source, folder = searched(tmp_path_factory.mktemp("drawn"))
    held = Searched.open(folder)
    return DrawnOn(source, held.facts, held.found()), list(held.found())


def test_an_outline_that_was_found_measures_the_same(drawn):
    on, tiles = drawn
    nuclei = tiles[0].nuclei
    inner = [
        k
        for k, c in enumerate(nuclei.centres)
        if (c > 70).all() and (c < np.array(on.slide.shape) - 70).all()
    ]
    for row in inner[:4]:
        again = on.features(nuclei.outlines[row])
        for column, name in enumerate(nuclei.names):
            if name.startswith(("shape.", "colour.")) and "low" not in name:
                expected = nuclei.features[row, column]
                assert again[column] == pytest.approx(expected, rel=0.15, abs=0.1), name


def test_outlines_beyond_the_slide_are_refused(drawn):
    on, _ = drawn
    with pytest.raises(BadInput, match="holds no pixel of the slide"):
        on.features(np.array([[-50.0, -50.0], [-50, -40], [-40, -45]]))


def test_outlines_are_the_same_from_wherever_they_begin():
    square = np.array([[0.0, 0], [0, 4], [4, 4], [4, 0]])
    assert same_outline(square, square[::-1] + 0.05)
    assert not same_outline(square, square[:3]) and not same_outline(square, square + 1)
    np.testing.assert_allclose(centre_of(square), [2, 2])
    np.testing.assert_allclose(centre_of(np.array([[0.0, 0], [2, 2], [4, 4]])), [2, 2])
