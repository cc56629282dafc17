"""The whole encoding of a scan along a trajectory: coils, Fourier transform and weights in one."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from corporis.arrays import Constant, check_shape
from corporis.interfaces import Array, LinearOperator, Shape
from corporis.operators.coils import Coils
from corporis.operators.nonuniform import NonuniformFourier


@dataclass(frozen=True, eq=False)
class Trajectory(LinearOperator):
    r"""``A x = weights * F (maps * x)``: radial, spiral and other samples of an image.

    `F` is `NonuniformFourier`. Weights that undo the density of the samples make ``A^H A`` nearly
    the identity where the samples are dense enough, so that iterations need no more steps than on
    a raster; they weigh the misfit, too.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image, 1 to 3 axes.
    points : array, (..., n_axes)
        Frequencies in radians a pixel.
    maps : complex array, (n_coils, *shape), or None
        Coil sensitivities; None is one coil that hears everything alike, without an axis of its
        own.
    weights : array or None, the shape of `points` without its last axis
        >= 0; samples of weight 0 are left out. None is 1 everywhere.

    Raises
    ------
    ValueError
        If shapes do not fit, or weights are negative, not finite or all 0.

    Examples
    --------
    >>> A = Trajectory((8, 8), np.zeros((5, 3, 2)), maps=np.ones((4, 8, 8), complex))
    >>> A.domain, A.codomain
    ((8, 8), (4, 5, 3))
    """

    shape: Shape
    points: Array
    maps: Array | None = None
    weights: Array | None = None

    def __post_init__(self):
        shape, points = tuple(int(n) for n in self.shape), np.asarray(self.points, dtype=float)
        if points.ndim < 2 or points.shape[-1] != len(shape):
            raise ValueError(f"points must be (..., {len(shape)}), got {points.shape}")
        if self.maps is not None and tuple(self.maps.shape[1:]) != shape:
            raise ValueError(f"maps must be (n_coils, *{shape}), got {tuple(self.maps.shape)}")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "points", points)
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != points.shape[:-1]:
                raise ValueError(
                    f"weights must be {points.shape[:-1]} like the points, got {weights.shape}"
                )
            if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights):
                raise ValueError("weights must be finite, >= 0 and not all 0")
            object.__setattr__(self, "weights", weights)
        self._fourier  # noqa: B018  (wrong points are refused at birth)

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: self._fourier.codomain)

    def forward(self, x):
        """Weighted samples, ``(n_coils,) + points.shape[:-1]``; complex."""
        check_shape(x, self.domain)
        seen = x if self.maps is None else self._coils.forward(x)
        samples = self._fourier.forward(seen)
        return samples if self.weights is None else samples * self._constant.like(samples)

    def adjoint(self, y):
        """Weighted samples spread back over the image, coils combined, `shape`; complex."""
        check_shape(y, self.codomain, "y")
        kept = y if self.weights is None else y * self._constant.like(y)
        image = self._fourier.adjoint(kept)
        return image if self.maps is None else self._coils.adjoint(image)

    def keeping(self, mask: Array) -> "Trajectory":
        """The same scan with fewer samples: those where `mask` is true."""
        return replace(self, weights=self.sampling * np.asarray(mask))

    @cached_property
    def bound(self) -> float:
        """An upper bound of the norm, by power iteration with 2 % to spare."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal(self.shape).astype(np.complex64)
        size = 0.0
        for _ in range(20):
            x = self.normal(x / np.linalg.norm(x))
            size = float(np.linalg.norm(x))
        return 1.02 * size**0.5

    @property
    def sampling(self) -> Array:
        """The weights, also where there are none."""
        return np.ones(self.points.shape[:-1]) if self.weights is None else self.weights

    @cached_property
    def _coils(self):
        return Coils(self.maps)

    @cached_property
    def _constant(self):
        return Constant(self.weights)

    @cached_property
    def _fourier(self):
        leading = () if self.maps is None else (int(self.maps.shape[0]),)
        return NonuniformFourier((*leading, *self.shape), self.points)


def density_weights(shape: Shape, points: Array, n_iterations: int = 15) -> Array:
    """Square roots of the area that each sample stands for, in pixels of k-space, at most about 1.

    Areas are the fixed point of ``area <- area / (kernel * area)`` with a kernel one pixel wide and
    1 at its middle. A sample that lies alone stands for a pixel, as it does on a raster however
    few there are, and samples close together share one. Used as weights they make the adjoint the
    gridded image, and ``A^H A`` about 1 where samples are dense.

    Parameters
    ----------
    shape : tuple of int
    points : array, (..., n_axes)
        Frequencies in radians a pixel.
    n_iterations : int
        >= 1.

    Returns
    -------
    array, ``points.shape[:-1]``

    References
    ----------
    Pipe & Menon (1999), Magn. Reson. Med. 41, 179-186
    """
    # products of squared sinc functions: the spectrum of triangles twice as wide as the image
    fourier = NonuniformFourier(tuple(2 * n for n in shape), points)
    window = np.ones(())
    for n in shape:
        window = np.multiply.outer(window, 2 * (1 - np.abs(np.arange(2 * n) - n) / n))
    area = np.ones(np.shape(points)[:-1])
    for _ in range(n_iterations):
        crowd = fourier.forward(window * fourier.adjoint(area.astype(np.complex64)))
        area = area / np.maximum(np.real(crowd), 1e-6)
    return np.sqrt(area)
