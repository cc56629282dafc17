"""There and back between an image and the square of the network."""

import numpy as np
import pytest

from corporis.apps.organs.square import Square


@pytest.mark.parametrize("shape", [(600, 450), (128, 200), (256, 256)])
def test_a_ramp_survives_the_way(shape):
    image = np.add.outer(np.arange(shape[0], dtype=float), 2 * np.arange(shape[1]))
    square = Square(shape, 256)
    back = square.back(square.seen(image))
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(back[inner], image[inner], atol=0.2)
    assert square.back(np.zeros((5, 256, 256))).shape == (5, *shape)


def test_pixels_are_averaged_and_surroundings_dark():
    checked = np.indices((1024, 512)).sum(axis=0) % 2
    seen = Square(checked.shape, 256).seen(checked + 3)
    np.testing.assert_allclose(seen[:, 64:192], 3.5, atol=1e-6)
    assert (seen[:, :63] == 3).all()


def test_points_and_finer_grids_agree():
    square = Square((100, 60), 200)
    image = np.zeros((100, 60))
    image[40, 20] = 1.0
    peak = np.unravel_index(np.argmax(square.back(square.seen(image), 3)), (300, 180))
    np.testing.assert_array_equal(peak, (40 * 3 + 1, 20 * 3 + 1))
    place = square.points_back(np.array([[81.0 - 0.5 + 0.0, 80.5]]))
    np.testing.assert_allclose(place, [[40.0, 20.0]])


def test_oblong_pixels_keep_the_proportions_of_the_patient():
    r, c = np.indices((128, 256))
    circle = ((r - 63.5) * 2) ** 2 + (c - 127.5) ** 2 < 80**2
    square = Square(circle.shape, 256, (1.4, 0.7))
    seen = square.seen(circle.astype(float)) > 0.5
    rows, columns = (np.ptp(np.flatnonzero(seen.any(axis=k))) for k in (1, 0))
    assert abs(rows - columns) <= 2
    back = square.back(seen) > 0.5
    assert np.mean(back != circle) < 0.01
    np.testing.assert_allclose(square.points_back(np.array([[127.5, 127.5]])), [[63.5, 127.5]])
