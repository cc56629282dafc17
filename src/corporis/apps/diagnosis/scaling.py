"""Measures on one scale: training statistics that bear missing values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from corporis.apps.diagnosis.plain import from_plain, plain

SEEN_IN = 0.5
"""A measure that fewer training hearts than this share have is not used."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean, spread and median of each measure over the training hearts that have it.

    Parameters
    ----------
    mean, deviation, median : array, (n_names,)
        Standard deviation over all hearts. A measure that is constant, or that too few training
        hearts have, is not used: its standardised value is 0.
    within : array, (n_names,)
        Standard deviation within groups, for distances between hearts.
    is_used : bool array, (n_names,)
    """

    mean: np.ndarray
    deviation: np.ndarray
    median: np.ndarray
    within: np.ndarray
    is_used: np.ndarray

    @classmethod
    def of(cls, X, labels) -> "Scaling":
        """Statistics of measures (n, n_names), NaN where missing, of labelled hearts."""
        rows = [_statistics(column, np.asarray(labels)) for column in np.asarray(X, dtype=float).T]
        mean, deviation, median, within, is_used = (np.array(v) for v in zip(*rows, strict=True))
        return cls(mean, deviation, median, within, is_used.astype(bool))

    def __call__(self, X) -> np.ndarray:
        """Standardised measures; the training median where one is missing."""
        X = np.asarray(X, dtype=float)
        filled = np.where(np.isnan(X), self.median, X)
        return np.where(self.is_used, (filled - self.mean) / self.deviation, 0.0)

    def raw(self, Z) -> np.ndarray:
        """Measures in their own units from standardised ones."""
        return self.mean + self.deviation * np.asarray(Z, dtype=float)

    def spread_units(self, X) -> np.ndarray:
        """Measures in units of the spread within groups; NaN where missing or not used."""
        return np.where(self.is_used, (np.asarray(X, float) - self.mean) / self.within, np.nan)

    def to_plain(self) -> dict[str, Any]:
        """JSON types that `from_plain` reads."""
        names = ("mean", "deviation", "median", "within")
        return {
            **{name: plain(getattr(self, name)) for name in names},
            "is_used": [bool(v) for v in self.is_used],
        }

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> "Scaling":
        """What `to_plain` wrote."""
        return cls(
            from_plain(content["mean"]),
            from_plain(content["deviation"]),
            from_plain(content["median"]),
            from_plain(content["within"]),
            np.array(content["is_used"], bool),
        )


def _statistics(column, labels):
    seen = np.isfinite(column)
    values, labels = column[seen], labels[seen]
    if seen.sum() < max(2, SEEN_IN * len(column)) or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 0.0, 1.0, 0.0, 1.0, False
    squares, freedom = 0.0, 0
    for label in np.unique(labels):
        group = values[labels == label]
        squares += float(((group - group.mean()) ** 2).sum())
        freedom += len(group) - 1
    deviation = float(values.std())
    within = np.sqrt(squares / freedom) if freedom else deviation
    # groups that do not vary at all would make every new heart infinitely far
    return values.mean(), deviation, np.median(values), max(within, 0.05 * deviation), True
