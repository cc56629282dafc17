"""What the comment of a DENSE image says: which displacement its phase encodes, and how finely."""

import re
from dataclasses import dataclass
from typing import Any

MAGNITUDE, ROW, COLUMN, THROUGH = "magnitude", "row", "column", "through"
TURN_UNITS = 4096
"""Stored values of one turn of the phase; half of it is none."""
_PART = re.compile(r"DENSE\s+(overall mag|[xyz]-enc pha)", re.IGNORECASE)
_NUMBER = r"\s*:\s*(-?\d+(?:\.\d+)?)"


@dataclass(frozen=True)
class DenseEncoding:
    """One image of a DENSE series.

    Parameters
    ----------
    axis : str
        `MAGNITUDE`, or what the phase encodes: displacement along the image's rows (to the next
        `ROW`), its columns (to the next `COLUMN`), or `THROUGH` the plane.
    cycles_per_mm : float
        Turns of the phase for each mm, negative where the axis was flipped; 0 of a magnitude.
    """

    axis: str
    cycles_per_mm: float

    @property
    def facts(self) -> dict[str, Any]:
        """As facts of an image."""
        return {"contrast": "dense", "dense_axis": self.axis, "cycles_per_mm": self.cycles_per_mm}


def dense_encoding(comment: str) -> DenseEncoding | None:
    """What a comment says, or None where it is not one of a DENSE image.

    The first two axes are the image's columns and rows, or with ``RCswap:1`` its rows and columns;
    ``RCSflip`` turns rows, columns and the slice's normal.

    Examples
    --------
    >>> text = "DENSE x-enc pha - Scale:1.0 EncFreq:0.08 Rep:0/1 RCswap:1 RCSflip:0/0/0"
    >>> dense_encoding(text)
    DenseEncoding(axis='row', cycles_per_mm=0.08)
    >>> dense_encoding("a heart") is None
    True
    """
    part = _PART.search(comment)
    if part is None:
        return None
    if part[1].lower() == "overall mag":
        return DenseEncoding(MAGNITUDE, 0.0)
    frequency = re.search("EncFreq" + _NUMBER, comment)
    if frequency is None or not float(frequency[1]):
        return None
    scale = re.search("Scale" + _NUMBER, comment)
    swapped = re.search(r"RCswap\s*:\s*1", comment)
    order = (ROW, COLUMN, THROUGH) if swapped else (COLUMN, ROW, THROUGH)
    axis = order["xyz".index(part[1][0].lower())]
    flips = re.search(r"RCSflip\s*:\s*([01])/([01])/([01])", comment)
    is_flipped = flips is not None and flips[1 + (ROW, COLUMN, THROUGH).index(axis)] == "1"
    cycles = float(frequency[1]) * (float(scale[1]) if scale and float(scale[1]) else 1.0)
    return DenseEncoding(axis, -cycles if is_flipped else cycles)
