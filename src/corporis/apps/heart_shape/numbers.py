"""All that is measured on one heart, and the table a doctor reads."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from corporis.apps.heart_shape.measure import (
    BOUNDARY_PIXEL,
    MUSCLE_G_PER_ML,
    Curve,
    Phases,
    Wall,
    by_segment,
    ejection_fraction,
    find_phases,
    interval,
    rates,
    right_curve,
    volume_curve,
    wall_thickness,
)
from corporis.apps.heart_shape.remarks import FEWEST_FRAMES, remarks, unlike_strokes
from corporis.interfaces import Measure, Mesh


@dataclass(frozen=True)
class Numbers:
    """Curves, phases and wall of one heart; lengths in `length_unit`.

    ``thickness`` and ``thickening_percent`` are (17,) for the AHA segments, NaN where segments
    cannot be numbered. ``is_beating`` is False when there is a single frame.
    """

    left: Curve
    outer: Curve
    right: Curve | None
    phases: Phases
    right_phases: Phases | None
    wall: Wall
    thickness_ed: np.ndarray
    thickness_es: np.ndarray
    pixel: float
    gap: float
    n_slices: int
    length_unit: str
    cycle_ms: float | None
    long_axis_ed: float
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, stack, found, insertion) -> "Numbers":
        """Measure an outline."""
        body = found.body
        pixel = float(np.mean(stack.pixel))
        left = volume_curve(body.cavity, body.grid, body.frame, body.ends, pixel)
        whole = volume_curve(body.outer, body.grid, body.frame, body.outer_ends, pixel)
        right = None
        if found.right is not None:
            right = right_curve(found.right, body.grid, body.frame, pixel)
        phases = find_phases(left.volume)
        wall = wall_thickness(body, insertion, has_depth=stack.has_depth)
        height = body.frame.height(np.array([body.ends.base[phases.ed], body.ends.apex[phases.ed]]))
        right_phases = find_phases(right.volume) if right is not None else None
        has_volume = stack.frames.shape[0] > 1
        unlike = unlike_strokes(left, phases, right, right_phases) if has_volume else ()
        return cls(
            left,
            whole,
            right,
            phases,
            right_phases,
            wall,
            by_segment(wall, wall.thickness[..., phases.ed]),
            by_segment(wall, wall.thickness[..., phases.es]),
            pixel,
            body.frame.gap,
            stack.frames.shape[0],
            stack.length_unit,
            stack.cycle_ms,
            float(abs(height[1] - height[0])),
            (*remarks(stack, found, insertion), *unlike),
        )

    @property
    def is_beating(self) -> bool:
        """Whether there is more than one phase."""
        return len(self.left.volume) > 1

    @property
    def has_volume(self) -> bool:
        """Whether slices span a volume (more than one slice)."""
        return self.n_slices > 1

    @property
    def thickening_percent(self) -> np.ndarray:
        """Systolic thickening of the 17 segments."""
        return 100 * (self.thickness_es / self.thickness_ed - 1)

    @property
    def per_ml(self) -> float:
        """Cubed lengths in one unit of volume: 1000 mm^3 per ml, 1 for pixels."""
        return 1000.0 if self.length_unit == "mm" else 1.0

    @property
    def volume_unit(self) -> str:
        """Unit of the volumes."""
        return "ml" if self.length_unit == "mm" else "pixel^2 slices"

    def paint(self, meshes: Mapping[str, Mesh]) -> dict[str, Mesh]:
        """Meshes with thickness and thickening on the vertices of the left ventricle."""
        painted = dict(meshes)
        ed = self.wall.thickness[..., self.phases.ed : self.phases.ed + 1]
        thickening = 100 * (self.wall.thickness / np.maximum(ed, 1e-6) - 1)
        for name in ("left_epicardium", "left_endocardium"):
            if name not in painted:
                continue
            mesh = painted[name]
            painted[name] = replace(
                mesh,
                point_data={
                    "wall_thickness_" + self.length_unit: self._on(mesh, self.wall.thickness),
                    "thickening_percent": self._on(mesh, thickening),
                },
            )
        return painted

    def _on(self, mesh: Mesh, values: np.ndarray) -> np.ndarray:
        """Ring values (n_rings, n_angles, n_times) on a mesh's vertices, (n_times, n_points)."""
        n_angles = values.shape[1]
        n_rings = (mesh.points.shape[1] - 2) // n_angles
        fractions = np.sin(0.5 * np.pi * np.arange(n_rings) / n_rings)
        nearest = np.abs(fractions[:, None] - self.wall.fractions).argmin(axis=1)
        ring = np.moveaxis(values[nearest], -1, 0).reshape(values.shape[-1], -1)
        ends = np.stack([values[-1].mean(axis=0), values[0].mean(axis=0)], axis=1)
        return np.concatenate([ring, ends], axis=1).astype(np.float32)


