"""Several contrasts of one place together: borders in common cost less."""

import math
from dataclasses import dataclass

import numpy as np

from corporis.apps.mri.held_back import split
from corporis.functionals import (
    JointTotalVariation,
    QuadraticMisfit,
    Separable,
    SquaredL2,
    TotalVariation,
)
from corporis.operators import Cartesian, Stack
from corporis.solvers import QuadraticProx, primal_dual, run

COUPLINGS = (0.0, 0.5, 1.0)
"""Shares of the joint penalty that are tried."""
FACTORS = (0.6, 0.8, 1.0)
"""Of the separate weight, tried for a joint penalty."""
BALANCE = 1e-4
"""Of the dual to the primal step: images are about 1, duals as small as the weight."""


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Images, and what was chosen from the data.

    Parameters
    ----------
    images : complex64 array, (n_contrasts, rows, columns)
    coupling : float
        0 is one total variation a contrast, 1 the joint one.
    weight : float
        In units of each contrast's brightest.
    """

    images: np.ndarray
    coupling: float
    weight: float


@dataclass(frozen=True)
class JointContrasts:
    r"""``1/2 sum_s ||A_s x_s - b_s||^2 + weight ((1 - c) sum_s TV(x_s) + c JTV(x))``.

    Contrasts are scaled to the same brightness. Weight and coupling c are those whose images
    predict samples held back best, so that contrasts that have nothing in common are left alone.

    Parameters
    ----------
    n_iterations, n_trial : int
        Of the final solution and of each trial, >= 1.
    weights : tuple of float
        Tried, in units of the brightest, > 0.

    Raises
    ------
    ValueError
        If a number is out of range; in use, if the shapes differ or a contrast has no sample.

    References
    ----------
    Huang, Chen & Axel (2014), Magn. Reson. Imaging 32, 1344-1352, doi:10.1016/j.mri.2014.08.006
    """

    n_iterations: int = 200
    n_trial: int = 80
    weights: tuple[float, ...] = (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3)

    def __post_init__(self):
        if min(self.n_iterations, self.n_trial) < 1 or not self.weights:
            raise ValueError("n_iterations and n_trial must be >= 1, and weights not empty")
        if not all(0 < w < math.inf for w in self.weights):
            raise ValueError(f"weights must be finite and > 0, got {self.weights}")

    def __call__(
        self, data: np.ndarray, masks: np.ndarray, coupling: float | None = None
    ) -> Contrasts:
        """Reconstruct.

        Parameters
        ----------
        data : complex array, (n_contrasts, rows, columns)
            Centred, unitary; what lies off the masks is not used.
        masks : bool array of the same shape
            They help the more, the more they differ.
        coupling : float or None
            None chooses it.
        """
        masks = check_contrasts(data, masks)
        scaled, scale = on_one_scale(data, masks)
        weight, coupling = self._chosen(scaled, masks, coupling)
        images = self._solve(scaled, masks, weight, coupling, self.n_iterations)
        return Contrasts((scale * images).astype(np.complex64), coupling, weight)

    def _chosen(self, data, masks, coupling):
        """Weight and coupling by samples held back, the weight first, each contrast alone."""
        held = np.stack([split(m, 0.08, seed=s) for s, m in enumerate(masks)])
        kept = masks & ~held
        whole = Cartesian(masks.shape[1:], None, frames=len(masks))

        def errors(weight, share):
            images = self._solve(data * kept, kept, weight, share, self.n_trial)
            return [
                float(np.sum(np.abs(d[h]) ** 2)) for d, h in zip(whole.forward(images) - data, held)
            ]

        tried = {w: errors(w, coupling or 0.0) for w in self.weights}
        weight = min(tried, key=lambda w: sum(tried[w]))
        if coupling is not None:
            return weight, coupling
        alone, best = tried[weight], (-MARGIN, weight, 0.0)
        for share in COUPLINGS[1:]:
            for factor in FACTORS:
                new = errors(factor * weight, share)
                gained = float(np.mean([math.log(n / o) for n, o in zip(new, alone) if o > 0]))
                best = min(best, (gained, factor * weight, share))
        return best[1], best[2]

    def _solve(self, data, masks, weight, coupling, count):
        A = Cartesian(masks.shape[1:], masks, frames=len(masks))
        misfit = QuadraticMisfit(A, data, bound=1.0)
        return run(self._iterates(misfit, A.adjoint(data), weight, coupling), at_most=count).x

    @staticmethod
    def _iterates(misfit, start, weight, coupling):
        # the joint length of n equal contrasts is sqrt(n) times one: comparable strengths
        joint = weight * coupling * math.sqrt(len(start))
        alone = TotalVariation(start.shape, weight * (1 - coupling), axes=(1, 2))
        together = JointTotalVariation(start.shape, joint, axes=(1, 2))
        difference = alone.gradient_operator
        # the data's prox is exact and cheap: no gradient step limits the length of the others
        flat, data = SquaredL2(0.0), QuadraticProx(misfit)
        if coupling in (0.0, 1.0):
            behind = (together if coupling else alone).penalty
            bound = math.sqrt(8)
            return primal_dual(flat, data, behind, difference, start, bound=bound, balance=BALANCE)
        both = Stack([difference, together.gradient_operator])
        behind = Separable([alone.penalty, together.penalty], [difference.codomain] * 2)
        return primal_dual(flat, data, behind, both, start, bound=4.0, balance=BALANCE)


MARGIN = 0.02
"""Logarithm by which coupling must predict better than none before it is used."""


def check_contrasts(data: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The masks as truth values.

    Raises
    ------
    ValueError
        If they do not fit the data, or one is empty.
    """
    masks = np.asarray(masks, bool)
    if np.ndim(data) != 3 or np.shape(data) != masks.shape:
        raise ValueError(
            f"data and masks must be (n_contrasts, rows, columns), got {np.shape(data)} and "
            f"{masks.shape}"
        )
    if not masks.any(axis=(1, 2)).all():
        raise ValueError("masks must sample every contrast")
    return masks


def on_one_scale(data: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The samples of contrasts that are all about 1 at their brightest, and what they were."""
    A = Cartesian(masks.shape[1:], masks, frames=len(masks))
    data = np.asarray(data * masks, np.complex64)
    peak = np.quantile(np.abs(A.adjoint(data)), 0.998, axis=(1, 2))
    scale = np.where(peak > 0, peak, 1.0).astype(np.float32)[:, None, None]
    return data / scale, scale
