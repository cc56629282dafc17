"""Quadratic functionals: misfit to data, operator energies, the squared length."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import check_shape, inner, matched, namespace
from corporis.interfaces import Array, LinearOperator
from corporis.operators import operator_norm


@dataclass(frozen=True, eq=False)
class QuadraticMisfit:
    r"""Half the weighted squared distance to data, ``f(x) = 1/2 sum_i w_i |(A x - b)_i|^2``.

    Gaussian noise of variance ``1 / w_i`` on every datum; weight 0 leaves a datum out.

    Parameters
    ----------
    operator : LinearOperator
        ``A``.
    data : array, ``operator.codomain``
        ``b``, finite.
    weights : array or None
        ``w`` >= 0, broadcast against the data; None is 1.
    bound : float or None
        A known upper bound of ``||A||``; None estimates it once, by power iteration with 1 %
        to spare.

    Raises
    ------
    ValueError
        If the data have another shape than the codomain or are not finite, or if a weight is
        negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import Identity
    >>> f = QuadraticMisfit(Identity((2,)), np.array([3.0, 4.0]))
    >>> f(np.zeros(2)), f.gradient(np.zeros(2)).tolist()
    (12.5, [-3.0, -4.0])
    """

    operator: LinearOperator
    data: Array
    weights: Array | None = None
    bound: float | None = None

    def __post_init__(self):
        check_shape(self.data, self.operator.codomain, "data")
        xp = namespace(self.data)
        if not bool(xp.all(xp.isfinite(self.data))):
            raise ValueError("data must be finite; give a missing datum the weight 0 instead")
        if self.weights is not None:
            weights = np.asarray(self.weights)
            if not (np.all(np.isfinite(weights)) and np.all(weights >= 0)):
                raise ValueError("weights must be finite and >= 0")

    def __call__(self, x) -> float:
        residual = self.residual(x)
        return 0.5 * inner(residual, residual).real

    def gradient(self, x):
        """``A^H W (A x - b)``."""
        return self.operator.adjoint(self._whiten(self.residual(x)))

    def residual(self, x):
        """``sqrt(W) (A x - b)``."""
        return self._whiten(self.operator.forward(x) - self.data)

    def whitened_data(self, x):
        """``sqrt(W) b``, in the precision of `x`."""
        return self._whiten(matched(self.data, x))

    @cached_property
    def lipschitz(self) -> float:
        """``max(w) ||A||^2``."""
        bound = self.bound
        if bound is None:
            bound = 1.01 * operator_norm(self.operator, like=self.data)
        largest = 1.0 if self.weights is None else float(np.max(np.asarray(self.weights)))
        return largest * bound**2

    def _whiten(self, y):
        if self.weights is None:
            return y
        return namespace(y).sqrt(matched(self.weights, y)) * y


@dataclass(frozen=True, eq=False)
class NormalMisfit:
    r"""Half the squared distance to data, with the gradient ``A^H A x - A^H b``.

    The same function as `QuadraticMisfit` without weights, for operators whose `normal` is
    cheaper than forth and back: a Cartesian scan with a fully sampled readout needs half the
    Fourier transforms for an image and two thirds for a volume, and never holds the k-space of
    all coils.

    Parameters
    ----------
    operator : LinearOperator
        ``A``.
    data : array, ``operator.codomain``
        ``b``, finite.
    bound : float or None
        A known upper bound of ``||A||``; None estimates it once, by power iteration with 1 %
        to spare.

    Raises
    ------
    ValueError
        As `QuadraticMisfit`.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import Identity
    >>> f = NormalMisfit(Identity((2,)), np.array([3.0, 4.0]))
    >>> f(np.zeros(2)), f.gradient(np.zeros(2)).tolist()
    (12.5, [-3.0, -4.0])
    """

    operator: LinearOperator
    data: Array
    bound: float | None = None

    def __post_init__(self):
        self._misfit  # noqa: B018  (wrong data are refused at birth)

    def __call__(self, x) -> float:
        return self._misfit(x)

    def gradient(self, x):
        """``A^H A x - A^H b``."""
        return self.operator.normal(x) - self._projected

    @property
    def lipschitz(self) -> float:
        """``||A||^2``."""
        return self._misfit.lipschitz

    @cached_property
    def _misfit(self):
        return QuadraticMisfit(self.operator, self.data, bound=self.bound)

    @cached_property
    def _projected(self):
        return self.operator.adjoint(self.data)


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    r"""Half the squared length of ``A x``, ``f(x) = 1/2 ||A x||^2``: smoothness, elasticity.

    Parameters
    ----------
    operator : LinearOperator
    weight : float
        Strength, >= 0, multiplies the energy.
    bound : float or None
        A known upper bound of ``||A||``; None estimates it once.

    Raises
    ------
    ValueError
        If the weight is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import FiniteDifference
    >>> QuadraticForm(FiniteDifference((3,)))(np.array([0.0, 1.0, 3.0]))    # (1 + 4) / 2
    2.5
    """

    operator: LinearOperator
    weight: float = 1.0
    bound: float | None = None

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        image = self.operator.forward(x)
        return 0.5 * self.weight * inner(image, image).real

    def gradient(self, x):
        """``weight A^H A x``."""
        return float(self.weight) * self.operator.adjoint(self.operator.forward(x))

    @cached_property
    def lipschitz(self) -> float:
        """``weight ||A||^2``."""
        bound = 1.01 * operator_norm(self.operator) if self.bound is None else self.bound
        return self.weight * bound**2


@dataclass(frozen=True, slots=True)
class SquaredL2:
    r"""Half the squared length, ``f(x) = weight/2 ||x||^2``: keeps numbers small (ridge).

    Parameters
    ----------
    weight : float
        Strength, >= 0.

    Raises
    ------
    ValueError
        If the weight is negative or not finite, or, in `prox`, if ``step <= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> SquaredL2(2.0)(np.array([3.0, 4.0])), SquaredL2().prox(np.array([3.0]), 2.0).tolist()
    (25.0, [1.0])
    """

    weight: float = 1.0

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        return 0.5 * self.weight * inner(x, x).real

    def prox(self, x, step):
        """``x / (1 + step weight)``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        return x / (1 + float(step * self.weight))

    def gradient(self, x):
        """``weight x``."""
        return float(self.weight) * x

    @property
    def lipschitz(self) -> float:
        """``weight``."""
        return self.weight
