"""One door for data from outside: `read` detects the format and gives a `Case`."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.dicom import read_dicom
from corporis.imaging.dicom_header import looks_like_dicom
from corporis.imaging.guard import one_line, parsing, shown
from corporis.imaging.nifti import read_nifti
from corporis.imaging.screenshot import read_pictures
from corporis.imaging.series import read_npz
from corporis.interfaces import Case

EXPECTED = "DICOM files, a NIfTI file (.nii, .nii.gz) or an .npz study"
MOST_FILES = 50_000
FORMATS = ("DICOM", "NIfTI", "npz", "picture")
OTHER_PICTURES = {b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"BM": "BMP"}
"""First bytes of pictures that are not read."""


def read(path: Path | str, *, name: str | None = None, pictures: bool = False) -> Case:
    """Read a file or a folder of medical images, whatever their format.

    DICOM (single files and folders, multi-slice, multi-frame, enhanced, cine, compressed),
    NIfTI and the ``.npz`` studies described in `imaging.series` are told apart by their content.
    Patients' names, numbers and dates of birth are not taken over.

    Parameters
    ----------
    path : path
        A file, or a folder: its own files count; only where none of them is an image are its
        subfolders searched. Other files are ignored and counted.
    name : str, optional
        A neutral name for the case, taken as one printable line; without it ``case-`` and eight
        digits of the source hash.
    pictures : bool
        Accept PNG and JPEG pictures as a stack in pixels; refused otherwise, because nothing
        can be measured in millimetres in a screenshot.

    Returns
    -------
    Case
        `images` by name; `facts`: ``format``, ``modality`` ("" where unknown), ``n_files``,
        ``ignored``, ``duplicates``, ``warnings`` (tuple of lines), ``source_hash`` (SHA-256 of the
        file, or of the sorted SHA-256 of all files used).

    Raises
    ------
    BadInput
        If the path does not exist, a folder is empty, holds several formats or several studies,
        or values are NaN.
    Unreadable
        If a file is damaged, truncated, or its compression cannot be decoded.
    Unsupported
        If nothing there is a grey-value image.
    """
    path = Path(path)
    files, passed = _files(path)
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(_format(file), []).append(file)
    if not pictures and "picture" in found:
        passed += len(found["picture"]) if len(set(found) - {"", "picture"}) else 0
    kind = _one_format(path, found, pictures)
    images, facts = _read(kind, found[kind])
    used = facts.pop("used", found[kind])
    digests = facts.pop("digests", None) or sorted(_digest(p) for p in used)
    digests = sorted(set(digests))
    source = (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )
    ignored = facts.get("ignored", 0) + len(found.get("", [])) + passed
    facts = {
        "format": kind,
        "modality": "",
        "duplicates": 0,
        **facts,
        "n_files": len(used),
        "ignored": ignored,
        "warnings": tuple(facts.get("warnings", ())),
        "source_hash": source,
    }
    return Case(one_line(name or "") or f"case-{source[:8]}", images, {}, facts)


def _read(kind: str, paths: Sequence[Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run one format's reader; what its checks did not foresee is still one clear line."""
    reader = {
        "DICOM": read_dicom,
        "NIfTI": read_nifti,
        "npz": read_npz,
        "picture": read_pictures,
    }[kind]
    with parsing(paths[0], f"a sound {kind} study"):
        return reader(paths)


def _one_format(path, found, pictures):
    kinds = [kind for kind in FORMATS if kind in found]
    if not pictures and len(kinds) > 1:
        kinds = [kind for kind in kinds if kind != "picture"]
    if len(kinds) > 1:
        counts = ", ".join(f"{len(found[k])} {k}" for k in kinds)
        raise BadInput(
            f"{shown(path)}: expected one study, got files of several formats ({counts}): "
            "give the folder or file of one"
        )
    if not kinds:
        raise _nothing_found(path, found.get("", []), pictures)
    if kinds == ["picture"] and not pictures:
        raise Unsupported(
            f"{shown(found['picture'][0])}: expected {EXPECTED}, got a PNG or JPEG picture without "
            "pixel spacing: export the original series from the scanner or archive"
        )
    return kinds[0]


def _nothing_found(path, others, pictures):
    expected = f"{EXPECTED}, or PNG or JPEG pictures" if pictures else EXPECTED
    if path.is_dir():
        came = (
            f"{len(others)} other files (first: {one_line(others[0].name, 80)})"
            if others
            else "no file"
        )
        return BadInput(
            f"{shown(path)}: expected {expected} in this folder, got {came}: check the path"
        )
    with path.open("rb") as stream:
        head = stream.read(4)
    kind = next((kind for mark, kind in OTHER_PICTURES.items() if head.startswith(mark)), None)
    if kind is not None:
        remedy = "save it as PNG" if pictures else "export the original series from the scanner"
        return Unsupported(f"{shown(path)}: expected {expected}, got a {kind} picture: {remedy}")
    size = path.stat().st_size
    came = "an empty file" if size == 0 else f"something else ({size} bytes)"
    return Unreadable(f"{shown(path)}: expected {expected}, got {came}: check the file")


def _files(path):
    """The files to look at, and how many were passed over in subfolders."""
    if not path.exists():
        raise BadInput(f"{shown(path)} does not exist: check the path")
    if path.is_file():
        return [path], 0
    if not path.is_dir():
        raise BadInput(f"{shown(path)}: expected a file or a folder, got a device: check the path")
    with parsing(path, "a folder"):
        every = _walk(path)
    top = [p for p in every if p.parent == path]
    if any(_format(p) for p in top):
        return top, len(every) - len(top)
    return every, 0


def _walk(path):
    every: list[Path] = []
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(n for n in folders if not n.startswith("."))
        every += [Path(folder) / n for n in sorted(names) if not n.startswith(".")]
        if len(every) > MOST_FILES:
            raise Unsupported(
                f"{shown(path)}: expected one study, got over {MOST_FILES} files: give its folder"
            )
    return [p for p in every if p.is_file()]


def _format(path):
    """The format by the first bytes, with the name as a witness; "" for anything else."""
    try:
        with path.open("rb") as stream:
            head = stream.read(400)
    except OSError as error:
        raise BadInput(f"{shown(path)} may not be read ({error.strerror}): check it") from error
    lower = path.name.lower()
    if looks_like_dicom(head) and path.name.upper() != "DICOMDIR":
        return "DICOM"
    if lower.endswith((".nii", ".nii.gz")) or head[344:348] in (b"n+1\x00", b"ni1\x00"):
        return "NIfTI"
    if lower.endswith(".npz") or (head[:4] == b"PK\x03\x04" and b".npy" in head[:200]):
        return "npz"
    if head[:8] == b"\x89PNG\r\n\x1a\n" or head[:3] == b"\xff\xd8\xff":
        return "picture"
    return "DICOM" if lower.endswith((".dcm", ".ima")) and head else ""


def _digest(path):
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
