"""Interpolation and shifts: exact for band-limited images, and where the body lies is kept."""

import numpy as np
import pytest

from corporis.apps.mri import Grid, Method, Reconstruction
from corporis.imaging import KSpace
from corporis.interfaces import Case


def wave(rows, columns, place=(0.0, 0.0)):
    """Two cosines and a constant on a raster of unit field of view, moved by `place`."""
    r = ((np.arange(rows) - rows // 2) / rows)[:, None] - place[0]
    c = ((np.arange(columns) - columns // 2) / columns)[None] - place[1]
    return 2 + np.cos(2 * np.pi * (2 * r + c)) + 0.5 * np.sin(2 * np.pi * 3 * c)


@pytest.mark.parametrize(
    ("old", "new"), [((16, 15), (32, 47)), ((17, 12), (19, 12)), ((16, 16), (12, 9))]
)
def test_band_limited_images_are_read_between_their_pixels(old, new):
    found = Grid(matrix=new)(wave(*old).astype(np.complex64))
    np.testing.assert_allclose(found, wave(*new), atol=2e-6)


def test_a_shift_moves_the_image_by_parts_of_a_pixel():
    found = Grid(shift=(0.5, -1.25))(wave(16, 20).astype(np.complex64))
    np.testing.assert_allclose(found, wave(16, 20, (0.5 / 16, -1.25 / 20)), atol=2e-6)
    back = Grid(shift=(-0.5, 1.25))(found)
    np.testing.assert_allclose(back, wave(16, 20), atol=4e-6)


def test_real_images_stay_real_also_at_the_highest_frequency(rng):
    image = rng.standard_normal((8, 8)).astype(np.complex64)
    found = Grid(matrix=(16, 16))(image)
    assert np.abs(found.imag).max() < 1e-6
    np.testing.assert_allclose(found[::2, ::2], image, atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"matrix": (0, 5)}, {"shift": (np.nan, 0)}, {"matrix": (9, 10**6)}]
)
def test_what_is_no_raster_is_refused(wrong):
    with pytest.raises(ValueError):
        Grid(**wrong)


def test_the_field_of_view_stays_where_it_is(rng):
    data = rng.standard_normal((1, 32, 24)) + 1j * rng.standard_normal((1, 32, 24))
    kspace = KSpace(data, ("coil", "row", "column"), field_of_view_mm=(160.0, 120.0))
    images = []
    for grid in (Grid(), Grid(matrix=(64, 48))):
        case = Case("a", {"kspace": kspace})
        images.append(Reconstruction(Method.ZERO_FILL, grid=grid)(case).images["reconstruction"])
    plain, fine = images
    assert fine.data.shape == (64, 48) and fine.spacing[-1] == plain.spacing[-1] / 2
    # position 0 of both rasters is the same point of the patient
    middle = [i.affine @ [0, i.data.shape[0] // 2, i.data.shape[1] // 2, 1] for i in images]
    np.testing.assert_allclose(*middle, atol=1e-9)
