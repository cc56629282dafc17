"""Studies in ``.npz`` files: cine series, two-phase patients and whole stacks."""

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import check_size, one_line, shown
from corporis.imaging.image import Image
from corporis.imaging.motion_files import MOTION, apart, motion_kind, read_motion, with_motion
from corporis.imaging.npz import Archive
from corporis.imaging.plane import AXIAL, Plane, assemble, is_orthonormal

PARALLEL, ALIKE = 0.985, 0.8  # cosines: slices of one stack, and stacks of alike orientation

KINDS = (
    "a cine series (image (time, row, column), pixel_spacing, image_position, "
    "image_orientation, trigger_time_ms), a stack (image (slice, time, row, column)), a "
    "two-phase study (ed_image, es_image), tagged films (<slice>_tagged (time, row, column)) or "
    "displacements (displacement_px (2, row, column, time))"
)


def kind_of(archive: Archive) -> str | None:
    """What an archive is, by the arrays it holds, or None.

    ``"cine"``, ``"stack"``, ``"two-phase"``, ``"tagged"`` or ``"displacement"``.
    """
    if archive.has("ed_image", "es_image"):
        return "two-phase"
    plain = {3: "cine", 4: "stack"}.get(len(archive.shapes.get("image", ())))
    return plain or motion_kind(archive)


def read_npz(paths: Sequence[Path]) -> tuple[dict[str, Image], dict[str, Any]]:
    """Images of one study in ``.npz`` files.

    Several cine series are one study, together with one file of tagged films or displacements
    beside them. Archives of another kind are ignored and counted; of the other two kinds a study
    is one file.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    images : dict of str to Image
        ``series_<n>`` and ``stack_<n>`` from cine series, else ``cine``; drawings by an expert
        that lie in a file are separate images, ``expert_...``, and never evidence.
    facts : dict
        ``ignored``, ``used`` (paths), ``warnings`` and, of a two-phase study, ``phases``.

    Raises
    ------
    BadInput
        If an archive is damaged, of none of the known kinds, or the files are several studies.
    """
    single = len(paths) == 1
    found: list[tuple[Path, Archive, str]] = []
    for path in paths:
        archive = Archive(path)
        kind = kind_of(archive)
        if kind:
            found.append((path, archive, kind))
        elif single:
            raise Unsupported(
                f"{shown(path)}: expected {KINDS}, got the arrays "
                f"{one_line(', '.join(archive) or 'none', 80)}: rename or add what is missing"
            )
    if not found:
        raise Unsupported(f"{shown(paths[0].parent)}: none of {len(paths)} .npz files is {KINDS}")
    found, beside, said = apart(found)
    kinds = {kind for _, _, kind in found}
    if kinds != {"cine"} and len(found) > 1:
        raise BadInput(
            f"{shown(paths[0].parent)}: expected one study, got {len(found)} "
            f"({', '.join(sorted(kinds))}): give one of the files, for example {found[0][0].name}"
        )
    path, archive, kind = found[0]
    if len(found) > 1:
        _check_one_study(found)
    if kind == "two-phase":
        images, facts = _two_phase(archive)
    elif kind in MOTION:
        images, facts = read_motion(archive)
    elif kind == "stack":
        images, facts = _stack(archive)
    else:
        images, facts = _cines([(p, a) for p, a, _ in found])
    images = with_motion(images, [other for _, other, _ in beside])
    used = [p for p, _, _ in (*found, *beside)]
    if said:
        facts = {**facts, "warnings": [*facts.get("warnings", ()), *said]}
    return images, {**facts, "ignored": len(paths) - len(used), "used": used}


def _check_one_study(found):
    """Cine series name no patient: two stacks, told apart by folder or name, are two studies."""
    stacks: dict[tuple, list[tuple[Path, np.ndarray]]] = {}
    for path, archive, _ in found:
        key = (path.parent, re.sub(r"\d+$", "", path.stem))
        normal = np.array([0.0, 0.0, 1.0])
        if archive.has("image_orientation"):
            across, down = archive.vector("image_orientation", 6).reshape(2, 3)
            normal = np.cross(across, down)
        stacks.setdefault(key, []).append((path, normal))
    several = [
        members
        for members in stacks.values()
        if sum(abs(normal @ members[0][1]) > PARALLEL for _, normal in members) > 1
    ]
    rivals = [m for m in several if abs(m[0][1] @ several[0][0][1]) > ALIKE]
    if len(rivals) > 1:
        firsts = ", ".join(
            one_line(f"{m[0][0].parent.name}/{m[0][0].name}", 60) for m in rivals[:3]
        )
        raise BadInput(
            f"{shown(found[0][0].parent)}: expected one study, got cine series of {len(rivals)} by "
            f"their folders or names (they begin with {firsts}): put each in a folder of its own "
            "and give one"
        )


