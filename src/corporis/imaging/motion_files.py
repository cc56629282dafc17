"""Studies of motion in ``.npz`` files: tagged films, and displacements that DENSE measured."""

from typing import Any

import numpy as np

from corporis.errors import Unreadable
from corporis.imaging.enlarged import NativeGrid, is_enlarged
from corporis.imaging.guard import check_size, one_line, shown
from corporis.imaging.image import Image
from corporis.imaging.npz import Archive
from corporis.imaging.plane import AXIAL, Plane

TAGGED = "_tagged"
CINE = "_cine"
DISPLACEMENT = "displacement_px"
MARKED = "_green_landmarks_rc"
MOTION = ("tagged", "displacement")
ORDER = ("basal", "mid", "apical")


def motion_kind(archive: Archive) -> str | None:
    """``"tagged"`` or ``"displacement"`` by the arrays an archive holds, else None."""
    if any(len(shape) == 3 for _, shape in _films(archive)):
        return "tagged"
    shape = archive.shapes.get(DISPLACEMENT, ())
    return "displacement" if len(shape) == 4 and shape[0] == 2 else None


def apart(found: list) -> tuple[list, list, list[str]]:
    """Cine series, the file of tags or displacements beside them, and what is said.

    Of several such files beside a cine none is taken: whose they are cannot be told.

    Parameters
    ----------
    found : list of (path, archive, kind)
    """
    cines = [part for part in found if part[2] not in MOTION]
    beside = [part for part in found if part[2] in MOTION]
    if not cines or not beside:
        return found, [], []
    # a file's name may be a patient's: it is not said
    if len(beside) > 1:
        kinds = " and ".join(sorted({kind for _, _, kind in beside}))
        return (
            cines,
            [],
            [
                f"{len(beside)} files beside hold {kinds} images, and which belongs to the cine "
                "cannot be told: they are left out"
            ],
        )
    kind = beside[0][2]
    return cines, beside, [f"a file beside holds {kind} images: taken to be of the same heart"]


def read_motion(archive: Archive) -> tuple[dict[str, Image], dict[str, Any]]:
    """Images of an archive of one of the kinds `MOTION`."""
    return (read_tagged if motion_kind(archive) == "tagged" else read_displacement)(archive)


def with_motion(images: dict[str, Image], archives: list[Archive]) -> dict[str, Image]:
    """Images of a cine with those of archives beside them; a name that is taken is lengthened."""
    for archive in archives:
        more, _ = read_motion(archive)
        images = {**images, **{f"{k}_beside" if k in images else k: v for k, v in more.items()}}
    return images


def read_tagged(archive: Archive) -> tuple[dict[str, Image], dict[str, Any]]:
    """Tagged films ``<slice>_tagged`` (time, row, column), one image a slice, lengths in pixels.

    Where a film was enlarged by repeating pixels its native ones are found, and what
    ``<slice>_tagged_overlay_mask`` covers is left out. Of ``<slice>_green_landmarks_rc``, points
    on the muscle, the first frame is kept as the fact ``landmarks`` (native pixels); later frames
    what a motion is to find, and are not read. Plain films ``<slice>_cine`` of the same shape are
    kept as the fact ``cine``.

    Raises
    ------
    Unreadable
        If arrays of one slice do not match, or times are those of no film.
    """
    images, warnings = {}, ["no pixel spacing: lengths are in pixels"]
    _check_times(archive, {shape[0] for _, shape in _films(archive) if len(shape) == 3})
    names = [key.removesuffix(TAGGED) for key, shape in _films(archive) if len(shape) == 3]
    for name in sorted(names, key=lambda n: ORDER.index(n) if n in ORDER else len(ORDER)):
        check_size(archive.shapes[name + TAGGED], archive.path)
        images[one_line(name, 40)] = _tagged(archive, name)
    untimed = [key for key, image in images.items() if image.times_ms is None]
    if len(untimed) == len(images):
        warnings.append("no trigger times: frames are counted, not timed")
    elif untimed:
        warnings.append(
            f"{', '.join(untimed)}: trigger_time_ms is of other frames: these are counted, not "
            "timed"
        )
    return images, {"warnings": warnings, "modality": "MR"}


