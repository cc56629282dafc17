"""The prox of a quadratic misfit: the image near another one that fits the data."""

from dataclasses import dataclass
from functools import cached_property

from corporis.arrays import Constant, norm
from corporis.functionals import QuadraticMisfit
from corporis.interfaces import Array
from corporis.operators import Cartesian
from corporis.solvers.conjugate_gradient import conjugate_gradient
from corporis.solvers.run import run


@dataclass(frozen=True, eq=False)
class QuadraticProx:
    r"""``argmin_z step/2 ||A z - b||^2 + 1/2 ||z - x||^2``, which solves a linear system.

    Where ``A A^H`` is a projection (one coil, a Cartesian mask) it is known in closed form,
    ``x + step/(1 + step) A^H (b - A x)``; else conjugate gradients start from the last call's
    answer.

    Parameters
    ----------
    misfit : QuadraticMisfit
        Without weights.
    n_iterations : int
        Of conjugate gradients in one call at most, >= 1.
    tolerance : float
        Relative residual at which they stop earlier, > 0.

    Raises
    ------
    ValueError
        If the misfit has weights, or a number is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import Diagonal
    >>> misfit = QuadraticMisfit(Diagonal(np.array([1.0, 2.0])), np.array([2.0, 2.0]))
    >>> QuadraticProx(misfit).prox(np.array([0.0, 1.0]), 1.0).round(9).tolist()
    [1.0, 1.0]
    """

    misfit: QuadraticMisfit
    n_iterations: int = 12
    tolerance: float = 1e-4

    def __post_init__(self):
        if self.misfit.weights is not None:
            raise ValueError("misfit must have no weights: scale operator and data instead")
        if self.n_iterations < 1 or not self.tolerance > 0:
            raise ValueError("n_iterations must be >= 1 and tolerance > 0")

    def __call__(self, x) -> float:
        return self.misfit(x)

    def rest(self, x) -> Array:
        """The first guess of conjugate gradients."""
        return x

    def prox(self, x, step):
        """The prox from the first guess `x`."""
        return self.prox_from(x, step, x)[0]

    def prox_from(self, x, step, memory) -> tuple[Array, Array]:
        """The prox, and the first guess of the next call, which is the same."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        step, A = float(step), self.misfit.operator
        if isinstance(A, Cartesian) and A.maps is None:
            near = x + (step / (1 + step)) * (self._projected.like(x) - A.normal(x))
            return near, near
        # Divided by step, so that a large one is the least-squares fit and not an overflow.
        rhs = self._projected.like(x) + x / step
        if norm(rhs) == 0:
            return rhs, rhs
        iterates = conjugate_gradient(lambda z: A.normal(z) + z / step, rhs, memory)
        found = run(iterates, at_most=self.n_iterations, tolerance=self.tolerance).x
        return found, found

    @cached_property
    def _projected(self):
        return Constant(self.misfit.operator.adjoint(self.misfit.data))
