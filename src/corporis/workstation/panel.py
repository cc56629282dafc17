"""What a reader looks at: views with outlines, curves, bull's-eyes, findings, a conclusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

VERDICTS = ("normal", "abnormal", "uncertain", "unknown", "none")
DIRECTIONS = ("above", "below", "within", "neutral")


def check(condition: bool, message: str) -> None:
    """Raise ``ValueError(message)`` unless the condition holds."""
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class Conclusion:
    """The judgement in one sentence.

    Parameters
    ----------
    sentence : str
        What a reader who stops here must know.
    verdict : {"normal", "abnormal", "uncertain", "unknown", "none"}
        "unknown" is a heart unlike any the judge has seen, "none" one it did not judge.
    probability : float or None
        Probability of the verdict, 0 to 1.
    caution : str
        What the sentence must not be taken for.

    Examples
    --------
    >>> Conclusion("The heart contracts normally.", "normal", 0.93).probability
    0.93
    """

    sentence: str
    verdict: str = "uncertain"
    probability: float | None = None
    caution: str = ""

    def __post_init__(self):
        check(self.verdict in VERDICTS, f"verdict must be one of {VERDICTS}, got {self.verdict!r}")
        p = self.probability
        check(p is None or 0 <= p <= 1, f"probability must be in 0..1 or None, got {p}")


@dataclass(frozen=True)
class View:
    """One image position over time, with outlines.

    Parameters
    ----------
    name : str
        Shown on the picture, for example "slice 4".
    frames : array, (n_frames, rows, columns)
        Intensities of any range. NaN is black.
    contours : mapping of str to sequence
        For each outline one list per frame, each holding polylines (k, 2) of (row, column) in
        pixels, whole numbers at pixel centres. A polyline is drawn as given: repeat the first
        point at the end to close it. Outlines of one name have one colour on all views.
    pixel_mm : float, (float, float) or None
        Pixel size, or row and column steps; None where it is not known.
    group : str
        Heading under which views are shown; views of a group and a shape share one crop.
    window : (float, float) or None
        Intensities shown black and white; by default the 1st and the 99.5th percentile.
    shape_of_pixel : (float, float) or None
        Height and width in any unit, where pixels are not square and `pixel_mm` is not known.

    Raises
    ------
    ValueError
        If `frames` is not three-dimensional, a contour has another number of frames, or the
        window does not rise.
    """

    name: str
    frames: np.ndarray
    contours: Mapping[str, Sequence[Sequence[np.ndarray]]] = field(default_factory=dict)
    pixel_mm: float | tuple[float, float] | None = None
    group: str = "Short axis"
    window: tuple[float, float] | None = None
    shape_of_pixel: tuple[float, float] | None = None

    def __post_init__(self):
        shape = np.shape(self.frames)
        check(
            self.window is None or self.window[0] < self.window[1],
            f"window of view {self.name!r} must rise, got {self.window}",
        )
        check(
            len(shape) == 3 and min(shape) > 0,
            f"frames of view {self.name!r} must be (n_frames, rows, columns), got {shape}",
        )
        for label, lines in self.contours.items():
            check(
                len(lines) == shape[0],
                f"contour {label!r} of view {self.name!r} must have one list per frame "
                f"({shape[0]}), got {len(lines)}",
            )
        check(
            self.pixel_mm is None or bool(np.all(np.asarray(self.pixel_mm, dtype=float) > 0)),
            f"pixel_mm of view {self.name!r} must be > 0 or None, got {self.pixel_mm}",
        )
        object.__setattr__(self, "contours", MappingProxyType(dict(self.contours)))

    @property
    def steps(self) -> tuple[float, float]:
        """Row and column step in mm; relative where the pixel size is not known."""
        if self.pixel_mm is None:
            return self.shape_of_pixel or (1.0, 1.0)
        row, column = np.broadcast_to(np.asarray(self.pixel_mm, dtype=float), (2,))
        return float(row), float(column)


@dataclass(frozen=True)
class Curve:
    """A quantity over the frames, with its 95 % band where one is known.

    Parameters
    ----------
    name, unit : str
    values, low, high : array, (n_frames,)
        NaN leaves a gap. Curves of one unit share a diagram.
    """

    name: str
    unit: str
    values: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def __post_init__(self):
        shape = np.shape(self.values)
        check(len(shape) == 1, f"values of curve {self.name!r} must be (n_frames,), got {shape}")
        check(
            (self.low is None) == (self.high is None),
            f"curve {self.name!r} needs both low and high, or neither",
        )
        for bound in (self.low, self.high):
            check(
                bound is None or np.shape(bound) == shape,
                f"the band of curve {self.name!r} must have shape {shape}, got {np.shape(bound)}",
            )


@dataclass(frozen=True)
class BullsEye:
    """One value for each of the 17 segments of the left ventricle (American Heart Association).

    Parameters
    ----------
    title, unit : str
    values : array, (17,)
        Segments 1 to 17; NaN where a segment was not measured.
    highlighted : set of int
        Segments (1 to 17) that drove the judgement; they are outlined.
    is_numbered : bool
        False where the insertion of the right ventricle was not seen: rings and values are then
        right, but where the numbering starts is not known, so no numbers are shown.
    low, high : float or None
        Ends of the colour scale; None takes the range of the values.
    colour_map : str
        Name of a Matplotlib colour map.

    References
    ----------
    Cerqueira et al. (2002), Circulation 105, 539-542, doi:10.1161/hc0402.102975
    """

    title: str
    unit: str
    values: np.ndarray
    highlighted: frozenset[int] | set[int] = frozenset()
    is_numbered: bool = True
    low: float | None = None
    high: float | None = None
    colour_map: str = "viridis"

    def __post_init__(self):
        shape = np.shape(self.values)
        check(shape == (17,), f"values of bull's-eye {self.title!r} must be (17,), got {shape}")
        check(
            set(self.highlighted) <= set(range(1, 18)),
            f"highlighted segments must be 1 to 17, got {sorted(self.highlighted)}",
        )


@dataclass(frozen=True)
class Finding:
    """One reason for the judgement, in words, with the normal range it is held against.

    Parameters
    ----------
    text : str
        For example "Ejection fraction 24 %, normal 48 to 76 %".
    direction : {"above", "below", "within", "neutral"}
        Where the value lies relative to the normal range.
    reference : str
        Where the range comes from.
    value : float or None
        Drawn on a ruler together with `normal`, where both are given.
    normal : (float, float) or None
        Ends of the normal range, in the unit of `value`.
    unit : str
    """

    text: str
    direction: str = "neutral"
    reference: str = ""
    value: float | None = None
    normal: tuple[float, float] | None = None
    unit: str = ""

    def __post_init__(self):
        check(
            self.direction in DIRECTIONS,
            f"direction must be one of {DIRECTIONS}, got {self.direction!r}",
        )
        check(
            self.normal is None or self.normal[0] < self.normal[1],
            f"normal range must be increasing, got {self.normal}",
        )
