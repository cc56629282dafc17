"""The gate for files from outside: hostile until parsed, one clear line when they are not."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, CorporisError, Unreadable, Unsupported

MAX_VOXELS = 2**29
"""Most voxels a case may hold (0.5 billion): beyond this a header is taken for damaged."""


def one_line(text: object, limit: int = 160) -> str:
    """Text of any origin as one printable line of at most `limit` characters.

    Examples
    --------
    >>> one_line("two\\n  lines")
    'two lines'
    """
    line = re.sub(r"\s+", " ", str(text)).strip()
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= limit else line[: limit - 3] + "..."


def shown(path: Path) -> str:
    """A path as it appears in an error line."""
    return one_line(path, 300)


@contextmanager
def parsing(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever a parser raises on a damaged file into one `Unreadable` line.

    A parser meets bytes that nobody checked, so it may fail in any way; the cause is kept as
    ``__cause__``. The parser's own warnings are silenced: what matters is checked here.

    Raises
    ------
    Unreadable
        When the block raises anything that is not already a `CorporisError`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CorporisError:
        raise
    except FileNotFoundError as error:
        raise BadInput(f"{shown(path)} does not exist: check the path") from error
    except PermissionError as error:
        raise BadInput(f"{shown(path)} may not be read: check its permissions") from error
    except Exception as error:
        what = one_line(error) or type(error).__name__
        raise Unreadable(
            f"{shown(path)}: expected {expected}, but it cannot be parsed ({what}): "
            "export or copy the file again"
        ) from error


def check_size(shape: tuple[int, ...], path: Path) -> None:
    """Refuse empty and absurdly large arrays before their memory is taken.

    Raises
    ------
    Unsupported
        Unless every length is >= 1 and there are at most `MAX_VOXELS` voxels.
    """
    if not shape or min(shape) < 1:
        raise Unsupported(
            f"{shown(path)}: expected at least one number, got the shape {shape}: export it again"
        )
    if prod(int(n) for n in shape) > MAX_VOXELS:
        raise Unsupported(
            f"{shown(path)}: the header claims {one_line(shape)} voxels, more than the "
            f"{MAX_VOXELS} that are read: check the file or split it"
        )


def check_values(data: np.ndarray, path: Path, name: str = "image") -> None:
    """Refuse what cannot be an intensity: complex, text or record types, NaN and infinity.

    Raises
    ------
    Unsupported
        If the type is not bool, integer or real.
    BadInput
        If a value is NaN or infinite.
    """
    if data.dtype.kind not in "biuf":
        raise Unsupported(
            f"{shown(path)}: {name} must hold real numbers, got the type {one_line(data.dtype)}: "
            "give magnitude images"
        )
    if data.dtype.kind == "f":
        bad = int(data.size - np.count_nonzero(np.isfinite(data)))
        if bad:
            raise BadInput(
                f"{shown(path)}: {name} must be finite, but {bad} of {data.size} values are NaN "
                "or infinite: repair or export it again"
            )
