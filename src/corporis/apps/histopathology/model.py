"""What an index has learned of its cases: codes, the vote's calibration, and what is strange."""

import io
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.covariance import LedoitWolf

from corporis.apps.histopathology.retrieval import CaseVote, ViewHashing, nearest_in_case
from corporis.apps.histopathology.stored import hashing_arrays, hashing_of

N_FOLDS = 5
FALSE_ALARMS = 0.05
"""Share of regions like those indexed that may be called unlike anything known."""
LEAST_SPREAD = 1e-3
"""Added to the variance of every feature, for one that never varies."""
LEAST_SHARE = 0.02
"""Votes below this are taken for it, so that one odd vote is no certainty."""
APART = ("words", "encoder")
"""Families of features that are compared as groups of their own, beside all that is measured."""


@dataclass(frozen=True)
class Usual:
    """What views of each diagnosis look like: their means, and how views spread about them.

    Parameters
    ----------
    centres : ndarray, (n_classes, n_features)
        Of standardised features.
    whitening : ndarray, (n_features, n_features)
        Turns differences so that their spread within a diagnosis is one in every direction.

    References
    ----------
    Lee, Lee, Lee & Shin (2018), NeurIPS, arXiv:1807.03888 (distance to the nearest class).
    Ledoit & Wolf (2004), J. Multivariate Analysis 88, 365-411 (shrinkage of the covariance).
    """

    centres: np.ndarray
    whitening: np.ndarray

    @classmethod
    def learn(cls, views, labels) -> "Usual":
        """From standardised views (n, n_features) and the diagnosis of each."""
        views, labels = np.asarray(views, float), np.asarray(labels)
        centres = np.array([views[labels == name].mean(axis=0) for name in np.unique(labels)])
        rest = views - centres[np.searchsorted(np.unique(labels), labels)]
        spread = LedoitWolf(assume_centered=True).fit(rest).covariance_
        spread += LEAST_SPREAD * np.eye(len(spread))
        return cls(centres, np.linalg.cholesky(np.linalg.inv(spread)))

    def distances(self, views) -> np.ndarray:
        """From each view to the nearest diagnosis, in its spreads, root mean square, (n,)."""
        away = (np.asarray(views, float)[:, None] - self.centres) @ self.whitening
        return np.sqrt((away**2).mean(axis=2).min(axis=1))


