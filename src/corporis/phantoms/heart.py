r"""A virtual heart whose shape and motion are known exactly.

In the heart's frame z runs along the axis from the base (0) to the apex, and a place is given by
its half squared radius ``s = r^2 / 2``, its angle and its z: in these coordinates the volume
element is ``ds dtheta dz``. The motion from end-diastole (capitals) to time t is

``z = L_o - l (L_o - Z)``,  ``s = (S - C(Z, Theta)) / l``,  ``theta = Theta + psi(Z)``

with `l` the shortening of the long axis, ``C = g m(Theta, Z) S_endo(Z, Theta)`` the part of the
cavity that is squeezed out (`m` is 1 in health and smaller where a region is diseased) and `psi`
the twist. Its derivative is triangular with diagonal ``(1/l, 1, l)``, so the motion is
incompressible everywhere in the wall, in diseased regions too, without any integration error; for
``m = 1`` and a tube it is the thick-walled cylinder of the textbooks. The ejection fraction is the
mean of ``g m`` over the cavity. The right cavity's emptying is prescribed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from corporis.deformables import aha_segment
from corporis.interfaces import Mesh
from corporis.phantoms.places import MUSCLE, SEGMENTS_BY_LEVEL, Places, cartesian, polar
from corporis.shapes import grid_surface, point_to_surface


@dataclass(frozen=True)
class VirtualHeart:
    """A beating left and right ventricle in their own frame.

    Parameters
    ----------
    radius_mm, length_mm : float
        Cavity at end-diastole: radius at the base, base to apex.
    wall_mm, apical_wall_mm : float
        Wall at the base and at the apex.
    fullness : float
        Exponent of the cavity's taper, 1.6 (conical) to 3.5 (blunt).
    ovality, oval_angle_rad : float
        Relative second harmonic of the squared radius, and where it is largest.
    ejection : float
        Share of the cavity squeezed out where contraction is healthy, 0 to 0.85.
    shortening : float
        Relative shortening of the long axis at end-systole, 0 to 0.3.
    twist_rad : float
        Rotation of the apex against the base at end-systole.
    systole : float
        Share of the beat from end-diastole to end-systole.
    weak : mapping of int to float
        AHA segment to loss of contraction, 0 (none) to 1 (akinetic).
    scaled_wall : mapping of int to float
        AHA segment to a factor on the wall's thickness, 0.4 to 2.
    right_width_mm, right_ejection, right_arc_rad : float
        Right cavity: width at the septum's middle at the base, ejection fraction, angle it spans.
    right_length : float
        Length of the right cavity relative to the left one.

    Notes
    -----
    Angle 0 is the anterior insertion of the right ventricle; angles grow towards the septum.

    Examples
    --------
    >>> heart = VirtualHeart(ejection=0.6)
    >>> round(heart.ejection_fraction, 3)
    0.6
    """

    radius_mm: float = 24.0
    length_mm: float = 85.0
    wall_mm: float = 9.0
    apical_wall_mm: float = 6.0
    fullness: float = 2.2
    ovality: float = 0.04
    oval_angle_rad: float = 0.0
    ejection: float = 0.6
    shortening: float = 0.15
    twist_rad: float = 0.25
    systole: float = 0.36
    weak: Mapping[int, float] = field(default_factory=dict)
    scaled_wall: Mapping[int, float] = field(default_factory=dict)
    right_width_mm: float = 28.0
    right_ejection: float = 0.55
    right_arc_rad: float = 2.3
    right_length: float = 0.85

    def __post_init__(self):
        positive = ("radius_mm", "length_mm", "wall_mm", "apical_wall_mm", "right_width_mm")
        for name in positive:
            if not 0 < getattr(self, name) < 300:
                raise ValueError(f"{name} must be in (0, 300) mm, got {getattr(self, name)}")
        for name, high in (
            ("ejection", 0.85),
            ("shortening", 0.3),
            ("right_ejection", 0.85),
            ("ovality", 0.3),
        ):
            if not 0 <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be in [0, {high}], got {getattr(self, name)}")
        if not 1 <= self.fullness < np.inf:
            raise ValueError(f"fullness must be finite and >= 1, got {self.fullness}")
        if not 0.2 <= self.systole <= 0.6:
            raise ValueError(f"systole must be in [0.2, 0.6], got {self.systole}")
        if not all(k in range(1, 18) and 0 <= v <= 1 for k, v in self.weak.items()):
            raise ValueError("weak maps AHA segments 1 to 17 to a loss from 0 to 1")
        if not all(k in range(1, 18) and 0.4 <= v <= 2 for k, v in self.scaled_wall.items()):
            raise ValueError("scaled_wall maps AHA segments 1 to 17 to factors from 0.4 to 2")

    def activity(self, phase) -> np.ndarray:
        """How far systole has gone, 0 at end-diastole to 1 at end-systole, periodic in phase.

        Rises over `systole` of the beat, then falls in an early and a late filling wave.
        """
        phase = np.mod(np.asarray(phase, dtype=float), 1.0)
        rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / self.systole, 0, 1))
        after = np.clip((phase - self.systole) / (1 - self.systole), 0, 1)
        early = 0.75 * (0.5 + 0.5 * np.cos(np.pi * np.clip(after / 0.5, 0, 1)))
        late = 0.25 * (0.5 + 0.5 * np.cos(np.pi * np.clip((after - 0.55) / 0.45, 0, 1)))
        return np.where(phase <= self.systole, rise, early + late)

    @property
    def outer_length_mm(self) -> float:
        """Base to the outer apex at end-diastole."""
        return self.length_mm + self.apical_wall_mm

    def inner(self, z, angle) -> np.ndarray:
        """Half squared radius of the endocardium at end-diastole; 0 beyond its apex."""
        along = np.clip(np.asarray(z, dtype=float) / self.length_mm, -0.3, 1)
        taper = 1 - np.sign(along) * np.abs(along) ** self.fullness
        # Towards the apex sections become round.
        oval = 1 + self.ovality * np.clip(1 - along, 0, 1) * np.cos(
            2 * (np.asarray(angle) - self.oval_angle_rad)
        )
        return 0.5 * self.radius_mm**2 * np.clip(taper, 0, 1.05) * oval

    def outer(self, z, angle) -> np.ndarray:
        """Half squared radius of the epicardium at end-diastole; 0 beyond its apex."""
        along = np.clip(np.asarray(z, dtype=float) / self.outer_length_mm, -0.3, 1)
        taper = np.clip(1 - np.sign(along) * np.abs(along) ** (self.fullness + 0.2), 0, 1.05)
        thick = self.wall_mm * self._wall_factor(z, angle)
        base = np.sqrt(2 * self.inner(z, angle)) + thick
        free = 0.5 * (self.radius_mm + thick) ** 2 * taper
        # The wall's thickness rules on the side, the outer taper at the tip.
        near_tip = np.clip((np.asarray(z) / self.length_mm - 0.75) / 0.25, 0, 1)
        near_tip = near_tip * near_tip * (3 - 2 * near_tip)
        return np.maximum(
            (1 - near_tip) * 0.5 * base**2 + near_tip * np.minimum(free, 0.5 * base**2 + 1e3),
            self.inner(z, angle),
        )

    def _wall_factor(self, z, angle) -> np.ndarray:
        return 1 + self._regional({k: v - 1 for k, v in self.scaled_wall.items()}, z, angle)

    def contraction(self, z, angle) -> np.ndarray:
        """Relative contraction at end-diastolic places: 1 in health."""
        return 1 - self._regional(self.weak, z, angle)

    def _regional(self, values: Mapping[int, float], z, angle) -> np.ndarray:
        """A smooth field that takes `values` in the middle of their segments, else 0."""
        z, angle = np.asarray(z, float), np.asarray(angle, float)
        shape = np.broadcast_shapes(z.shape, angle.shape)
        total, weight = np.zeros(shape), np.full(shape, 1e-12)
        if not values:
            return total
        cosine, sine = np.cos(angle), np.sin(angle)
        for level, members in SEGMENTS_BY_LEVEL.items():
            along = np.exp(-28 * (z / self.length_mm - level) ** 2)
            for segment, middle, width in members:
                across = np.cos(middle) * cosine + np.sin(middle) * sine - 1
                near = along * np.exp(2 * width * across)
                weight += near
                if segment in values:
                    total += values[segment] * near
        return total / weight

    def squeezed(self, z, angle, phase: float) -> np.ndarray:
        """``C(Z, Theta)`` at a phase: half squared radius taken out of the cavity."""
        share = self.ejection * float(self.activity(phase)) * self.contraction(z, angle)
        return share * self.inner(z, angle)

    def stretch(self, phase: float) -> float:
        """Long-axis stretch `l`, 1 at end-diastole."""
        return 1 - self.shortening * float(self.activity(phase))

    def turn(self, z, phase: float) -> np.ndarray:
        """Twist at end-diastolic height z: 0 at the base."""
        return self.twist_rad * float(self.activity(phase)) * np.asarray(z) / self.outer_length_mm

    def forward(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Where material points (n, 3) of end-diastole are at a phase, in mm."""
        s, angle, z = polar(rest)
        stretch = self.stretch(phase)
        moved = np.maximum((s - self.squeezed(z, angle, phase)) / stretch, 0)
        height = self.outer_length_mm - stretch * (self.outer_length_mm - z)
        return cartesian(moved, angle + self.turn(z, phase), height)

    def backward(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Material points (n, 3) that are at places `now`; the exact inverse of `forward`."""
        s, angle, z = polar(now)
        stretch = self.stretch(phase)
        height = self.outer_length_mm - (self.outer_length_mm - z) / stretch
        before = angle - self.turn(height, phase)
        return cartesian(stretch * s + self.squeezed(height, before, phase), before, height)

    def displacement(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Displacement (n, 3) in mm of material points since end-diastole."""
        return self.forward(rest, phase) - np.asarray(rest)

    def deformation_gradient(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """F (n, 3, 3) in (radial, circumferential, axial) axes, current by reference; det F = 1.

        Derivatives of the squeezed part are central differences (error 1e-7); they do not enter
        the determinant.
        """
        s, angle, z = polar(rest)
        stretch, step = self.stretch(phase), 1e-4
        moved = np.maximum((s - self.squeezed(z, angle, phase)) / stretch, 1e-12)
        r, reference = np.sqrt(2 * moved), np.sqrt(2 * s)
        around = (self.squeezed(z, angle + step, phase) - self.squeezed(z, angle - step, phase)) / (
            2 * step
        )
        along = (self.squeezed(z + step, angle, phase) - self.squeezed(z - step, angle, phase)) / (
            2 * step
        )
        twist = self.turn(1.0, phase)
        f = np.zeros((*np.shape(r), 3, 3))
        f[..., 0, 0] = reference / (stretch * r)
        f[..., 0, 1] = -around / (stretch * r * reference)
        f[..., 0, 2] = -along / (stretch * r)
        f[..., 1, 1] = r / reference
        f[..., 1, 2] = r * twist
        f[..., 2, 2] = stretch
        return f

    def strain(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Green strain (n, 3, 3) in reference (radial, circumferential, axial) axes."""
        f = self.deformation_gradient(rest, phase)
        return 0.5 * (np.swapaxes(f, -1, -2) @ f - np.eye(3))

    def right_begin(self, z, angle) -> np.ndarray:
        """Half squared radius where the right cavity begins, at end-diastolic places."""
        return self.outer(z, angle)

    def right_extent(self, z, angle) -> np.ndarray:
        """Half squared radius that the right cavity spans at end-diastole; 0 where none is."""
        along = np.asarray(z, dtype=float) / (self.right_length * self.length_mm)
        taper = np.clip(1 - np.clip(along, 0, 1) ** 1.8, 0, 1)
        middle = np.pi / 3
        off = (np.asarray(angle) - middle + np.pi) % (2 * np.pi) - np.pi
        bump = np.cos(np.clip(off / self.right_arc_rad, -0.5, 0.5) * np.pi) ** 1.3
        radius = self.radius_mm + self.wall_mm
        widest = 0.5 * ((radius + self.right_width_mm) ** 2 - radius**2)
        return widest * taper * np.maximum(bump, 0)

    def labels(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Class of points (n, 3) of the heart frame: 0 none, 1 left cavity, 2 muscle, 3 right."""
        places = self.places(now, phase)
        return places.labels()

    @property
    def box_mm(self) -> tuple[float, float, float]:
        """Radius, lowest and highest place along the axis beyond which there is no left wall."""
        return self.radius_mm + 2.5 * self.wall_mm, -5.0, self.outer_length_mm + 5.0

    def is_muscle(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Whether places (n, 3) are in the left wall at a phase."""
        return self.labels(now, phase) == MUSCLE

    def places(self, now: np.ndarray, phase: float) -> Places:
        """Material coordinates of points at a phase, with the surfaces there."""
        s, angle, z = polar(now)
        stretch = self.stretch(phase)
        height = self.outer_length_mm - (self.outer_length_mm - z) / stretch
        before = np.mod(angle - self.turn(height, phase), 2 * np.pi)
        material = stretch * s + self.squeezed(height, before, phase)
        empty = 1 - self.right_ejection * float(self.activity(phase))
        return Places(
            material,
            before,
            height,
            self.inner(height, before),
            self.outer(height, before),
            self.right_extent(height, before) * empty,
            self.length_mm,
            self.outer_length_mm,
        )

    def surfaces(self, phases, n_levels: int = 40, n_angles: int = 72) -> dict[str, Mesh]:
        """Closed moving surfaces in the heart frame: left endo- and epicardium, right cavity."""
        angle = 2 * np.pi * np.arange(n_angles) / n_angles
        fraction = np.sin(0.5 * np.pi * np.arange(n_levels) / n_levels)
        parts = {
            "left_endocardium": (self.length_mm, self.inner),
            "left_epicardium": (self.outer_length_mm, self.outer),
        }
        cells = grid_surface(n_levels, n_angles)[:, ::-1]
        out = {}
        for name, (length, surface) in parts.items():
            z = length * fraction
            rest = cartesian(
                surface(z[:, None], angle), angle + 0 * z[:, None], z[:, None] + 0 * angle
            ).reshape(-1, 3)
            rest = np.concatenate([rest, [[0, 0, length], [0, 0, 0]]])
            moved = np.stack([self.forward(rest, p) for p in np.atleast_1d(phases)])
            out[name] = Mesh(moved, cells)
        out["right_endocardium"] = self._right_surface(np.atleast_1d(phases), n_levels)
        return out

    def _right_surface(self, phases, n_levels):
        n_spokes = 40
        z = self.right_length * self.length_mm * np.linspace(0, 0.995, n_levels)[:, None]
        half = 0.5 * self.right_arc_rad * np.linspace(-0.999, 0.999, n_spokes)
        angle = np.pi / 3 + half[None, :]
        points = []
        for phase in phases:
            empty = 1 - self.right_ejection * float(self.activity(phase))
            begin = self.right_begin(z, angle)
            far = begin + self.right_extent(z, angle) * empty
            rings = np.concatenate([begin, far[:, ::-1]], axis=1)
            turned = np.concatenate([angle, angle[:, ::-1]], axis=1)
            rest = cartesian(rings, turned + 0 * z, z + 0 * turned)
            rest = np.concatenate(
                [rest.reshape(-1, 3), rest[-1].mean(axis=0)[None], rest[0].mean(axis=0)[None]]
            )
            points.append(self.forward(rest, phase))
        return Mesh(np.stack(points), grid_surface(n_levels, 2 * n_spokes))

    @property
    def ejection_fraction(self) -> float:
        """Left ejection fraction, 0 to 1, exact up to a fine quadrature (1e-5)."""
        return 1 - self.left_volume_ml(self.systole) / self.left_volume_ml(0.0)

    def left_volume_ml(self, phase: float) -> float:
        """Left cavity's volume at a phase: ``integral of (S_endo - C) dTheta dZ``."""
        return self._integral(
            lambda z, a: self.inner(z, a) - self.squeezed(z, a, phase), self.length_mm
        )

    def right_volume_ml(self, phase: float) -> float:
        """Right cavity's volume at a phase."""
        empty = 1 - self.right_ejection * float(self.activity(phase))
        return empty * self._integral(self.right_extent, self.right_length * self.length_mm)

    def muscle_volume_ml(self) -> float:
        """Volume of the left wall, the same at all times."""
        whole = self._integral(self.outer, self.outer_length_mm)
        return whole - self._integral(self.inner, self.length_mm)

    @staticmethod
    def _integral(density, length: float) -> float:
        """Integral over all angles and 0 to length, in ml: midpoint rule."""
        z = (np.arange(600) + 0.5) / 600 * length
        angle = 2 * np.pi * np.arange(144) / 144
        return float(density(z[:, None], angle).mean() * 2 * np.pi * length / 1000.0)

    def thickness_mm(self, phases) -> np.ndarray:
        """Wall thickness (17, n_phases): distance from the endocardium to the epicardium.

        Mean over each AHA segment of the nearest distance from points of the endocardium; the flat
        cap at the base is no wall.
        """
        surfaces = self.surfaces(phases, n_levels=60, n_angles=96)
        inner, outer = surfaces["left_endocardium"], surfaces["left_epicardium"]
        fraction = np.sin(0.5 * np.pi * np.arange(60) / 60)
        angle = 2 * np.pi * np.arange(96) / 96
        segment = aha_segment(angle[None], fraction[:, None]).ravel()
        out = np.empty((17, len(inner.points)))
        cap = outer.points.shape[1] - 1
        wall = outer.cells[~(outer.cells == cap).any(axis=1)]
        for time in range(len(inner.points)):
            distance = point_to_surface(inner.points[time][:-2], Mesh(outer.points[time], wall))
            out[:, time] = [distance[segment == k].mean() for k in range(1, 18)]
        return out

    def without_disease(self) -> "VirtualHeart":
        """The same heart with every segment healthy."""
        return replace(self, weak={}, scaled_wall={})