def read_displacement(archive: Archive) -> tuple[dict[str, Image], dict[str, Any]]:
    """Displacement ``displacement_px`` (2, rows, columns, frames) of material pixels since rest.

    The first component is along columns (x), the second along rows (y); the image's channels are
    along rows, then columns. Without muscle all frames are zero.

    Raises
    ------
    Unreadable
        If it is zero everywhere, or times are not those of its frames.
    """
    shape = archive.shapes[DISPLACEMENT]
    check_size(shape, archive.path)
    _check_times(archive, {shape[-1]})
    moved = np.moveaxis(archive[DISPLACEMENT].astype(float), -1, 0)[:, ::-1]
    if not np.any(moved):
        raise Unreadable(f"{shown(archive.path)}: expected displacements, got zeros: check it")
    axes = ("time", "channel", "row", "column")
    facts = {"contrast": "displacement", "is_placed": False}
    times = _times(archive, len(moved))
    image = Image(moved, axes, _affine(moved[:, 0]), "pixel", "pixel", times, None, facts)
    warnings = ["no pixel spacing: lengths are in pixels"]
    if image.times_ms is None:
        warnings.append("no trigger times: frames are counted, not timed")
    return {"displacement": image}, {"warnings": warnings, "modality": "MR"}


def _films(archive):
    return [(key, shape) for key, shape in archive.shapes.items() if key.endswith(TAGGED)]


def _tagged(archive, name):
    film, hidden = _film(archive, name + TAGGED)
    cine = None
    if archive.shapes.get(name + CINE) == film.shape:
        cine = _film(archive, name + CINE)
    marks = None
    if len(archive.shapes.get(name + MARKED, ())) == 3:
        marks = archive[name + MARKED][0].astype(float)
    facts: dict[str, Any] = {"contrast": "tagged", "slice": name, "is_placed": False}
    if is_enlarged(film):
        grid = NativeGrid.of(film, hidden)
        cine = None if cine is None else (grid.film(*cine), None)
        film = grid.film(film, hidden)
        marks = None if marks is None else grid.places(marks)
        facts["enlarged"] = archive.shapes[name + TAGGED][1:]
    if marks is not None:
        facts["landmarks"] = marks
    if cine is not None:
        facts["cine"] = cine[0].astype(float)
    times = _times(archive, len(film))
    axes = ("time", "row", "column")
    return Image(film, axes, _affine(film), "pixel", "", times, None, facts)


def _film(archive, name):
    """A film, and what was drawn over it."""
    film = archive[name]
    hidden = np.zeros(film.shape, dtype=bool)
    if archive.has(f"{name}_overlay_mask"):
        hidden = archive[f"{name}_overlay_mask"].astype(bool)
        if hidden.shape != film.shape:
            raise Unreadable(
                f"{shown(archive.path)}: {name}_overlay_mask must have the shape of the "
                f"film {film.shape}, got {hidden.shape}: write the file again"
            )
    return film, hidden


def _affine(film):
    """As of any image without a place: axial, in pixels."""
    return Plane(film, np.zeros(3), np.array(AXIAL), None, None).affine()


def _check_times(archive, counts):
    """Times that fit none of the films are an error of the file, and not to be passed over."""
    shape = archive.shapes.get("trigger_time_ms")
    if shape is not None and shape not in {(n,) for n in counts}:
        frames = " or ".join(str(n) for n in sorted(counts))
        raise Unreadable(
            f"{shown(archive.path)}: expected trigger_time_ms of {frames} frames, got the shape "
            f"{shape}: correct it or leave it out"
        )


def _times(archive, n_frames):
    if archive.shapes.get("trigger_time_ms") != (n_frames,):
        return None
    times = archive["trigger_time_ms"].astype(float)
    if not np.all(np.diff(times) > 0):
        raise Unreadable(
            f"{shown(archive.path)}: trigger_time_ms must increase from frame to frame: correct "
            "it or leave it out"
        )
    return times
