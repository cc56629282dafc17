"""Pixel evidence: tiles, views and their offsets, with networks whose answer is known."""

import numpy as np
import pytest

from corporis.apps.nuclei import evidence as ev
from corporis.errors import BadInput


def directions(x):
    """A 'network' whose offsets are differences of the image, hence turn as vectors do."""
    grey = x.mean(1)
    down = np.roll(grey, -1, 1) - np.roll(grey, 1, 1)
    right = np.roll(grey, -1, 2) - np.roll(grey, 1, 2)
    return np.stack([grey, np.abs(grey), down, right], 1)


def smooth_image(shape, seed=0):
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal((*shape, 3))
    noise = gaussian_filter(noise, (3, 3, 0))
    return np.uint8(127 + 100 * noise / np.abs(noise).max())


@pytest.mark.parametrize("n_views", [2, 3, 4, 8])
def test_offsets_turn_with_the_views(n_views):
    image = smooth_image((64, 96))
    one, many = (ev.NucleusEvidence(directions, n)(image) for n in (1, n_views))
    inner = np.s_[..., 2:-2, 2:-2]
    np.testing.assert_allclose(one.offset[inner], many.offset[inner], atol=1e-4)
    np.testing.assert_allclose(one.inside, many.inside, atol=1e-5)
    assert np.abs(one.offset).max() > 0.1


def test_eight_views_differ():
    seen = []

    def spy(x):
        seen.append(x[0, 0].tobytes())
        return directions(x)

    ev.NucleusEvidence(spy, 8)(smooth_image((32, 32)))
    assert len(set(seen)) == 8


def test_tiles_leave_no_seam(monkeypatch):
    image = smooth_image((150, 210))
    whole = ev.NucleusEvidence(directions, 1)(image)
    monkeypatch.setattr(ev, "SIDE", 64)
    monkeypatch.setattr(ev, "HALO", 8)
    tiled = ev.NucleusEvidence(directions, 1)(image)
    inner = np.s_[..., 2:-2, 2:-2]
    for name in ("inside", "depth", "offset"):
        a, b = getattr(whole, name), getattr(tiled, name)
        assert a.shape == b.shape
        np.testing.assert_allclose(a[inner], b[inner], atol=1e-5)


def test_images_smaller_than_the_network_asks_for():
    maps = ev.NucleusEvidence(directions, 4)(smooth_image((7, 45)))
    assert maps.inside.shape == (7, 45) and maps.offset.shape == (2, 7, 45)


def test_a_grey_image_is_three_equal_colours():
    grey = smooth_image((32, 32))[..., 0]
    colours = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(ev.network_input(grey), ev.network_input(colours))
    for bad in (grey.astype(float), colours[..., :2], grey[0]):
        with pytest.raises(ValueError, match="uint8"):
            ev.network_input(bad)


def test_fluorescence_becomes_dark_on_white():
    rng = np.random.default_rng(0)
    glow = rng.normal(300, 20, (64, 64))
    glow[20:40, 20:40] += 4000
    for image in (glow, 0.01 * glow + 7, np.repeat(glow[..., None], 3, axis=2)):
        bright = ev.as_bright_field(image)
        assert bright.dtype == np.uint8 and bright.shape == (64, 64)
        assert bright[25:35, 25:35].max() < 60 and bright[:15].min() > 230


def test_numbers_and_folders_are_checked(tmp_path):
    with pytest.raises(ValueError, match="n_views"):
        ev.NucleusEvidence(directions, 9)
    with pytest.raises(BadInput, match=r"no nuclei\.onnx"):
        ev.NucleusEvidence.load(tmp_path)
