"""The prox of total variation, by its dual and started where the last one ended."""

import math
from dataclasses import dataclass

import numpy as np

from corporis.arrays import namespace, norm
from corporis.functionals import TotalVariation
from corporis.interfaces import Array
from corporis.solvers._total_variation_kernel import descend

SLACK = 1e-6  # rounding by which a projected image may leave its box


@dataclass(frozen=True)
class TotalVariationProx:
    r"""Total variation as a `WarmProximable`: ``argmin_z step TV(z) + 1/2 ||z - x||^2``.

    The dual field ``p``, one vector of length at most one a voxel, is improved by an accelerated
    projected gradient: ``p <- Proj(r + D P(x - lam D^H r) / (lam ||D||^2))``,
    ``lam = step * weight``, and the answer is ``P(x - lam D^H p)``. From a good ``p``, as a
    solver has from its last iteration, a few steps are exact enough. ``P`` keeps real images
    inside ``[low, high]``; complex images share one vector field for both parts.

    Parameters
    ----------
    penalty : TotalVariation
        Weight, axes, spacing and boundary.
    low, high : float
        Limits of a real image, infinite for none.
    n_inner : int
        Steps of the dual of one call, >= 1.

    Raises
    ------
    ValueError
        If ``low >= high`` or ``n_inner < 1``; in use, if a complex image is given a box.

    References
    ----------
    Beck & Teboulle (2009), IEEE Trans. Image Process. 18, 2419-2434,
    doi:10.1109/TIP.2009.2028250

    Examples
    --------
    >>> import numpy as np
    >>> prox = TotalVariationProx(TotalVariation((2,), weight=1.0), n_inner=100)
    >>> prox.prox(np.array([0.0, 10.0]), 1.0).round(6).tolist()    # the jump shrinks by 2
    [1.0, 9.0]
    """

    penalty: TotalVariation
    low: float = -math.inf
    high: float = math.inf
    n_inner: int = 10

    def __post_init__(self):
        if not self.low < self.high:
            raise ValueError(f"low must be < high, got {self.low} and {self.high}")
        if self.n_inner < 1:
            raise ValueError(f"n_inner must be >= 1, got {self.n_inner}")

    def __call__(self, x) -> float:
        if self.has_box:
            xp = namespace(x)
            slack = SLACK * max(1.0, norm(x) / math.sqrt(max(math.prod(x.shape), 1)))
            if float(xp.min(x)) < self.low - slack or float(xp.max(x)) > self.high + slack:
                return math.inf
        return self.penalty(x)

    @property
    def has_box(self) -> bool:
        """Whether a limit is finite."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    def rest(self, x):
        """The dual field to begin with, zero, (n_axes, *shape)."""
        return namespace(x).zeros_like(self.penalty.gradient_operator.forward(x))

    def prox(self, x, step):
        """The prox from a dual of zero; `n_inner` says how exact."""
        return self.prox_from(x, step, self.rest(x))[0]

    def prox_from(self, x, step, dual) -> tuple[Array, Array]:
        """The prox, and the dual field to start the next call from."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        if self.has_box and xp.isdtype(x.dtype, "complex floating"):
            raise ValueError("a box is for real images: got a complex one")
        cut = float(step) * self.penalty.weight
        if cut == 0:
            return self._inside(x), dual
        if isinstance(x, np.ndarray) and x.ndim == 2 and self._is_plain_plane():
            dual = descend(x, dual, cut, self._limits(x), self._spacing, self.n_inner)
        else:
            dual = self._descend(x, dual, cut)
        return self._inside(x - cut * self.penalty.gradient_operator.adjoint(dual)), dual

    def _descend(self, x, dual, cut):
        """`n_inner` accelerated steps of the dual: the plain version of the kernel."""
        xp, difference = namespace(x), self.penalty.gradient_operator
        share = 1 / (cut * self.bound)
        ahead, momentum = dual, 1.0
        for _ in range(self.n_inner):
            # a field is as large as all axes' images together: few of them live at once
            seen = difference.adjoint(ahead)
            seen *= -cut
            seen += x
            moved = difference.forward(self._inside(seen))
            moved *= share
            moved += ahead
            del ahead, seen
            length = xp.linalg.vector_norm(moved, axis=0, keepdims=True)
            moved /= xp.where(length > 1, length, xp.ones_like(length))
            grown = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            ahead = moved - dual
            ahead *= (momentum - 1) / grown
            ahead += moved
            dual, momentum = moved, grown
        return dual

    @property
    def bound(self) -> float:
        """``||D||^2 <= 4 sum 1 / spacing^2``."""
        return 4 * sum(1 / s**2 for s in self._spacing)

    def gap(self, z, x, step, dual) -> float:
        """Duality gap of the prox: how far ``z`` is, at most, above the least objective."""
        cut, difference = step * self.penalty.weight, self.penalty.gradient_operator
        pulled = cut * difference.adjoint(dual)
        dual_point = self._inside(x - pulled)
        value = 0.5 * norm(z - x) ** 2 + cut * self.penalty.penalty(difference.forward(z)) / (
            self.penalty.weight or 1.0
        )
        xp = namespace(x)
        work = (
            xp.sum(xp.real(xp.conj(pulled) * dual_point))
            if _is_complex(x)
            else xp.sum(pulled * dual_point)
        )
        return max(value - (0.5 * norm(dual_point - x) ** 2 + float(work)), 0.0)

    def _inside(self, x):
        if not self.has_box:
            return x
        xp, (low, high) = namespace(x), self._limits(x)
        return xp.clip(x, low, high)

    def _limits(self, x):
        return float(self.low), float(self.high)

    @property
    def _spacing(self) -> tuple[float, ...]:
        return tuple(np.atleast_1d(self.penalty.spacing).tolist())

    def _is_plain_plane(self) -> bool:
        tv = self.penalty
        return tv.axes == (0, 1) and tv.boundary == ("neumann", "neumann")


def _is_complex(x) -> bool:
    return namespace(x).isdtype(x.dtype, "complex floating")
