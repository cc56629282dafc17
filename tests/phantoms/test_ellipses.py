"""Ellipses: closed forms against quadrature, known areas, and what a scanner would see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corporis.phantoms import Ellipses, PlaneWaveCoils, beating_ellipses, shepp_logan
from corporis.phantoms.ellipses import frequencies, positions

TILTED = Ellipses(
    [1.0, 0.5 - 0.25j], [[0.05, -0.1], [-0.1, 0.12]], [[0.2, 0.1], [0.07, 0.15]], [0.7, -0.3]
)


def to_image(kspace):
    return np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(kspace, axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
    )


def quadrature(body, at, coils=None, n=1500):
    """The Fourier integral by the midpoint rule."""
    points = (np.arange(n) + 0.5) / n - 0.5
    grid = np.stack(np.meshgrid(points, points, indexing="ij"), axis=-1)
    values = body.at(grid)
    if coils is not None:
        values = values * coils.at(grid)
    waves = [np.exp(-2j * np.pi * np.multiply.outer(at[:, k], points)) for k in (0, 1)]
    return np.einsum("ky,...yx,kx->...k", waves[0], values, waves[1], optimize=True) / n**2


def test_spectrum_is_the_fourier_integral(rng):
    at = rng.uniform(-12, 12, (40, 2))
    assert np.allclose(TILTED.spectrum(at), quadrature(TILTED, at), atol=3e-5)
    area = np.pi * (0.2 * 0.1 + (0.5 - 0.25j) * 0.07 * 0.15)
    assert np.isclose(TILTED.spectrum(np.zeros(2)), area)


def test_what_coils_receive_is_the_fourier_integral(rng):
    coils = PlaneWaveCoils.ring(3)
    at = rng.uniform(-8, 8, (20, 2))
    assert np.allclose(TILTED.samples(at, coils), quadrature(TILTED, at, coils, 400), atol=2e-4)
    odd = PlaneWaveCoils(rng.uniform(-1, 1, (4, 2)), rng.standard_normal((2, 4)) + 1j)
    for some in (coils, odd):
        for shape in ((16, 16), (15, 20)):
            expected = np.sqrt(np.prod(shape)) * TILTED.samples(frequencies(shape), some)
            assert np.allclose(TILTED.kspace(shape, some), expected, atol=1e-6)
            assert TILTED.kspace(shape, some).dtype == np.complex64


@given(
    st.floats(-0.2, 0.2),
    st.floats(-0.2, 0.2),
    st.floats(0.02, 0.2),
    st.floats(0.02, 0.2),
    st.floats(-4, 4),
)
def test_shift_and_turn(y, x, a, b, angle):
    at = np.array([[1.3, -0.4], [0.0, 2.0], [5.1, 3.3]])
    still = Ellipses([1.0], [[0, 0]], [[a, b]], [angle])
    moved = Ellipses([1.0], [[y, x]], [[a, b]], [angle])
    phase = np.exp(-2j * np.pi * (at @ [y, x]))
    assert np.allclose(moved.spectrum(at), phase * still.spectrum(at))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    straight = Ellipses([1.0], [[0, 0]], [[a, b]], [0.0])
    assert np.allclose(still.spectrum(at), straight.spectrum(at @ turn))
    # a point on the long axis is inside, one beyond it is not
    axis = turn @ [a, 0]
    assert still.at(0.99 * axis) == 1
    assert still.at(1.01 * axis) == 0


def test_image_of_kspace_converges_to_the_object():
    errors = []
    for n in (32, 64, 128):
        picture = to_image(TILTED.kspace((n, n)))
        inside = TILTED.image((n, n), 8)
        errors.append(np.sqrt(np.mean(np.abs(picture - inside) ** 2)))
    # edges: the error of their ringing falls with the square root of the pixel
    assert errors[0] > 1.25 * errors[1] > 1.25**2 * errors[2]
    # a smooth place is right long before
    assert abs(picture[64 + 6, 64 - 13] - 1) < 0.02


def test_no_inverse_crime():
    """The rasterised object, transformed, differs from the true k-space: that is the point."""
    n = 128
    true, coils = shepp_logan().kspace((n, n)), PlaneWaveCoils.ring()
    raster = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(shepp_logan().image((n, n))), norm="ortho")
    )
    assert np.linalg.norm(raster - true) > 0.03 * np.linalg.norm(true)
    maps = coils.maps((n, n))
    seen = to_image(shepp_logan().kspace((n, n), coils))
    combined = np.sum(maps.conj() * seen, axis=0) / np.sum(np.abs(maps) ** 2, axis=0)
    alone = to_image(true)
    error = np.linalg.norm(combined - alone) / np.linalg.norm(alone)
    assert 1e-4 < error < 0.02


def test_shepp_logan_is_the_table():
    """Against an independent drawing of Toft's table, y upwards, in half fields of view."""
    table = [
        (1, 0.69, 0.92, 0, 0, 0),
        (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
        (-0.2, 0.11, 0.31, 0.22, 0, -18),
        (-0.2, 0.16, 0.41, -0.22, 0, 18),
        (0.1, 0.21, 0.25, 0, 0.35, 0),
        (0.1, 0.046, 0.046, 0, 0.1, 0),
        (0.1, 0.046, 0.046, 0, -0.1, 0),
        (0.1, 0.046, 0.023, -0.08, -0.605, 0),
        (0.1, 0.023, 0.023, 0, -0.606, 0),
        (0.1, 0.023, 0.046, 0.06, -0.605, 0),
    ]
    points = positions((90, 110))
    x, y = 2 * points[..., 1], -2 * points[..., 0]
    expected = np.zeros(x.shape)
    for value, a, b, x0, y0, degrees in table:
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        along = ((x - x0) * c + (y - y0) * s) / a
        across = ((y - y0) * c - (x - x0) * s) / b
        expected[along**2 + across**2 <= 1] += value
    assert np.allclose(shepp_logan().at(points), expected)


@pytest.mark.parametrize("n_coils", [1, 2, 8])
def test_ring_of_coils_is_smooth_and_even(n_coils):
    coils = PlaneWaveCoils.ring(n_coils)
    maps = coils.maps((64, 48))
    assert maps.shape == (n_coils, 64, 48)
    assert np.abs(coils.weights).sum(axis=1).max() < 10
    if n_coils == 8:
        total = np.sqrt(np.sum(np.abs(maps) ** 2, axis=0))
        assert 0.8 < total.min() < total.max() < 1.2
        # each is brightest at its own border
        assert np.unravel_index(np.argmax(np.abs(maps[0])), (64, 48))[1] > 40


def test_beating_ellipses_keep_their_wall():
    areas = []
    for phase in np.linspace(0, 1, 9):
        body = beating_ellipses(phase)
        areas.append(np.prod(body.half_axes[2]) - np.prod(body.half_axes[3]))
    assert np.allclose(areas, areas[0])
    assert np.allclose(beating_ellipses(0).half_axes, beating_ellipses(1).half_axes)
    picture = beating_ellipses(0.3, (0.4, 1.2)).image((64, 64))
    assert picture.max() == pytest.approx(1.2)
    assert picture.min() == pytest.approx(0)


def test_wrong_arguments():
    for change, words in (
        ({"half_axes": [[0.1, 0.0]]}, "> 0"),
        ({"centres": [0, 0]}, "centres must be finite and .1, 2"),
        ({"values": [np.nan]}, "values must be finite"),
        ({"angles_rad": [0.0, 0.0]}, "angles_rad"),
    ):
        with pytest.raises(ValueError, match=words):
            Ellipses(
                **{
                    "values": [1.0],
                    "centres": [[0, 0]],
                    "half_axes": [[0.1, 0.1]],
                    "angles_rad": [0.0],
                    **change,
                }
            )
    with pytest.raises(ValueError, match="weights"):
        PlaneWaveCoils(np.zeros((3, 2)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="waves"):
        PlaneWaveCoils(np.zeros(3), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="n_coils"):
        PlaneWaveCoils.ring(0)
    with pytest.raises(ValueError, match="n_parts"):
        shepp_logan().image((8, 8), 0)
