"""A whole ventricle in motion: tags of many planes become a body, its strain and its torsion."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from corporis.apps.heart_motion.clinical import Clinical, clinical, dyssynchrony
from corporis.apps.heart_motion.fusion import Fusion, TaggedFilm, WallMotion
from corporis.apps.heart_motion.intervals import RINGS, segment_deviation
from corporis.apps.heart_motion.regions import Region, body_regions, select
from corporis.apps.heart_motion.rest_fit import RestFit, RestFound
from corporis.apps.heart_motion.sectors import WALLS
from corporis.deformables import aha_segment
from corporis.errors import Unsupported
from corporis.interfaces import Case, Measure, Mesh, Report

SHAPE = (6, 48, 18)
"""Places across, around and along at which strain is asked."""
PART = "left ventricle"
SEGMENTS = range(1, 17)
"""The tip of the wall, segment 17, lies beyond the body."""
WEAK = 0.0125
"""Peak circumferential Green strain above the median of its ring, beyond which a segment counts as
weak: chosen on 16 virtual hearts that are in no benchmark, where it finds all of 18 weak segments
and takes 3 % of the others."""


@dataclass(frozen=True, eq=False)
class BodyMotion:
    """A moving ventricle and its numbers.

    Parameters
    ----------
    motion : WallMotion
    times_ms : array, (n_frames,)
    regions : tuple of Region
        Segments by layer.
    volume_ml : array, (n_frames,)
        That the endocardium of the body encloses, closed flat at its ends.
    torsion : array, (n_frames,)
        Slope of the turn along the axis, degrees/mm.
    twist : array, (n_frames,)
        Turn of the apical third less that of the basal third, in degrees.
    scores : mapping of int to float
        Of the segments: how much less they contract than the median of their ring.
    cavity_mm : float
        Length of the cavity at rest.
    """

    motion: WallMotion
    times_ms: np.ndarray
    regions: tuple[Region, ...]
    volume_ml: np.ndarray
    torsion: np.ndarray
    twist: np.ndarray
    scores: Mapping[int, float]
    cavity_mm: float

    @property
    def end_systole(self) -> int:
        """Frame of the least volume."""
        return int(np.argmin(self.volume_ml))

    @property
    def weak(self) -> tuple[int, ...]:
        """Segments found to contract less than the others of their ring."""
        return tuple(k for k, score in self.scores.items() if score > WEAK)

    @property
    def whole(self) -> Region:
        """The whole wall."""
        return next(r for r in self.regions if r.is_whole)

    def clinical(self, region: Region, component: str) -> Clinical:
        """Numbers of one region along one direction."""
        course = region.strain[component]
        return clinical(course, self.end_systole, self.times_ms, shortens=component != "radial")


@dataclass(frozen=True)
class BodyInMotion:
    """Makes one moving body of tagged films of many planes.

    It reads the facts ``tagged_planes`` (sequence of `TaggedFilm`, in a frame whose third axis runs
    from base to apex, angle 0 at the anterior insertion of the right ventricle, towards the
    septum), ``cavity_mm`` (length of the cavity, for the levels of segments), ``times_ms`` and
    ``beat_ms``; and ``wall_at_rest`` (`WallModes`), or ``span_mm``, where a wall that is to be
    found begins and ends. It gives the facts ``body`` (`BodyMotion`) and, where planes were put
    right, ``rest`` (`RestFound`), and the moving shells of the wall.

    Parameters
    ----------
    fusion : Fusion
    rest : RestFit or None
        Finds what shifts there are between breath-holds, the tags and, where it is not given, the
        wall at rest. None takes planes to lie where they say; then wall and tags must be known.
    progress : callable(text, fraction) or None
    """

    fusion: Fusion = field(default_factory=Fusion)
    rest: RestFit | None = None
    progress: Callable[[str, float], None] | None = None

    def __call__(self, case: Case) -> Report:
        """Follow the body.

        Raises
        ------
        Unsupported
            If a fact is missing.
        """
        wanted = ["tagged_planes", "wall_at_rest", "cavity_mm", "times_ms", "beat_ms"]
        if self.rest is not None and "span_mm" in case.facts:
            wanted.remove("wall_at_rest")
        missing = [name for name in wanted if name not in case.facts]
        if missing:
            raise Unsupported(f"a body needs the facts {', '.join(missing)}: give them")
        films: Sequence[TaggedFilm] = case.facts["tagged_planes"]
        wall: Any = case.facts.get("wall_at_rest")
        times = np.asarray(case.facts["times_ms"], dtype=float)
        put_right: RestFound | None = None
        if self.rest is not None:
            self._tell("finding the wall and the shifts of its planes", 0.0)
            put_right = self.rest(list(films), wall, case.facts.get("span_mm"))
            films, wall = put_right.films, put_right.wall
        self._tell("fitting the tags of all planes", 0.2)
        motion = self.fusion(list(films), wall, times / float(case.facts["beat_ms"]))
        self._tell("measuring", 0.8)
        body = body_of(motion, times, float(case.facts["cavity_mm"]))
        return Report(
            "heart motion",
            (*body_measures(body), *shift_measures(put_right)),
            {},
            shells(body),
            {"body": body} | ({} if put_right is None else {"rest": put_right}),
            (_METHODS[0], _GIVEN if put_right is None else _FOUND, *_METHODS[1:]),
            _REFERENCES,
        )

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)


def body_of(motion: WallMotion, times_ms: np.ndarray, cavity_mm: float) -> BodyMotion:
    """Regions and courses of a moving wall."""
    wall = motion.wall
    rest = wall.lattice(*SHAPE)
    segment = segments_of(rest, cavity_mm)
    deviation = _deviation(motion, rest, segment)
    regions, scores = _regions(rest, motion.strain(rest), segment, deviation)
    turn = _turn(motion, rest)
    height = (rest[:, 2] - wall.heights[0]) / (wall.heights[-1] - wall.heights[0])
    ends = [turn[:, part].mean(axis=1) for part in (height > 2 / 3, height < 1 / 3)]
    return BodyMotion(
        motion,
        times_ms,
        regions,
        _cavity(motion),
        np.polyfit(rest[:, 2], turn.T, 1)[0],
        ends[0] - ends[1],
        scores,
        cavity_mm,
    )


def body_truth(body: BodyMotion, strain: Callable[[np.ndarray], np.ndarray]) -> BodyMotion:
    """The same regions and scores from strain that is known, for comparison.

    Parameters
    ----------
    body : BodyMotion
    strain : callable
        From material places (n, 3) to Green strain (n_frames, n, 3, 3) in `COMPONENTS`.
    """
    rest = body.motion.wall.lattice(*SHAPE)
    regions, scores = _regions(rest, strain(rest), segments_of(rest, body.cavity_mm), {})
    return replace(body, regions=regions, scores=scores)


def _regions(rest, strain, segment, deviation):
    """Courses of all regions, and the scores of the segments."""
    layer = np.repeat(np.arange(3), len(rest) // 3)
    names = {k: f"segment {k}, {WALLS[k if k > 12 else (k - 1) % 6 + 1]}" for k in SEGMENTS}
    regions = body_regions(PART, strain, _volume(rest), segment, layer, names, deviation)
    peak = {
        int(r.segment): float(r.green["circumferential"].min())
        for r in select(regions)
        if r.segment is not None
    }
    usual = {k: float(np.median([peak[j] for j in ring])) for ring in RINGS for k in ring}
    return regions, {k: peak[k] - usual[k] for k in SEGMENTS}


def segments_of(places: np.ndarray, cavity_mm: float) -> np.ndarray:
    """AHA segments of material places (n, 3) of the heart's frame."""
    return aha_segment(np.arctan2(places[:, 1], places[:, 0]), places[:, 2] / cavity_mm)


