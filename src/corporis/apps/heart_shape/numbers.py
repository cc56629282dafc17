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
from corporis.interfaces import Measure, Mesh

LIKE_STROKES = 0.3
"""Largest difference of the ventricles' stroke volumes that outlines commonly have, relative."""


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
        wall = wall_thickness(body, insertion)
        height = body.frame.height(np.array([body.ends.base[phases.ed], body.ends.apex[phases.ed]]))
        right_phases = find_phases(right.volume) if right is not None else None
        has_volume = stack.frames.shape[0] > 1
        unlike = _unlike_strokes(left, phases, right, right_phases) if has_volume else ()
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
            (*_warnings(stack, found, insertion), *unlike),
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


def _warnings(stack, found, insertion) -> tuple[str, ...]:
    said = []
    if stack.length_unit == "pixel":
        said.append(
            "The images carry no pixel spacing: lengths are in pixels and volumes in pixel areas "
            "times slices; ratios such as the ejection fraction do not depend on it."
        )
    if stack.frames.shape[0] == 1:
        said.append("One slice only: areas can be followed, volumes and mass cannot be measured.")
    if stack.frames.shape[1] == 1:
        said.append("One frame only: nothing that changes over the beat can be measured.")
    elif stack.frames.shape[1] < 8:
        said.append(
            f"{stack.frames.shape[1]} phases only: end-diastole and end-systole are the largest "
            "and smallest of these, rates are not measured."
        )
    if insertion is None:
        said.append(
            "The right ventricle's insertion was not seen: AHA segments are left unnumbered."
        )
    elif stack.length_unit == "pixel":
        said.append(
            "Without patient axes, segments are numbered for the customary view from the apex."
        )
    slipped = np.linalg.norm(found.body.frame.slipped, axis=1)
    far = np.flatnonzero(slipped > 3 * np.mean(stack.pixel))
    if len(far):
        said.append(
            f"{len(far)} of {len(slipped)} slices were shifted in plane by up to "
            f"{slipped.max():.1f} {stack.length_unit} (breath holds); the meshes correct it."
        )
    share = float(np.mean(found.overruled > 0.25))
    if share > 0.1:
        said.append(
            f"On {100 * share:.0f} % of the images more than a quarter of the evidence was "
            "overruled by the surface: look at the outlines before using the numbers."
        )
    return tuple(said)


def _unlike_strokes(left, phases, right, right_phases) -> tuple[str, ...]:
    """A warning where the ventricles eject different volumes, which outlines explain first."""
    if right is None or right_phases is None or len(left.volume) < 2:
        return ()
    strokes = [
        float(v.volume[p.ed] - v.volume[p.es]) for v, p in ((left, phases), (right, right_phases))
    ]
    if min(strokes) > (1 - LIKE_STROKES) * max(strokes):
        return ()
    return (
        f"The right ventricle seems to eject {strokes[1] / max(strokes[0], 1e-9):.1f} times what "
        "the left does. Without a shunt or a leaking valve both eject alike: one of them is "
        "outlined wrongly, so look at the outlines before using either ventricle's numbers.",
    )


def measures(numbers: Numbers, stack) -> list[Measure]:
    """The table of measures; what cannot be measured is named with the reason."""
    table = [*_left(numbers), *_wall(numbers), *_right(numbers)]
    table.append(Measure("end-diastolic frame", numbers.phases.ed, "frame"))
    if numbers.is_beating:
        table.append(Measure("end-systolic frame", numbers.phases.es, "frame"))
    if stack.cycle_ms:
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
    if n.cycle_ms and len(n.left.volume) >= 8 and n.length_unit == "mm":
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
    for k in range(17):
        note = "" if np.isfinite(n.thickness_ed[k]) else "segment could not be numbered"
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
