"""Normal ranges, computed from people and never recalled from a book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from corporis.apps.diagnosis.plain import from_plain, plain
from corporis.apps.diagnosis.vocabulary import (
    EJECTION_FRACTION,
    NORMAL,
    WORDINGS,
    feature_matrix,
    segment_matrix,
)
from corporis.errors import BadInput
from corporis.interfaces import Array

FEWEST = 3
"""Fewer hearts than this have no range."""

# Column of the atlas and factor to our unit, where the atlas measures the same thing. Its relative
# wall thickness does not: from its own surfaces ours correlates 0.3 with it (sphericity 0.9).
_ATLAS = {EJECTION_FRACTION: ("EF", 1.0), "sphericity": ("Sphericity", 0.01)}


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, who it was computed from, and how many they were."""

    low: float
    high: float
    source: str
    n: int

    def place(self, value: float) -> str:
        """Where a value lies: "below", "within" or "above"."""
        return "below" if value < self.low else "above" if value > self.high else "within"


@dataclass(frozen=True, eq=False)
class KnownHearts:
    """What the training hearts were like, for words: ranges and lower limits of segments.

    Parameters
    ----------
    normal, all : mapping of str to Range
        Minimum to maximum over the normal hearts, and over all.
    segment_low : array, (17,)
        Least thickening of each segment among the normal hearts in percent, NaN where unknown.
    """

    normal: Mapping[str, Range] = field(default_factory=dict)
    all: Mapping[str, Range] = field(default_factory=dict)
    segment_low: np.ndarray = field(default_factory=lambda: np.full(17, np.nan))

    @classmethod
    def of(
        cls, table: Sequence[Mapping[str, float | Array]], groups: Sequence[str], source: str
    ) -> "KnownHearts":
        """Ranges over a training set; `source` names it in words."""
        is_normal = np.array([g == NORMAL for g in groups], dtype=bool)
        values = feature_matrix(table, list(WORDINGS))
        return cls(
            _ranges(values[is_normal], f"{source} normals"),
            _ranges(values, f"{source} hearts"),
            _segment_limits(segment_matrix(table)[is_normal]),
        )

    def to_plain(self) -> dict[str, Any]:
        """JSON types that `from_plain` reads."""

        def rows(ranges):
            return {k: [r.low, r.high, r.source, r.n] for k, r in ranges.items()}

        return {
            "normal": rows(self.normal),
            "all": rows(self.all),
            "segment_low": plain(self.segment_low),
        }

    @classmethod
    def from_plain(cls, content: Mapping[str, Any]) -> "KnownHearts":
        """What `to_plain` wrote."""

        def ranges(rows):
            return {
                k: Range(float(a), float(b), str(s), int(n)) for k, (a, b, s, n) in rows.items()
            }

        return cls(
            ranges(content["normal"]), ranges(content["all"]), from_plain(content["segment_low"])
        )


def normal_range(feature: str, known: KnownHearts | None = None) -> Range | None:
    """The normal range of a measure, or None where it was never computed.

    Where the user has the atlas of 1328 asymptomatic people (below ``CORPORIS_DATA``), the 2.5
    and 97.5 percentiles of what it measures alike: ejection fraction, sphericity. The atlas is
    GPL: it is read here and nothing of it is kept. Otherwise minimum to maximum over the normal
    hearts that the judge was trained on.

    Parameters
    ----------
    feature : str
        A name of `vocabulary.WORDINGS`.
    known : KnownHearts, optional
        Of the judge, ``judge.known_``.
    """
    found = _atlas_range(feature)
    if found is None and known is not None:
        found = known.normal.get(feature)
    return found


def atlas_is_here() -> bool:
    """Whether the user has the atlas (a mirror is never asked for it)."""
    from corporis.imaging.datasets import SETS, data_folder

    return (data_folder() / SETS["lv_atlas"].path / "clinical_index.csv").is_file()


def _atlas_range(feature: str) -> Range | None:
    if feature not in _ATLAS or not atlas_is_here():
        return None
    from corporis.imaging.datasets import data_folder

    column, factor = _ATLAS[feature]
    found = _atlas_percentiles(str(data_folder()), column)
    if found is None:
        return None
    low, high, n = found
    return Range(
        factor * low,
        factor * high,
        f"2.5 to 97.5 percentile of {n} asymptomatic people (MESA atlas, Cardiac Atlas Project)",
        n,
    )


@lru_cache(maxsize=32)
def _atlas_percentiles(folder: str, column: str) -> tuple[float, float, int] | None:
    # `folder` is only a key: the data set is read again where the variable names another one
    from corporis.imaging.datasets import lv_atlas

    try:
        index = lv_atlas().index
    except BadInput:
        return None
    values = index[column][index["Group"] == "ASYMP"]
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high), len(values)


def _ranges(values, source) -> dict[str, Range]:
    found = {}
    for name, column in zip(WORDINGS, values.T, strict=True):
        seen = column[np.isfinite(column)]
        if seen.size >= FEWEST:
            text = f"{source}, n = {seen.size}, minimum to maximum"
            found[name] = Range(float(seen.min()), float(seen.max()), text, int(seen.size))
    return found


def _segment_limits(thickening) -> np.ndarray:
    counts = np.isfinite(thickening).sum(axis=0)
    least = np.min(np.where(np.isfinite(thickening), thickening, np.inf), axis=0, initial=np.inf)
    return np.where(counts >= FEWEST, least, np.nan)
