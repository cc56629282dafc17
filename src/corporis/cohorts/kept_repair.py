"""What a repair has learned, kept in a file: the next mask need not wait for it."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from corporis.apps.organs import OrganRepair
from corporis.cohorts.organs import Learned, learn_repair, shape_files
from corporis.errors import BadInput
from corporis.imaging.output import atomic_path

VERSION = 2
"""Of what a repair learns from the same masks: raise it where that changes."""

WANTED = "expected what `corporis repair --model` keeps, got something else: give another file"


class Known(NamedTuple):
    """What was learned, and a sentence that says where it came from."""

    learned: Learned
    said: str


def known_repair(
    shapes: Path | str | None,
    model: Path | str | None,
    organ: str,
    progress: Callable[[str, float], None] | None = None,
) -> Known:
    """What `model` holds, or what `shapes` teach, which is then kept in `model`.

    Parameters
    ----------
    shapes : path or None
        Folder for `learn_repair`. If the files there are not those that the model has learned
        from, it learns anew.
    model : path or None
        An ``.npz`` file of plain arrays. It holds the organs' shapes: treat it as their masks.
    organ : str
        Its name; a model of another is refused.

    Raises
    ------
    BadInput
        If neither is given, shapes cannot be read, or the file is there but is no such model, or
        one of another organ, or of another version while no shapes are given.
    OutputError
        If the model cannot be written.
    """
    if model is None:
        if shapes is None:
            raise BadInput("expected --shapes FOLDER to learn from, or --model FILE: give one")
        learned = learn_repair(shapes, progress)
        words = "to spare the next mask the wait, keep it with --model FILE"
        return Known(learned, f"learned from {learned.n_shapes} shapes; {words}")
    path = Path(model)
    content = None if shapes is None else fingerprint(Path(shapes))
    change = ""
    if path.exists():
        if progress is not None:
            progress(f"reading {path.name}", 0.0)
        learned, change = _read(path, organ, content)
        if learned is not None:
            return Known(learned, f"{path.name}: knows {learned.n_shapes} shapes")
    if shapes is None:  # a file that is there was taken or refused
        raise BadInput(f"{path.name}: expected a model, got no file: give --shapes to learn from")
    learned = learn_repair(shapes, progress)
    _write(path, learned, organ, content)
    how = f"{change}, learned anew" if change else "learned"
    return Known(learned, f"{path.name}: {how} from {learned.n_shapes} shapes and kept")


def fingerprint(shapes: Path) -> str:
    """Digest of all files that `learn_repair` reads in a folder, names and contents."""
    found = hashlib.sha256()
    for path in shape_files(shapes):
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        found.update(f"{path.name}\n{content}\n".encode())
    return found.hexdigest()


def _write(path, learned, organ, content):
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            version=np.array(VERSION),
            organ=np.array(organ),
            content=np.array(content),
            n_shapes=np.array(learned.n_shapes),
            notes=np.array(learned.notes, dtype=np.str_),
            **learned.model.arrays(),
        )


def _read(path, organ, content):
    """What was learned, or None and why it does not hold."""
    held = _arrays(path)
    if (known := str(held["organ"])) != organ:
        raise BadInput(f"{path.name}: knows a {known}, got --organ {organ}: give its own model")
    if int(held["version"]) != VERSION:
        if content is None:
            raise BadInput(f"{path.name}: of another version of corporis: give --shapes as well")
        return None, "of another version"
    if content not in (None, str(held["content"])):
        return None, "the shapes have changed"
    try:
        model = OrganRepair.from_arrays(held)
    except BadInput:
        raise BadInput(f"{path.name}: {WANTED}") from None
    notes = tuple(map(str, held["notes"]))
    return Learned(model, int(held["n_shapes"]), notes), ""


def _arrays(path):
    try:
        with np.load(path, allow_pickle=False) as found:
            held = {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        held = {}
    if not held.keys() >= {"organ", "version", "content", "n_shapes", "notes"}:
        raise BadInput(f"{path.name}: {WANTED}")
    return held