def _cines(found):
    for path, archive in found:
        check_size(archive.shapes["image"], path)
    total = sum(prod(archive.shapes["image"]) for _, archive in found)
    check_size((total,), found[0][0].parent)
    warnings: list[str] = []
    taken: set[int] = set()
    planes, drawings = [], {}
    for path, archive in sorted(found, key=lambda pair: _number(pair[0])):
        number = _number(path)
        while number in taken:
            number += 1
        taken.add(number)
        plane = _plane(archive, number, warnings)
        planes.append(plane)
        for name, shape in archive.shapes.items():
            if name.endswith("_mask") and shape in (plane.data.shape, plane.data.shape[1:]):
                drawn = archive[name].astype(bool)
                axes = ("time", "row", "column")[-drawn.ndim :]
                label = f"expert_{one_line(name, 40)}" + (f"_{number}" if len(found) > 1 else "")
                drawings[label] = plane.image().with_data(drawn, axes=axes, times_ms=None)
    images, more = assemble(planes)
    return {**images, **drawings}, {"warnings": [*warnings, *more]}


def _plane(archive, number, warnings):
    data = archive["image"]
    spacing, thickness = _spacing(archive, f"series {number}", warnings)
    placed = archive.has("image_position", "image_orientation")
    position = archive.vector("image_position", 3) if placed else np.zeros(3)
    orientation = archive.vector("image_orientation", 6) if placed else np.array(AXIAL)
    if not is_orthonormal(orientation) or np.abs(position).max() > 1e5:
        raise Unreadable(
            f"{shown(archive.path)}: expected image_orientation as two perpendicular unit vectors "
            "and image_position in mm, got other numbers: write the file again"
        )
    if not placed:
        warnings.append(f"series {number}: position in the patient unknown: axial assumed")
    times = None
    if archive.shapes.get("trigger_time_ms") == data.shape[:1]:
        times = _checked_times(archive)
        order = np.argsort(times, kind="stable")
        data, times = data[order], times[order]
        if not np.all(np.diff(times) > 0):
            warnings.append(f"series {number}: trigger times repeat, frames kept in their order")
            times = None
    elif len(data) > 1:
        warnings.append(f"series {number}: no trigger times, frames kept in file order")
    facts = {
        "modality": "",
        "series": (number,),
        "is_placed": placed,
        "time_source": "trigger time" if times is not None else "file order",
    }
    return Plane(data, position, orientation, spacing, thickness, times, number, facts)


def _checked_times(archive):
    times = archive["trigger_time_ms"].astype(float)
    if times.min() < 0:
        raise BadInput(
            f"{shown(archive.path)}: trigger_time_ms must be >= 0 ms after the R wave, got "
            f"{times.min():.4g}: correct it or leave it out"
        )
    return times


def _spacing(archive, label, warnings):
    """Pixel spacing and slice thickness in mm, None where the file gives none."""
    if not archive.has("pixel_spacing"):
        warnings.append(f"{label}: no pixel spacing: lengths are in pixels")
        return None, None
    spacing = archive.vector("pixel_spacing", 2)
    if not np.all((spacing > 1e-3) & (spacing < 1e3)):
        raise BadInput(
            f"{shown(archive.path)}: pixel_spacing must be between 0.001 and 1000 mm, got "
            f"{spacing.tolist()}: correct it or leave it out"
        )
    thickness = None
    if archive.has("slice_thickness"):
        thickness = float(archive.vector("slice_thickness", 1)[0])
        thickness = thickness if 1e-3 < thickness < 1e3 else None
    if thickness is None:
        warnings.append(f"{label}: slice thickness unknown")
    return (float(spacing[0]), float(spacing[1])), thickness


