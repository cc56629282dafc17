"""Denoising by a dictionary that is learned from the noisy image itself."""

import math
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corporis.arrays import check_finite, matched
from corporis.interfaces import Array
from corporis.learning.dictionaries import OnlineDictionary
from corporis.operators import Patches
from corporis.solvers import batch_pursuit


@dataclass(frozen=True)
class DictionaryMemory:
    """What the denoiser keeps from call to call: how often it was called, and its dictionary."""

    count: int
    dictionary: OnlineDictionary | None


@dataclass(frozen=True)
class DictionaryDenoiser:
    r"""Patches are sums of few atoms: ``min ||c||_0``, ``||p - D c|| <= gain sigma sqrt(n)``.

    The atoms are learned from the image's own patches, and go on learning from call to call, as
    noise falls inside `plug_and_play`. Patches overlap and are averaged; the grid moves with every
    call. Of complex images real and imaginary part are one patch of twice the length.

    Parameters
    ----------
    size : int
        Side of a patch in pixels, >= 2.
    stride : int
        Distance of the patches in pixels, 1 to `size`.
    n_atoms, n_nonzero : int
        Atoms, and how many a patch may use; 1 <= n_nonzero <= n_atoms.
    gain : float
        How far a patch may be missed, in units of its noise, > 0.
    n_training : int
        Patches of one lesson, at least `n_atoms`.
    every : int
        Calls between two lessons, >= 1.
    seed : int

    Raises
    ------
    ValueError
        If a parameter is out of range; in use, if the image is smaller than a patch or not
        finite, or if sigma is negative.

    References
    ----------
    Elad & Aharon (2006), IEEE Trans. Image Process. 15, 3736-3745, doi:10.1109/TIP.2006.881969;
    Ravishankar & Bresler (2011), IEEE Trans. Med. Imaging 30, 1028-1041,
    doi:10.1109/TMI.2010.2090538

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import DictionaryDenoiser
    >>> step = np.repeat([[0.0] * 16 + [1.0] * 16], 32, axis=0)
    >>> noisy = step + 0.1 * np.random.default_rng(0).standard_normal(step.shape)
    >>> clean = DictionaryDenoiser(n_atoms=64, n_training=200)(noisy, sigma=0.1)
    >>> bool(np.abs(clean - step).mean() < 0.6 * np.abs(noisy - step).mean())
    True
    """

    size: int = 6
    stride: int = 2
    n_atoms: int = 128
    n_nonzero: int = 20
    gain: float = 1.1
    n_training: int = 4000
    every: int = 3
    seed: int = 0

    def __post_init__(self):
        if self.size < 2 or not 1 <= self.stride <= self.size:
            raise ValueError(
                f"size must be >= 2 and stride 1 to size, got {self.size}, {self.stride}"
            )
        if not 1 <= self.n_nonzero <= self.n_atoms <= self.n_training:
            raise ValueError(
                "expected 1 <= n_nonzero <= n_atoms <= n_training, got "
                f"{self.n_nonzero}, {self.n_atoms}, {self.n_training}"
            )
        if self.every < 1 or not 0 < self.gain < math.inf:
            raise ValueError("every must be >= 1, and gain finite and > 0")

    def __call__(self, x: Array, sigma: float) -> Array:
        """One image without its noise of deviation `sigma`; shape and precision of `x`."""
        return self.denoise(x, sigma, self.rest(x))[0]

    def rest(self, x: Array) -> DictionaryMemory:
        """What the first call starts from."""
        return DictionaryMemory(0, None)

    def denoise(
        self, x: Array, sigma: float, memory: DictionaryMemory
    ) -> tuple[Array, DictionaryMemory]:
        """The image without noise, and what the next call goes on from.

        Parameters
        ----------
        x : array, (rows, columns)
            Real or complex.
        sigma : float
            Standard deviation of the noise, of a complex image in each of its two parts; >= 0.
        memory : DictionaryMemory
            Of `rest` or of the last call.
        """
        image = np.asarray(x)
        self._check(image, sigma)
        rng = np.random.default_rng([self.seed, memory.count])
        shift = tuple(rng.integers(0, self.stride, 2))
        patches = self._patches(np.roll(image, shift, (0, 1)))
        middle = patches.mean(axis=-1, keepdims=True)
        flat = (patches - middle).reshape(len(patches), -1)
        tolerance = self.gain * sigma * math.sqrt(flat.shape[1])
        dictionary = memory.dictionary
        if dictionary is None or memory.count % self.every == 0:
            dictionary = self._taught(dictionary, flat, tolerance, rng)
        atoms = dictionary.components_.astype(flat.dtype)
        codes = batch_pursuit(atoms, flat, self.n_nonzero, tolerance=tolerance)
        clean = (codes @ atoms).reshape(patches.shape) + middle
        back = np.roll(self._image(clean, image), (-shift[0], -shift[1]), (0, 1))
        found = back if isinstance(x, np.ndarray) else matched(back, x)
        return found, DictionaryMemory(memory.count + 1, dictionary)

    def _check(self, image, sigma):
        if image.ndim != 2 or min(image.shape) < self.size:
            raise ValueError(
                f"x must be (rows, columns) of at least {self.size} pixels a side, got "
                f"{image.shape}"
            )
        check_finite(image)
        if not 0 <= sigma < math.inf:
            raise ValueError(f"sigma must be finite and >= 0, got {sigma}")

    def _taught(self, dictionary, flat, tolerance, rng):
        """A lesson from patches that are more than noise, or from any where there are few."""
        rich = np.flatnonzero(np.linalg.norm(flat, axis=1) > tolerance)
        if len(rich) < self.n_atoms:
            rich = np.arange(len(flat))
        lesson = flat[rng.choice(rich, self.n_training, replace=len(rich) < self.n_training)]
        if dictionary is None:
            fresh = OnlineDictionary(self.n_atoms, n_nonzero=4, seed=self.seed)
            fresh.partial_fit(lesson)
        else:
            fresh = deepcopy(dictionary)
        return fresh.partial_fit(lesson)

    def _operator(self, shape):
        return _overlapping(shape, self.size, self.stride)

    def _patches(self, image):
        """(n_patches, parts, pixels), real."""
        operator = self._operator(image.shape)
        parts = [image.real, image.imag] if np.iscomplexobj(image) else [image]
        seen = [operator.forward(np.ascontiguousarray(p)) for p in parts]
        return np.stack([s.reshape(-1, self.size**2) for s in seen], axis=1)

    def _image(self, patches, like):
        operator = self._operator(like.shape)
        shape = operator.codomain
        sums = [
            operator.adjoint(np.ascontiguousarray(patches[:, k]).reshape(shape))
            for k in range(patches.shape[1])
        ]
        means = [s / operator.counts for s in sums]
        found = means[0] + 1j * means[1] if len(means) == 2 else means[0]
        return found.astype(like.dtype)


@lru_cache(maxsize=8)
def _overlapping(shape, size, stride):
    return Patches(shape, size, stride)
