"""Projection images, such as radiographs: where rows and columns run, how large a pixel is."""

from collections.abc import Sequence
from math import isfinite

from corporis.imaging.guard import one_line

PROJECTIONS = frozenset({"CR", "DX", "DR", "RG", "RF", "XA", "PX", "IO", "MG"})
"""Modalities whose images have no slice: neither a thickness nor a place along the rays."""
DIRECTIONS = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
"""Letters of PatientOrientation as unit vectors, LPS: left, right, back, front, head, feet."""
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing")
"""The distance of pixels in the patient before that on the detector."""


def orientation_of(words: object) -> tuple[float, ...] | None:
    """Unit vectors of increasing column and of increasing row, LPS, from PatientOrientation.

    Parameters
    ----------
    words : object
        What the file says: two words of the letters of `DIRECTIONS`, the main direction of a word
        first. What a slant's further letters say is not used.

    Returns
    -------
    tuple of float or None
        Six numbers; None where there are no two such words, or both run along one axis.

    Examples
    --------
    >>> orientation_of(["L", "F"])
    (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    >>> orientation_of(["L", "R"]) is None
    True
    """
    if isinstance(words, str) or not isinstance(words, Sequence) or len(words) != 2:
        return None
    given = [str(word).strip().upper() for word in words]
    if not all(word and set(word) <= set(DIRECTIONS) for word in given):
        return None
    across, down = (DIRECTIONS[word[0]] for word in given)
    return None if any(a and b for a, b in zip(across, down, strict=True)) else (*across, *down)


def spacing_of(values: Sequence[object]) -> tuple[tuple[float, float] | None, str]:
    """Distance between rows and between columns in mm, and what is to be said of it.

    Parameters
    ----------
    values : sequence of object
        What the file gives under each name of `SPACINGS`; None where it gives nothing.

    Examples
    --------
    >>> spacing_of([[0.2, 0.2], None])
    ((0.2, 0.2), '')
    >>> spacing_of([None, None])
    (None, 'no PixelSpacing: lengths are in pixels')
    """
    found = [_pair(value) for value in values]
    if found[0] is not None:
        return found[0], ""
    came = "no PixelSpacing"
    if values[0] is not None:
        came = f"the PixelSpacing {one_line(values[0], 40)}"
    if found[1] is not None:
        return found[1], (
            f"{came}, only that of the detector: lengths are those there, magnified by 5 to 20 % "
            "as a rule against those in the patient"
        )
    return None, f"{came}: lengths are in pixels"


def _pair(value):
    """Two lengths in mm, or None."""
    try:
        numbers = tuple(float(v) for v in value) if value is not None else ()
    except (TypeError, ValueError):
        return None
    is_sound = len(numbers) == 2 and all(isfinite(v) and 1e-3 < v < 1e3 for v in numbers)
    return numbers if is_sound else None
