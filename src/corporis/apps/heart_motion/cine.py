"""Plain cine: a surface of one frame, carried through the beat by what its slices show.

On every image plane neighbouring frames are registered, and the points where the surface cuts the
plane ride on the displacements: forwards from the first frame and, because the beat is a cycle,
backwards from the last, each trusted near its beginning. What a plane shows is a displacement in
that plane only. All planes together move one sparse body, whose motion is made of cyclic waves
and which sets aside courses that disagree with the others.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from corporis.apps.heart_motion.timeline import cyclic_courses
from corporis.deformables import Registration, Sightings, SparseBody
from corporis.interfaces import Mesh

MARGIN_PX = 30
"""Seen around the surface."""
BRIGHTEST = 0.99
"""Share of pixels below the brightness at which images are cut: fat must not rule."""
TURNOVER, SOFT = 0.55, 0.08
"""Share of the beat at which the way back is trusted more than the way forth, and how soon."""
FEWEST = 8
"""Points of a section that make a plane worth asking."""


@dataclass(frozen=True, eq=False)
class CineSlice:
    """A film of one image plane in space.

    Parameters
    ----------
    images : array, (n_frames, rows, columns)
    origin : array, (3,)
        Centre of pixel (0, 0), in mm.
    steps : array, (2, 3)
        From a pixel to the next row, and to the next column, in mm.
    phases : array, (n_frames,)
        Share of the beat that has passed, from 0 to below 1, increasing.

    Raises
    ------
    ValueError
        If shapes do not match or phases are not as stated.
    """

    images: np.ndarray
    origin: np.ndarray
    steps: np.ndarray
    phases: np.ndarray

    def __post_init__(self):
        phases = np.asarray(self.phases, dtype=float)
        if np.ndim(self.images) != 3 or phases.shape != (len(self.images),) or len(phases) < 4:
            raise ValueError(
                "images must be (n_frames, rows, columns) with a phase for each of at least 4 "
                f"frames, got {np.shape(self.images)} and {phases.shape}"
            )
        if np.shape(self.origin) != (3,) or np.shape(self.steps) != (2, 3):
            raise ValueError("origin must be (3,) and steps (2, 3)")
        if not (0 <= phases[0] and phases[-1] < 1 and np.all(np.diff(phases) > 0)):
            raise ValueError("phases must increase from 0 to below 1")

    @property
    def normal(self) -> np.ndarray:
        """Unit vector across the plane."""
        across = np.cross(self.steps[0], self.steps[1])
        return across / np.linalg.norm(across)

    def pixels(self, places: np.ndarray) -> np.ndarray:
        """(row, column) of the foot of places (n, 3) on the plane."""
        off = np.asarray(places, dtype=float) - self.origin
        return off @ np.linalg.pinv(np.asarray(self.steps, dtype=float))


def phases_of(times_ms: np.ndarray) -> np.ndarray:
    """Phases of a whole beat's trigger times: the last frame lasts as long as the usual one.

    Examples
    --------
    >>> phases_of(np.array([0.0, 250.0, 500.0, 750.0])).tolist()
    [0.0, 0.25, 0.5, 0.75]
    """
    times = np.asarray(times_ms, dtype=float) - np.min(times_ms)
    return times / (times[-1] + np.median(np.diff(times)))


@dataclass(frozen=True, eq=False)
class CineFit:
    """A moving surface, and what every plane says of it.

    Parameters
    ----------
    surface : Mesh
        Vertices (n_phases, n, 3).
    residual_mm : array, (n_slices,)
        Root mean square of what the body leaves of a plane's displacements; NaN where the
        surface does not cut the plane.
    trust : array, (n_slices,)
        Mean trust in a plane's courses, 0 to 1.
    """

    surface: Mesh
    residual_mm: np.ndarray
    trust: np.ndarray


@dataclass(frozen=True)
class CineMotion:
    """Carries a surface of the first frame through the beat.

    Parameters
    ----------
    registration : Registration
        Between neighbouring frames.
    n_waves : int
        Cyclic waves of the motion, >= 1.
    spacing_mm : float
        Distance of the body's particles, > 0.
    stiffness, noise_mm, believed : float
        Of the `SparseBody`.

    References
    ----------
    Yu, Zhang, Li, Metaxas & Axel (2014), doi:10.1016/j.media.2014.03.002
    """

    registration: Registration = field(default_factory=lambda: Registration(smoothness=0.1))
    n_waves: int = 6
    spacing_mm: float = 10.0
    stiffness: float = 100.0
    noise_mm: float = 1.0
    believed: float = 2.0

    def __post_init__(self):
        if self.n_waves < 1 or not self.spacing_mm > 0:
            raise ValueError("n_waves must be >= 1 and spacing_mm > 0")

    def __call__(self, slices: list[CineSlice], surface: Mesh, phases: np.ndarray) -> CineFit:
        """The surface at other phases.

        Parameters
        ----------
        slices : list of CineSlice
        surface : Mesh
            At phase 0, in mm.
        phases : array, (n,)
            At which the surface is wanted, 0 to 1.

        Raises
        ------
        ValueError
            If the surface cuts no two planes that cross each other.
        """
        phases = np.asarray(phases, dtype=float)
        courses = cyclic_courses(phases, self.n_waves)
        places, seen, directions, owner = [], [], [], []
        for number, film in enumerate(slices):
            cut = section(surface, film.origin, film.normal)
            if len(cut) < FEWEST:
                continue
            waves, *_ = np.linalg.lstsq(
                cyclic_courses(film.phases, self.n_waves),
                self.ridden(film, cut).reshape(len(film.phases), -1),
            )
            axes = np.linalg.qr(np.asarray(film.steps, dtype=float).T)[0].T
            moved = (courses @ waves).reshape(len(phases), len(cut), 3)
            places.append(cut)
            seen.append(moved @ axes.T)
            directions.append(np.broadcast_to(axes, (len(cut), 2, 3)))
            owner.append(np.full(len(cut), number))
        if not places:
            raise ValueError("the surface cuts none of the planes: check their positions")
        which = np.concatenate(owner)
        sightings = Sightings(
            np.concatenate(places), np.concatenate(seen, 1), np.concatenate(directions)
        )
        body = SparseBody(
            surface,
            lattice_around(surface.points, self.spacing_mm),
            self.stiffness,
            self.noise_mm,
            self.believed,
        )
        fit = body.fit(sightings, courses)
        return CineFit(
            Mesh(body.points(fit.q), surface.cells),
            *_of_slices(body, fit, sightings, which, len(slices)),
        )

    def ridden(self, film: CineSlice, places: np.ndarray) -> np.ndarray:
        """Displacement (n_frames, n, 3) in the plane of places (n, 3) on it, in mm."""
        at = film.pixels(places)
        low = np.maximum(at.min(axis=0) - MARGIN_PX, 0).astype(int)
        high = np.ceil(at.max(axis=0) + MARGIN_PX).astype(int) + 1
        images = np.asarray(film.images[:, low[0] : high[0], low[1] : high[1]], dtype=float)
        images = np.minimum(images, np.quantile(images, BRIGHTEST))
        n, start = len(images), at - low
        ways = np.zeros((2, n, *start.shape))
        for way, order in zip(ways, (range(1, n), range(n - 1, 0, -1))):
            last, now = 0, start
            for t in order:
                step = self.registration(images[last], images[t])
                now = now + np.stack(
                    [ndimage.map_coordinates(u, now.T, order=1, mode="nearest") for u in step], -1
                )
                way[t], last = now - start, t
        back = 1 / (1 + np.exp(-(np.asarray(film.phases) - TURNOVER) / SOFT))[:, None, None]
        return ((1 - back) * ways[0] + back * ways[1]) @ np.asarray(film.steps, dtype=float)


def _of_slices(body, fit, sightings, which, n_slices):
    """Residuals in mm and trust of every plane."""
    carried = np.einsum("mn,tnc->tmc", body.cloud.values(sightings.places).toarray(), fit.q)
    off = np.einsum("tmc,mdc->tmd", carried, sightings.directions) - sightings.seen
    residual, trust = np.full(n_slices, np.nan), np.full(n_slices, np.nan)
    for number in np.unique(which):
        residual[number] = np.sqrt(np.mean(off[:, which == number] ** 2))
        trust[number] = fit.trust[which == number].mean()
    return residual, trust


def section(surface: Mesh, origin: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Points (n, 3) where the edges of a surface cut a plane.

    Examples
    --------
    >>> corner = Mesh(np.array([[0.0, 0, 0], [0, 0, 2], [0, 2, 0]]), np.array([[0, 1, 2]]))
    >>> section(corner, np.array([0, 0, 1.0]), np.array([0, 0, 1.0])).tolist()
    [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    """
    cells = np.asarray(surface.cells)
    pairs = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    height = (surface.points - origin) @ normal
    one, other = height[pairs[:, 0]], height[pairs[:, 1]]
    cut = (one >= 0) != (other >= 0)  # a vertex on the plane is cut as well
    share = (one / np.where(cut, one - other, 1))[cut][:, None]
    ends = surface.points[pairs[cut]]
    return ends[:, 0] * (1 - share) + ends[:, 1] * share


def lattice_around(points: np.ndarray, spacing: float) -> np.ndarray:
    """A lattice of particles that lie within one spacing of some points."""
    low, high = points.min(axis=0) - spacing, points.max(axis=0) + spacing
    lines = [np.arange(a, b, spacing) for a, b in zip(low, high)]
    lattice = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    return lattice[cKDTree(points).query(lattice)[0] < spacing]
