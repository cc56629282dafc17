"""The right cavity read along rays: a known crescent, faint evidence, organs beside it."""

import numpy as np
import pytest

from corporis.apps.heart_shape.evidence import EvidenceMaps
from corporis.apps.heart_shape.outline import WHOLE, look
from corporis.apps.heart_shape.polar import profiles
from corporis.apps.heart_shape.right_rays import RightRays, ray_brightness

SIDE, MIDDLE, N_SLICES = 96, 47.5, 5
INNER, OUTER = 12.0, 17.0
REACH = (14.0, 6.0)  # of the right cavity beyond the wall, full and emptied
HALF = 1.0  # radians to either side of the direction 0
WALL, BLOOD, DARK = 0.3, 1.0, 0.05
N_ANGLES = 48


def scene(faint=0.15, organ=None, n_slices=N_SLICES, above=0):
    """Images (n_slices, 2, side, side) and evidence that sees the emptied crescent but faintly.

    `organ` is the direction of a bright one that keeps still against the left wall, which the
    network half believes; the first `above` slices show no right cavity at the second time.
    """
    rows, columns = np.indices((SIDE, SIDE)) - MIDDLE
    away, angle = np.hypot(rows, columns), np.arctan2(rows, columns)
    images = np.full((n_slices, 2, SIDE, SIDE), DARK, np.float32)
    probability = np.zeros((n_slices, 2, 4, SIDE, SIDE), np.float32)
    aside = np.clip(np.cos(np.pi / 2 * np.clip(angle / HALF, -1, 1)), 0, 1)
    for t, reach in enumerate(REACH):
        edge = OUTER + reach * aside
        right = (away >= OUTER) & (away < edge) & (aside > 0)
        image = np.where((away < edge + 2.5) & (aside > 0), WALL, DARK)
        believed = np.where(right, (0.95, faint)[t], 0.0)
        if organ is not None:
            off = (angle - organ + np.pi) % (2 * np.pi) - np.pi
            beside = (np.abs(off) < 0.35) & (away >= OUTER) & (away < OUTER + 16)
            image = np.where(beside, BLOOD, image)
            believed = np.where(beside & ~right, 0.4, believed)
        image = np.where(right, BLOOD, image)
        image = np.where(away < OUTER, WALL, image)
        images[:, t] = np.where(away < INNER, BLOOD, image)
        probability[:, t, 3] = believed
    if above:
        gone = images[:above, 1]
        gone[(gone > 0.9) & (away >= OUTER)] = DARK
        probability[:above, 1, 3] = 0
    probability[:, :, 1] = away < INNER
    probability[:, :, 2] = (away >= INNER) & (away < OUTER)
    probability[:, :, 0] = 1 - probability[:, :, 1:].sum(axis=2)
    return images, EvidenceMaps(probability, np.zeros((n_slices, 2)), 1.0)


def rays_of(images, maps):
    profile = profiles(maps, np.full((len(images), 2), MIDDLE), n_angles=N_ANGLES)
    return RightRays.of(profile, images, np.full((len(images), 2, N_ANGLES), OUTER**2))


def true_extent():
    angle = (2 * np.pi * np.arange(N_ANGLES) / N_ANGLES + np.pi) % (2 * np.pi) - np.pi
    aside = np.clip(np.cos(np.pi / 2 * np.clip(angle / HALF, -1, 1)), 0, 1)
    return np.stack([(OUTER + reach * aside) ** 2 - OUTER**2 for reach in REACH])


def test_brightness_along_rays_is_that_of_the_image():
    images, maps = scene()
    profile = profiles(maps, np.full((N_SLICES, 2), MIDDLE), n_angles=N_ANGLES)
    found = ray_brightness(images, profile)
    assert found.shape == (N_SLICES, 2, N_ANGLES, len(profile.radii))
    inside, wall = profile.radii < INNER - 2, np.abs(profile.radii - (INNER + OUTER) / 2) < 1
    np.testing.assert_allclose(found[..., inside], BLOOD)
    np.testing.assert_allclose(found[..., wall], WALL, atol=1e-6)
    assert found[:, :, 0, profile.radii > SIDE - MIDDLE].max() == 0


@pytest.mark.parametrize("faint", [0.8, 0.15])
def test_a_crescent_that_the_network_hardly_sees_is_outlined_by_its_blood(faint):
    found = rays_of(*scene(faint)).extent()
    wanted = true_extent()
    np.testing.assert_allclose(found.mean(axis=(0, 2)), wanted.mean(axis=1), rtol=0.1)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=100)


def test_an_organ_beside_it_is_another_lobe():
    found = rays_of(*scene(organ=1.7)).extent()
    np.testing.assert_allclose(found.mean(axis=(0, 2)), true_extent().mean(axis=1), rtol=0.1)


def test_blood_that_the_network_nowhere_takes_for_right_is_none():
    images, maps = scene()
    maps.probability[:, :, 0] += maps.probability[:, :, 3]
    maps.probability[:, :, 3] = 0
    assert rays_of(images, maps).extent().max() == 0


def test_what_lies_above_the_base_is_not_present():
    rays = rays_of(*scene(above=2))
    present = rays.presence(rays.extent(), 1)
    np.testing.assert_allclose(present[:2, 0], 1, atol=0.1)
    assert present[1, 1] < 0.1 and present[2, 1] > WHOLE


def test_presence_does_not_care_which_way_the_apex_lies():
    images, maps = scene(above=2)
    turned = EvidenceMaps(maps.probability[::-1], maps.origin, maps.step)
    rays, mirrored = rays_of(images, maps), rays_of(images[::-1], turned)
    np.testing.assert_allclose(
        mirrored.presence(mirrored.extent(), -1)[::-1], rays.presence(rays.extent(), 1)
    )


def test_without_contrast_brightness_tells_nothing():
    images, maps = scene()
    assert rays_of(np.ones_like(images), maps) is None
    missing = np.zeros((N_SLICES, 2), bool)
    by_maps = look(maps, missing)
    found = look(maps, missing, np.ones_like(images))
    np.testing.assert_array_equal(found.right_extent, by_maps.right_extent)


def test_looking_with_images_finds_the_emptied_crescent_again():
    images, maps = scene()
    missing = np.zeros((N_SLICES, 2), bool)
    without, found = look(maps, missing), look(maps, missing, images)
    wanted = true_extent()[1].mean()
    assert without.right_extent[:, 1].mean() < 0.2 * wanted
    assert found.right_extent[:, 1].mean() == pytest.approx(wanted, rel=0.2)


@pytest.mark.parametrize("scale", [3.0, 200.0])
def test_brightness_has_no_unit(scale):
    images, maps = scene()
    np.testing.assert_allclose(
        rays_of(scale * images + scale, maps).extent(), rays_of(images, maps).extent(), atol=1e-2
    )
