"""The encoding of a scan against its parts: maps, transform and mask one after the other."""

import itertools

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.operators import Cartesian, Coils, Fourier, operator_norm

SHAPES = [(8,), (4, 6), (5, 6), (5, 7), (3, 4, 5)]
MAPS = ["one coil", "coils", "sets"]


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def scan(rng, shape, kind, is_centred=True, frames=None, axes=None):
    """An encoding with a random mask, a pattern of its own for every frame."""
    leading = {"one coil": None, "coils": (3,), "sets": (2, 3)}[kind]
    maps = None if leading is None else complex_normal(rng, *leading, *shape)
    mask = rng.random(shape if frames is None else (frames, *shape)) < 0.5
    mask[..., 0] = True
    return Cartesian(shape, mask, maps, axes, is_centred, frames)


def by_parts(A, x):
    mask, frames = A.mask, A.frames is not None
    if A.maps is not None:
        x = Coils(A.maps, has_sets=A.maps.ndim == len(A.shape) + 2, frames=A.frames) @ x
        mask = mask[:, None] if frames else mask
    axes = [axis - len(A.shape) for axis in A.axes]
    return mask * (Fourier(x.shape, axes, A.is_centred) @ x)


@pytest.mark.parametrize(
    "shape, kind, is_centred, frames",
    list(itertools.product(SHAPES, MAPS, [True, False], [None, 2])),
)
def test_is_mask_after_transform_after_maps(shape, kind, is_centred, frames, rng):
    A = scan(rng, shape, kind, is_centred, frames)
    x = complex_normal(rng, *A.domain)
    y = A @ x
    np.testing.assert_allclose(y, by_parts(A, x), atol=1e-12)
    np.testing.assert_allclose(A.normal(x), A.H @ y, atol=1e-12)
    off = ~np.broadcast_to(A.mask if A.maps is None or not frames else A.mask[:, None], y.shape)
    assert np.all(y[off] == 0)


@pytest.mark.parametrize("kind", MAPS)
def test_torch_gives_the_same(kind, rng):
    A = scan(rng, (5, 6), kind, frames=2)
    x = complex_normal(rng, *A.domain)
    there = torch.asarray(x)
    np.testing.assert_allclose((A @ there).numpy(), A @ x, atol=1e-12)
    np.testing.assert_allclose((A.H @ (A @ there)).numpy(), A.H @ (A @ x), atol=1e-12)
    np.testing.assert_allclose(A.normal(there).numpy(), A.normal(x), atol=1e-12)


@pytest.mark.parametrize("lines", [(6,), (5, 1), (2, 1, 6), (1, 1), None], ids=str)
def test_normal_leaves_out_transforms_that_cancel(lines, rng, monkeypatch):
    mask = None if lines is None else np.ones(lines, bool)
    if mask is not None and mask.size > 1:
        mask.reshape(-1)[1] = False
    A = Cartesian((5, 6), mask, complex_normal(rng, 3, 5, 6), frames=2)
    x = complex_normal(rng, 2, 5, 6)
    expected = A.H @ (A @ x)
    np.testing.assert_allclose(A.normal(x), expected, atol=1e-12)
    used = set()
    module = __import__("corporis.operators.cartesian", fromlist=["unitary_fft"])
    true_fft = module.unitary_fft

    def spied(x, axes, **options):
        used.update(axes)
        return true_fft(x, axes, **options)

    monkeypatch.setattr(module, "unitary_fft", spied)
    A.normal(x)
    varying = {None: set(), (6,): {-1}, (5, 1): {-2}, (2, 1, 6): {-1}, (1, 1): set()}
    assert used == varying[lines]


def test_partial_axes_and_any_mask_that_broadcasts(rng):
    x = complex_normal(rng, 4, 5, 6)
    lines = np.array([True, False, True, False, True])[:, None]
    A = Cartesian((4, 5, 6), lines, axes=(1, 2))
    expected = lines * (Fourier((4, 5, 6), axes=(1, 2), is_centred=True) @ x)
    np.testing.assert_allclose(A @ x, expected, atol=1e-12)
    assert Cartesian((4, 5, 6), lines, axes=(-1, -2)).axes == (2, 1)


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("is_real", [True, False])
def test_single_precision_stays_and_input_is_untouched(kind, is_real, rng):
    A = scan(rng, (6, 5), kind)
    x = complex_normal(rng, *A.domain)
    x = x.real.astype(np.float32) if is_real else x.astype(np.complex64)
    before = x.copy()
    y = A @ x
    kept = y.copy()
    for result in (y, A.H @ y, A.normal(x)):
        assert result.dtype == np.complex64
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, kept)
    np.testing.assert_allclose(A.normal(x), A.H @ y, atol=1e-4)


def test_norm_is_at_most_the_bound(rng):
    A = scan(rng, (6, 5), "coils")
    norm = operator_norm(A, like=np.zeros(1, complex))
    assert norm <= A.bound * (1 + 1e-9)
    assert (
        Cartesian((6, 5), None, A.maps).bound == A.bound and scan(rng, (6, 5), MAPS[0]).bound == 1
    )
    full = operator_norm(Cartesian((6, 5), None, A.maps), like=np.zeros(1, complex))
    assert abs(full / A.bound - 1) < 1e-2


def test_normal_of_products_and_multiples(rng):
    A, x = scan(rng, (6, 5), "coils"), complex_normal(rng, 6, 5)
    B = 2j * (A @ Fourier((6, 5)))
    np.testing.assert_allclose(B.normal(x), B.H @ (B @ x), atol=1e-12)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"mask": np.ones((4, 5))}, "mask must be boolean"),
        ({"mask": np.zeros((4, 5), bool)}, "true somewhere"),
        ({"mask": np.ones((3, 5), bool)}, r"mask must broadcast to \(4, 5\)"),
        ({"mask": np.ones((2, 4, 5), bool)}, r"mask must broadcast to \(4, 5\)"),
        ({"mask": np.ones((2, 4, 5), bool), "frames": 3}, r"broadcast to \(3, 4, 5\)"),
        ({"maps": np.ones((4, 5))}, "maps must be"),
        ({"maps": np.ones((3, 5, 4))}, "maps must be"),
        ({"maps": np.full((3, 4, 5), np.inf)}, "maps must be finite"),
        ({"axes": (2,)}, "axes must be among"),
        ({"axes": (0, -2)}, "axes must differ"),
        ({"frames": 0}, "frames must be >= 1"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        Cartesian((4, 5), options.pop("mask", None), **options)
