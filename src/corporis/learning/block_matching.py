"""Denoising by block matching: an image teaches its own patches."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from corporis.arrays import check_finite, n_threads
from corporis.interfaces import Array
from corporis.learning import _block_matching_kernel as kernel


@dataclass(frozen=True)
class Stacks:
    """Where alike patches lie: `found` (n_references, n_alike), the first the reference itself."""

    size: int
    found: np.ndarray


@dataclass(frozen=True)
class Memory:
    """What a denoiser keeps from call to call: how often it was called, and the last stacks."""

    count: int
    stacks: Stacks | None


@dataclass(frozen=True)
class BlockMatching:
    r"""Collaborative filtering: alike patches are stacked, and share what they have in common.

    Around every reference patch the most alike ones are searched; their stack is transformed
    (cosines in the patch, Haar along the stack), coefficients not above ``threshold * sigma``
    are zeroed, and the patches go back, overlapping, each stack weighted by its sparsity.
    Complex images are searched and thresholded by modulus, so that a global phase changes
    nothing; channels share their patches' places and keep their own thresholds.

    Called again and again inside an iteration, as `plug_and_play` does, the patches take one of
    `sizes` after another and another grid, and are searched anew every `every` calls.

    Parameters
    ----------
    sizes : tuple of int
        Sides of the square patches in pixels, each >= 2.
    n_alike : int
        Patches in a stack, a power of two.
    stride : int
        Distance of the reference patches in pixels, 1 to the least size; large patches lie half
        their size apart.
    radius : int
        The patches of a stack lie at most this far apart in each direction, in pixels, >= 1.
    threshold : float
        In units of the noise, > 0.
    every : int
        Calls between two searches, >= 1.

    Raises
    ------
    ValueError
        If a parameter is out of range; in use, if the image is smaller than the largest patch
        or not finite, or if sigma is negative.

    References
    ----------
    Dabov, Foi, Katkovnik & Egiazarian (2007), IEEE Trans. Image Process. 16, 2080-2095,
    doi:10.1109/TIP.2007.901238 (the stacks and their transform)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import BlockMatching
    >>> step = np.repeat([[0.0] * 8 + [1.0] * 8], 16, axis=0)
    >>> noisy = step + 0.1 * np.random.default_rng(0).standard_normal(step.shape)
    >>> clean = BlockMatching()(noisy, sigma=0.1)
    >>> bool(np.abs(clean - step).mean() < 0.4 * np.abs(noisy - step).mean())
    True
    """

    sizes: tuple[int, ...] = (4, 8)
    n_alike: int = 16
    stride: int = 3
    radius: int = 12
    threshold: float = 2.7
    every: int = 2

    def __post_init__(self):
        object.__setattr__(self, "sizes", tuple(int(s) for s in self.sizes))
        if not self.sizes or min(self.sizes) < 2 or not 1 <= self.stride <= min(self.sizes):
            raise ValueError(
                f"sizes must be >= 2 and stride 1 to the least, got {self.sizes}, {self.stride}"
            )
        if self.n_alike < 1 or self.n_alike & (self.n_alike - 1):
            raise ValueError(f"n_alike must be a power of two, got {self.n_alike}")
        if self.radius < 1 or self.every < 1 or not 0 < self.threshold < math.inf:
            raise ValueError("radius and every must be >= 1, and threshold finite and > 0")
        if (2 * self.radius + 1) ** 2 < self.n_alike:
            raise ValueError(f"radius {self.radius} holds fewer than {self.n_alike} patches")

    def __call__(self, x: Array, sigma: float) -> Array:
        """One image without its noise of deviation `sigma`; shape and precision of `x`."""
        return self.denoise(x, sigma, self.rest(x))[0]

    def rest(self, x: Array) -> Memory:
        """What the first call starts from."""
        return Memory(0, None)

    def denoise(self, x: Array, sigma: float, memory: Memory) -> tuple[Array, Memory]:
        """The image without noise, and what the next call goes on from.

        Parameters
        ----------
        x : array, (..., rows, columns)
            Real or complex; leading axes are channels of one place.
        sigma : float
            Standard deviation of the noise, of a complex image in each of its two parts; >= 0.
        memory : Memory
            Of `rest` or of the last call.
        """
        image = np.asarray(x)
        self._check(image, sigma)
        flat, n_parts = _flattened(image)
        stacks = memory.stacks
        if stacks is None or memory.count % self.every == 0:
            turn = memory.count // self.every
            size = min(self.sizes[turn % len(self.sizes)], *image.shape[-2:])
            stacks = self._search(flat, n_parts, size, turn)
        width = 2 if np.iscomplexobj(image) else 1
        cut = flat.dtype.type(self.threshold * sigma * math.sqrt(width))
        clean = _filtered(flat, n_parts, width, stacks, cut)
        return _restored(clean, image, x), Memory(memory.count + 1, stacks)

    def _check(self, image, sigma):
        if image.ndim < 2 or min(image.shape[-2:]) < min(self.sizes):
            raise ValueError(
                f"x must be (..., rows, columns) of at least {min(self.sizes)} pixels a side, "
                f"got {image.shape}"
            )
        check_finite(image)
        if not 0 <= sigma < math.inf:
            raise ValueError(f"sigma must be finite and >= 0, got {sigma}")

    def _search(self, flat, n_parts, size, turn) -> Stacks:
        """Stacks of one size, on the grid of this turn."""
        n_rows, n_columns = flat.shape[0], flat.shape[1] // n_parts
        stride = max(self.stride, size // 2)
        shift = np.random.default_rng(turn).integers(0, stride, 2)
        rows, columns = (
            np.unique([0, *range(int(o), n - size + 1, stride), n - size])
            for o, n in zip(shift, (n_rows, n_columns))
        )
        n_alike = self.n_alike
        while n_alike > max(1, (n_rows - size + 1) * (n_columns - size + 1)):
            n_alike //= 2
        radius = max(self.radius, math.isqrt(n_alike))

        def search(part):
            found = np.zeros((len(part) * len(columns), n_alike), np.int64)
            kernel.match(flat, n_parts, size, part, columns, radius, found)
            return found

        found = _in_threads(search, np.array_split(rows, min(n_threads(), len(rows))))
        return Stacks(size, np.concatenate(found))


def _filtered(flat, n_parts, width, stacks, cut):
    """All stacks filtered and averaged where they overlap."""
    cosine = _cosines(stacks.size).astype(flat.dtype)
    n_rows, n_columns = flat.shape[0], flat.shape[1] // n_parts

    def treat(found):
        total = np.zeros_like(flat)
        weight = np.zeros((n_rows, n_columns), flat.dtype)
        kernel.collaborate(flat, n_parts, width, stacks.size, found, cut, cosine, total, weight)
        return total, weight

    parts = _in_threads(treat, np.array_split(stacks.found, n_threads()))
    total = sum((t for t, _ in parts[1:]), parts[0][0])
    weight = sum((w for _, w in parts[1:]), parts[0][1])
    return total / np.repeat(weight, n_parts, axis=1)


def _in_threads(treat: Callable, parts: list) -> list[Any]:
    if len(parts) == 1:
        return [treat(parts[0])]
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(treat, parts))


def _flattened(image):
    """(rows, columns * parts), real, the parts of a pixel side by side; and their number."""
    channels = image.reshape(-1, *image.shape[-2:])
    pixels = np.ascontiguousarray(np.moveaxis(channels, 0, -1))
    if pixels.dtype.kind not in "fc":
        pixels = pixels.astype(np.float64)
    real = pixels.view(pixels.real.dtype).reshape(*image.shape[-2:], -1)
    return real.reshape(image.shape[-2], -1), real.shape[-1]


def _restored(flat, image, like):
    """The image of `_flattened`'s array, in the library of `like`."""
    rows, columns = image.shape[-2:]
    pixels = flat.reshape(rows, columns, -1)
    if np.iscomplexobj(image):
        pixels = np.ascontiguousarray(pixels).view(image.dtype)
    found = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)).reshape(image.shape)
    if isinstance(like, np.ndarray):
        return found
    from corporis.arrays import matched

    return matched(found, like)


@lru_cache
def _cosines(size: int) -> np.ndarray:
    """The orthonormal cosine transform of `size` numbers, a row a frequency."""
    from scipy.fft import dct

    return dct(np.eye(size), axis=0, norm="ortho")
