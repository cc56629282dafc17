"""BART's pairs of files: ``.hdr`` names the dimensions, ``.cfl`` holds the numbers."""

import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import check_size, one_line, parsing, shown
from corporis.imaging.kspace_samples import LARGEST
from corporis.interfaces import Shape

N_DIMS = 16
COIL, SETS, CONTRAST, FRAME, SLICE = 3, 4, 5, 10, 13
MEANING = {COIL: "coil", SETS: "set", CONTRAST: "contrast", FRAME: "frame", SLICE: "slice"}
OTHERS = {6: "coefficients", 7: "coefficients", 8: "iterations", 11: "second time", 14: "averages"}
LONGEST_HEADER = 2**16


def pair(path: Path) -> tuple[Path, Path]:
    """The ``.hdr`` and ``.cfl`` file that a path of either, or of neither ending, means."""
    known = path.suffix.lower() in (".cfl", ".hdr")
    stem = path.with_suffix("") if known else path
    return stem.with_name(stem.name + ".hdr"), stem.with_name(stem.name + ".cfl")


def parse_dimensions(text: str) -> Shape:
    """The dimensions that a ``.hdr`` file states.

    Parameters
    ----------
    text : str
        Sections that begin with ``# Name``; the numbers stand in the line after ``# Dimensions``.

    Returns
    -------
    tuple of int
        16 numbers >= 1.

    Raises
    ------
    Unreadable
        If there is no such line, or it holds anything but 1 to 16 whole numbers >= 1.

    Examples
    --------
    >>> parse_dimensions("# Dimensions\\n1 230 180 8\\n")[:5]
    (1, 230, 180, 8, 1)
    """
    lines = [line.strip() for line in text.splitlines()]
    place = next((i for i, line in enumerate(lines) if re.fullmatch("# *Dimensions", line)), None)
    words = lines[place + 1].split() if place is not None and place + 1 < len(lines) else []
    numbers = [int(w) for w in words if re.fullmatch("[0-9]{1,15}", w, flags=re.ASCII)]
    if not 1 <= len(words) <= N_DIMS or len(numbers) != len(words) or min(numbers) < 1:
        # other words may be a name: they are not repeated
        shown_words = (w if re.fullmatch("[-+.0-9]{1,15}", w) else "?" for w in words)
        came = one_line(" ".join(shown_words) or "nothing", 60)
        raise Unreadable(
            f"expected 1 to {N_DIMS} whole numbers >= 1 in the line after '# Dimensions', got "
            f"{came}: copy the .hdr file again"
        )
    return tuple(numbers + [1] * (N_DIMS - len(numbers)))


def read_array(path: Path) -> np.ndarray:
    """The numbers of a pair of files with all 16 dimensions, complex64.

    Raises
    ------
    BadInput
        If one of the two is missing, they do not agree in size, or the bytes are not little-endian
        single-precision numbers.
    """
    header, content = pair(path)
    for here, other in ((header, content), (content, header)):
        if not here.is_file():
            raise BadInput(
                f"{shown(here)} is missing: BART needs it beside {one_line(other.name, 80)}, "
                "copy both"
            )
    with parsing(header, "a BART header"):
        if header.stat().st_size > LONGEST_HEADER:
            raise ValueError(f"{header.stat().st_size} bytes")
        text = header.read_text(encoding="utf-8")
    try:
        dims = parse_dimensions(text)
    except Unreadable as error:
        raise Unreadable(f"{shown(header)}: {error}") from None
    held, wanted = content.stat().st_size, 8 * prod(dims)
    if held != wanted:
        what = "truncated" if held < wanted else "longer than its header says"
        raise Unreadable(
            f"{shown(content)}: expected {wanted} bytes for the dimensions "
            f"{one_line(_short(dims), 80)}, got {held}, {what}: copy both files again"
        )
    check_size(dims, content)
    with parsing(content, "complex numbers of BART"):
        data = np.fromfile(content, "<c8").reshape(dims, order="F")
    _check_byte_order(data, content)
    return data.astype(np.complex64, copy=False)


def read_cfl(path: Path) -> tuple[np.ndarray, tuple[str, ...], dict[str, Any]]:
    """The k-space of a pair of files: data, axes, facts.

    Of BART's three spatial dimensions those longer than 1 are, in this order, row, column and, if
    all are, slice, which is then encoded too.
    """
    stored = read_array(path)
    data, axes = named(stored, path)
    if "set" in axes:
        raise Unsupported(
            f"{shown(path)}: expected k-space, got dimension 4 (sets of maps) of length "
            f"{data.shape[axes.index('set')]}: give the maps as maps"
        )
    return data, axes, {"format": "BART", "is_volume": min(stored.shape[:3]) > 1}


def named(data: np.ndarray, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """An array of BART's dimensions in our order: (frame, contrast, set, coil, slice, row, column).

    Only what is longer than 1 keeps an axis, and coil, row and column.

    Raises
    ------
    Unsupported
        If a dimension of another meaning is longer than 1.
    """
    dims = data.shape
    for k in range(N_DIMS):
        if dims[k] > 1 and k > 2 and k not in MEANING:
            raise Unsupported(
                f"{shown(path)}: expected frames (10), contrasts (5), coils (3) and slices (13), "
                f"got dimension {k} ({OTHERS.get(k, 'unknown')}) of length {dims[k]}: "
                "choose or combine it with bart slice or bart avg"
            )
    if min(dims[:3]) > 1 and dims[SLICE] > 1:
        raise Unsupported(
            f"{shown(path)}: expected one volume or a stack of slices, got {dims[SLICE]} volumes: "
            "give one, with bart slice 13"
        )
    long = [k for k in range(3) if dims[k] > 1]
    single = [k for k in range(3) if dims[k] == 1]
    spatial = sorted(long + single[: max(0, 2 - len(long))])
    row, column, *third = spatial
    order = [FRAME, CONTRAST, SETS, COIL, *(third or [SLICE]), row, column]
    names = ["frame", "contrast", "set", "coil", "slice", "row", "column"]
    kept = [(k, n) for k, n in zip(order, names) if dims[k] > 1 or n in ("coil", "row", "column")]
    first = [k for k, _ in kept]
    moved = np.transpose(data, first + [k for k in range(N_DIMS) if k not in first])
    shape = tuple(dims[k] for k, _ in kept)
    return np.ascontiguousarray(moved.reshape(shape)), tuple(n for _, n in kept)


def _check_byte_order(data, path):
    """Numbers with their bytes in the wrong order have random exponents."""
    if _is_sane(data):
        return
    swapped = _is_sane(data.astype(np.complex64).byteswap())
    if swapped:
        raise Unreadable(
            f"{shown(path)}: expected little-endian numbers, got absurd ones that are sound with "
            "their bytes swapped: the byte order is wrong, write the file again on a PC"
        )


def _is_sane(data):
    with np.errstate(all="ignore"):
        parts = np.abs(np.ravel(data, order="K").view(np.float32))
        return bool(np.all(parts < LARGEST) and not np.any((parts > 0) & (parts < 1e-35)))


def _short(dims):
    last = max((k for k, n in enumerate(dims) if n > 1), default=0)
    return tuple(dims[: last + 1])
