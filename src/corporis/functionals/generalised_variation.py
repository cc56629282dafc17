"""Total generalised variation: piecewise smooth images without the steps of total variation."""

from collections.abc import Sequence
from dataclasses import dataclass

from corporis.functionals.l21 import L21
from corporis.functionals.separable import Separable
from corporis.interfaces import Shape
from corporis.operators import Component, GeneralisedGradient


@dataclass(frozen=True)
class TotalGeneralisedVariation:
    r"""``f(x, v) = weight * (sum ||grad x - v||_2 + ratio * sum ||E v||_F)``, of second order.

    The smallest value over the slopes ``v`` is the total generalised variation of ``x``. Where
    an image rises evenly, as under a coil's sensitivity, ``v`` takes the slope over and nothing
    is paid, while total variation would turn the rise into steps; edges are paid once. The
    unknown is the pair, stacked as (1 + n_axes, *shape): the data see its image through
    ``A @ image_operator``, and `penalty` and `gradient_operator` serve as in `TotalVariation`.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    weight : float
        Strength, >= 0: the price of an edge, as in `TotalVariation`.
    ratio : float
        Price of a change of slope relative to `weight`, > 0; 2 is customary.
    axes, spacing, boundary
        As in `FiniteDifference`.

    Raises
    ------
    ValueError
        As `L21` and `FiniteDifference`, or if `ratio` is not positive and finite.

    References
    ----------
    Bredies, Kunisch & Pock (2010), SIAM J. Imaging Sci. 3, 492-526, doi:10.1137/090769521;
    Knoll, Bredies, Pock & Stollberger (2011), Magn. Reson. Med. 65, 480-491

    Examples
    --------
    >>> import numpy as np
    >>> f = TotalGeneralisedVariation((3,))
    >>> ramp, slope = np.array([0.0, 2.0, 4.0]), np.full(3, 2.0)
    >>> f(np.stack([ramp, slope])), f(np.stack([ramp, 0 * slope]))
    (0.0, 4.0)
    """

    shape: Shape
    weight: float = 1.0
    ratio: float = 2.0
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        if not 0 < self.ratio < float("inf"):
            raise ValueError(f"ratio must be finite and > 0, got {self.ratio}")
        gradient = self.gradient_operator
        for name in ("shape", "axes", "spacing", "boundary"):
            object.__setattr__(self, name, getattr(gradient, name))
        self.penalty  # noqa: B018  (a wrong weight is refused at birth)

    def __call__(self, x) -> float:
        return self.penalty(self.gradient_operator.forward(x))

    @property
    def gradient_operator(self) -> GeneralisedGradient:
        """Image and slopes to their comparison and the change of the slopes."""
        return GeneralisedGradient(self.shape, self.axes, self.spacing, self.boundary)

    @property
    def image_operator(self) -> Component:
        """Image and slopes to the image."""
        return Component(self.gradient_operator.domain, 0)

    @property
    def penalty(self) -> Separable:
        """The two norms, proximable."""
        n_rows, *grid = self.gradient_operator.codomain
        n_axes = self.gradient_operator.domain[0] - 1
        shapes = [(n_axes, *grid), (n_rows - n_axes, *grid)]
        return Separable([L21(self.weight), L21(self.ratio * self.weight)], shapes)
