"""The measures that a judgement reads, in words, and tables of them as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corporis.interfaces import Array

NORMAL = "normal"
"""The group that all others are compared with."""

SEGMENTS = "segment_thickening_percent"
"""Name of the one feature that is an array, (17,): thickening of the AHA segments."""

EJECTION_FRACTION = "ejection_fraction_percent"


@dataclass(frozen=True)
class Wording:
    """How a measure is called and written.

    Parameters
    ----------
    words, unit : str
        The unit is "" for a plain ratio.
    digits : int
        Digits after the point.
    family : str
        Measures of one family tell of one thing, and enter the model as one penalised group; ""
        for a family of its own.
    """

    words: str
    unit: str = "%"
    digits: int = 0
    family: str = ""

    def number(self, value: float) -> str:
        """The value without its unit; no minus sign before a zero."""
        return f"{round(value, self.digits) + 0.0:.{self.digits}f}"

    def value(self, value: float) -> str:
        """The value with its unit.

        Examples
        --------
        >>> WORDINGS["ejection_fraction_percent"].value(23.6)
        '24 %'
        """
        return f"{self.number(value)} {self.unit}".strip()

    def interval(self, low: float, high: float) -> str:
        """Two ends with their unit.

        Examples
        --------
        >>> WORDINGS["relative_wall_thickness"].interval(0.3, 0.521)
        '0.30 to 0.52'
        """
        return f"{self.number(low)} to {self.number(high)} {self.unit}".strip()


_CONTRACTION, _WALL, _EVENNESS = "contraction", "wall", "evenness"

WORDINGS: Mapping[str, Wording] = {
    EJECTION_FRACTION: Wording("ejection fraction", family=_CONTRACTION),
    "relative_wall_thickness": Wording("relative wall thickness", "", 2, _WALL),
    "muscle_to_cavity_ratio": Wording("muscle-to-cavity volume ratio", "", 2, _WALL),
    "area_change_base_percent": Wording("basal area change", family=_CONTRACTION),
    "area_change_mid_percent": Wording("mid-ventricular area change", family=_CONTRACTION),
    "area_change_apex_percent": Wording("apical area change", family=_CONTRACTION),
    "wall_thickening_percent": Wording("systolic wall thickening", family=_CONTRACTION),
    "thickening_spread_percent": Wording("unevenness of wall thickening", family=_EVENNESS),
    "cavity_eccentricity_es": Wording("end-systolic cavity eccentricity", "", 3, _EVENNESS),
    "sphericity": Wording("sphericity", "", 2),
    "ed_volume_ml": Wording("end-diastolic volume", "ml"),
}
"""Every measure that can be spoken of."""

MODEL_FEATURES: tuple[str, ...] = (
    EJECTION_FRACTION,
    "relative_wall_thickness",
    "muscle_to_cavity_ratio",
    "area_change_base_percent",
    "area_change_mid_percent",
    "area_change_apex_percent",
    "wall_thickening_percent",
    "thickening_spread_percent",
    "cavity_eccentricity_es",
)
"""What the general model reads: the left ventricle, free of the pixel size."""


def wording(name: str) -> Wording:
    """How a measure is written; an unknown one keeps its name."""
    return WORDINGS.get(name, Wording(name.replace("_", " "), "", 2))


def feature_matrix(
    table: Sequence[Mapping[str, float | Array]], names: Sequence[str] = MODEL_FEATURES
) -> np.ndarray:
    """Features of several hearts, (n_hearts, n_names); NaN where one is absent or not finite.

    Examples
    --------
    >>> feature_matrix([{"sphericity": 0.4}], ["sphericity", "ed_volume_ml"]).tolist()
    [[0.4, nan]]
    """
    rows = [[float(heart.get(name, np.nan)) for name in names] for heart in table]
    values = np.array(rows, dtype=float).reshape(len(rows), len(names))
    return np.where(np.isfinite(values), values, np.nan)


def segment_matrix(table: Sequence[Mapping[str, float | Array]]) -> np.ndarray:
    """Thickening of the 17 segments in several hearts, (n_hearts, 17), NaN where not measured."""
    nothing = np.full(17, np.nan)
    return np.array(
        [np.asarray(heart.get(SEGMENTS, nothing), dtype=float) for heart in table]
    ).reshape(len(table), 17)
