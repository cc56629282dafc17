"""What was changed in a GeoJSON file of nuclei, as QuPath writes it back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.corrections import overlap
from corporis.cohorts.nuclei_drawn import same_outline
from corporis.cohorts.nuclei_files import Facts, Shown, identity
from corporis.cohorts.nuclei_journal import Correction, checked_label
from corporis.errors import BadInput, Unreadable
from corporis.imaging.guard import one_line, shown

MOST_MISSING = 0.2
"""Share of nuclei that may be missing in an edited file before it is taken for a part."""
NEAR_PX, ALIKE = 12.0, 0.3
"""A shape without a known name is one that was there if it lies so near and overlaps so much."""


@dataclass(frozen=True)
class Shape:
    """One polygon of a file.

    Parameters
    ----------
    identity, name, label : str
        Empty where there is none.
    outline : ndarray, (k, 2)
        Rows and columns as searched.
    """

    identity: str
    name: str
    label: str
    outline: np.ndarray


def read_shapes(path: Path, factor: float) -> list[Shape]:
    """All polygons of a GeoJSON file.

    Raises
    ------
    Unreadable
        If it is none.
    BadInput
        If a shape is no polygon.
    """
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        features = held["features"] if isinstance(held, dict) else held
        return [_shape(Path(path), feature, factor) for feature in features]
    except OSError as error:
        raise BadInput(f"{shown(Path(path))} cannot be read: check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(
            f"{shown(Path(path))}: expected GeoJSON with polygons, but it cannot be read "
            f"({one_line(error, 80)}): export the objects again"
        ) from error


def _shape(path, feature, factor):
    geometry, properties = feature["geometry"], feature.get("properties") or {}
    rings = geometry["coordinates"]
    if geometry["type"] == "MultiPolygon":
        rings = max(rings, key=lambda polygon: len(polygon[0]))
    elif geometry["type"] != "Polygon":
        raise BadInput(
            f"{shown(path)}: expected polygons, got {one_line(geometry['type'], 40)}: delete it"
        )
    ring = np.array(rings[0], float)[:, :2]
    if len(ring) > 1 and (ring[0] == ring[-1]).all():
        ring = ring[:-1]
    if len(ring) < 3 or not np.isfinite(ring).all():
        raise BadInput(f"{shown(path)}: a polygon has {len(ring)} points: delete it")
    said = properties.get("classification") or {}
    label = said.get("name") or ": ".join(said.get("names", ()))
    outline = ring[:, ::-1] / factor - 0.5
    return Shape(str(feature.get("id", "")), str(properties.get("name", "")), label, outline)


def changes(
    shapes: list[Shape], tiles: Iterable[Shown], facts: Facts, *, is_partial: bool, next_number: int
) -> list[Correction]:
    """What differs between nuclei as they are shown and a file; outlines without features yet.

    Parameters
    ----------
    shapes : list of Shape
        From `read_shapes`.
    tiles : iterable of Shown
    facts : Facts
    is_partial : bool
        Whether nuclei that are missing in the file stay.
    next_number : int
        Of the first nucleus that is added.

    Raises
    ------
    BadInput
        If more than a fifth of all nuclei, and more than ten, are missing and not `is_partial`.
    """
    known = {
        int(number): (tile.nuclei.outlines[row], tile.labels[row], tile.nuclei.centres[row])
        for tile in tiles
        for row, number in enumerate(tile.numbers)
    }
    pairs, strangers = _paired(shapes, known, facts)
    missing = sorted(set(known) - set(pairs))
    if not is_partial and len(missing) > max(10, MOST_MISSING * len(known)):
        raise BadInput(
            f"the edited file lacks {len(missing)} of {len(known)} nuclei: export all objects, or "
            "give --partial, and none is deleted"
        )
    found = [] if is_partial else [Correction("delete", number) for number in missing]
    for number, shape in sorted(pairs.items()):
        outline, label, _ = known[number]
        changed = checked_label(shape.label) if shape.label and shape.label != label else ""
        if not same_outline(shape.outline, outline):
            found.append(Correction("outline", number, changed, shape.outline))
        elif changed:
            found.append(Correction("label", number, changed))
    for count, shape in enumerate(strangers):
        label = checked_label(shape.label) if shape.label else ""
        found.append(Correction("add", next_number + count, label, shape.outline))
    return found


def _paired(shapes, known, facts):
    """Shapes by the number of their nucleus, and those that are of none."""
    by_identity = {identity(facts.fingerprint, number): number for number in known}
    pairs: dict[int, Shape] = {}
    rest = []
    for shape in shapes:
        number = by_identity.get(shape.identity)
        if number is None and shape.name.isdigit() and int(shape.name) in known:
            number = int(shape.name)
            if not _is_near(shape, known[number]):
                number = None
        if number is None or number in pairs:
            rest.append(shape)
        else:
            pairs[number] = shape
    strangers = []
    for shape in rest:
        near = [n for n in known if n not in pairs and _is_near(shape, known[n])]
        best = max(near, key=lambda n: overlap(shape.outline, known[n][0]), default=None)
        if best is not None and overlap(shape.outline, known[best][0]) > ALIKE:
            pairs[best] = shape
        else:
            strangers.append(shape)
    return pairs, strangers


def _is_near(shape, nucleus):
    return np.hypot(*(shape.outline.mean(axis=0) - nucleus[2])) < NEAR_PX
