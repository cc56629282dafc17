"""Half-measured k-space: what its conjugate symmetry says about the other half."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.held_back import HeldBack
from corporis.apps.mri.patches import PatchPrior
from corporis.imaging.kspace_samples import coverage
from corporis.interfaces import Iterate
from corporis.operators import Fourier
from corporis.solvers import Denoiser

CLEARLY = 0.9
"""Symmetry is an assumption: it is used where it predicts at least so much better."""


@dataclass(frozen=True, eq=False)
class NearlyReal:
    r"""A denoiser of images that are nearly real once a smooth phase is taken off.

    The spectrum of a real image is known at ``-k`` where it is known at ``k``, so that half of
    k-space would be enough. True images are only nearly real: vessels and edges have phase of
    their own. With ``x = exp(i phase) (a + i b)`` the imaginary part left by `denoiser` is taken
    for what it is, small, and shrunk like a Wiener filter, ``b v / (v + (share sigma)^2)``, where
    ``v`` is the mean of ``b^2`` around a pixel: nearly to nothing while the level `sigma` is high
    and the missing half is still being filled, hardly at the end where samples speak.

    Parameters
    ----------
    denoiser : Denoiser
    phase : float array, (rows, columns)
        In radians, as from `phase_of`.
    share : float
        Noise of the imaginary part in units of the level, >= 0; 0 shrinks nothing.
    width : float
        Deviation of the Gaussian that means ``b^2``, in pixels, > 0.

    Raises
    ------
    ValueError
        If `share` is negative or `width` is not positive.
    """

    denoiser: Denoiser
    phase: np.ndarray
    share: float = 0.35
    width: float = 4.0

    def __post_init__(self):
        if not 0 <= self.share < np.inf or not 0 < self.width < np.inf:
            raise ValueError(f"share must be >= 0 and width > 0, got {self.share} and {self.width}")

    def rest(self, x: np.ndarray) -> Any:
        """What the first call starts from."""
        return self.denoiser.rest(x * self._turn(x))

    def denoise(self, x: np.ndarray, sigma: float, memory: Any) -> tuple[np.ndarray, Any]:
        """The image without noise of deviation `sigma`, and the memory of the next call."""
        turn = self._turn(x)
        found, memory = self.denoiser.denoise(x * turn, sigma, memory)
        size = gaussian_filter(found.imag**2, (0,) * (x.ndim - 2) + (self.width,) * 2)
        noise = max((self.share * sigma) ** 2, np.finfo(found.real.dtype).tiny)
        nearly = found.real + 1j * (size / (size + noise)) * found.imag
        return (nearly * turn.conj()).astype(x.dtype), memory

    def _turn(self, x):
        return np.exp(-1j * self.phase).astype(x.dtype)


def mirrored(mask: np.ndarray) -> np.ndarray:
    """Whether the opposite frequency was sampled, for a centred mask.

    Examples
    --------
    >>> mirrored(np.array([True, True, True, False, False])).tolist()
    [False, False, True, True, True]
    >>> mirrored(np.array([False, True, False, False])).tolist()    # even: -n/2 has no mirror
    [False, False, False, True]
    """
    shifts = [1 - n % 2 for n in mask.shape]
    return np.roll(np.flip(mask), shifts, tuple(range(mask.ndim)))


def is_partial(mask: np.ndarray) -> bool:
    """Whether one side of k-space was measured less far than sparse sampling explains.

    Examples
    --------
    >>> lines = np.arange(64) >= 24                        # 40 of 64 lines
    >>> is_partial(np.tile(lines, (8, 1))), is_partial(np.ones((8, 64), dtype=bool))
    (True, False)
    """
    return bool(coverage(mask, ("row", "column"))["partial_fourier"])


def _lines(mask, axis):
    """Where along an axis anything was sampled."""
    return mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis))


def _reach(line):
    """How far samples reach below and above frequency 0."""
    places, middle = np.flatnonzero(line), len(line) // 2
    return int(middle - places[0]), int(places[-1] - middle)


def phase_of(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The smooth phase of an image, (rows, columns) in radians.

    Of the frequencies that reach as far to one side as to the other, faded towards the farthest
    of them so that the image does not ring.
    """
    both = mask & mirrored(mask)
    spectrum = Fourier(image.shape, is_centred=True)
    window = np.ones(both.shape, np.float32)
    for axis, n in enumerate(both.shape):
        distance = np.abs(np.arange(n) - n // 2)
        reach = distance[_lines(both, axis)].max(initial=0) + 1
        faded = np.where(distance < reach, np.cos(np.pi * distance / (2 * reach)) ** 2, 0)
        window *= faded.reshape((-1,) + (1,) * (both.ndim - axis - 1)).astype(np.float32)
    return np.angle(spectrum.adjoint(window * spectrum.forward(image)))


def short_side(mask: np.ndarray) -> np.ndarray:
    """The outer half of the samples on the short side, true where they are.

    Held back they leave a scan that is more partial than the true one: who predicts them would
    predict what was never measured.

    Examples
    --------
    >>> lines = np.array([False, False, True, True, True, True, True, True, True])    # 0 at 4
    >>> np.flatnonzero(short_side(np.tile(lines, (8, 1)))[0]).tolist()
    [2]
    """
    reaches = [_reach(_lines(mask, axis)) for axis in range(mask.ndim)]
    axis = int(np.argmax([abs(below - above) for below, above in reaches]))
    below, above = reaches[axis]
    frequency = np.arange(mask.shape[axis]) - mask.shape[axis] // 2
    outward = -frequency if below < above else frequency
    band = outward > min(below, above) / 2
    return mask & mirrored(mask) & band.reshape((-1,) + (1,) * (mask.ndim - axis - 1))


def nearly_real(
    prior: PatchPrior,
    encoding: Encoding,
    watch: Callable[[Iterate], None] = lambda _: None,
) -> PatchPrior | None:
    """The prior with conjugate symmetry, where that predicts the short side better; else None.

    The phase is that of an image reconstructed without symmetry, and without the samples that
    judge. Scans with two sets of coil maps, whose pixels show two places, have no one phase.
    """
    judges = short_side(encoding.mask)
    if encoding.n_sets > 1 or not judges.any():
        return None
    held = HeldBack(encoding, encoding.keeping(encoding.mask & ~judges), judges)
    plain, last = prior.prediction(held, watch)
    phase = phase_of(last.memory.clean, held.fit.mask)
    symmetric = replace(prior, denoiser=NearlyReal(prior.denoiser, phase))
    return symmetric if symmetric.prediction(held, watch)[0] < CLEARLY * plain else None
