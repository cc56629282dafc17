"""Stains: what was dyed is read back, by hand and from procedural tissue."""

import numpy as np
import pytest
from scipy.optimize import nnls

from corporis.errors import NotFound
from corporis.imaging.stain import (
    IMMUNE,
    REFERENCE,
    Stains,
    macenko,
    non_negative_codes,
    normalise,
    optical_density,
    sparse_stains,
    transmitted,
)
from corporis.phantoms.nuclei import DYES, NuclearTissue

TISSUE = NuclearTissue(noise=2.0, eosin=(0.5, 0.15))


def slide(dyes=None, seed=0, tissue=TISSUE):
    rng = np.random.default_rng(seed)
    centres = [[r, c] for r in range(20, 190, 34) for c in range(20, 190, 34)]
    if dyes is not None:
        tissue = NuclearTissue(noise=2.0, eosin=(0.5, 0.15), dyes={**DYES, **dyes})
    return tissue.at(centres, (200, 200), rng)


def angle(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def test_density_and_light_are_inverse():
    grey = np.arange(1, 256, dtype=np.uint8)
    np.testing.assert_array_equal(transmitted(optical_density(grey)), grey)
    assert optical_density(np.array([0, 255])).round(3).tolist() == [5.541, 0.0]


def test_concentrations_survive_the_photograph():
    rng = np.random.default_rng(0)
    codes = rng.uniform(0, 1.5, (500, 2)) * (rng.random((500, 2)) < 0.7)
    for stains in (REFERENCE, IMMUNE):
        found = stains.concentrations(stains.render(codes))
        np.testing.assert_allclose(found, codes, atol=0.06)  # rounding to grey levels


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_codes_are_the_minimum(weight):
    rng = np.random.default_rng(1)
    density, v = rng.normal(0.3, 0.5, (60, 3)), REFERENCE.vectors
    found = non_negative_codes(density, v, weight)
    if weight == 0:
        expected = np.stack([nnls(v.T, d)[0] for d in density])
        np.testing.assert_allclose(found, expected, atol=1e-10)

    def cost(c):
        return 0.5 * ((density - c @ v) ** 2).sum(1) + weight * c.sum(1)

    assert (found >= 0).all()
    for scale in (1e-3, 0.1, 1.0):
        other = np.maximum(found + scale * rng.standard_normal(found.shape), 0)
        assert (cost(found) <= cost(other) + 1e-12).all()


@pytest.mark.parametrize("estimate", [macenko, sparse_stains])
@pytest.mark.parametrize(
    "dyes",
    [
        {},
        {"haematoxylin": (0.55, 0.75, 0.37), "eosin": (0.15, 0.95, 0.25)},
        {"haematoxylin": (0.76, 0.60, 0.25), "eosin": (0.05, 0.90, 0.43)},
    ],
)
def test_dyes_are_found(estimate, dyes):
    found = estimate(slide(dyes).image)
    wanted = {**DYES, **dyes}
    # a nucleus also holds eosin, so that no pixel shows pure haematoxylin
    assert angle(found.vectors[0], np.array(wanted["haematoxylin"])) < 12
    assert angle(found.vectors[1], np.array(wanted["eosin"])) < 6


def test_sparsity_turns_atoms_apart_no_further_than_the_cloud():
    image = slide().image
    first, second = (f(image).vectors for f in (macenko, sparse_stains))
    assert np.abs(first - second).max() < 0.1
    assert not np.allclose(first, second)


def test_normalisation_brings_two_stains_together():
    pale = slide({"haematoxylin": (0.55, 0.75, 0.37), "eosin": (0.15, 0.95, 0.25)}, seed=4).image
    strong = slide(seed=4).image
    before = np.abs(pale.astype(float) - strong).mean()
    both = [normalise(i, sparse_stains(i)).astype(float) for i in (pale, strong)]
    assert np.abs(both[0] - both[1]).mean() < 0.45 * before


def test_normalisation_to_itself_changes_little():
    image = slide().image
    found = sparse_stains(image)
    again = normalise(image, found, found)
    assert np.abs(again.astype(float) - image).mean() < 4


def test_haematoxylin_shows_nuclei():
    tissue = slide()
    blue = sparse_stains(tissue.image).concentrations(tissue.image)[..., 0]
    inside = tissue.masks.any(axis=0)
    assert blue[inside].mean() > 4 * blue[~inside].mean()


def test_glass_and_one_colour_are_named():
    with pytest.raises(NotFound, match="glass"):
        macenko(np.full((50, 50, 3), 250, np.uint8))
    with pytest.raises(NotFound, match="one colour"):
        macenko(np.full((50, 50, 3), (100, 20, 100), np.uint8))
    with pytest.raises(ValueError, match="parallel"):
        Stains(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="full"):
        Stains(REFERENCE.vectors, np.zeros(2))
