"""The films of a case: slice by slice, each with its wall in the first frame."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.plane_wall import ring_around, ring_of_mask
from corporis.apps.heart_motion.sectors import Insertion
from corporis.deformables import Annulus
from corporis.errors import BadInput
from corporis.imaging import Image

FEWEST_FRAMES = 4
MARGIN_PX = 14
SMALLEST = 24
SUPPOSED_MS = 40.0
"""Between frames, for smoothness in time alone, where nothing says."""
DRAWN = "expert_"


@dataclass(frozen=True, eq=False)
class SliceFilm:
    """A film of one slice, cut to the surroundings of its wall.

    Parameters
    ----------
    name : str
    images : array, (n_frames, rows, columns)
    corner : (int, int)
        First row and column of the cut.
    ring : Annulus
        The wall in the first frame, in pixels of the cut.
    rims_known : bool
        Whether the rims are those of the muscle.
    wall_from : str
        Where the wall is from, in words.
    level : str or None
    insertion : Insertion or None
        In pixels of the cut.
    times_ms : array or None
    image : Image
        What it was cut from.
    is_tagged : bool or None
        What the file says; None where it does not.
    affine : array, (4, 4), or None
        Of the uncut slice, where its place in the patient is known.
    cine : array, (n_frames, rows, columns), or None
        A plain film of the same plane and frames, cut alike.
    """

    name: str
    images: np.ndarray
    corner: tuple[int, int]
    ring: Annulus
    rims_known: bool
    wall_from: str
    level: str | None
    insertion: Insertion | None
    times_ms: np.ndarray | None
    image: Image
    is_tagged: bool | None
    affine: np.ndarray | None = None
    cine: np.ndarray | None = None

    @property
    def fit_times_ms(self) -> np.ndarray:
        """Times for smoothness: as known, else evenly spaced."""
        if self.times_ms is not None:
            return self.times_ms
        return SUPPOSED_MS * np.arange(len(self.images))

    @property
    def pixel_mm(self) -> tuple[float, float] | None:
        """Row and column step, where lengths are known."""
        if self.image.length_unit != "mm":
            return None
        return self.image.spacing[1], self.image.spacing[2]


def films_of(images: Mapping[str, Image], given: Given) -> list[SliceFilm]:
    """The films of a case's images that are no displacements.

    Raises
    ------
    BadInput
        If a slice has no wall, a wall lies outside of its image, or nothing moves.
    """
    planes = [p for key, image in images.items() for p in _planes(key, image)]
    if not planes:
        return []
    given.check(len(planes))
    drawings = {k: v for k, v in images.items() if k.startswith(DRAWN)}
    return [_film(number, plane, given, drawings) for number, plane in enumerate(planes)]


def _planes(key, image):
    """Name, frames, times and affine of every slice of a moving image."""
    is_moving = "time" in image.axes and image.size("time") >= FEWEST_FRAMES
    if key.startswith(DRAWN) or "channel" in image.axes or not is_moving:
        return
    stack, times = image.stack(), image.times_ms
    for s, frames in enumerate(stack):
        mine = times if times is None or np.ndim(times) == 1 else times[s]
        name = key if len(stack) == 1 else f"{key} {s + 1}"
        yield name, np.asarray(frames, dtype=float), mine, s, image


def _film(number, plane, given, drawings):
    name, frames, times, s, image = plane
    ring, rims_known, wall_from = _ring(number, name, s, image, given, drawings)
    if times is None and given.frame_ms is not None:
        times = given.frame_ms * np.arange(len(frames))
    rows, columns = _window(name, ring, frames.shape[1:])
    corner = (rows.start, columns.start)
    insertion = given.insertion(number, frames.shape[1:])
    if insertion is not None:
        places = (insertion.anterior, insertion.inferior)
        moved = [None if p is None else (p[0] - corner[0], p[1] - corner[1]) for p in places]
        insertion = Insertion(*moved)
    says = image.facts.get("contrast")
    affine = None
    if image.facts.get("is_placed", True) and image.length_unit == "mm":
        affine = image.affine.copy()
        affine[:3, 3] += s * affine[:3, 0]
    return SliceFilm(
        name,
        frames[:, rows, columns],
        corner,
        Annulus(ring.centre - corner, ring.inner, ring.outer),
        rims_known,
        wall_from,
        given.level(number, name),
        insertion,
        None if times is None else np.asarray(times, dtype=float),
        image,
        None if says is None else says == "tagged",
        affine,
        _cine(image, frames.shape, rows, columns),
    )


def _cine(image, shape, rows, columns):
    """What lies beside the frames, where it has their shape."""
    beside = image.facts.get("cine")
    if beside is None or np.shape(beside) != shape:
        return None
    return np.asarray(beside, dtype=float)[:, rows, columns]


def _ring(number, name, s, image, given, drawings):
    """The wall in the first frame, whether its rims are known, and where it is from."""
    ring = given.wall(number)
    if ring is not None:
        return ring, True, "the circles given"
    if "endo_xy" in image.facts and "epi_xy" in image.facts:
        radii, centre = [], None
        for key in ("endo_xy", "epi_xy"):
            line = np.asarray(image.facts[key], dtype=float)[s, 0][:, ::-1]
            centre = line.mean(axis=0) if centre is None else centre
            radii.append(float(np.hypot(*(line - centre).T).mean()))
        return Annulus(centre, *radii), True, "the contours in the file"
    for key, drawn in drawings.items():
        mask = drawn.stack()[min(s, drawn.stack().shape[0] - 1), 0].astype(bool)
        if "myo" in key or "wall" in key:
            try:
                return ring_of_mask(mask), True, f"the mask {key.removeprefix(DRAWN)} in the file"
            except ValueError as error:
                raise BadInput(f"{name}: {key.removeprefix(DRAWN)}: {error}") from error
    if "landmarks" in image.facts:
        marks = np.asarray(image.facts["landmarks"], dtype=float)
        if len(marks) >= 3:
            return ring_around(marks), False, "the landmarks of the first frame"
    raise BadInput(
        f"{name}: expected where the muscle is in the first frame, got no mask, contour or "
        "landmark in the file: give --wall ROW,COLUMN,INNER,OUTER in pixels"
    )


def _window(name, ring, shape):
    """Rows and columns around a wall, even numbers of them."""
    reach = 1.3 * ring.outer + MARGIN_PX
    cuts = []
    for middle, n in zip(ring.centre, shape):
        low, high = max(int(middle - reach), 0), min(int(np.ceil(middle + reach)) + 1, n)
        high -= (high - low) % 2
        if middle - ring.outer < -0.5 or middle + ring.outer > n - 0.5 or high - low < SMALLEST:
            raise BadInput(
                f"{name}: the wall (centre {ring.centre[0]:.0f},{ring.centre[1]:.0f}, outer radius "
                f"{ring.outer:.0f}) does not lie in the image of {shape[0]} x {shape[1]} pixels: "
                "correct it"
            )
        cuts.append(slice(low, high))
    return cuts
