"""What a case holds, in words: the rows that ``corporis info`` prints."""

import numpy as np

from corporis.imaging.image import Image
from corporis.interfaces import Case

PLANES = ("sagittal", "coronal", "axial")


def orientation_name(image: Image) -> str:
    """How the image plane lies in the body: ``axial``, or ``oblique, 35 deg from coronal``.

    Examples
    --------
    >>> orientation_name(Image(np.zeros((2, 2)), ("row", "column"), np.eye(4)))
    'sagittal'
    """
    normal = np.abs(image.normal)
    nearest = int(np.argmax(normal))
    angle = float(np.degrees(np.arccos(min(1.0, float(normal[nearest])))))
    if angle < 2:
        return PLANES[nearest]
    return f"oblique, {angle:.0f} deg from {PLANES[nearest]}"


def describe(case: Case) -> list[tuple[str, str]]:
    """Rows (label, text) that say what was found in a case, without identifying the patient.

    Parameters
    ----------
    case : Case
        As given by `read`.

    Returns
    -------
    list of (str, str)
        The case first, one row an image, then one row a warning.
    """
    facts = case.facts
    modality = facts.get("modality") or "unknown"
    files = f"{facts.get('format', 'unknown format')}, {_files(facts.get('n_files', 0))} used"
    extra = [
        f"{facts[key]} {word}"
        for key, word in (("duplicates", "duplicates dropped"), ("ignored", "other files ignored"))
        if facts.get(key)
    ]
    rows = [
        ("case", case.name),
        ("files", ", ".join([files, *extra])),
        ("modality", modality),
    ]
    if facts.get("phases"):
        rows.append(("phases", " and ".join(facts["phases"])))
    rows += [(name, describe_image(image)) for name, image in case.images.items()]
    rows += [("warning", line) for line in facts.get("warnings", ())]
    if facts.get("source_hash"):
        rows.append(("sha256", facts["source_hash"]))
    return rows


def _files(n: int) -> str:
    return f"{n} file{'' if n == 1 else 's'}"


def describe_image(image: Image) -> str:
    """One line on an image: sizes, spacing, orientation, times, type."""
    unit = "px" if image.length_unit == "pixel" else "mm"
    step, row, column = image.spacing
    sizes = [(image.size(a), a) for a in image.axes]
    parts = [" x ".join(f"{n} {a}{'' if n == 1 else 's'}" for n, a in sizes)]
    parts.append(f"pixel {row:.4g} x {column:.4g} {unit}")
    if "slice" in image.axes and image.size("slice") > 1:
        parts.append(f"slice step {step:.4g} {unit}")
    if image.slice_thickness_mm:
        parts.append(f"thickness {image.slice_thickness_mm:.4g} mm")
    parts.append(orientation_name(image) if image.facts.get("is_placed", True) else "place unknown")
    if image.times_ms is not None:
        times = np.atleast_2d(image.times_ms)
        parts.append(f"{times.min():.0f} to {times.max():.0f} ms")
    if image.facts.get("time_source") and "time" in image.axes:
        parts.append(f"ordered by {image.facts['time_source']}")
    if image.facts.get("file"):
        parts.append(f"file {image.facts['file']}")
    if image.facts.get("description"):
        parts.append(f"'{image.facts['description']}'")
    parts.append(str(np.asarray(image.data).dtype))
    return ", ".join(parts)
