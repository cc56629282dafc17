"""DENSE: no wrong turn at SNR 10, on the virtual ring and on a published phantom."""

import numpy as np
import pytest

from corporis.apps.heart_motion import (
    PhaseUnwrapping,
    dense_displacement,
    material_displacement,
)
from corporis.phantoms import TaggedWall, dense_images

WALL = TaggedWall(n_frames=5, frame_ms=90.0)
MASKS = np.stack([WALL.wall(t) for t in WALL.times_ms])
HERE = np.stack([WALL.grid() - WALL.backward(WALL.grid(), t) for t in WALL.times_ms])


def unwrapped(images, masks):
    return np.stack([PhaseUnwrapping()(images[:, a], masks) for a in range(images.shape[1])], 1)


@pytest.mark.parametrize("cycles_per_mm, seed", [(0.1, 0), (0.1, 1), (0.15, 2)])
def test_no_wrong_turn_at_snr_10(cycles_per_mm, seed):
    images = dense_images(WALL, cycles_per_mm, snr=10.0, seed=seed)
    phases = unwrapped(images, MASKS)
    truth = 2 * np.pi * cycles_per_mm * np.moveaxis(HERE, -1, 1)
    seen = np.isfinite(phases)
    assert np.array_equal(seen, np.broadcast_to(MASKS[:, None], seen.shape))
    assert np.mean(np.abs(truth[seen]) > np.pi) > 0.1, "there is something to unwrap"
    assert np.abs(phases[seen] - truth[seen]).max() < np.pi
    np.testing.assert_allclose(np.exp(1j * phases[seen]), np.exp(1j * np.angle(images[seen])))


def test_material_displacement_is_right_between_pixels():
    images = dense_images(WALL, 0.1, snr=10.0, seed=3)
    field = dense_displacement(unwrapped(images, MASKS), 0.1 * WALL.pixel_mm * np.eye(2))
    angle = np.linspace(0, 2 * np.pi, 50)
    rest = np.linspace(26, 34, 50)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    found = material_displacement(field, rest / WALL.pixel_mm + (WALL.side - 1) / 2)
    truth = np.stack([WALL.displacement(rest, t) for t in WALL.times_ms])
    error = np.linalg.norm(found * WALL.pixel_mm - truth, axis=-1)
    assert np.sqrt(np.mean(error**2)) < 0.12


def test_a_published_phantom_has_no_wrong_turn_at_snr_10(data_dir):
    """Simulated DENSE of another group, 0.08 turns a mm, with noise added to it.

    Its phases stay within half a turn, as scikit-image's unwrapping confirms; encoded two and
    three times as finely they do not, and the truth is two and three times the phase.
    """
    import pydicom
    from skimage.restoration import unwrap_phase

    folder = data_dir / "cardiac" / "dense_phantom_dicom"

    def film(name):
        files = sorted((folder / name).glob("*.dcm"))[:16]
        return np.stack([pydicom.dcmread(f).pixel_array for f in files]).astype(float)

    strength = film("mag")
    strength /= np.median(strength[strength > 0.5 * strength.max()])
    masks = strength > 0.5 * np.percentile(strength, 95, axis=(1, 2), keepdims=True)
    usual = np.array([np.median(s[m]) for s, m in zip(strength, masks)])[:, None, None]
    strength = strength / usual
    rng = np.random.default_rng(5)
    n_wrapped = 0
    for name in ("px", "py"):
        angle = (film(name) - 2048) / 2048 * np.pi
        noise = rng.standard_normal((2, *angle.shape)) / 10
        for t, mask in enumerate(masks):
            whole = unwrap_phase(np.ma.array(angle[t], mask=~mask), rng=0)
            np.testing.assert_allclose(whole.data[mask], angle[t][mask], atol=1e-9)
        for finer in (1, 2, 3):
            images = strength * np.exp(1j * finer * angle) + noise[0] + 1j * noise[1]
            found = PhaseUnwrapping()(images, masks)
            assert np.abs(found - finer * angle)[masks].max() < np.pi
            n_wrapped += np.count_nonzero(np.abs(finer * angle[masks]) > np.pi)
    assert n_wrapped > 1000


def test_parts_that_do_not_touch_follow_the_frame_before():
    """Two bars move by one and a half turns, a quarter a frame; noise alone lies between."""
    rng = np.random.default_rng(2)
    mask = np.zeros((12, 20), dtype=bool)
    mask[2:10, 2:6] = mask[2:10, 12:18] = True
    truth = 0.5 * np.pi * np.arange(7)[:, None, None] + 0.05 * np.indices(mask.shape)[1]
    images = np.exp(1j * truth) * mask + 0.05 * rng.standard_normal((7, *mask.shape))
    found = PhaseUnwrapping()(images, mask)
    assert np.abs(found - truth)[:, mask].max() < 0.5
    assert np.all(np.isnan(found[:, ~mask]))


def test_oblique_encoding_is_undone(rng):
    cycles = np.array([[0.1, 0.02], [-0.05, 0.2]])
    truth = rng.standard_normal((2, 3, 4, 2))
    phases = 2 * np.pi * np.einsum("ai,trci->tarc", cycles, truth)
    np.testing.assert_allclose(dense_displacement(phases, cycles), truth)


def test_bad_values_are_refused():
    image, mask = np.ones((1, 5, 5), complex), np.ones((5, 5), dtype=bool)
    with pytest.raises(ValueError, match="reach_px"):
        PhaseUnwrapping(reach_px=0)
    with pytest.raises(ValueError, match="same rows and columns"):
        PhaseUnwrapping()(image, mask[:4])
    with pytest.raises(ValueError, match="must be finite"):
        PhaseUnwrapping()(image * np.nan, mask)
    with pytest.raises(ValueError, match="phases must be"):
        dense_displacement(np.zeros((2, 3, 4, 4)), np.eye(2))
    with pytest.raises(ValueError, match="different directions"):
        dense_displacement(np.zeros((2, 2, 4, 4)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="frame 0 has 3 pixels"):
        field = np.full((1, 4, 4, 2), np.nan)
        field[0, 0, :3] = 0
        material_displacement(field, np.zeros((1, 2)))
    assert np.all(np.isnan(PhaseUnwrapping()(image, ~mask)))
