"""Procedural tissue: its masks are what was asked for, its light obeys Beer and Lambert."""

import numpy as np
import pytest

from corporis.phantoms.nuclei import DYES, NuclearTissue
from corporis.shapes import fill_polygon

QUIET = NuclearTissue(blur_px=0, noise=0)


@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.25, 0.4])
def test_a_pair_overlaps_as_much_as_asked(overlap):
    for seed in range(12):
        tissue = QUIET.pair(overlap, (90, 90), np.random.default_rng(seed))
        a, b = tissue.masks
        share = np.count_nonzero(a & b) / min(a.sum(), b.sum())
        # a step of a pixel moves a whole side of the lens
        assert share == pytest.approx(overlap, abs=0.04)
        gap = np.argwhere(a)[:, None] - np.argwhere(b)
        assert np.abs(gap).max(axis=2).min() <= 2  # they touch


def test_layers_multiply_light():
    tissue = QUIET.pair(0.3, (90, 90), np.random.default_rng(3))
    a, b = tissue.masks
    density = -np.log(np.maximum(tissue.image, 1) / 245.0)[..., 0]
    assert density[a & b].mean() > 1.5 * density[a ^ b].mean()
    assert density[a ^ b].mean() > 5 * density[~(a | b)].mean()


def test_without_optics_colours_lie_in_the_plane_of_the_dyes():
    tissue = QUIET.at([[20, 20], [40, 50]], (70, 70), np.random.default_rng(0))
    density = -np.log(tissue.image.reshape(-1, 3) / 245.0)
    plane = np.array([DYES["haematoxylin"], DYES["eosin"]])
    left = density - density @ np.linalg.pinv(plane) @ plane
    assert np.abs(left).max() < 0.03  # rounding to grey levels


def test_labels_are_the_masks_with_the_smaller_on_top():
    tissue = QUIET.pair(0.4, (90, 90), np.random.default_rng(5))
    smaller = np.argmin(tissue.masks.sum(axis=(1, 2)))
    assert (tissue.labels[tissue.masks[smaller]] == smaller + 1).all()
    np.testing.assert_array_equal(tissue.labels > 0, tissue.masks.any(axis=0))


def test_brown_ones_are_brown():
    centres = [[25, 25], [25, 75], [75, 25], [75, 75]]
    tissue = QUIET.at(centres, (100, 100), np.random.default_rng(1), positive=[1, 2])
    assert tissue.is_positive.tolist() == [False, True, True, False]
    for mask, brown in zip(tissue.masks, tissue.is_positive, strict=True):
        red, _, blue = tissue.image[mask].mean(axis=0)
        assert (red > blue) == brown


def test_outlines_are_no_ellipses():
    rng, worst = np.random.default_rng(2), []
    for _ in range(20):
        mask = fill_polygon(NuclearTissue(elongation=1.0).outline(rng) + 30, (60, 60))
        points = np.argwhere(mask) - np.argwhere(mask).mean(axis=0)
        spread = np.cov(points.T)
        inside = np.einsum("ni,ij,nj->n", points, np.linalg.inv(spread), points) <= 4
        worst.append(1 - inside.mean())  # an ellipse holds all within two deviations
    assert np.mean(worst) > 0.02


def test_the_same_seed_gives_the_same_tissue():
    one, two = (NuclearTissue().pair(0.2, (64, 64), np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(one.image, two.image)


def test_numbers_out_of_range_are_refused():
    for wrong in ({"radius_px": (5, 3)}, {"roughness": 0.5}, {"noise": -1}, {"elongation": 0.5}):
        with pytest.raises(ValueError, match="got"):
            NuclearTissue(**wrong)
    with pytest.raises(ValueError, match="overlap"):
        QUIET.pair(0.9, (50, 50), np.random.default_rng(0))
