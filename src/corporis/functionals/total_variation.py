"""Total variation: piecewise constant images with sharp edges."""

from collections.abc import Sequence
from dataclasses import dataclass

from corporis.functionals.l21 import L21
from corporis.interfaces import Shape
from corporis.operators import FiniteDifference


@dataclass(frozen=True)
class TotalVariation:
    r"""Sum of gradient lengths, ``f(x) = weight * sum_voxels ||(grad x)_voxel||_2`` (isotropic).

    Its prox has no closed form: give `penalty` and `gradient_operator` to `primal_dual` or
    `admm`, which need only the prox of the L2,1 norm.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    weight : float
        Strength, >= 0.
    axes, spacing, boundary
        As in `FiniteDifference`.

    Raises
    ------
    ValueError
        As `L21` and `FiniteDifference`.

    References
    ----------
    Rudin, Osher & Fatemi (1992), Physica D 60, 259-268, doi:10.1016/0167-2789(92)90242-F

    Examples
    --------
    >>> import numpy as np
    >>> TotalVariation((2, 2))(np.array([[0.0, 4.0], [3.0, 3.0]]))    # 5 + 1 + 0 + 0
    6.0
    """

    shape: Shape
    weight: float = 1.0
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        difference = self.gradient_operator
        for name in ("axes", "spacing", "boundary"):
            object.__setattr__(self, name, getattr(difference, name))
        self.penalty  # noqa: B018  (a wrong weight is refused at birth)

    def __call__(self, x) -> float:
        return self.penalty(self.gradient_operator.forward(x))

    @property
    def gradient_operator(self) -> FiniteDifference:
        """The image's gradient, (n_axes, *shape)."""
        return FiniteDifference(self.shape, self.axes, self.spacing, self.boundary)

    @property
    def penalty(self) -> L21:
        """The norm of the gradient, proximable."""
        return L21(self.weight, axis=0)
