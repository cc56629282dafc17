"""From scores to probabilities that a small training set can stand for, and when to be unsure."""

from dataclasses import dataclass

import numpy as np

from corporis.functionals import LogisticLoss

TEMPERATURES = np.geomspace(0.5, 4.0, 25)
THRESHOLDS = np.linspace(0.5, 0.9, 9)
ACCEPTED_ERROR = 0.1


@dataclass(frozen=True)
class Calibration:
    """Softmax of ``scores / temperature``, shrunk towards "any group".

    Parameters
    ----------
    temperature : float
        > 0; above 1 the scores were too sure of themselves.
    shrinkage : float
        Share given to all groups alike, 0 to 1: ``k / (n + k)`` for k groups and n training
        hearts, as if one heart of each group had been seen with the same measures. So 29 hearts
        of three groups never claim more than 94 %.
    threshold : float
        A largest probability below it is called uncertain.
    """

    temperature: float
    shrinkage: float
    threshold: float

    def probabilities(self, scores, missing=0.0) -> np.ndarray:
        """Group probabilities, (n_hearts, n_groups).

        Parameters
        ----------
        scores : array, (n_hearts, n_groups)
        missing : array, (n_hearts,), or float
            Share of the model's weight that lies on measures this heart lacks, 0 to 1; that share
            of certainty is given up too.
        """
        raw = _softmax(scores, self.temperature)
        kept = (1 - self.shrinkage) * (1 - np.broadcast_to(missing, len(raw)))[:, None]
        return kept * raw + (1 - kept) / raw.shape[1]


def calibrate(scores, labels, n_hearts: int) -> Calibration:
    """Temperature and threshold from scores of hearts that were left out in turn.

    The temperature gives the least logistic loss, groups weighing alike. The threshold is the
    smallest at which, of the hearts still decided, at most one in ten is decided wrongly (or, if
    there is none, that with the smallest share of errors).

    Parameters
    ----------
    scores : array, (n, n_groups)
        Each from a model that had not seen the heart.
    labels : int array, (n,)
    n_hearts : int
        Number of different hearts, for the shrinkage.
    """
    labels = np.asarray(labels)
    n_groups = np.shape(scores)[1]
    shrinkage = n_groups / (n_hearts + n_groups)
    losses = [
        balanced_loss(Calibration(t, shrinkage, 0.5).probabilities(scores), labels)
        for t in TEMPERATURES
    ]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    found = Calibration(temperature, shrinkage, 0.5).probabilities(scores)
    is_wrong = np.argmax(found, axis=1) != labels
    errors = np.array([_share(is_wrong[found.max(axis=1) >= t]) for t in THRESHOLDS])
    accepted = np.flatnonzero(errors <= ACCEPTED_ERROR)
    chosen = accepted[0] if accepted.size else np.argmin(errors)
    return Calibration(temperature, shrinkage, float(THRESHOLDS[chosen]))


def balanced_loss(probabilities, labels) -> float:
    """Mean of ``-log p`` of the true group, every group weighing alike."""
    labels = np.asarray(labels)
    losses = -np.log(probabilities[np.arange(len(labels)), labels])
    return float(np.mean([losses[labels == k].mean() for k in np.unique(labels)]))


def _share(is_wrong) -> float:
    """Share of errors; a threshold that decides nothing is no use, so it counts as all wrong."""
    return float(is_wrong.mean()) if is_wrong.size else 1.0


def _softmax(scores, temperature) -> np.ndarray:
    scores = np.asarray(scores, dtype=float)
    n_groups = scores.shape[1]
    labels = np.zeros(len(scores), dtype=int)
    if n_groups == 2:
        odds = (scores[:, 1] - scores[:, 0])[:, None]
        return LogisticLoss(odds, labels).probabilities(np.array([1 / temperature]))
    return LogisticLoss(scores, labels, n_groups).probabilities(np.eye(n_groups) / temperature)