@dataclass(frozen=True)
class IndexModel:
    """How views become codes, votes become probabilities, and when nothing alike was found.

    Parameters
    ----------
    names : tuple of str
        Of the features.
    views : ViewHashing
    usual : Usual
    classes : ndarray, (n_classes,)
        Diagnoses, sorted.
    vote : CaseVote
    sharpness : float
        Probabilities are shares to this power; chosen on patients left out.
    strangest : float
        `strangeness` above which nothing alike is known; infinite where it could not be learned.
    accuracy : float
        Of the vote on patients left out; NaN where it could not be learned.
    n_patients : int
        Whose cases were learned from: few patients allow no certainty, however many cases.
    """

    names: tuple[str, ...]
    views: ViewHashing
    usual: Usual
    classes: np.ndarray
    vote: CaseVote = field(default_factory=CaseVote)
    sharpness: float = 1.0
    strangest: float = np.inf
    accuracy: float = np.nan
    n_patients: int = 0

    @classmethod
    def learn(cls, names, bags, labels, patients, *, seed: int = 0) -> "IndexModel":
        """Learn from bags of views, one a case.

        Codes are learned from all; calibration and threshold from votes on patients whose cases
        took no part in learning the codes they were found by.

        Parameters
        ----------
        names : sequence of str
        bags : sequence of array, (n_views, n_features)
        labels, patients : sequence, one a case
            A patient that is None is taken for one of his own.

        Raises
        ------
        ValueError
            If there is one diagnosis only.
        """
        labels = np.asarray(labels)
        groups = np.array([f"?{i}" if p is None else f"={p}" for i, p in enumerate(patients)])
        made = cls._made(names, bags, labels, np.unique(labels), seed)
        shares, strange, known = made._left_out(bags, labels, groups, seed)
        if not known.any():
            return made
        right = shares[known].argmax(1) == np.searchsorted(made.classes, labels[known])
        return cls(
            made.names, made.views, made.usual, made.classes, made.vote,
            _sharpness(shares[known], np.searchsorted(made.classes, labels[known])),
            _quantile(strange[known], 1 - FALSE_ALARMS), float(right.mean()),
            len(set(groups.tolist())),
        )  # fmt: skip

    @classmethod
    def _made(cls, names, bags, labels, classes, seed):
        """Codes and spreads from all bags, nothing calibrated."""
        views = ViewHashing.fit(bags, labels, groups=groups_of(names), seed=seed)
        of_view = np.repeat(labels, [len(bag) for bag in bags])
        usual = Usual.learn(views.standardised(np.concatenate(bags)), of_view)
        return cls(tuple(names), views, usual, classes)

    def _left_out(self, bags, labels, groups, seed):
        """Shares and strangeness of every case whose patient took no part; which are known."""
        shares = np.zeros((len(bags), len(self.classes)))
        strange, known = np.zeros(len(bags)), np.zeros(len(bags), bool)
        for held in folds(groups, N_FOLDS):
            others = np.flatnonzero(~held)
            if len(np.unique(labels[others])) < 2:
                continue
            kept = [bags[i] for i in others]
            part = self._made(self.names, kept, labels[others], self.classes, seed)
            codes = [part.views(bag) for bag in kept]
            starts = np.concatenate([[0], np.cumsum([len(c) for c in codes])[:-1]])
            for i in np.flatnonzero(held):
                apart = nearest_in_case(part.views(bags[i]), np.concatenate(codes), starts)
                shares[i] = self.vote(apart, labels[others], self.classes)
                strange[i], known[i] = part.strangeness(bags[i]), True
        return shares, strange, known

    def probabilities(self, shares) -> np.ndarray:
        """Calibrated probability of each diagnosis, (n_classes,), from shares of the votes.

        By Laplace's rule of succession one further patient of every diagnosis is reckoned with.
        """
        found = _calibrated(np.asarray(shares)[None], self.sharpness)[0]
        return (self.n_patients * found + 1) / (self.n_patients + len(found))

    @property
    def group_weights(self) -> dict[str, float]:
        """How much each group of features counts in the codes, summing to 1."""
        hashing = self.views.hashing
        names = getattr(hashing, "group_names_", np.array(["measured"]))
        return dict(zip(map(str, names), getattr(hashing, "kernel_weights_", np.ones(1)).tolist()))

    def strangeness(self, bag) -> float:
        """Distance of views to what is usual in the nearest diagnosis, mean of views."""
        return float(self.usual.distances(self.views.standardised(bag)).mean())

    def to_bytes(self) -> bytes:
        """All of it as an npz file without any code in it."""
        held = io.BytesIO()
        np.savez(
            held,
            names=np.array(self.names),
            classes=self.classes,
            centres=self.usual.centres,
            whitening=self.usual.whitening,
            view_mean=self.views.mean,
            view_deviation=self.views.deviation,
            numbers=np.array([self.sharpness, self.strangest, self.accuracy]),
            counts=np.array([self.vote.n_neighbours, self.n_patients]),
            **hashing_arrays(self.views.hashing),
        )
        return held.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "IndexModel":
        """What `to_bytes` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            arrays = dict(held)
        n_neighbours, n_patients = int(arrays["counts"][0]), int(arrays["counts"][-1])
        hashing = hashing_of(arrays)
        views = ViewHashing(arrays["view_mean"], arrays["view_deviation"], hashing)
        sharpness, strangest, accuracy = map(float, arrays["numbers"])
        names = tuple(arrays["names"].tolist())
        return cls(
            names, views, Usual(arrays["centres"], arrays["whitening"]), arrays["classes"],
            CaseVote(n_neighbours),
            sharpness, strangest, accuracy, n_patients,
        )  # fmt: skip


def groups_of(names) -> list[str]:
    """The group of each feature: its family, where that is one of `APART`, else what is measured.

    Examples
    --------
    >>> groups_of(["mucin.droplets", "words.t0", "gland.share"])
    ['measured', 'words', 'measured']
    """
    families = [name.split(".")[0] for name in names]
    return [family if family in APART else "measured" for family in families]


def folds(groups, n_folds) -> list[np.ndarray]:
    """Which cases each fold holds back, bool (n,): groups whole, folds of about one size.

    The largest group goes first, each to the fold that has the fewest cases so far.

    Examples
    --------
    >>> [held.tolist() for held in folds(["a", "b", "a"], 2)]
    [[True, False, True], [False, True, False]]
    """
    groups = np.asarray(groups)
    names, counts = np.unique(groups, return_counts=True)
    sizes, place = [0] * min(n_folds, len(names)), {}
    for number in sorted(range(len(names)), key=lambda i: (-counts[i], str(names[i]))):
        smallest = int(np.argmin(sizes))
        sizes[smallest] += int(counts[number])
        place[names[number]] = smallest
    where = np.array([place[group] for group in groups], int)
    return [where == fold for fold in range(len(sizes))] if len(names) > 1 else []


def _calibrated(shares, sharpness):
    powered = np.maximum(shares, LEAST_SHARE) ** sharpness
    return powered / powered.sum(axis=1, keepdims=True)


def _sharpness(shares, truth):
    """The power under which the truth is likeliest, 0.1 to 5."""

    def cost(logarithm):
        found = _calibrated(shares, np.exp(logarithm))
        return -np.log(found[np.arange(len(truth)), truth]).mean()

    best = minimize_scalar(cost, bounds=(np.log(0.1), np.log(5.0)), method="bounded")
    return float(np.exp(best.x))


def _quantile(values, share):
    """The value that a new one of this kind passes with a chance of at most ``1 - share``."""
    place = int(np.ceil((len(values) + 1) * share)) - 1
    return float(np.sort(values)[place]) if place < len(values) else np.inf
