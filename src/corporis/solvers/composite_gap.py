"""The certificate of composite splitting: how far, at most, an iterate is above the minimum."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corporis.arrays import inner, namespace
from corporis.functionals import Norm, QuadraticMisfit, RealImage, Transformed
from corporis.interfaces import Array, Iterate
from corporis.solvers.composite_splitting import Penalty
from corporis.solvers.total_variation import TotalVariationProx


@dataclass(frozen=True, eq=False)
class CompositeGap:
    r"""Gap of ``1/2 ||A x - b||^2 + sum_i g_i(x)`` at an iterate of `composite_splitting`.

    Every split leaves a subgradient of its penalty, and total variation its dual field. With
    ``w = A x - b`` and their sum ``v = A^H w + sum_i u_i`` the minimum is at least
    ``-||w||^2 / 2 - <w, b> + sum_j min(low v_j, high v_j)`` where the image is real and inside a
    box. Without a box ``v`` must vanish: the last penalty that is a norm takes what is left, and
    all is scaled until it is feasible.

    Parameters
    ----------
    misfit : QuadraticMisfit or RealImage
        Without weights.
    penalties : sequence
        As `composite_splitting` was given them.
    brightest : float or None
        Where there is neither a box nor a norm, such as total variation alone: the minimum is
        bounded among images whose modulus is nowhere above this, finite and > 0.

    Raises
    ------
    ValueError
        If the misfit has weights, or if there is no box, no norm among the penalties and no
        `brightest`.

    References
    ----------
    Rockafellar (1970), Convex Analysis, section 31 (Fenchel's duality)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, QuadraticMisfit
    >>> from corporis.operators import Identity
    >>> from corporis.solvers import composite_splitting
    >>> misfit = QuadraticMisfit(Identity((2,)), np.array([3.0, 0.5]), bound=1.0)
    >>> gap = CompositeGap(misfit, [L1()])
    >>> round(gap(next(composite_splitting(misfit, [L1()], np.zeros(2)))), 12)
    0.0
    """

    misfit: QuadraticMisfit | RealImage
    penalties: Sequence[Penalty]
    brightest: float | None = None

    def __post_init__(self):
        if self.brightest is not None and not 0 < self.brightest < math.inf:
            raise ValueError(f"brightest must be finite and > 0, got {self.brightest}")
        if self.misfit.weights is not None:
            raise ValueError("misfit must have no weights: scale operator and data instead")
        if self._box is None and self._taker is None and self.brightest is None:
            raise ValueError(
                "the gap needs a finite box or a norm among the penalties, or brightest"
            )

    @property
    def _box(self) -> tuple[float, float] | None:
        for penalty in self.penalties:
            if isinstance(penalty, TotalVariationProx) and penalty.has_box:
                both = math.isfinite(penalty.low) and math.isfinite(penalty.high)
                return (penalty.low, penalty.high) if both else None
        return None

    @property
    def _taker(self) -> int | None:
        """Which penalty takes what the others leave: the last that is a norm."""
        for number in reversed(range(len(self.penalties))):
            if _polar(self.penalties[number]) is not None:
                return number
        return None

    def objective(self, x: Array) -> float:
        """What is minimised, at a point inside the box."""
        return self.misfit(x) + sum(float(g(x)) for g in self.penalties)

    def __call__(self, iterate: Iterate) -> float:
        """The gap at an iterate (its ``x`` brought into the box), >= 0."""
        x, box = iterate.x, self._box
        if box is not None:
            x = namespace(x).clip(x, *box)
        residual = self.misfit.residual(x)
        back = self.misfit.gradient(x)
        pulls = [
            g.penalty.weight * g.penalty.gradient_operator.adjoint(warm)
            if isinstance(g, TotalVariationProx)
            else pull
            for g, warm, pull in zip(self.penalties, iterate.memory.warm, iterate.memory.pulls)
        ]
        energy = inner(residual, residual).real
        fit = inner(residual, self.misfit.whitened_data(residual)).real
        if box is not None:
            left = sum(pulls, back)
            xp = namespace(left)
            least = float(xp.sum(xp.minimum(box[0] * left, box[1] * left)))
            bound = -energy / 2 - fit + least
        elif self._taker is None:
            left = sum(pulls, back)
            least = -(self.brightest or 0.0) * float(namespace(left).sum(abs(left)))
            bound = -energy / 2 - fit + least
        else:
            taker = self._taker
            others = [pull for k, pull in enumerate(pulls) if k != taker]
            reach = _polar(self.penalties[taker])(-sum(others, back))
            limit = min(1.0, 1 / reach) if reach > 0 else 1.0
            # The best multiple in [0, limit] of the dual point.
            scale = min(max(-fit / energy, 0.0), limit) if energy > 0 else 0.0
            bound = -(scale**2) * energy / 2 - scale * fit
        return max(self.objective(x) - bound, 0.0)


def _polar(penalty):
    """The dual norm of a penalty that is a norm, also behind an orthonormal transform."""
    if isinstance(penalty, Transformed) and isinstance(penalty.penalty, Norm):
        return lambda u: penalty.penalty.polar(penalty.operator.forward(u))
    return penalty.polar if isinstance(penalty, Norm) else None
