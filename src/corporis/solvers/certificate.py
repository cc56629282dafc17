"""Duality gaps: how far, at most, an objective is above its minimum."""

from dataclasses import dataclass

import numpy as np

from corporis.arrays import inner
from corporis.functionals import LogisticLoss, Norm, QuadraticMisfit


@dataclass(frozen=True, eq=False)
class QuadraticGap:
    r"""Gap of ``1/2 ||A x - b||_W^2 + norm(x)``: lasso, group lasso, sparse group, nuclear.

    The residual, scaled until it is dual feasible (``norm.polar(A^H theta) <= 1``), bounds the
    minimum from below: ``D(theta) = Re<theta, b> - 1/2 ||theta||_{W^-1}^2``.

    Parameters
    ----------
    misfit : QuadraticMisfit
    norm : Norm
        The penalty.

    References
    ----------
    Kim, Koh, Lustig, Boyd & Gorinevsky (2007), IEEE J. Sel. Top. Signal Process. 1, 606-617,
    doi:10.1109/JSTSP.2007.910971

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1
    >>> from corporis.operators import Identity
    >>> gap = QuadraticGap(QuadraticMisfit(Identity((2,)), np.array([3.0, 0.5])), L1())
    >>> gap(np.array([2.0, 0.0])), gap(np.array([3.0, 0.0])) > 0
    (0.0, True)
    """

    misfit: QuadraticMisfit
    norm: Norm

    def __call__(self, x) -> float:
        residual = self.misfit.residual(x)
        slope = self.norm.polar(self.misfit.gradient(x))
        data = self.misfit.whitened_data(x)
        energy, fit = inner(residual, residual).real, -inner(residual, data).real
        if energy == 0:
            return self.norm(x)
        limit = 1 / slope if slope > 0 else np.inf
        # The best multiple of the residual inside the feasible interval [-limit, limit].
        scale = float(np.clip(fit / energy, -limit, limit))
        dual = scale * fit - scale**2 * energy / 2
        return max(energy / 2 + self.norm(x) - dual, 0.0)


@dataclass(frozen=True, eq=False)
class LogisticGap:
    r"""Gap of ``logistic loss + norm(weights)`` with a free intercept.

    The intercept is first refined by Newton steps, so that the dual constraint it causes
    (slopes that sum to zero) holds; the slopes are then scaled until feasible. The dual value
    is the weighted entropy of the labels mixed with the predicted probabilities.

    Parameters
    ----------
    loss : LogisticLoss
    norm : Norm
        Acts on the rows of the features, not on the intercept.

    References
    ----------
    Koh, Kim & Boyd (2007), J. Mach. Learn. Res. 8, 1519-1555

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1
    >>> loss = LogisticLoss(np.array([[1.0], [-1.0]]), [1, 0])
    >>> LogisticGap(loss, L1(0.6))(np.zeros(1))    # the slope 0.5 is below 0.6: zero is best
    0.0
    """

    loss: LogisticLoss
    norm: Norm

    def __call__(self, x) -> float:
        n_features = self.loss.features.shape[1]
        x = refine_intercept(self.loss, x) if self.loss.has_intercept else x
        gradient = self.loss.gradient(x)
        slope = self.norm.polar(gradient[:n_features])
        shrink = 1 / max(slope, 1.0)
        probability = np.asarray(self.loss.probabilities(x), dtype=float)
        truth = np.eye(self.loss.n_classes)[self.loss.labels]
        mixed = (1 - shrink) * truth + shrink * probability
        entropy = -np.sum(np.where(mixed > 0, mixed * np.log(np.where(mixed > 0, mixed, 1)), 0), 1)
        dual = float(self.loss.sample_weights @ entropy)
        return max(self.loss(x) + self.norm(x[:n_features]) - dual, 0.0)


def refine_intercept(loss: LogisticLoss, x, n_steps: int = 20):
    """`x` with the intercept that is best for its weights, by damped Newton steps.

    Parameters
    ----------
    loss : LogisticLoss
        With an intercept.
    x : array, ``loss.shape``
    n_steps : int
        At most this many steps; they stop when the slope is at rounding level.

    Returns
    -------
    array
        A copy of `x` with another last row.
    """
    refined = np.array(x, dtype=float)
    weights, is_binary = np.asarray(loss.sample_weights), loss.n_classes == 2
    value = loss(refined)
    for _ in range(n_steps):
        slope = np.atleast_1d(loss.gradient(refined)[-1])
        if np.max(np.abs(slope)) < 1e-15 * weights.sum():
            break
        share = loss.probabilities(refined)
        spread = np.diag(weights @ share) - share.T @ (weights[:, None] * share)
        spread = spread[1:, 1:] if is_binary else spread
        move = np.linalg.pinv(spread, rcond=1e-12) @ slope
        move = move[0] if is_binary else move
        # Near the answer the loss is flat to rounding: a step may seem to rise by that much.
        highest, length = value + 1e-14 * abs(value), 1.0
        trial = refined.copy()
        trial[-1] = refined[-1] - move
        while loss(trial) > highest and length > 1e-6:
            length /= 2
            trial[-1] = refined[-1] - length * move
        if not loss(trial) <= highest:
            break
        refined, value = trial, loss(trial)
    return refined
