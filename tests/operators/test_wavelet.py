"""Orthonormality at any size, agreement with PyWavelets, and of compiled with plain passes."""

import warnings

import array_api_compat.torch as torch
import numpy as np
import pytest
import pywt

from corporis.operators import Wavelet, _wavelet_fast, _wavelet_plain
from corporis.operators.wavelet import filters

CASES = {
    "line": ((8,), {"levels": 3}),
    "odd line shorter than the filter": ((7,), {"name": "db8", "levels": 2}),
    "plane": ((12, 9), {"levels": 3, "shift": (2, 5)}),
    "planes": ((2, 9, 7), {"levels": 2, "axes": (1, 2), "shift": 3}),
    "first and last axis": ((9, 3, 8), {"name": "sym4", "levels": 2, "axes": (0, 2), "shift": 1}),
    "volume": ((5, 6, 7), {"levels": 2}),
    "odd all the way down": ((17, 17), {"name": "coif1", "levels": 4, "shift": (-3, 40)}),
    "a time axis": ((20, 3, 6), {"levels": 4, "axes": (0,)}),
    "short lines of many numbers": ((3, 20, 9), {"name": "haar", "levels": 3, "axes": (1,)}),
    "rows longer than a piece": ((9, 1100), {"name": "db2", "levels": 2, "axes": (0,)}),
}
KINDS = [np.float32, np.float64, np.complex64, np.complex128]


def draw(rng, shape, kind):
    x = rng.standard_normal(shape)
    return (
        x + 1j * rng.standard_normal(shape) if np.issubdtype(kind, np.complexfloating) else x
    ).astype(kind)


def numbers(kind):
    return 1e-5 if kind in (np.float32, np.complex64) else 1e-12


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_keeps_lengths_and_reconstructs_perfectly_at_any_size(name, kind, rng):
    shape, options = CASES[name]
    W, x = Wavelet(shape, **options), draw(rng, shape, kind)
    before = x.copy()
    y = W @ x
    assert y.dtype == kind and y.shape == shape
    np.testing.assert_allclose(np.linalg.norm(y), np.linalg.norm(x), rtol=numbers(kind))
    np.testing.assert_allclose(W.H @ y, x, atol=numbers(kind))
    np.testing.assert_allclose(W @ (W.H @ x), x, atol=numbers(kind))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("shape", [(7,), (9, 5), (5, 3, 7)])
