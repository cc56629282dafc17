"""The wall between confocal spheroids: volume kept by every number, slopes, inverse, images."""

from dataclasses import fields, replace

import numpy as np
import pytest

from corporis.phantoms import ProlateHeart, ProlateMotion, TaggedPlane

HEART = ProlateHeart()
WEAK = ProlateHeart(loss=0.7, weak_at_rad=(1.4, 0.8))
SIZES = dict(zip((f.name for f in fields(ProlateMotion)),
                 (0.06, 0.005, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 5.0, 5.0, 5.0)))  # fmt: skip


def places(heart, n=200, seed=3):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(heart.inner, heart.outer, n)
    return heart.places(depth, rng.uniform(0.1, heart.base_rad, n), rng.uniform(-3, 3, n))


def test_there_are_thirteen_numbers():
    assert len(fields(ProlateMotion)) == 13 == len(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_each_number_moves_the_wall_and_keeps_its_volume(name):
    heart = replace(HEART, motion=ProlateMotion(**{name: SIZES[name]}))
    rest = places(heart)
    F = heart.deformation_gradient(rest, 0.5)
    np.testing.assert_allclose(np.linalg.det(F), 1, atol=1e-9)
    assert np.linalg.norm(heart.displacement(rest, 0.5), axis=1).max() > 1


@pytest.mark.parametrize("heart", [HEART, WEAK], ids=["healthy", "weak"])
def test_slopes_are_those_of_the_map_and_volume_is_kept(heart):
    rest, step = places(heart), 1e-4
    for phase in (0.15, 0.5):
        F = heart.deformation_gradient(rest, phase)
        found = np.stack(
            [
                (heart.forward(rest + step * e, phase) - heart.forward(rest - step * e, phase))
                / (2 * step)
                for e in np.eye(3)
            ],
            axis=-1,
        )
        np.testing.assert_allclose(found, F, atol=2e-6)
        np.testing.assert_allclose(np.linalg.det(F), 1, atol=1e-9)
        np.testing.assert_allclose(
            heart.backward(heart.forward(rest, phase), phase), rest, atol=1e-7
        )


def test_turns_and_shifts_leave_strain_at_zero_and_an_affine_motion_is_one():
    rigid = ProlateMotion(turn_x_rad=0.3, turn_y_rad=-0.2, turn_z_rad=0.5, shift_x_mm=4.0)
    rest = places(HEART)
    np.testing.assert_allclose(replace(HEART, motion=rigid).strain(rest, 0.5), 0, atol=1e-9)
    affine = ProlateMotion(elongation=0.1, ovality=-0.05, shear_xz=0.2, turn_z_rad=0.3)
    F = replace(HEART, motion=affine).deformation_gradient(rest, 0.5)
    np.testing.assert_allclose(F, np.broadcast_to(affine.matrix, F.shape), atol=1e-9)


def test_a_weak_region_is_squeezed_less():
    axis = np.array([[1.4, 0.8], [1.4, 0.8 + np.pi]])
    rest = HEART.places(np.full(2, 0.5), *axis.T)
    healthy, weak = (np.linalg.norm(h.displacement(rest, 0.5), axis=1) for h in (HEART, WEAK))
    plain = replace(HEART, motion=ProlateMotion(compression=0.055))
    limp = replace(plain, loss=0.7, weak_at_rad=(1.4, 0.8))
    squeezed = [np.linalg.norm(h.displacement(rest, 0.5), axis=1) for h in (plain, limp)]
    assert squeezed[1][0] < 0.4 * squeezed[0][0] and squeezed[1][1] > 0.98 * squeezed[0][1]
    assert not np.allclose(healthy, weak)


def test_a_plane_shows_its_tags():
    across = TaggedPlane(np.array([-47.25, -47.25, 5.0]), 1.5 * np.eye(3)[:2])
    for phase in (0.0, 0.5):
        image = across.images(WEAK, np.array([phase]))[0]
        pixels = np.argwhere(np.ones(image.shape))
        at = across.places(pixels)
        rest = WEAK.backward(at, phase)
        depth, _, _ = WEAK.coordinates(rest)
        deep = WEAK.is_muscle(at, phase) & (np.abs(depth - 0.565) < 0.07)
        tags = np.prod([(1 + np.cos(rest @ k)) / 2 for k in across.wave_vectors], axis=0)
        signal = 1 - np.exp(-phase * across.beat_ms / across.t1_ms) * (1 - tags)
        assert deep.sum() > 100
        assert np.corrcoef(image.ravel()[deep], signal[deep])[0, 1] > 0.97
        seen = np.abs(np.fft.ifft2(np.fft.ifftshift(across.kspace(WEAK, phase))))
        np.testing.assert_allclose(seen, image, atol=1e-12)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="compression must be less"):
        ProlateHeart(motion=ProlateMotion(compression=0.2))
    with pytest.raises(ValueError, match="inner < outer"):
        ProlateHeart(inner=0.7)
    with pytest.raises(ValueError, match="base_rad"):
        ProlateHeart(base_rad=1.0)
    with pytest.raises(ValueError, match="finite"):
        ProlateMotion(torsion_rad_mm=np.nan)
