"""A misfit to complex data as a function of real images."""

from dataclasses import dataclass

from corporis.arrays import namespace
from corporis.functionals.misfit import QuadraticMisfit
from corporis.interfaces import Array


@dataclass(frozen=True, eq=False)
class RealImage:
    r"""``f(x) = misfit(x)`` for real `x`: the gradient is the real part of the complex one.

    K-space is complex even where the image is known to be real; among real images the adjoint
    of the encoding is ``Re A^H``. Forgetting the real part would leave the real images.

    Parameters
    ----------
    misfit : QuadraticMisfit
        Of an operator from complex images.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import Fourier
    >>> f = RealImage(QuadraticMisfit(Fourier((2,)), np.array([1j, 1j])))
    >>> f.gradient(np.zeros(2)).dtype
    dtype('float64')
    """

    misfit: QuadraticMisfit

    def __call__(self, x) -> float:
        return self.misfit(x)

    def gradient(self, x) -> Array:
        """``Re A^H W (A x - b)``."""
        slope = self.misfit.gradient(x)
        return namespace(slope).real(slope)

    def residual(self, x) -> Array:
        """``sqrt(W) (A x - b)``."""
        return self.misfit.residual(x)

    def whitened_data(self, y) -> Array:
        """``sqrt(W) b``, in the precision of `y`."""
        return self.misfit.whitened_data(y)

    @property
    def weights(self) -> Array | None:
        """Those of the misfit."""
        return self.misfit.weights

    @property
    def lipschitz(self) -> float:
        """At most that of the misfit."""
        return self.misfit.lipschitz
