"""A dictionary of shapes that grows while it is used, and can say no, forget and ask."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from corporis.learning.plausibility import Plausibility
from corporis.learning.representatives import herded, transductive_design
from corporis.shapes import Composition, SparseShapeComposition, align, procrustes_mean, suppose

_RETURN = 0.5  # nats others must be spared for each that a shape needs too many
_LEAST = 5  # shapes that found a frame


@dataclass(frozen=True)
class Offer:
    """What became of a shape that was offered.

    Parameters
    ----------
    case : str
        Whose it is.
    is_accepted : bool
        False: held back until `approve` is called.
    surprise : float
        Nats by which its description exceeds what accepted shapes may need; <= 0 is usual.
    benefit : float
        Nats by which the accepted shapes' descriptions, each from others, shrink, in all.
    """

    case: str
    is_accepted: bool
    surprise: float
    benefit: float


class GrowingShapes(BaseEstimator):
    r"""Sparse shape composition whose training shapes arrive one by one.

    The frame is that of the founding shapes: a mean estimated anew would move every atom. A shape
    that a doctor approved is held back when the present shapes find it implausible *and* it does
    not shorten their own held-out descriptions in return, by half of what it is too long itself: a
    rare shape that explains others is welcome, a wrong one explains nobody. The same is asked of
    the founding shapes with those that `approve` let in, who grant a nat more for each number of a
    shape, and both must agree: else many small steps, each plausible after the one before, would
    lead anywhere. Beyond `n_atoms` the least used shape leaves whose place the others can take.
    Which shape to ask for next is the one that leaves least unexplained. Outlines that nobody
    approved yet can help meanwhile, as what they most probably are.

    Parameters
    ----------
    prior : SparseShapeComposition or None
        Explains shapes; its defaults if None. Its `alignment` brings shapes to the frame.
    noise : float
        Standard deviation of a good landmark's coordinates, > 0, in the unit of length.
    n_atoms : int or None
        Most shapes kept; None: all.
    percentile : float
        Of the accepted shapes' held-out descriptions, in (50, 100]: what exceeds it by as much
        again as it exceeds the median is implausible.
    memory : float
        In (0, 1): how much of an atom's use still counts after one more shape.

    Attributes
    ----------
    mean_ : array, (k, d)
        The fixed frame.
    shapes_ : array, (n, k, d)
        Accepted shapes, aligned.
    cases_ : tuple of str
        Whose they are.
    use_ : array, (n,)
        How much each explains of those that came later, fading.
    offers_ : tuple of Offer
        Everything that was ever offered after the founding.
    held_ : dict
        Case -> aligned shape that was refused.
    supposed_ : array, (m, k, d)
        What outlines given to `suppose` most probably are, aligned.

    References
    ----------
    Zhang, Zhan & Metaxas (2012), Medical Image Analysis 16, 1385-1396,
    doi:10.1016/j.media.2012.07.007 (composition with learned dictionaries); Yu, Bi & Tresp (2006),
    ICML, 1081-1088, doi:10.1145/1143844.1143980 (what to ask)

    Examples
    --------
    >>> angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> ovals = np.stack([circle * [30, 30 * a] for a in np.linspace(0.6, 1.4, 20)])
    >>> model = GrowingShapes(noise=0.5).fit(ovals[::2])
    >>> wrong = ovals[5].copy()
    >>> wrong[4:12] += 20
    >>> model.partial_fit(np.stack([ovals[7], wrong]), cases=["right", "wrong"]).cases_[-1]
    'right'
    >>> list(model.held_)
    ['wrong']
    """

    def __init__(
        self,
        prior: SparseShapeComposition | None = None,
        noise: float = 1.0,
        n_atoms: int | None = None,
        percentile: float = 99.0,
        memory: float = 0.98,
    ):
        self.prior = prior
        self.noise = noise
        self.n_atoms = n_atoms
        self.percentile = percentile
        self.memory = memory

    def fit(self, X, y=None, *, cases: Sequence[str] | None = None) -> "GrowingShapes":
        """Found the frame on shapes (n >= 5, k, d), which are taken as they are.

        Raises
        ------
        ValueError
            If a parameter is out of range, shapes are not (n >= 5, k, d) and finite, there are
            more than `n_atoms`, or cases repeat.
        """
        self._check()
        X = np.asarray(X, float)
        if X.ndim != 3 or len(X) < _LEAST or (self.n_atoms is not None and len(X) > self.n_atoms):
            raise ValueError(
                "founding shapes must be (n, k, d) with n >= 5 and at most n_atoms "
                f"({self.n_atoms}), got {X.shape}"
            )
        explainer = self._prior
        found = procrustes_mean(X, explainer.alignment)
        self.mean_, self.shapes_ = found.mean, found.aligned
        self.cases_ = _named(cases, len(X), (), "founding 0")
        self._anchors = dict(zip(self.cases_, self.shapes_, strict=True))
        self.use_ = np.zeros(len(X))
        self.offers_: tuple[Offer, ...] = ()
        self.held_: dict[str, np.ndarray] = {}
        self.supposed_ = self.shapes_[:0]
        self._composition = self._adopted()
        self.n_features_in_ = self.mean_.size
        return self

    def partial_fit(self, X, y=None, *, cases: Sequence[str] | None = None) -> "GrowingShapes":
        """Offer approved shapes (n, k, d), one after the other; founds where nothing is yet.

        Raises
        ------
        ValueError
            If shapes are not (n, k, d) and finite, or cases repeat: then none is taken.
        """
        if not hasattr(self, "shapes_"):
            return self.fit(X, cases=cases)
        X = np.asarray(X, float)
        if X.shape[1:] != self.mean_.shape or not np.isfinite(X).all():
            raise ValueError(
                f"expected finite shapes (n, {', '.join(map(str, self.mean_.shape))}), got "
                f"{X.shape}, {np.count_nonzero(~np.isfinite(X))} numbers not finite: none was taken"
            )
        offered = [offer.case for offer in self.offers_]
        names = _named(cases, len(X), (*self.cases_, *offered), f"offer {len(offered)}")
        for shape, case in zip(X, names, strict=True):
            aligned = align(shape, self.mean_, None, self._prior.alignment).apply(shape)
            offer = self._judged(aligned, case)
            self.offers_ = (*self.offers_, offer)
            if offer.is_accepted:
                self._take(aligned, case)
            else:
                self.held_ = {**self.held_, case: aligned}
        return self

    def approve(self, case: str) -> "GrowingShapes":
        """Take a shape that was held back, on a doctor's word."""
        if case not in self.held_:
            raise ValueError(f"no shape of {case!r} is held back: {sorted(self.held_)}")
        aligned = self.held_[case]
        self.held_ = {name: shape for name, shape in self.held_.items() if name != case}
        self._anchors[case] = aligned
        self._take(aligned, case)
        return self

    def withdraw(self, case: str) -> "GrowingShapes":
        """Remove a case's shape, accepted or held back.

        Raises
        ------
        ValueError
            If there is none, or fewer than five accepted shapes would be left.
        """
        if case in self.held_:
            self.held_ = {name: shape for name, shape in self.held_.items() if name != case}
        elif case in self.cases_:
            if len(self.cases_) <= _LEAST:
                raise ValueError(
                    f"expected {_LEAST} shapes to stay at least, got {len(self.cases_)} with "
                    f"{case!r} among them: fit anew to be without it"
                )
            self._anchors.pop(case, None)
            self._drop(self.cases_.index(case))
            self._composition = self._adopted()
        else:
            raise ValueError(f"no shape of {case!r} is here to withdraw")
        return self

    def explain(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Composition:
        """Explain one shape (k, d) by the accepted ones."""
        check_is_fitted(self)
        return self._composition.explain(shape, confidences)

    def transform(self, X: np.ndarray, confidences: np.ndarray | None = None) -> np.ndarray:
        """Replace shapes (n, k, d), or one, by their explanations, in the same frame."""
        check_is_fitted(self)
        return self._composition.transform(X, confidences)

    def suppose(self, outlines: np.ndarray) -> "GrowingShapes":
        """Explain with outlines (m, k, d) too that are noisy and still unapproved.

        Each is taken as what it most probably is in the light of all (`corporis.shapes.suppose`);
        implausible ones are left out. They replace those of an earlier call: give what is still
        unapproved again after others were approved, and nothing, (0, k, d), to be without.
        """
        check_is_fitted(self)
        fresh, judge = self._aligned_differences(outlines)
        if len(fresh):
            # half the squares of the noise, in deviations, and three deviations of that sum
            half = 0.5 * fresh.shape[1]
            fresh = fresh[self._is_usual(fresh, judge, half + 3 * np.sqrt(half))]
        seen = self.mean_ + fresh.reshape(-1, *self.mean_.shape)
        self.supposed_ = seen
        if len(seen):
            self.supposed_ = suppose(self.shapes_, seen, self.noise).shapes
        self._composition = self._adopted()
        return self

    def ask(
        self, candidates: np.ndarray, n_chosen: int = 1, *, others_are_supposed: bool = False
    ) -> np.ndarray:
        """Which outlines (m, k, d), still unapproved and noisy, to show the doctor next.

        Indices (n_chosen,), the most telling first: known, it would leave least of all outlines
        unexplained. Implausible ones are not asked for: they call for correction, not learning.

        Parameters
        ----------
        others_are_supposed : bool
            Whether `suppose` is given the rest. Main modes need no approval then; what noise hides
            is learned from those that, with the approved ones, have the mean and covariance of all.

        Raises
        ------
        ValueError
            If shapes do not match, or fewer than `n_chosen` are plausible.
        """
        check_is_fitted(self)
        fresh, judge = self._aligned_differences(candidates)
        here, is_usual = self._differences(self.shapes_), self._is_usual(fresh, judge)
        if others_are_supposed:
            return self._typical(here, fresh, np.flatnonzero(is_usual), n_chosen)
        signals = np.concatenate([here, fresh])
        trust = np.concatenate([np.ones(len(here)), is_usual])
        chosen, _ = transductive_design(
            signals @ signals.T,
            n_chosen,
            self.noise**2 * signals.shape[1],
            trust=trust,
            known=np.arange(len(here)),
        )
        return chosen - len(here)

    def _typical(self, here, fresh, usual, n_chosen):
        """Those of the usual outlines that with approved ones stand for all."""
        shape = (-1, *self.mean_.shape)
        found = suppose(here.reshape(shape), fresh[usual].reshape(shape), self.noise)
        likely = found.shapes.reshape(len(usual), -1)
        signals = np.concatenate([here, likely]) - found.mean.ravel()
        return usual[herded(signals, n_chosen, n_known=len(here)) - len(here)]

    def _aligned_differences(self, outlines):
        """Differences (m, k d) of outlines from the mean, and what judges them."""
        kind = self._prior.alignment
        moved = [align(shape, self.mean_, None, kind).apply(shape) for shape in outlines]
        moved = np.reshape(moved, (-1, *self.mean_.shape))
        return self._differences(moved), self._plausibility(self._differences(self.shapes_))

    def _is_usual(self, fresh, judge, allowance=0.0):
        here = self._differences(self.shapes_)
        lengths = judge.lengths(fresh @ here.T, np.sum(fresh**2, axis=1))
        return lengths <= self._longest(judge) + allowance

    def _judged(self, aligned, case) -> Offer:
        """By all accepted shapes, and by those that nobody's likeness let in; the worse counts."""
        found = self._judged_by(self.shapes_, aligned, case)
        if len(self._anchors) < _LEAST or set(self._anchors) == set(self.cases_):
            return found
        anchors = np.stack(list(self._anchors.values()))
        # few shapes show little of what is healthy: a nat a number is noise of 1.7 times as much
        other = self._judged_by(anchors, aligned, case, allowance=aligned.size)
        return min(found, other, key=lambda offer: (offer.is_accepted, -offer.surprise))

    def _judged_by(self, shapes, aligned, case, allowance=0.0) -> Offer:
        here, fresh = self._differences(shapes), (aligned - self.mean_).ravel()
        judge, products, square = self._plausibility(here), here @ fresh, float(fresh @ fresh)
        length = judge.lengths(products[None], np.array([square]))[0]
        surprise = float(length - self._longest(judge) - allowance)
        benefit = -len(here) * judge.harm(products, square)
        return Offer(case, surprise <= 0 or benefit >= _RETURN * surprise, surprise, benefit)

    def _longest(self, judge):
        """The description that is still plausible; few shapes do not show how long tails are."""
        usual, long = np.percentile(judge.held_out(), [50, self.percentile])
        return 2 * long - usual

    def _take(self, aligned, case):
        found = self._composition.explain(aligned)
        self.use_ = self.memory * self.use_
        for atom, share in self._composition.contributors(found):
            if atom < len(self.use_):  # not a supposed one
                self.use_[atom] += share
        self.shapes_ = np.concatenate([self.shapes_, aligned[None]])
        self.cases_, self.use_ = (*self.cases_, case), np.append(self.use_, self.use_.mean())
        if self.n_atoms is not None and len(self.shapes_) > self.n_atoms:
            self._drop(self._dispensable())
        self._composition = self._adopted()

    def _dispensable(self):
        """The least used of those the others explain to within the noise, or nearly."""
        here = self._differences(self.shapes_)
        ridge = self.noise**2
        inverse = np.linalg.inv(here @ here.T + ridge * np.eye(len(here)))
        rest = np.maximum(1 / np.diag(inverse) - ridge, 0) / here.shape[1]
        limit = max(self.noise**2, float(np.quantile(rest, 0.25)))
        return int(np.argmin(np.where(rest <= limit, self.use_, np.inf)))

    def _drop(self, number):
        self.shapes_ = np.delete(self.shapes_, number, axis=0)
        self.use_ = np.delete(self.use_, number)
        self.cases_ = self.cases_[:number] + self.cases_[number + 1 :]

    def _adopted(self):
        atoms = np.concatenate([self.shapes_, self.supposed_])
        return self._prior.adopt(self.mean_, atoms)

    def _differences(self, shapes):
        return (shapes - self.mean_).reshape(len(shapes), self.mean_.size)

    def _plausibility(self, differences):
        return Plausibility(differences @ differences.T, differences.shape[1], self.noise)

    @property
    def _prior(self) -> SparseShapeComposition:
        return SparseShapeComposition() if self.prior is None else clone(self.prior)

    def _check(self):
        if self.n_atoms is not None and self.n_atoms < 5:
            raise ValueError(f"n_atoms must be >= 5 or None, got {self.n_atoms}")
        if not 0 < self.noise < np.inf:
            raise ValueError(f"noise must be finite and > 0, got {self.noise}")
        if not (50 < self.percentile <= 100 and 0 < self.memory < 1):
            raise ValueError(
                "expected percentile in (50, 100] and memory in (0, 1), got "
                f"{self.percentile} and {self.memory}"
            )


def _named(cases, n_shapes, taken, first):
    """Names of cases, counted on from `first` where none are given; none may come twice."""
    if cases is None:
        word, number = first.split()
        cases = [f"{word} {int(number) + k}" for k in range(n_shapes)]
    names = tuple(map(str, cases))
    if len(names) != n_shapes or len(set(names) | set(taken)) < n_shapes + len(set(taken)):
        raise ValueError(f"expected {n_shapes} cases that are not here yet, got {names}")
    return names
