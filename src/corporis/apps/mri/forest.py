"""Several contrasts of one place whose wavelet trees grow at the same places."""

import math
from dataclasses import dataclass

import numpy as np

from corporis.apps.mri.held_back import split
from corporis.apps.mri.joint import Contrasts, check_contrasts, on_one_scale
from corporis.apps.mri.variation import PRICES, tree_of
from corporis.functionals import QuadraticMisfit, TotalVariation, Transformed
from corporis.operators import Cartesian, Wavelet
from corporis.solvers import QuadraticProx, TotalVariationProx, consensus_admm, run


@dataclass(frozen=True)
class ForestContrasts:
    r"""``1/2 sum_s ||A_s x_s - b_s||^2 + weight (sum_s TV(x_s) + forest sum_g ||(Phi x)_g||)``.

    A group ``g`` is a wavelet detail with all finer ones below it, in every contrast: where one
    contrast has an edge at one size, the others may have one, and the finer sizes too. The groups
    are nested, so that their prox is exact. The weight is the one whose images predict samples
    held back best.

    Parameters
    ----------
    forest : float
        Share of the groups beside total variation, > 0; divided by the root of the number of
        contrasts, so that equal contrasts weigh as one.
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
    Chen, Li & Huang (2014), IEEE Trans. Signal Process. 62, arXiv:1211.4657
    """

    forest: float = 1.0
    n_iterations: int = 50
    n_trial: int = 20
    weights: tuple[float, ...] = (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3)

    def __post_init__(self):
        if min(self.n_iterations, self.n_trial) < 1 or not self.weights:
            raise ValueError("n_iterations and n_trial must be >= 1, and weights not empty")
        if not all(0 < w < math.inf for w in (*self.weights, self.forest)):
            raise ValueError(
                f"weights and forest must be finite and > 0, got {self.weights}, {self.forest}"
            )

    def __call__(self, data: np.ndarray, masks: np.ndarray) -> Contrasts:
        """Reconstruct.

        Parameters
        ----------
        data : complex array, (n_contrasts, rows, columns)
            Centred, unitary; what lies off the masks is not used.
        masks : bool array of the same shape
        """
        masks = check_contrasts(data, masks)
        scaled, scale = on_one_scale(data, masks)
        held = np.stack([split(m, 0.08, seed=s) for s, m in enumerate(masks)])
        kept = masks & ~held
        whole = Cartesian(masks.shape[1:], None, frames=len(masks))

        def missed(weight):
            images = self._solve(scaled * kept, kept, weight, self.n_trial)
            return float(np.sum(np.abs((whole.forward(images) - scaled)[held]) ** 2))

        weight = min(self.weights, key=missed)
        images = self._solve(scaled, masks, weight, self.n_iterations)
        return Contrasts((scale * images).astype(np.complex64), 1.0, weight)

    def _solve(self, data, masks, weight, count):
        A = Cartesian(masks.shape[1:], masks, frames=len(masks))
        fit, start = QuadraticProx(QuadraticMisfit(A, data, bound=1.0)), A.adjoint(data)
        levels = min(4, int(math.log2(min(data.shape[1:]))) - 2)
        transform = Wavelet(data.shape, "db2", levels, axes=(1, 2))
        groups = tree_of(transform, weight * self.forest / math.sqrt(len(data)), is_joint=True)
        variation = TotalVariationProx(TotalVariation(data.shape, weight, axes=(1, 2)), n_inner=5)
        penalties = [variation, Transformed(groups, transform)]
        prices = (weight * p for p in PRICES)
        return run(consensus_admm(fit, penalties, start, *prices), at_most=count).x
