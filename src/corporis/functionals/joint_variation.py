"""Total variation of several images at once: edges in common are cheaper."""

from collections.abc import Sequence
from dataclasses import dataclass

from corporis.functionals.l21 import L21
from corporis.functionals.nuclear import Nuclear
from corporis.interfaces import Shape
from corporis.operators import FiniteDifference


@dataclass(frozen=True)
class JointTotalVariation:
    r"""``f(x) = weight * sum_voxels sqrt(sum_channels ||grad x_c||^2)``: edges at one place.

    Contrasts of one slice, or colours, change at the same borders, though not in the same way:
    a border that one channel has already costs less in the others. Like `TotalVariation` it
    has no closed-form prox: use `penalty` and `gradient_operator`. Channels ought to be scaled
    alike. T equal channels cost as much as one with ``sqrt(T)`` times the weight.

    Parameters
    ----------
    shape : tuple of int
        Shape of the images, channels included.
    weight : float
        Strength, >= 0.
    channel_axis : int
        The axis of `shape` that counts channels.
    axes : tuple of int or None
        Axes to differentiate; None takes all but `channel_axis`.
    spacing, boundary
        As in `FiniteDifference`.

    Raises
    ------
    ValueError
        As `L21` and `FiniteDifference`, or if `channel_axis` is not an axis or is among `axes`.

    References
    ----------
    Huang, Chen & Axel (2014), Magn. Reson. Imaging 32, 1344-1352 (multi-contrast MR images);
    Blomgren & Chan (1998), IEEE Trans. Image Process. 7, 304-309 (coupled channels)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 3.0], [1.0, 5.0]])    # two channels, both with a step
    >>> JointTotalVariation((2, 2))(x)    # sqrt(3^2 + 4^2)
    5.0
    """

    shape: Shape
    weight: float = 1.0
    channel_axis: int = 0
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        _settle(self)
        self.penalty  # noqa: B018  (a wrong weight is refused at birth)

    def __call__(self, x) -> float:
        return self.penalty(self.gradient_operator.forward(x))

    @property
    def gradient_operator(self) -> FiniteDifference:
        """The gradient of every channel, (n_axes, *shape)."""
        return FiniteDifference(self.shape, self.axes, self.spacing, self.boundary)

    @property
    def penalty(self) -> L21:
        """The length of all derivatives at one place together, proximable."""
        return L21(self.weight, axis=(0, self.channel_axis + 1))


@dataclass(frozen=True)
class VectorialTotalVariation:
    r"""``f(x) = weight * sum_voxels ||J x||_*``: edges at one place and in one direction.

    ``J`` is the Jacobian, a row for each direction and a column for each channel; its nuclear
    norm is smallest where all channels change along one direction. Stricter than
    `JointTotalVariation`, which only asks for one place. Use `penalty` and `gradient_operator`.

    Parameters
    ----------
    shape, weight, channel_axis, axes, spacing, boundary
        As in `JointTotalVariation`.

    Raises
    ------
    ValueError
        As `JointTotalVariation`.

    References
    ----------
    Holt (2014), IEEE Trans. Image Process. 23, 3975-3989 (total nuclear variation); Duran,
    Moeller, Sbert & Cremers (2016), SIAM J. Imaging Sci. 9, 116-151, doi:10.1137/15M102873X

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros((2, 2, 2))
    >>> x[0, 1, 0] = x[0, 1, 1] = 3.0    # one channel steps down the rows,
    >>> x[1, 1, 0] = x[1, 1, 1] = 4.0    # the other at the same places
    >>> VectorialTotalVariation((2, 2, 2))(x)    # two places of length 5
    10.0
    """

    shape: Shape
    weight: float = 1.0
    channel_axis: int = 0
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        _settle(self)
        self.penalty  # noqa: B018  (a wrong weight is refused at birth)

    def __call__(self, x) -> float:
        return self.penalty(self.gradient_operator.forward(x))

    @property
    def gradient_operator(self) -> FiniteDifference:
        """The gradient of every channel, (n_axes, *shape)."""
        return FiniteDifference(self.shape, self.axes, self.spacing, self.boundary)

    @property
    def penalty(self) -> Nuclear:
        """The nuclear norm of every voxel's Jacobian, proximable."""
        return Nuclear(self.weight, axes=(0, self.channel_axis + 1))


def _settle(variation):
    """Check the channel axis, and put axes, spacing and boundary in their full form."""
    n_axes, channel = len(variation.shape), variation.channel_axis
    if not -n_axes <= channel < n_axes:
        raise ValueError(f"channel_axis must be among the {n_axes} of the images, got {channel}")
    channel %= n_axes
    axes = variation.axes
    if axes is None:
        axes = tuple(axis for axis in range(n_axes) if axis != channel)
    difference = FiniteDifference(variation.shape, axes, variation.spacing, variation.boundary)
    if channel in difference.axes:
        raise ValueError(f"axes must leave out channel_axis = {channel}, got {difference.axes}")
    object.__setattr__(variation, "channel_axis", channel)
    for name in ("axes", "spacing", "boundary"):
        object.__setattr__(variation, name, getattr(difference, name))
