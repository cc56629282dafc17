"""Brown nuclei are told from blue ones, and their share is right."""

import numpy as np

from corporis.apps.nuclei.immune import brown_shares, is_brown, positive_nuclei
from corporis.imaging.stain import IMMUNE
from corporis.phantoms import HardCoreProcess, NuclearTissue


def test_positive_nuclei_are_those_that_were_stained():
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.002, 26.0).sample((300, 300), rng)
    brown = np.flatnonzero(rng.random(len(points)) < 0.3)
    tissue = NuclearTissue().at(points, (300, 300), rng, positive=brown)
    seen = np.isin(np.arange(1, len(points) + 1), tissue.labels)
    found = positive_nuclei(tissue.image, tissue.labels)
    assert (found[seen[: len(found)]] == tissue.is_positive[: len(found)][seen[: len(found)]]).all()


def test_shares_are_those_of_the_dyes():
    labels = np.repeat([1, 2, 3], 20).reshape(3, 20)
    codes = np.zeros((3, 20, 2))
    codes[0], codes[1], codes[2] = (0.8, 0.0), (0.4, 0.4), (0.0, 0.9)
    np.testing.assert_allclose(brown_shares(IMMUNE.render(codes), labels), [0, 0.5, 1], atol=0.03)
    assert brown_shares(IMMUNE.render(codes), 0 * labels).shape == (0,)


def test_means_tell_the_same_as_sums():
    rng = np.random.default_rng(1)
    blue, brown = rng.random(50), rng.random(50)
    np.testing.assert_array_equal(is_brown(blue, brown), brown / (blue + brown) > 0.35)
    assert not is_brown([0.0], [0.0])[0]
