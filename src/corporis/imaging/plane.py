"""One image plane through time, and stacks of parallel planes.

Scanners place a plane in LPS coordinates (x to the left, y to the back, z to the head, in mm);
an `Image` is placed in RAS+ (right, front, head): x and y change sign, here and only here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from corporis.imaging.image import Image

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""Orientation assumed where a file gives none: rows to the left, columns to the back."""

MOST_TILT_DEG = 35.0
"""Of a CT gantry: its slices are shifted against one another by so much at most."""
GAP_TOLERANCE = 0.01
"""Slice gaps of a stack agree within this fraction of their mean."""


def is_orthonormal(orientation: Sequence[float]) -> bool:
    """Whether six numbers are two perpendicular unit vectors (to 1 %)."""
    across, down = np.reshape(np.asarray(orientation, dtype=float), (2, 3))
    gram = np.array([across @ across - 1, down @ down - 1, across @ down])
    return bool(np.all(np.abs(gram) < [0.02, 0.02, 0.01]))


@dataclass(frozen=True)
class Plane:
    """The frames of one slice position, as scanners describe them.

    Parameters
    ----------
    data : array, (n_times, n_rows, n_columns)
    position : array, (3,)
        Centre of the first pixel, LPS, mm.
    orientation : array, (6,)
        Unit vectors of increasing column and of increasing row index, LPS.
    spacing : tuple of float or None
        Distance between rows and between columns in mm; None where the file gives none.
    thickness : float or None
        Slice thickness in mm.
    times_ms : array or None, (n_times,)
    series : int
        Series number.
    facts : mapping
        Non-identifying facts; ``kind`` (magnitude, phase) and ``echo`` keep planes apart.
    """

    data: np.ndarray
    position: np.ndarray
    orientation: np.ndarray
    spacing: tuple[float, float] | None
    thickness: float | None = None
    times_ms: np.ndarray | None = None
    series: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def normal(self) -> np.ndarray:
        """Unit normal in LPS: increasing column index x increasing row index."""
        across = np.cross(self.orientation[:3], self.orientation[3:])
        return across / np.linalg.norm(across)

    @property
    def height(self) -> float:
        """Position along the normal in mm."""
        return float(self.normal @ self.position)

    def affine(self, step: np.ndarray | None = None) -> np.ndarray:
        """Affine from (slice, row, column) to RAS+; `step` is the LPS step to the next slice."""
        rows, columns = self.spacing or (1.0, 1.0)
        if step is None or self.spacing is None:
            step = self.normal * ((self.thickness if self.spacing else None) or 1.0)
        lps = np.column_stack([step, rows * self.orientation[3:], columns * self.orientation[:3]])
        affine = np.eye(4)
        affine[:3, :3] = LPS_TO_RAS @ lps
        if self.spacing is not None:  # a position in mm has no meaning among pixels
            affine[:3, 3] = LPS_TO_RAS @ self.position
        return affine

    def image(self, facts: Mapping[str, Any] | None = None) -> Image:
        """This plane alone: (time, row, column), or (row, column) for a single frame."""
        moving = len(self.data) > 1
        return Image(
            self.data if moving else self.data[0],
            ("time", "row", "column") if moving else ("row", "column"),
            self.affine(),
            length_unit="mm" if self.spacing else "pixel",
            times_ms=self.times_ms if moving else None,
            slice_thickness_mm=self.thickness,
            facts={**self.facts, **(facts or {})},
        )

    def is_like(self, other: "Plane") -> bool:
        """Whether both are parallel, of one matrix, pixel size, length and kind."""
        if self.data.shape != other.data.shape or (self.spacing is None) != (other.spacing is None):
            return False
        sizes = self.spacing or (1.0, 1.0), other.spacing or (1.0, 1.0)
        if not np.allclose(*sizes, rtol=1e-3):
            return False
        same = all(self.facts.get(k) == other.facts.get(k) for k in ("modality", "kind", "echo"))
        return same and bool(np.allclose(self.orientation, other.orientation, atol=1e-3))


