"""Native pixels of an enlarged film: found, averaged, and what was drawn over left out."""

import numpy as np
import pytest

from corporis.imaging.enlarged import NativeGrid, is_enlarged


def enlarge(film, size):
    """Nearest neighbours, `size` pixels for one."""
    n = [round(size * m) for m in film.shape[1:]]
    rows, columns = (np.floor((np.arange(k) + 0.5) / size).astype(int) for k in n)
    return film[:, rows][:, :, columns]


@pytest.fixture
def film(rng):
    return rng.integers(0, 255, (6, 40, 46)).astype(np.uint8)


@pytest.mark.parametrize("size", [3.7, 4.62, 6.1])
def test_native_pixels_come_back(film, size):
    large = enlarge(film, size)
    assert is_enlarged(large) and not is_enlarged(film)
    hidden = np.zeros(large.shape, dtype=bool)
    grid = NativeGrid.of(large, hidden)
    assert grid.shape == (40, 46)
    # edges are found to a tenth of a pixel: a few native pixels take a line of their neighbour
    assert np.mean(np.abs(grid.film(large, hidden) - film)) < 4
    middle = (np.array([[10.0, 20.0]]) + 0.5) * size - 0.5
    assert np.abs(grid.places(middle) - [10.0, 20.0]).max() < 0.15


def test_what_is_drawn_over_is_left_out(film):
    large = enlarge(film, 5.0)
    hidden = np.zeros(large.shape, dtype=bool)
    hidden[:, 60:90, 60:90] = True
    spoilt = np.where(hidden, 255, large)
    native = NativeGrid.of(spoilt, hidden).film(spoilt, hidden)
    outside = np.ones(film.shape[1:], dtype=bool)
    outside[10:20, 10:20] = False
    assert np.mean(np.abs(native[:, outside] - film[:, outside])) < 4
    assert native[:, 13:17, 13:17].max() < 255


def test_the_real_film_has_sixty_pixels(data_dir):
    path = data_dir / "cardiac" / "tagged_mri_cmac_subjectA.npz"
    with np.load(path) as held:
        film, hidden = held["mid_tagged"], held["mid_tagged_overlay_mask"]
    assert is_enlarged(film)
    assert NativeGrid.of(film, hidden).shape == (60, 60)
