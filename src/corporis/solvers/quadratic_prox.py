"""The prox of a quadratic misfit: the image near another one that fits the data."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import Constant, namespace, norm
from corporis.functionals import QuadraticMisfit, RealImage
from corporis.interfaces import Array
from corporis.operators import Cartesian
from corporis.operators.fourier import unitary_fft
from corporis.solvers.conjugate_gradient import conjugate_gradient
from corporis.solvers.run import run


@dataclass(frozen=True, eq=False)
class QuadraticProx:
    r"""``argmin_z step/2 ||A z - b||^2 + 1/2 ||z - x||^2``, which solves a linear system.

    Where ``A A^H`` is a projection (one coil, a Cartesian mask) it is known in closed form,
    ``x + step/(1 + step) A^H (b - A x)``, or frequency by frequency where images are real; else
    conjugate gradients start from the last call's answer.

    Parameters
    ----------
    misfit : QuadraticMisfit or RealImage
        Without weights; `RealImage` keeps real images real.
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

    misfit: QuadraticMisfit | RealImage
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
        step, A = float(step), self._complex.operator
        projected = self._projected.like(x)
        if isinstance(A, Cartesian) and A.maps is None:
            if self._is_real:
                near = self._met(x + step * projected, step)
            else:
                near = x + (step / (1 + step)) * (projected - A.normal(x))
            return near, near
        # Divided by step, so that a large one is the least-squares fit and not an overflow.
        rhs = projected + x / step
        if norm(rhs) == 0:
            return rhs, rhs
        iterates = conjugate_gradient(lambda z: self._part(A.normal(z)) + z / step, rhs, memory)
        found = run(iterates, at_most=self.n_iterations, tolerance=self.tolerance).x
        return found, found

    @property
    def _is_real(self):
        return isinstance(self.misfit, RealImage)

    @property
    def _complex(self) -> QuadraticMisfit:
        return self.misfit.misfit if isinstance(self.misfit, RealImage) else self.misfit

    def _part(self, x):
        return namespace(x).real(x) if self._is_real else x

    @cached_property
    def _projected(self):
        return Constant(self._part(self._complex.operator.adjoint(self._complex.data)))

    def _met(self, x, step):
        """``(1 + step Re A^H A)^-1 x`` of real images, diagonal in k-space.

        The spectrum of a real image is known at ``-k`` where it is known at ``k``, so that a mask
        acts as its mean with its mirror.
        """
        axes = tuple(a - x.ndim for a in self._complex.operator.axes)
        spectrum = unitary_fft(x + 0j, axes)
        spectrum = spectrum / (1 + step * self._sampled.like(namespace(x).real(x)))
        return namespace(x).real(unitary_fft(spectrum, axes, is_inverse=True, is_free=True))

    @cached_property
    def _sampled(self):
        A = self._complex.operator
        mask = np.ones(A.shape) if A.mask is None else np.broadcast_to(A.mask, A.domain)
        mask = mask.astype(float)
        axes = tuple(a - len(A.shape) for a in A.axes)
        if A.is_centred:
            mask = np.fft.ifftshift(mask, axes=axes)
        mirrored = np.roll(np.flip(mask, axes), 1, axes)
        return Constant((mask + mirrored) / 2)
