"""Strain by region: courses over the frames, averaged over sectors, segments and layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from corporis.apps.heart_motion.plane_wall import LAYERS, PlaneWall
from corporis.apps.heart_motion.sectors import Sectors
from corporis.deformables import green_strain, in_axes, polar_axes

COMPONENTS = ("radial", "circumferential", "longitudinal")
"""Directions in the order of `polar_axes`."""
ACROSS_TAGS = "across the tags"
"""The one direction in which a single family of tags shows strain."""
WHOLE = "whole wall"


@dataclass(frozen=True, eq=False)
class Region:
    """Courses of strain of one region.

    Parameters
    ----------
    part : str
        The slice, or the body.
    name : str
        The sector or segment, or `WHOLE`.
    layer : str
        One of `LAYERS`, or "all".
    segment : int or None
        AHA number.
    strain : mapping of str to array, (n_frames,)
        ``L / L0 - 1`` in per cent for each direction; NaN in frames that are not reported.
    green : mapping of str to array, (n_frames,)
        Green strain, mean over the region.
    deviation : mapping of str to array, (n_frames,)
        Standard deviation of `strain`, for directions of which it is known.
    """

    part: str
    name: str
    layer: str
    segment: int | None
    strain: Mapping[str, np.ndarray]
    green: Mapping[str, np.ndarray]
    deviation: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole wall of its part."""
        return self.name == WHOLE and self.layer == "all"


def plane_regions(
    part: str, motion, wall: PlaneWall, sectors: Sectors, n_reported: int, wave_vector=None
) -> tuple[Region, ...]:
    """Courses of a wall in a plane: the whole, layers, sectors, and layers of sectors.

    Parameters
    ----------
    part : str
    motion : RingMotion or PlateMotion
    wall, sectors : PlaneWall, Sectors
    n_reported : int
        Later frames are NaN. Deviations are of sectors only: what a whole wall errs by is common
        to its parts, and not noise.
    wave_vector : array, (2,), or None
        Of the only family of tags, where there is one: strain is known across its lines alone.
    """
    if wave_vector is None:
        axes, names = polar_axes(wall.places, wall.centre), COMPONENTS[:2]
        F = motion.gradient(wall.places)
        green = in_axes(green_strain(F), axes)
        values = {name: green[..., k, k] for k, name in enumerate(names)}
        stretch = {name: _percent(v) for name, v in values.items()}
    else:
        # grad phi = F^-T k: what is between neighbouring lines now, whatever moved along them
        normal = wave_vector / np.linalg.norm(wave_vector)
        slope = np.linalg.solve(np.swapaxes(motion.gradient(wall.places), -1, -2), normal[:, None])
        length = 1 / np.linalg.norm(slope[..., 0], axis=-1)
        values = {ACROSS_TAGS: 0.5 * (length**2 - 1)}
        stretch = {ACROSS_TAGS: 100 * (length - 1)}
    spread = None
    if wave_vector is None and getattr(motion, "covariance", None) is not None:
        spread = _Deviations(motion, wall.places, F, axes)
    label = sectors.labels(wall.angle, wall.centre)
    found = []
    for name, number, layer, inside in _parts(sectors, label, wall.layer):
        if not inside.any():
            continue
        weight = np.where(inside, wall.area, 0) / wall.area[inside].sum()
        found.append(
            Region(
                part,
                name,
                layer,
                number,
                {k: _until(v @ weight, n_reported) for k, v in stretch.items()},
                {k: _until(v @ weight, n_reported) for k, v in values.items()},
                {} if spread is None or name == WHOLE else spread(weight, n_reported),
            )
        )
    return tuple(found)


def body_regions(
    part: str,
    strain: np.ndarray,
    volume: np.ndarray,
    segment: np.ndarray,
    layer: np.ndarray,
    names: Mapping[int, str],
    deviation: Mapping[int, np.ndarray],
) -> tuple[Region, ...]:
    """Courses of a body: the whole, layers, segments, and layers of segments.

    Parameters
    ----------
    part : str
    strain : array, (n_frames, n, 3, 3)
        Green strain at material places, axes as `COMPONENTS`.
    volume : array, (n,)
        Of the places.
    segment, layer : int array, (n,)
        AHA number, and index of the layer.
    names : mapping of int to str
        Of the segments wanted.
    deviation : mapping of int to array, (n_frames, 3)
        Standard deviation of every segment's strain in per cent.
    """
    values = {name: strain[..., k, k] for k, name in enumerate(COMPONENTS)}
    stretch = {name: _percent(v) for name, v in values.items()}
    everywhere = np.ones(len(segment), dtype=bool)
    parts: list[tuple[str, int | None, str, np.ndarray]] = [(WHOLE, None, "all", everywhere)]
    parts += [(WHOLE, None, LAYERS[k], layer == k) for k in range(3)]
    for number, name in names.items():
        mine = segment == number
        parts.append((name, number, "all", mine))
        parts += [(name, number, LAYERS[k], mine & (layer == k)) for k in range(3)]
    found = []
    for name, label, which, inside in parts:
        if not inside.any():
            continue
        weight = np.where(inside, volume, 0) / volume[inside].sum()
        known = deviation.get(label) if which == "all" and label is not None else None
        found.append(
            Region(
                part,
                name,
                which,
                label,
                {k: v @ weight for k, v in stretch.items()},
                {k: v @ weight for k, v in values.items()},
                {} if known is None else {k: known[:, i] for i, k in enumerate(COMPONENTS)},
            )
        )
    return tuple(found)


def select(regions: Sequence[Region], *, layer: str = "all", whole: bool = False) -> list[Region]:
    """Sectors or segments of one layer, or the whole walls."""
    return [r for r in regions if r.layer == layer and (r.name == WHOLE) == whole]


def _parts(sectors, label, layer):
    """Name, number, layer and members of every region."""
    everywhere = np.ones(len(label), dtype=bool)
    yield WHOLE, None, "all", everywhere
    for k, word in enumerate(LAYERS):
        yield WHOLE, None, word, layer == k
    for number, (name, segment) in enumerate(zip(sectors.names, sectors.segments)):
        mine = label == number
        yield name, segment, "all", mine
        for k, word in enumerate(LAYERS):
            yield name, segment, word, mine & (layer == k)


def _percent(green):
    return 100 * (np.sqrt(np.maximum(1 + 2 * green, 0)) - 1)


def _until(course, n_reported):
    return np.where(np.arange(len(course)) < n_reported, course, np.nan)


class _Deviations:
    """Standard deviation of mean strains of a ring whose numbers have a covariance."""

    def __init__(self, motion, places, F, axes):
        self.covariance = motion.covariance
        slopes = motion.ring.basis_gradient(places)
        self.now = np.einsum("tnij,nja->tnia", F, axes)
        self.along = np.einsum("nmj,nja->nma", slopes, axes)

    def __call__(self, weight, n_reported):
        # d |F a| = (F a) . (grad du a) / |F a|
        unit = self.now / np.linalg.norm(self.now, axis=2, keepdims=True)
        change = np.einsum("n,tnia,nma->tami", weight, unit, self.along)
        flat = change.reshape(*change.shape[:2], -1)
        square = np.einsum("tap,tpq,taq->ta", flat, self.covariance, flat)
        spread = 100 * np.sqrt(np.maximum(square, 0))
        return {k: _until(spread[:, i], n_reported) for i, k in enumerate(COMPONENTS[:2])}
