"""Registration: the smooth displacement that carries one image onto another."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy import ndimage

from corporis.arrays import check_finite, n_threads

USUAL = 0.95
"""Share of pixels whose disagreement counts as usual: most of an image lies still."""


@dataclass(frozen=True)
class Registration:
    r"""``min 1/2 sum w (moving(x + u) - fixed)^2 + smoothness/2 sum (|grad u|^2 + |lap u|^2)``.

    Coarse to fine. At each size the moving image is warped a few times and linearised there; the
    linear problem is split: what the images want at each pixel has a closed form along their
    gradient, what is smooth is exact in cosines. Weights ``w`` fall where the images disagree
    more than usual, so that what appears or vanishes does not pull.

    Parameters
    ----------
    smoothness : float
        Price of bending, > 0; images are scaled to a deviation of 1, lengths to pixels.
    n_levels : int
        Sizes, each half of the next, >= 1; fewer where the image is small.
    n_warps, n_rounds : int
        Warps a size, and splitting rounds a warp, >= 1.
    price : float
        Of disagreement between what images want and what is smooth, > 0: it changes the speed.

    Raises
    ------
    ValueError
        If a number is out of range; in use, if the images differ in shape, are not finite, are
        constant, or an axis has fewer than 4 pixels.

    References
    ----------
    Horn & Schunck (1981), Artif. Intell. 17, 185-203, doi:10.1016/0004-3702(81)90024-2; Brox,
    Bruhn, Papenberg & Weickert (2004), ECCV, LNCS 3024, 25-36 (warping); Boyd et al. (2011),
    doi:10.1561/2200000016 (splitting)

    Examples
    --------
    >>> y, x = np.mgrid[:48, :48]
    >>> def blob(row): return np.exp(-((y - row) ** 2 + (x - 24) ** 2) / 60)
    >>> u = Registration()(blob(24.0), blob(27.0))      # fixed lies 3 pixels above moving
    >>> np.round(u[:, 24, 24], 1).tolist()
    [3.0, 0.0]
    """

    smoothness: float = 3e-3
    n_levels: int = 4
    n_warps: int = 4
    n_rounds: int = 5
    price: float = 3e-3

    def __post_init__(self):
        if min(self.n_levels, self.n_warps, self.n_rounds) < 1:
            raise ValueError("n_levels, n_warps and n_rounds must be >= 1")
        for name in ("smoothness", "price"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")

    def __call__(
        self, fixed: np.ndarray, moving: np.ndarray, start: np.ndarray | None = None
    ) -> np.ndarray:
        """The displacement, (n_axes, *shape), in pixels, with ``moving(x + u(x)) ~ fixed(x)``.

        Parameters
        ----------
        fixed, moving : real array of one shape, two or three axes
        start : array or None
            A first guess, such as the last displacement of a film; then only the finest two
            sizes are searched.
        """
        fixed, moving = _checked(fixed, moving)
        pyramid = [(fixed, moving)]
        most = self.n_levels if start is None else 2
        while len(pyramid) < most and min(pyramid[-1][0].shape) >= 32:
            pyramid.append(tuple(_halved(image) for image in pyramid[-1]))
        shape = pyramid[-1][0].shape
        if start is None:
            u = np.zeros((fixed.ndim, *shape), np.float32)
        else:
            u = _resized(np.asarray(start, np.float32), shape)
        for one, other in reversed(pyramid):
            u = self._at_size(one, other, _resized(u, one.shape))
        return u

    def _at_size(self, fixed, moving, u):
        smooth = self._smoother(fixed.shape)
        slopes = np.gradient(fixed)
        dual = np.zeros_like(u)
        for _ in range(self.n_warps):
            warped = warp(moving, u)
            g = np.stack([(a + b) / 2 for a, b in zip(slopes, np.gradient(warped))])
            wrong = warped - fixed
            usual = float(np.quantile(np.abs(wrong), USUAL)) + 1e-3
            weight = 1 / (1 + (wrong / (2 * usual)) ** 2)
            steep = weight / (self.price + weight * np.sum(g * g, axis=0))
            wrong -= np.sum(g * u, axis=0)
            for _ in range(self.n_rounds):
                wanted = u - dual
                wanted -= g * (steep * (wrong + np.sum(g * wanted, axis=0)))
                u = smooth(wanted + dual)
                dual += wanted - u
        return u

    def _smoother(self, shape):
        """``argmin price/2 ||u - v||^2 + the bending``, diagonal in cosines."""
        waves = [2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in shape]
        curvature = np.zeros(shape)
        for axis, wave in enumerate(waves):
            curvature = curvature + np.expand_dims(
                wave, [a for a in range(len(shape)) if a != axis]
            )
        bending = self.smoothness * curvature * (1 + curvature)
        share = (self.price / (self.price + bending)).astype(np.float32)
        axes = tuple(range(1, len(shape) + 1))
        options = {"axes": axes, "norm": "ortho", "workers": n_threads()}

        def smooth(v):
            return scipy.fft.idctn(share * scipy.fft.dctn(v, **options), **options)

        return smooth


def warp(image: np.ndarray, u: np.ndarray, order: int = 1) -> np.ndarray:
    """``image(x + u(x))``, linear by default (`order` as of splines); beyond the edge, the edge.

    Parameters
    ----------
    image : array, two or three axes
    u : array, (n_axes, *shape)
        In pixels.
    order : int
        0 keeps labels labels.

    Examples
    --------
    >>> warp(np.array([[0.0, 1.0, 4.0]]), np.stack([np.zeros((1, 3)), np.ones((1, 3))])).tolist()
    [[1.0, 4.0, 4.0]]
    """
    places = np.indices(image.shape, dtype=np.float32) + u
    return ndimage.map_coordinates(image, places, order=order, mode="nearest")


def _checked(fixed, moving):
    fixed, moving = np.asarray(fixed), np.asarray(moving)
    if fixed.shape != moving.shape or fixed.ndim not in (2, 3) or min(fixed.shape) < 4:
        raise ValueError(
            "fixed and moving must have one shape of two or three axes, each of at least 4 "
            f"pixels, got {fixed.shape} and {moving.shape}"
        )
    check_finite(fixed)
    check_finite(moving)
    middle, spread = float(fixed.mean()), float(fixed.std())
    if not spread > 0:
        raise ValueError("fixed must not be constant: nothing moves in it")
    return tuple(((image - middle) / spread).astype(np.float32) for image in (fixed, moving))


def _halved(image):
    soft = ndimage.gaussian_filter(image, 0.8, mode="nearest")
    return _sampled(soft, tuple(-(-n // 2) for n in image.shape))


def _resized(u, shape):
    """A displacement on another raster, its lengths scaled along."""
    if u.shape[1:] == tuple(shape):
        return u
    ratios = [new / old for new, old in zip(shape, u.shape[1:])]
    return np.stack([ratio * _sampled(part, shape) for ratio, part in zip(ratios, u)])


def _sampled(image, shape):
    """Linear samples at the middles of the pixels of another raster."""
    lines = [
        (np.arange(new, dtype=np.float32) + 0.5) * (old / new) - 0.5
        for new, old in zip(shape, image.shape)
    ]
    places = np.stack(np.meshgrid(*lines, indexing="ij"))
    return ndimage.map_coordinates(image, places, order=1, mode="nearest")