def measures(numbers: Numbers, stack) -> list[Measure]:
    """The table of measures; what cannot be measured is named with the reason."""
    table = [*_left(numbers), *_wall(numbers), *_right(numbers)]
    counted = "counted from 1"
    table.append(Measure("end-diastolic frame", numbers.phases.ed + 1, "frame", note=counted))
    if numbers.is_beating:
        table.append(Measure("end-systolic frame", numbers.phases.es + 1, "frame", note=counted))
    if stack.cycle_ms and len(numbers.left.volume) >= FEWEST_FRAMES:
        table.append(Measure("heart rate", 60000.0 / stack.cycle_ms, "1/min"))
    return table


def _left(n: Numbers) -> list[Measure]:
    if not n.has_volume:
        # A lone slice is carried on unchanged from end to end.
        area = n.left.volume / max(n.long_axis_ed, 1e-9)
        return [
            Measure("left ventricular volume", None, n.volume_unit, note="one slice only"),
            Measure("largest cavity area", float(area.max()), f"{n.length_unit}^2"),
            Measure("fractional area change", 100 * (1 - area.min() / area.max()), "%")
            if n.is_beating
            else Measure("fractional area change", None, "%", note="one frame only"),
        ]
    ed, es = n.left.volume[n.phases.ed] / n.per_ml, n.left.volume[n.phases.es] / n.per_ml
    ed_sd = n.left.spread[n.phases.ed] / n.per_ml
    table = [interval("end-diastolic volume", ed, ed_sd, n.volume_unit)]
    if not n.is_beating:
        note = "one frame only: end-systole is not there"
        return [*table, Measure("ejection fraction", None, "%", note=note)]
    es_sd = n.left.spread[n.phases.es] / n.per_ml
    ef, ef_sd = ejection_fraction(n.left, n.phases)
    table += [
        interval("end-systolic volume", es, es_sd, n.volume_unit),
        interval("stroke volume", ed - es, float(np.hypot(ed_sd, es_sd)), n.volume_unit),
        interval("ejection fraction", ef, ef_sd, "%"),
    ]
    if n.cycle_ms and len(n.left.volume) >= FEWEST_FRAMES and n.length_unit == "mm":
        out, fill = rates(n.left.volume / n.per_ml, n.cycle_ms)
        table += [
            Measure("peak ejection rate", out, "ml/s"),
            Measure("peak filling rate", fill, "ml/s"),
        ]
    if n.length_unit == "mm":
        sphericity = n.left.volume[n.phases.ed] / (np.pi / 6 * n.long_axis_ed**3)
        table += [
            Measure("long axis at end-diastole", n.long_axis_ed, "mm"),
            Measure("sphericity index", float(sphericity), "1"),
        ]
    return table


def _wall(n: Numbers) -> list[Measure]:
    table = []
    if n.has_volume:
        muscle = n.outer.volume - n.left.volume
        density = MUSCLE_G_PER_ML if n.length_unit == "mm" else 1.0
        spread = float(np.mean(np.hypot(n.outer.spread, 0.5 * n.left.spread)))
        unit = "g" if n.length_unit == "mm" else n.volume_unit
        mass = density * float(np.mean(muscle)) / n.per_ml
        name = "left ventricular mass" if n.length_unit == "mm" else "left ventricular muscle"
        table.append(interval(name, mass, density * spread / n.per_ml, unit))
    thickness = n.wall.thickness[2:15]
    ed = float(thickness[..., n.phases.ed].mean())
    table.append(
        interval("mean wall thickness at end-diastole", ed, BOUNDARY_PIXEL * n.pixel, n.length_unit)
    )
    if n.is_beating:
        es = float(thickness[..., n.phases.es].mean())
        table.append(Measure("mean wall thickening", 100 * (es / ed - 1), "%"))
    if not np.isfinite(n.thickness_ed).any():
        why = "one slice only: its level in the heart is not known"
        why = "segments could not be numbered" if n.has_volume else why
        table.append(Measure("wall thickness by segment", None, n.length_unit, note=why))
        return table
    for k in range(17):
        note = "" if np.isfinite(n.thickness_ed[k]) else "no slice shows this segment"
        value = float(n.thickness_ed[k]) if np.isfinite(n.thickness_ed[k]) else None
        table.append(Measure(f"wall thickness, segment {k + 1}", value, n.length_unit, note=note))
        if n.is_beating:
            thick = float(n.thickening_percent[k]) if value is not None else None
            table.append(Measure(f"wall thickening, segment {k + 1}", thick, "%", note=note))
    return table


def _right(n: Numbers) -> list[Measure]:
    p = n.right_phases
    if n.right is None or p is None or not n.has_volume:
        why = "the right ventricle was not seen" if n.right is None else "one slice only"
        return [Measure("right ventricular end-diastolic volume", None, n.volume_unit, note=why)]
    ed = n.right.volume[p.ed] / n.per_ml
    table = [
        interval(
            "right ventricular end-diastolic volume",
            ed,
            n.right.spread[p.ed] / n.per_ml,
            n.volume_unit,
        )
    ]
    if n.is_beating:
        es = n.right.volume[p.es] / n.per_ml
        ef, sd = ejection_fraction(n.right, p)
        table += [
            interval(
                "right ventricular end-systolic volume",
                es,
                n.right.spread[p.es] / n.per_ml,
                n.volume_unit,
            ),
            interval("right ventricular ejection fraction", ef, sd, "%"),
        ]
    return table
