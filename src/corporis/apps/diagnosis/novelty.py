"""Whether a heart is unlike all known ones: distance to its nearest relatives, ranked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from corporis.apps.diagnosis.plain import from_plain, plain


@dataclass(frozen=True, eq=False)
class Novelty:
    """Mean squared distance to the nearest known hearts, as a rank among their own distances.

    Features are divided by their spread within groups (so that a group far from the others does
    not hide what is far from all). The distance is the mean over the `n_neighbours` nearest known
    hearts of the mean squared difference over the features that both have. Known hearts are
    measured the same way with themselves left out and on the same features, and the share of them
    at least as far, counting the new heart, is its p-value: for a heart drawn like the known ones
    it falls below `false_alarm` about as often as its name says.

    Parameters
    ----------
    hearts : array, (n_hearts, n_features)
        Known hearts in units of the spread within groups; NaN where not measured.
    n_neighbours : int
        >= 1.
    false_alarm : float
        In (0, 1). Below ``1 / (n_hearts + 1)`` nothing can be called unlike.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, Springer (ranks as
    p-values)
    """

    hearts: np.ndarray
    n_neighbours: int = 3
    false_alarm: float = 0.1

    def __post_init__(self):
        if np.ndim(self.hearts) != 2 or not 1 <= self.n_neighbours < len(self.hearts):
            raise ValueError(
                f"hearts must be (n, p) with n > n_neighbours >= 1, got {np.shape(self.hearts)} "
                f"and {self.n_neighbours}"
            )
        if not 0 < self.false_alarm < 1:
            raise ValueError(f"false_alarm must be in (0, 1), got {self.false_alarm}")

    def p_value(self, heart) -> float:
        """Share of known hearts at least as far from the others, counting this one.

        NaN where the heart has no feature in common with them.
        """
        is_seen = np.isfinite(heart)
        own = self.distance(heart)
        if not np.isfinite(own):
            return float("nan")
        known = self._known_distances(tuple(np.flatnonzero(is_seen).tolist()))
        # A hair of tolerance: a copy of a known heart must not win by rounding.
        return (1 + np.count_nonzero(known >= own * (1 - 1e-12))) / (len(known) + 1)

    def is_unlike(self, heart) -> bool:
        """Whether the p-value is at most the false-alarm rate."""
        return self.p_value(heart) <= self.false_alarm

    def distance(self, heart) -> float:
        """Mean squared distance to the nearest known hearts, per feature."""
        return self._nearest_mean(_squared(self.hearts, np.asarray(heart, dtype=float)))

    def parts(self, heart) -> np.ndarray:
        """Each feature's squared difference from the nearest known hearts, (n_features,)."""
        heart = np.asarray(heart, dtype=float)
        nearest = np.argsort(_squared(self.hearts, heart), kind="stable")[: self.n_neighbours]
        squares = (self.hearts[nearest] - heart) ** 2
        seen = np.isfinite(squares)
        counts = np.maximum(seen.sum(axis=0), 1)
        return np.where(seen.any(axis=0), np.where(seen, squares, 0).sum(axis=0) / counts, np.nan)

    def to_plain(self) -> dict[str, Any]:
        """JSON types that `from_plain` reads."""
        return {
            "hearts": plain(self.hearts),
            "n_neighbours": self.n_neighbours,
            "false_alarm": self.false_alarm,
        }

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> "Novelty":
        """What `to_plain` wrote."""
        return cls(
            from_plain(content["hearts"]),
            int(content["n_neighbours"]),
            float(content["false_alarm"]),
        )

    @cached_property
    def _memory(self) -> dict[tuple[int, ...], np.ndarray]:
        return {}

    def _known_distances(self, columns: tuple[int, ...]) -> np.ndarray:
        """Distances of the known hearts on some features, each from the others."""
        if columns not in self._memory:
            known = self.hearts[:, list(columns)]
            table = np.stack([_squared(known, row) for row in known])
            np.fill_diagonal(table, np.inf)
            found = np.array([self._nearest_mean(row) for row in table])
            self._memory[columns] = found[np.isfinite(found)]
        return self._memory[columns]

    def _nearest_mean(self, squared) -> float:
        return float(np.sort(squared)[: self.n_neighbours].mean())


def _squared(known, heart):
    """Mean squared difference over shared features; infinite where none is shared."""
    squares = (known - heart) ** 2
    seen = np.isfinite(squares)
    shared = seen.sum(axis=1)
    total = np.where(seen, squares, 0).sum(axis=1)
    return np.where(shared > 0, total / np.maximum(shared, 1), np.inf)