def _two_phase(archive):
    """End-diastole and end-systole of every slice that has at least one of them."""
    phases = [_phase(archive, name) for name in ("ed", "es")]
    if phases[0][0].shape[1:] != phases[1][0].shape[1:]:
        raise BadInput(
            f"{shown(archive.path)}: expected ed_image and es_image of one matrix, got "
            f"{phases[0][0].shape[1:]} and {phases[1][0].shape[1:]}: write the file again"
        )
    numbers = sorted({int(n) for _, slices, _ in phases for n in slices})
    shape = (len(numbers), 2, *phases[0][0].shape[1:])
    data = np.zeros(shape, np.result_type(phases[0][0], phases[1][0]))
    drawn = np.zeros(shape, bool)
    missing = np.ones(shape[:2], bool)
    for time, (image, slices, endo) in enumerate(phases):
        rows = [numbers.index(int(n)) for n in slices]
        data[rows, time] = image
        missing[rows, time] = False
        if endo is not None:
            drawn[rows, time] = endo
    for row, time in zip(*np.nonzero(missing), strict=True):
        data[row, time] = data[row, 1 - time]
    warnings: list[str] = []
    spacing, thickness = _spacing(archive, "the study", warnings)
    if missing.any():
        warnings.append(
            f"{int(missing.sum())} of {missing.size} frames are missing (slices given in one phase "
            "only): the other phase is shown in their place and counts for nothing"
        )
    warnings.append("distance between slices unknown: one step counts as one unit of thickness")
    plane = Plane(data[0], np.zeros(3), np.array(AXIAL), spacing, thickness)
    facts = {
        "modality": "",
        "phases": ("ED", "ES"),
        "missing": missing,
        "slice_numbers": tuple(numbers),
    }
    images = {"cine": _in_stack(data, plane, None, facts)}
    if any(endo is not None for _, _, endo in phases):
        images["expert_endo"] = images["cine"].with_data(drawn)
    return images, {"phases": ("ED", "ES"), "warnings": warnings}


def _phase(archive, name):
    check_size(archive.shapes[f"{name}_image"], archive.path)
    image = archive[f"{name}_image"]
    if image.ndim != 3:
        raise BadInput(
            f"{shown(archive.path)}: {name}_image must be (slice, row, column), got the shape "
            f"{image.shape}: write the file again"
        )
    key = f"{name}_slice"
    slices = archive.vector(key, len(image)) if archive.has(key) else np.arange(1.0, len(image) + 1)
    if len(set(slices.astype(int))) < len(image):
        raise BadInput(f"{shown(archive.path)}: {key} must name each slice once: correct it")
    endo = archive[f"{name}_endo"] if archive.has(f"{name}_endo") else None
    if endo is not None and endo.shape != image.shape:
        raise BadInput(
            f"{shown(archive.path)}: {name}_endo must have the shape {image.shape} of the image, "
            f"got {endo.shape}: write the file again"
        )
    return image, slices, endo


def _stack(archive):
    """A stack of cines with slice locations along the normal."""
    check_size(archive.shapes["image"], archive.path)
    data = archive["image"]
    warnings = ["position in the patient unknown: axial assumed"]
    spacing, thickness = _spacing(archive, "the stack", warnings)
    n_slices, n_times = data.shape[:2]
    step = None
    if archive.has("slice_location_mm") and n_slices > 1:
        gaps = np.diff(archive.vector("slice_location_mm", n_slices))
        step = float(gaps.mean())
        if abs(step) < 1e-3 or np.max(np.abs(gaps - step)) > 0.02 * abs(step):
            raise BadInput(
                f"{shown(archive.path)}: slice_location_mm must be evenly spaced (2 %), got gaps "
                f"of {gaps.min():.4g} to {gaps.max():.4g} mm: write each slice as a cine series"
            )
    elif n_slices > 1:
        warnings.append("distance between slices unknown: one step counts as one thickness")
    times = None
    if archive.shapes.get("trigger_time_ms") in ((n_slices, n_times), (n_times,)):
        times = _checked_times(archive)
        if np.any(np.diff(times, axis=-1) <= 0):
            raise BadInput(
                f"{shown(archive.path)}: trigger_time_ms must increase from frame to frame, but it "
                "does not: correct it or leave it out"
            )
    facts: dict[str, Any] = {
        "modality": "",
        "time_source": "trigger time" if times is not None else "file order",
    }
    for name in ("endo_xy", "epi_xy"):
        if archive.shapes.get(name, ())[:2] == (n_slices, n_times):
            facts[name] = archive[name]
    plane = Plane(data[0], np.zeros(3), np.array(AXIAL), spacing, thickness)
    return {"cine": _in_stack(data, plane, step, facts, times)}, {"warnings": warnings}


def _in_stack(data, plane, step, facts, times=None):
    return Image(
        data,
        ("slice", "time", "row", "column"),
        plane.affine(None if step is None else step * plane.normal),
        length_unit="mm" if plane.spacing else "pixel",
        times_ms=times,
        slice_thickness_mm=plane.thickness,
        facts=facts,
    )


def _number(path):
    digits = re.findall(r"\d{1,6}", path.stem)
    return int(digits[-1]) if digits else 1