def assemble(planes: Sequence[Plane]) -> tuple[dict[str, Image], list[str]]:
    """Planes as named images: parallel, evenly spaced planes become one stack.

    Planes of one series are stacked first; series of a single plane each (many scanners store
    every short-axis slice as a series) are then stacked with one another. A plane that was
    scanned twice is stacked once, with its last series; the others stay single images.

    Parameters
    ----------
    planes : sequence of Plane

    Returns
    -------
    images : dict of str to Image
        ``series_2``, ``series_2_1`` where a series gives several images, ``stack_1`` for one
        made of several series. Slices ascend along the planes' normal. Parallel planes that
        are unevenly spaced stay single, with the same ``facts["parallel_group"]``.
    warnings : list of str
    """
    images: dict[str, Image] = {}
    warnings: list[str] = []
    single: list[Plane] = []
    for number in sorted({p.series for p in planes}):
        members = [p for p in planes if p.series == number]
        if len(members) == 1:
            single += members
            continue
        found = [
            i for group in _alike(members) for i in _group(group, f"series_{number}", warnings)
        ]
        for count, image in enumerate(found, 1):
            name = f"series_{number}" if len(found) == 1 else f"series_{number}_{count}"
            images[name] = image
    stacks = 0
    for group in _alike(single):
        distinct, repeated = _without_repeats(group)
        stacked = _stack(distinct) if len(distinct) > 1 else None
        if stacked is None:
            _warn_uneven(distinct, "the series " + _numbers(distinct), warnings)
            repeated = group
        else:
            stacks += 1
            images[f"stack_{stacks}"] = stacked
            if repeated:
                warnings.append(f"series {_numbers(repeated)} repeat a slice of stack_{stacks}")
        label = f"parallel_{_numbers(group).replace(', ', '_')}"
        more = {"parallel_group": label} if len(group) > 1 else {}
        images.update({f"series_{p.series}": p.image(more) for p in repeated})
    return images, warnings


def _alike(planes):
    groups: list[list[Plane]] = []
    for plane in planes:
        for group in groups:
            if group[0].is_like(plane):
                group.append(plane)
                break
        else:
            groups.append([plane])
    return groups


def _group(planes, name, warnings):
    """The images of one series' parallel planes."""
    if len(planes) == 1:
        return [planes[0].image()]
    stacked = _stack(planes)
    if stacked is not None:
        return [stacked]
    _warn_uneven(planes, name, warnings)
    ordered = sorted(planes, key=lambda p: p.height)
    return [p.image({"parallel_group": name}) for p in ordered]


def _without_repeats(planes):
    """One plane a position (the last series wins), and the planes left over."""
    distinct: list[Plane] = []
    repeated = []
    for plane in sorted(planes, key=lambda p: -p.series):
        if any(np.linalg.norm(plane.position - d.position) < 0.1 for d in distinct):
            repeated.append(plane)
        else:
            distinct.append(plane)
    return distinct, sorted(repeated, key=lambda p: p.series)


def _stack(planes):
    """One image of parallel planes, or None unless they are evenly spaced and not shifted."""
    ordered = sorted(planes, key=lambda p: p.height)
    positions = np.array([p.position for p in ordered])
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    gap = float(np.linalg.norm(step))
    expected = positions[0] + np.arange(len(ordered))[:, None] * step
    normal = ordered[0].normal
    sideways = step - (step @ normal) * normal
    is_tilted = ordered[0].facts.get("modality") == "CT"  # the table does not move along the normal
    most = np.sin(np.radians(MOST_TILT_DEG)) if is_tilted else GAP_TOLERANCE
    if gap < 1e-3 or np.linalg.norm(sideways) > most * gap:
        return None
    if np.max(np.linalg.norm(positions - expected, axis=1)) > GAP_TOLERANCE * gap:
        return None
    first = ordered[0]
    moving = len(first.data) > 1
    data = np.stack([p.data if moving else p.data[0] for p in ordered])
    timed = moving and all(p.times_ms is not None for p in ordered)
    numbers = tuple(p.series for p in ordered)
    facts = dict(first.facts)
    if len(set(numbers)) > 1:
        facts["series"] = numbers
    if first.spacing is None:
        facts["slice_gap_mm"] = gap
    return Image(
        data,
        ("slice", "time", "row", "column") if moving else ("slice", "row", "column"),
        first.affine(step),
        length_unit="mm" if first.spacing else "pixel",
        times_ms=np.stack([p.times_ms for p in ordered]) if timed else None,
        slice_thickness_mm=first.thickness,
        facts=facts,
    )


def _warn_uneven(planes, name, warnings):
    if len(planes) > 1:
        heights = np.sort([p.height for p in planes])
        gaps = ", ".join(f"{g:.4g}" for g in np.diff(heights)[:12])
        warnings.append(
            f"{len(planes)} parallel slices of {name} are unevenly spaced or shifted "
            f"(gaps {gaps} mm): kept as single slices"
        )


def _numbers(planes):
    return ", ".join(str(p.series) for p in sorted(planes, key=lambda p: p.series))
