"""The Fourier transform at any frequencies: radial, spiral and other trajectories."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from array_api_compat import device

from corporis.arrays import check_shape, n_threads, namespace
from corporis.errors import MissingExtra
from corporis.interfaces import Array, LinearOperator, Shape


@dataclass(frozen=True, eq=False)
class NonuniformFourier(LinearOperator):
    r"""``(A x)_j = prod(n)^(-1/2) sum_r x_r exp(-i <w_j, r - n // 2>)``, by FINUFFT.

    Scaled like the unitary transform: at the frequencies ``2 pi (k - n // 2) / n`` it is
    ``Fourier(shape, is_centred=True)``, and with m points of even density ``A.H A`` is about
    ``m / prod(n)`` times the identity. Works on NumPy arrays, and on CPU arrays of other
    libraries by way of them.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays; the last axes are the grid, those before it (coils, frames) are all
        transformed alike.
    points : array, (..., n_axes)
        Frequencies in radians a sample, one column for each of the last 1 to 3 axes of `shape`,
        in their order; 2 pi periodic.
    tolerance : float or None
        Relative accuracy, > 0; None takes 1e-6 in single precision and 1e-12 in double. The
        adjoint is exact to rounding at any tolerance.

    Raises
    ------
    ValueError
        If the points are not finite or their last axis is not 1 to 3 and at most that of
        `shape`, or the tolerance is not positive.
    MissingExtra
        In `forward` and `adjoint`, if the package finufft is not installed.

    References
    ----------
    Barnett, Magland & af Klinteberg (2019), SIAM J. Sci. Comput. 41, C479-C504,
    doi:10.1137/18M120885X

    Examples
    --------
    >>> A = NonuniformFourier((4,), np.array([[0.0], [np.pi]]))
    >>> A.domain, A.codomain
    ((4,), (2,))
    """

    shape: Shape
    points: Array
    tolerance: float | None = None

    def __post_init__(self):
        points, shape = np.asarray(self.points, dtype=np.float64), tuple(int(n) for n in self.shape)
        n_axes = points.shape[-1] if points.ndim > 1 else 0
        if not 1 <= n_axes <= min(3, len(shape)) or not np.all(np.isfinite(points)):
            raise ValueError(
                f"points must be finite, (..., n_axes) with 1 to {min(3, len(shape))} axes, got "
                f"{points.shape}"
            )
        if self.tolerance is not None and not 0 < self.tolerance < math.inf:
            raise ValueError(f"tolerance must be > 0 or None, got {self.tolerance}")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "points", points)

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: (*self._leading, *self.points.shape[:-1]))

    def forward(self, x):
        """Samples at the points, (*leading, *points); complex."""
        check_shape(x, self.shape)
        return self._transformed(x, 2, (*self._leading, *self._grid), self.codomain)

    def adjoint(self, y):
        """Samples spread back over the grid, without density compensation, `shape`; complex."""
        check_shape(y, self.codomain, "y")
        n_points = math.prod(self.points.shape[:-1])
        return self._transformed(y, 1, (*self._leading, n_points), self.shape)

    @property
    def _leading(self):
        return self.shape[: len(self.shape) - self.points.shape[-1]]

    @property
    def _grid(self):
        return self.shape[len(self._leading) :]

    @cached_property
    def _columns(self):
        wrapped = np.remainder(self.points.reshape(-1, self.points.shape[-1]) + np.pi, 2 * np.pi)
        columns = np.ascontiguousarray((wrapped - np.pi).T)
        return {kind: [column.astype(kind) for column in columns] for kind in ("f4", "f8")}

    def _transformed(self, x, kind, shape, target):
        try:
            import finufft
        except ImportError:
            raise MissingExtra("finufft", "nonuniform", "a non-Cartesian trajectory") from None
        xp, is_single = namespace(x), x.dtype in (namespace(x).float32, namespace(x).complex64)
        values = np.asarray(x).reshape((math.prod(self._leading), *shape[len(self._leading) :]))
        values = np.ascontiguousarray(values, dtype=np.complex64 if is_single else np.complex128)
        plan = finufft.Plan(
            kind,
            self._grid,
            n_trans=len(values),
            eps=self.tolerance or (1e-6 if is_single else 1e-12),
            isign=-1 if kind == 2 else 1,
            dtype=values.dtype.name,
            nthreads=n_threads(),
            # Left to itself, FINUFFT may choose two factors for the two ways, which then differ.
            upsampfac=2.0,
        )
        plan.setpts(*self._columns["f4" if is_single else "f8"])
        result = plan.execute(values) / values.real.dtype.type(math.sqrt(math.prod(self._grid)))
        return xp.asarray(result.reshape(target), device=device(x))
