"""A tagged film of one slice becomes motion and strain."""

from dataclasses import replace
from functools import partial

import numpy as np

from corporis.apps.heart_motion.cine_film import ridden_by_cine
from corporis.apps.heart_motion.equations import Smoothness
from corporis.apps.heart_motion.film import FilmMotion, Observations
from corporis.apps.heart_motion.harmonic import BandPass, HarmonicImages
from corporis.apps.heart_motion.phase_fit import PhaseFit, window_of
from corporis.apps.heart_motion.plane_wall import PlaneWall
from corporis.apps.heart_motion.quality import TagQuality
from corporis.apps.heart_motion.regions import plane_regions
from corporis.apps.heart_motion.sectors import Sectors
from corporis.apps.heart_motion.start import Start
from corporis.apps.heart_motion.tags import Tags, find_tags
from corporis.deformables import Annulus
from corporis.errors import NotFound

RIMS = PhaseFit(area_spread=0.1, wants_deviations=True, correlation=1.4)
MIDDLE = PhaseFit(
    area_spread=0.1,
    rims_known=False,
    filter=BandPass(0.5),
    less_background=True,
    wants_deviations=True,
    correlation=4.0,
)
"""Where only a line in the muscle is known. Correlations were found on virtual rings, such that 95
of 100 intervals of a sector's strain hold the truth."""
BESIDE_CINE = replace(MIDDLE, smoothness=Smoothness(time=0.5), unseen_steps=2.0, correlation=2.8)
"""Where a cine of the same frames shows that they are a beat; its last part may be unseen."""
NEAR = Start(reach=0.4, shift=0.1)
"""Of one family of tags: far motions along its lines would fit as well."""
COHERENT = BandPass(0.5)
CONVINCING, STRONG = 0.78, 0.05
"""Agreement of the first frame's phases, and length over the mean brightness, of tags."""
SMALLEST_PX, AROUND = 24, 0.3
"""Sides of a film that is asked, and how far around its middle, of its shorter side."""
CLOSEST = 0.8
"""Spacing over the wall's thickness above which the report warns."""


def tags_in(images: np.ndarray, ring: Annulus) -> Tags:
    """The tags of the first frame, in the wall.

    Raises
    ------
    NotFound
        If there are none.
    """
    return find_tags(images[0], window_of(ring, images.shape[1:]))


def are_convincing(images: np.ndarray, ring: Annulus, tags: Tags) -> bool:
    """Whether peaks of a spectrum are tags, where nothing says so, and not anatomy.

    Tags have one phase all around the wall, and are strong: of the images of a cine no place that
    was tried had both (most agreement 0.73).
    """
    inside = window_of(ring, images.shape[1:]) > 0.9
    seen = COHERENT(images[:1], tags.wave_vectors)[0][:, inside]
    left = seen * np.exp(-1j * tags.phase(np.argwhere(inside)).T)
    length = np.maximum(np.abs(seen).mean(axis=1), 1e-12)
    agreement = np.abs(left.mean(axis=1)) / length
    strength = length / max(float(np.abs(images[0][inside]).mean()), 1e-12)
    return bool(np.any((agreement > CONVINCING) & (strength > STRONG)))


def shows_grid(images: np.ndarray) -> bool:
    """Whether a film, of whose wall nothing is known, shows a grid of tags around its middle.

    Parameters
    ----------
    images : array, (n_frames, rows, columns)

    Examples
    --------
    >>> y, x = np.mgrid[:64, :64]
    >>> grid = (2 + np.cos(x + y)) * (2 + np.cos(x - y))
    >>> shows_grid(grid[None]), shows_grid(np.hypot(x - 32.0, y - 32.0)[None])
    (True, False)
    """
    even = [n - n % 2 for n in images.shape[1:]]
    if min(even) < SMALLEST_PX:
        return False
    first = np.asarray(images[:1, : even[0], : even[1]], dtype=float)
    disc = Annulus(0.5 * np.array(even, dtype=float), 3.0, AROUND * min(even))
    try:
        tags = tags_in(first, disc)
    except NotFound:
        return False
    return len(tags.phases) == 2 and are_convincing(first, disc, tags)


def follow_tags(
    name: str,
    images: np.ndarray,
    ring: Annulus,
    sectors: Sectors,
    fit_times_ms: np.ndarray,
    tags: Tags,
    *,
    rims_known: bool,
    cine: np.ndarray | None = None,
) -> FilmMotion:
    """Fit a film's tags.

    Parameters
    ----------
    name : str
    images : array, (n_frames, rows, columns)
        Rows and columns even.
    ring : Annulus
        The wall in the first frame.
    sectors : Sectors
    fit_times_ms : array, (n_frames,)
        Of the frames, or supposed ones.
    tags : Tags
        One family leaves strain along its lines unknown.
    rims_known : bool
        Whether the ring's rims are those of the muscle.
    cine : array, (n_frames, rows, columns), or None
        Of the same plane and frames, a whole beat; where rims are not known it counts as well.
    """
    is_blind = len(tags.phases) < 2
    ridden = None
    if cine is not None and not rims_known:
        ridden = partial(ridden_by_cine, cine, fit_times_ms)
    fit = RIMS if rims_known else MIDDLE if ridden is None else BESIDE_CINE
    if is_blind:
        fit = replace(fit, may_be_blind=True, start=NEAR)
    motion = fit(images, ring, fit_times_ms, tags, ridden)
    wall = PlaneWall.of_ring(ring)
    harmonics = HarmonicImages(COHERENT(images, tags.wave_vectors), tags.wave_vectors)
    quality = TagQuality.of(harmonics, tags, wall.places, motion.forward(wall.places))
    n_reported = quality.n_reported
    vector = tags.wave_vectors[0] if is_blind else None
    return FilmMotion(
        name,
        "one family of tags" if is_blind else "tags",
        images,
        (0, 0),
        wall,
        motion,
        sectors,
        plane_regions(name, motion, wall, sectors, n_reported, vector),
        n_reported,
        Observations(motion.places, motion.trust.min(axis=2)),
        tags,
        quality,
        warnings=tuple(_doubts(name, ring, tags, quality, is_blind)),
    )


def _doubts(name, ring, tags, quality, is_blind):
    spacing, thickness = float(tags.spacing_px.max()), ring.outer - ring.inner
    n = len(quality.signal)
    if is_blind:
        yield (
            f"{name}: one family of tags was found: strain is known across its lines only; "
            "circumferential and radial strain are unknown"
        )
    if spacing > thickness / CLOSEST:
        yield (
            f"{name}: tags are {spacing:.1f} pixels apart and the wall is {thickness:.1f} thick: "
            "differences between layers, and radial strain, are not resolved"
        )
    if quality.n_reported < n:
        yield (
            f"{name}: from frame {quality.n_reported + 1} of {n} on the tags have faded too far: "
            "no number is reported from there"
        )
    left = quality.leaves_plane
    if left is not None:
        yield (
            f"{name}: tissue leaves through the plane: the tags' signal falls to {100 * left:.0f} "
            "% of what returns later, so the muscle seen at one time is not that of another and "
            "its strain is not to be relied upon"
        )
