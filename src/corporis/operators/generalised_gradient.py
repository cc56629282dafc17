"""The derivatives of total generalised variation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator, Shape
from corporis.operators.difference import FiniteDifference


@dataclass(frozen=True)
class GeneralisedGradient(LinearOperator):
    r"""``(x, v) -> (grad x - v, E v)``, with ``E v = (grad v + (grad v)^T) / 2``.

    `v` is a field of slopes, one component an axis; ``E v`` says how they change. Differences of
    `x` go forward, those of `v` backward, so that second differences are centred. Where
    ``grad x`` has no difference (the last sample of a "neumann" axis) nothing is compared with
    `v`, so that ramps, with `v` their slope, are mapped to zero exactly.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image ``x``.
    axes, spacing, boundary
        As in `FiniteDifference`; `v` has a component for each of `axes`.

    Raises
    ------
    ValueError
        As `FiniteDifference`.

    References
    ----------
    Bredies, Kunisch & Pock (2010), SIAM J. Imaging Sci. 3, 492-526, doi:10.1137/090769521

    Examples
    --------
    >>> import numpy as np
    >>> A = GeneralisedGradient((4,))
    >>> A.domain, A.codomain    # x and v; the comparison and the change of v
    ((2, 4), (2, 4))
    >>> ramp = np.stack([np.array([0.0, 2.0, 4.0, 6.0]), np.full(4, 2.0)])
    >>> float(abs(A @ ramp).max())
    0.0
    """

    shape: Shape
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        difference = FiniteDifference(self.shape, self.axes, self.spacing, self.boundary)
        for name in ("axes", "spacing", "boundary"):
            object.__setattr__(self, name, getattr(difference, name))

    domain = property(lambda self: (1 + len(self.axes), *self.shape))

    @property
    def codomain(self):
        """First as many rows as axes, then ``d (d + 1) / 2`` for the symmetric matrix."""
        n_axes = len(self.axes)
        return (n_axes + n_axes * (n_axes + 1) // 2, *self.shape)

    def forward(self, x):
        """Comparison with the slopes, then their changes; mixed ones times sqrt(2), so that the
        length over these rows is the Frobenius norm of the symmetric matrix."""
        check_shape(x, self.domain)
        xp, parts = namespace(x), []
        image, slopes = x[0, ...], x[1:, ...]
        gradient = self._gradient.forward(image)
        for i in range(len(self.axes)):
            parts.append(self._compared(gradient[i, ...] - slopes[i, ...], i))
        for i in range(len(self.axes)):
            for j in range(i + 1):
                change = self._backward(slopes[i, ...], j)
                if j < i:
                    change = math.sqrt(0.5) * (change + self._backward(slopes[j, ...], i))
                parts.append(change)
        return xp.stack(parts, axis=0)

    def adjoint(self, y):
        """Image and slopes, (1 + n_axes, *shape)."""
        check_shape(y, self.codomain, "y")
        xp, n_axes = namespace(y), len(self.axes)
        compared = [self._compared(y[i, ...], i) for i in range(n_axes)]
        slopes, row = [-part for part in compared], n_axes
        for i in range(n_axes):
            for j in range(i + 1):
                part = y[row, ...] if i == j else math.sqrt(0.5) * y[row, ...]
                slopes[i] = slopes[i] + self._backward_adjoint(part, j)
                if j < i:
                    slopes[j] = slopes[j] + self._backward_adjoint(part, i)
                row += 1
        image = self._gradient.adjoint(xp.stack(compared, axis=0))
        return xp.stack([image, *slopes], axis=0)

    @property
    def _gradient(self):
        return FiniteDifference(self.shape, self.axes, self.spacing, self.boundary)

    def _along(self, i):
        return FiniteDifference(self.shape, (self.axes[i],), self.spacing[i], self.boundary[i])

    def _backward(self, x, i):
        """Backward difference: the forward one of the sample before."""
        forward = self._along(i).forward(x)[0, ...]
        return namespace(x).roll(forward, 1, axis=self.axes[i])

    def _backward_adjoint(self, y, i):
        rolled = namespace(y).roll(y, -1, axis=self.axes[i])
        return self._along(i).adjoint(rolled[None, ...])

    def _compared(self, part, i):
        """`part` with zeros where there is no difference along axis i."""
        if self.boundary[i] == "cyclic":
            return part
        axis = self.axes[i]
        head = part[(slice(None),) * axis + (slice(0, -1),)]
        end = part[(slice(None),) * axis + (slice(-1, None),)]
        return namespace(part).concat([head, end * 0], axis=axis)