def test_matrix_is_orthonormal_at_odd_sizes(shape):
    W, n = Wavelet(shape, "db2", levels=2), int(np.prod(shape))
    columns = np.stack([(W @ e.reshape(shape)).ravel() for e in np.eye(n)])
    np.testing.assert_allclose(columns @ columns.T, np.eye(n), atol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_and_plain_passes_agree(name, kind, rng):
    shape, options = CASES[name]
    W, x = Wavelet(shape, **options), draw(rng, shape, kind)
    arguments = filters(W.name), W.axes, W.levels, W.shift
    assert _wavelet_fast.is_fast(x) and not _wavelet_fast.is_fast(torch.asarray(x))
    for way in ("analyse", "synthesise"):
        compiled = getattr(_wavelet_fast, way)(x, *arguments)
        plain = getattr(_wavelet_plain, way)(x, *arguments)
        there = getattr(_wavelet_plain, way)(torch.asarray(x), *arguments)
        np.testing.assert_allclose(compiled, plain, atol=numbers(kind))
        np.testing.assert_allclose(there.numpy(), plain, atol=numbers(kind))


@pytest.mark.parametrize("name", ["haar", "db2", "db4", "sym5", "coif2", "bior1.1"])
@pytest.mark.parametrize("shape", [(16, 32), (24, 8)])
def test_agrees_with_pywavelets_on_even_sizes(name, shape, rng):
    if name == "bior1.1":
        with pytest.raises(ValueError, match="orthogonal wavelet"):
            Wavelet(shape, name, levels=2)
        return
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # filters longer than the array: allowed here
        theirs = pywt.wavedec2(x, name, "periodization", level=2)
    expected, _ = pywt.coeffs_to_array(theirs)
    np.testing.assert_allclose(Wavelet(shape, name, levels=2) @ x, expected, atol=1e-11)


def test_bands_tile_the_array_and_are_named_as_in_pywavelets(rng):
    W, x = Wavelet((16, 24), "db2", levels=2), rng.standard_normal((16, 24))
    y, counted = W @ x, np.zeros((16, 24))
    theirs = pywt.wavedecn(x, "db2", "periodization", level=2)
    for band in W.bands:
        counted[band.slices] += 1
        expected = theirs[0] if band.orientation == "aa" else theirs[-band.level][band.orientation]
        np.testing.assert_allclose(y[band.slices], expected, atol=1e-11)
    assert np.all(counted == 1)
    assert [(b.level, b.orientation) for b in W.bands] == [
        (1, "ad"), (1, "da"), (1, "dd"), (2, "ad"), (2, "da"), (2, "dd"), (2, "aa"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bands_tile_any_array(name):
    shape, options = CASES[name]
    counted = np.zeros(shape)
    for band in Wavelet(shape, **options).bands:
        counted[band.slices] += 1
    assert np.all(counted == 1)


def test_a_shift_rolls_first(rng):
    x = rng.standard_normal((9, 12))
    shifted = Wavelet((9, 12), "db2", levels=2, shift=(2, -5))
    plain = Wavelet((9, 12), "db2", levels=2)
    np.testing.assert_allclose(shifted @ x, plain @ np.roll(x, (2, -5), (0, 1)), atol=1e-12)


def test_every_shift_stays_with_its_axis(rng):
    x = rng.standard_normal((9, 4, 12))
    given = Wavelet((9, 4, 12), "db2", levels=1, axes=(-1, 0), shift=(1, 3))
    assert (given.axes, given.shift) == ((0, 2), (3, 1))
    np.testing.assert_allclose(
        given @ x,
        Wavelet((9, 4, 12), "db2", levels=1, axes=(0, 2)) @ np.roll(x, (3, 1), (0, 2)),
        atol=1e-12,
    )


def test_moving_by_two_to_the_levels_moves_the_coefficients(rng):
    x, W = rng.standard_normal(32), Wavelet((32,), "db3", levels=3)
    y, moved = W @ x, W @ np.roll(x, 8)
    for band in W.bands:
        steps = 8 >> band.level
        np.testing.assert_allclose(moved[band.slices], np.roll(y[band.slices], steps), atol=1e-12)


def test_smooth_images_have_few_large_coefficients():
    rows, columns = np.meshgrid(*(np.arange(64) * np.pi / 32,) * 2, indexing="ij")
    lost = {}
    for name in ("haar", "db4"):
        y = Wavelet((64, 64), name, levels=3) @ (np.sin(rows) * np.sin(columns))
        energy = np.sort(np.abs(y).ravel() ** 2)[::-1]
        lost[name] = energy[64:].sum() / energy.sum()
    # One coefficient in 64: four vanishing moments lose far less than one.
    assert lost["haar"] < 0.1 and lost["db4"] < 0.01 * lost["haar"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_planes_in_threads_are_the_same(n, rng, monkeypatch):
    x = draw(rng, (5, 12, 9), np.complex64)
    expected = Wavelet((5, 12, 9), levels=2, axes=(1, 2)) @ x
    monkeypatch.setattr(_wavelet_fast, "n_threads", lambda: n)
    np.testing.assert_array_equal(Wavelet((5, 12, 9), levels=2, axes=(1, 2)) @ x, expected)


def test_views_and_orders_of_memory_do_not_matter(rng):
    x = draw(rng, (10, 12), np.complex128)
    for W in (Wavelet((6, 10), levels=2), Wavelet((6, 10), levels=2, axes=(0,))):
        view = x[:, ::2].T
        np.testing.assert_array_equal(W @ view, W @ view.copy())
        np.testing.assert_array_equal(W.H @ view, W.H @ view.copy())


@pytest.mark.parametrize(
    "options, words",
    [
        ({"name": "db99"}, "name must be an orthogonal wavelet"),
        ({"name": "mexh"}, "name must be an orthogonal wavelet"),
        ({"levels": 0}, "levels must be >= 1"),
        ({"levels": 4}, "levels must be >= 1 and, for an axis of 8 samples, <= 3, got 4"),
        ({"axes": (0, -2)}, "axes must differ"),
        ({"axes": (2,)}, "axes must be among"),
        ({"shift": (1, 2, 3)}, "shift must be"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        Wavelet((8, 9), **{"levels": 1, **options})


def test_filters_of_few_digits_are_refused():
    for name in pywt.wavelist(kind="discrete"):
        if pywt.Wavelet(name).orthogonal:
            try:
                low, high = filters(name)
            except ValueError as error:
                assert "few digits" in str(error)
                continue
            assert abs(np.dot(low, low) - 1) < 1e-10 and abs(np.dot(low, high)) < 1e-10
    assert len(filters("db38")[0]) == 76