def shells(body: BodyMotion) -> dict[str, Mesh]:
    """Endo- and epicardium, moving, with strain in per cent and the segment on the vertices."""
    motion, half = body.motion, len(body.motion.wall.material) // 2
    rest = motion.wall.rest
    strain = motion.strain(rest.points)
    now = motion.forward(rest.points)
    cells = np.asarray(rest.cells)
    inner = cells[np.all(cells < half, axis=1)]
    found = {}
    for name, mine, triangles in (
        ("endocardium", slice(0, half), inner),
        ("epicardium", slice(half, 2 * half), cells[np.all(cells >= half, axis=1)] - half),
    ):
        values = {
            word: 100 * (np.sqrt(np.maximum(1 + 2 * strain[:, mine, k, k], 0)) - 1)
            for k, word in enumerate(("radial", "circumferential", "longitudinal"))
        }
        found[name] = Mesh(now[:, mine], triangles, values, body.times_ms)
    return found


def _deviation(motion, rest, segment):
    """Standard deviation of the segments' mean strains in per cent, (n_frames, 3) each."""
    rows = []
    for k in SEGMENTS:
        places = rest[segment == k]
        few = places[:: max(1, len(places) // 80)]
        rows.append([motion.mean_strain(few, t) for t in range(len(motion.q))])
    mean, noise = np.moveaxis(np.array(rows), 2, 0).swapaxes(1, 2)
    spread = segment_deviation(mean, noise)
    percent = 100 * spread / np.sqrt(np.maximum(1 + 2 * mean, 0.1))
    return {k: percent[:, i] for i, k in enumerate(SEGMENTS)}


def _volume(rest):
    """Of each place of the lattice, up to a common factor."""
    radius = np.hypot(rest[:, 0], rest[:, 1]).reshape(SHAPE)
    thickness = (radius[-1] - radius[0]) / (SHAPE[0] - 1)
    return (radius * thickness).reshape(-1)


def _turn(motion, rest):
    """Turn of places about the axis since rest, in degrees, (n_frames, n)."""
    now = motion.forward(rest)
    turn = np.arctan2(now[..., 1], now[..., 0]) - np.arctan2(rest[:, 1], rest[:, 0])
    return np.rad2deg(np.angle(np.exp(1j * turn)))


def _cavity(motion):
    """Volume in ml between the first and the last ring of the endocardium."""
    wall = motion.wall
    n_levels, n_angles = np.shape(wall.inner)
    now = motion.forward(wall.material[: n_levels * n_angles])
    rings = now.reshape(len(now), n_levels, n_angles, 3)
    x, y, z = np.moveaxis(rings, -1, 0)
    area = 0.5 * np.abs(np.sum(x * np.roll(y, -1, axis=2) - y * np.roll(x, -1, axis=2), axis=2))
    return np.trapezoid(area, z.mean(axis=2), axis=1) / 1000


def body_measures(body: BodyMotion) -> tuple[Measure, ...]:
    """The table of one body."""
    full, empty = float(body.volume_ml[0]), float(body.volume_ml.min())
    rows = [
        Measure(f"global {word} strain, end-systolic", body.clinical(body.whole, word).end_systolic,
                "%", note="mean over the wall")
        for word in ("circumferential", "longitudinal", "radial")
    ]  # fmt: skip
    for word in ("circumferential", "longitudinal", "radial"):
        found = body.clinical(body.whole, word)
        rows.append(Measure(f"global {word} strain, peak", found.peak, "%"))
        rows.append(Measure(f"global {word} strain, time to peak", found.time_to_peak_ms, "ms"))
        rows.append(Measure(f"global {word} strain rate, systolic", found.systolic_rate, "1/s"))
        rows.append(Measure(f"global {word} strain rate, diastolic", found.diastolic_rate, "1/s"))
    peaks = [body.clinical(r, "circumferential") for r in select(body.regions)]
    turns = body.twist, body.torsion
    twist, torsion = (float(v[np.argmax(np.abs(v))]) for v in turns)
    rows += [
        Measure("peak twist", twist, "°", note="apical against basal third"),
        Measure("peak torsion", torsion, "°/mm", note="slope of the turn along the axis"),
        Measure("dyssynchrony", dyssynchrony(peaks), "ms", note="over 16 segments"),
        Measure("ejection fraction of the body", 100 * (1 - empty / full), "%",
                note="the cavity between the first and the last ring of the body"),
        Measure("weak segments", len(body.weak), "", note=_named(body.weak)),
        Measure("noise of a phase", float(np.median(body.motion.noise_mm[1:])), "mm"),
    ]  # fmt: skip
    return tuple(rows)


def shift_measures(put_right: RestFound | None) -> tuple[Measure, ...]:
    """How far planes were found off where they say; nothing where that was not asked."""
    if put_right is None:
        return ()
    far = np.linalg.norm(put_right.slips_mm, axis=1)
    note = "between breath-holds, in the planes"
    return (
        Measure("shift of planes, mean", float(far.mean()), "mm", note=note),
        Measure("shift of planes, largest", float(far.max()), "mm", note=note),
    )


def _named(segments) -> str:
    return ", ".join(str(k) for k in segments) or "none"


_METHODS = (
    "The phases of the tags of all planes are fitted at once by a wall that moves in waves around "
    "it and polynomials across and along it; every plane sees motion in its own plane only. "
    "Volume is held, the frames of the beat are bound by cyclic waves, and phases that disagree "
    "with the others are believed less.",
    "Intervals are 95 % of a segment's mean strain, from the fit's normal equations and from how "
    "much the segment differs from its ring, as smooth modes lend it some of what its neighbours "
    "do; the weights of both were found on 16 virtual hearts.",
    "A segment counts as weak where its peak circumferential Green strain lies more than "
    f"{WEAK} above the median of its ring; this was chosen on the same 16 virtual hearts.",
)
_GIVEN = "The wall at rest and the tags' wave vectors are given; planes lie where they say."
_FOUND = (
    "Tags, and the shifts of the planes between breath-holds, are those with which one wall at "
    "rest, between whose shells muscle is bright and tagged, gives the first images of all "
    "planes; a wall that is not given is found with them. Shifts across a plane are not told from "
    "the shape of the wall."
)
_REFERENCES = (
    "O'Dell, Moore, Hunter, Zerhouni & McVeigh, Three-dimensional myocardial deformations: "
    "calculation with displacement field fitting to tagged MR images, Radiology 195:829-835, 1995",
    "Osman, Kerwin, McVeigh & Prince, Cardiac motion tracking using CINE harmonic phase (HARP) "
    "magnetic resonance imaging, Magn. Reson. Med. 42:1048-1060, 1999",
    "Cerqueira et al., Standardized myocardial segmentation and nomenclature, Circulation "
    "105:539-542, 2002, doi:10.1161/hc0402.102975",
)
