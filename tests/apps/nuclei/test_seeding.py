"""A place where a nucleus was seen becomes its outline."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.apps.nuclei.seeding import nucleus_at


def scene():
    places = np.indices((100, 100))
    discs = [np.hypot(*(places - np.array(c)[:, None, None])) for c in ((50, 40), (50, 62))]
    rng = np.random.default_rng(0)
    dye = 0.1 + 0.9 * (discs[0] < 10) + 0.9 * (discs[1] < 10)
    return ndimage.gaussian_filter(dye, 1) + rng.normal(0, 0.03, dye.shape), discs


def test_the_nucleus_there_is_found_and_no_other():
    dye, discs = scene()
    taken = discs[1] < 10
    mask = nucleus_at(dye, (48, 42), taken, 9.0)
    truth = discs[0] < 10
    assert (mask & truth).sum() / (mask | truth).sum() > 0.85
    assert not (mask & taken).any()


def test_where_nothing_stands_out_it_is_a_disc():
    mask = nucleus_at(
        np.random.default_rng(0).normal(0, 0.01, (80, 80)), (40, 40), np.zeros((80, 80)), 8
    )
    assert mask.sum() >= 0.3 * np.pi * 64 and mask[40, 40]
    assert ndimage.label(mask)[1] == 1
    flat = nucleus_at(np.zeros((80, 80)), (40, 40), np.zeros((80, 80)), 8)
    assert flat.sum() == pytest.approx(np.pi * 64, rel=0.05)


def test_places_that_are_taken_or_outside_are_refused():
    dye, discs = scene()
    for seed, taken in (((50, 62), discs[1] < 10), ((200, 3), discs[1] < 0)):
        with pytest.raises(ValueError, match="outside of other nuclei"):
            nucleus_at(dye, seed, taken, 9.0)
    with pytest.raises(ValueError, match="radius_px"):
        nucleus_at(dye, (50, 40), discs[1] < 0, 0.0)
