r"""Motion of a tagged ring: the phases of its tags, fitted robustly over space and time at once.

With ``u(X, t)`` the displacement, the tissue at ``X + u`` shows the phase ``k_a . X + p_a`` of the
tags ``a``. Newton's method asks the measured harmonic images at the places where the last fit put
the tissue, and steps by

``min sum w (F^-T k_a . du + r_a)^2 / 2 + smoothness(u + du) [+ sum (det F - 1)^2 / (2 spread^2)]``

where `r` is the phase measured less the phase that the same filter sees in images *made* from the
last fit: the bias that a band-pass filter has near the edges of the wall is on both sides.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from corporis.apps.heart_motion.background import without_background
from corporis.apps.heart_motion.equations import (
    RingCourses,
    Smoothness,
    area_blocks,
    data_blocks,
    phase_slopes,
)
from corporis.apps.heart_motion.harmonic import BandPass, HarmonicImages
from corporis.apps.heart_motion.motion import RingMotion
from corporis.apps.heart_motion.start import Start
from corporis.apps.heart_motion.synthesis import Synthesis
from corporis.apps.heart_motion.tags import Tags, find_tags
from corporis.apps.heart_motion.timeline import Timeline
from corporis.arrays import check_finite
from corporis.deformables import Annulus

FLOOR_RAD = 0.03
"""Deviation of a phase that is never undercut: the signal of muscle is not quite even."""

RIDDEN_BELIEVED = 3.0
"""Deviations of a displacement that other images show, beyond which it is disbelieved."""


@dataclass(frozen=True)
class PhaseFit:
    """Motion of a ring from tagged images.

    Parameters
    ----------
    smoothness : Smoothness
        Prices of unevenness in space and time.
    area_spread : float or None
        How far the area of muscle may change, as a deviation of det F from 1; None leaves it
        free. Muscle keeps its volume, so its area changes as it shortens through the plane.
    rims_known : bool
        Whether the ring's rims are those of the muscle, with even signal between them: phases
        are then compared with those of images made from the fit. Where the ring only lies in the
        muscle, they are compared with the phases of the tags themselves.
    n_steps : int
        Newton steps, >= 1.
    believed : float
        Deviations of a phase beyond which it is disbelieved.
    n_courses : int
        Courses of time.
    filter, start
        How phases are cut out, and the first guess.
    may_be_blind : bool
        Whether one family of tags is enough; motion along its lines is then only what is smooth,
        and unknown.
    unseen_steps : float or None
        Usual steps from the last frame to where the beat begins again, >= 1: the motion then ends
        as it began. None knows of no beat.
    less_background : bool
        Whether the local mean is taken off the images before; not where rims are known, as the
        images that are made have no surroundings.
    ridden_px : float
        Deviation of displacements that other images show, where they are given, > 0.
    wants_deviations : bool
        Whether the motion is to have a covariance.
    correlation : float
        By how much deviations that independent phases would give are multiplied, > 0.

    References
    ----------
    Osman et al. (1999), Magn. Reson. Med. 42, 1048-1060 (harmonic phase); Geman & McClure (1987),
    Bull. Int. Stat. Inst. 52, 5-21 (redescending weights); Blake & Zisserman (1987), Visual
    Reconstruction (graduated non-convexity)
    """

    smoothness: Smoothness = field(default_factory=Smoothness)
    area_spread: float | None = None
    rims_known: bool = True
    n_steps: int = 7
    believed: float = 5.0
    n_courses: int = 12
    filter: BandPass = field(default_factory=lambda: BandPass(share=0.75))
    start: Start = field(default_factory=Start)
    may_be_blind: bool = False
    unseen_steps: float | None = None
    less_background: bool = False
    ridden_px: float = 2.0
    wants_deviations: bool = False
    correlation: float = 1.0

    def __post_init__(self):
        if self.n_steps < 1 or not self.believed > 0:
            raise ValueError("n_steps must be >= 1 and believed > 0")
        if self.less_background and self.rims_known:
            raise ValueError("less_background is for rings whose rims are not known")
        if self.unseen_steps is not None and not self.unseen_steps >= 1:
            raise ValueError(f"unseen_steps must be >= 1 or None, got {self.unseen_steps}")
        if not self.ridden_px > 0:
            raise ValueError(f"ridden_px must be > 0, got {self.ridden_px}")
        if not self.correlation > 0:
            raise ValueError(f"correlation must be > 0, got {self.correlation}")
        if self.area_spread is not None and not self.area_spread > 0:
            raise ValueError(f"area_spread must be > 0 or None, got {self.area_spread}")

    def __call__(
        self,
        images: np.ndarray,
        ring: Annulus,
        times_ms: np.ndarray,
        tags: Tags | None = None,
        ridden: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> RingMotion:
        """The motion since the first frame.

        Parameters
        ----------
        images : array, (n_frames, rows, columns)
            Magnitudes; rows and columns even.
        ring : Annulus
            Where the muscle is in the first frame, in pixels.
        times_ms : array, (n_frames,)
        tags : Tags or None
            None finds them in the first frame.
        ridden : callable or None
            From material points (n, 2) to displacements (n_frames, n, 2) that other images of
            the same frames show, such as a cine: each counts as one independent pixel, and is
            believed less where the tags contradict it.

        Raises
        ------
        ValueError
            If shapes do not match, an image is not finite, or there is one family of tags only,
            which says nothing about motion along its lines.
        NotFound
            If no tags are found.
        """
        images = np.asarray(images, dtype=float)
        if images.ndim != 3 or len(images) != len(times_ms):
            raise ValueError(
                f"images must be (n_frames, rows, columns) with one time a frame, got "
                f"{images.shape} and {len(times_ms)} times"
            )
        check_finite(images, "images")
        if tags is None:
            tags = find_tags(images[0], window_of(ring, images.shape[1:]))
        if len(tags.phases) < 2 and not self.may_be_blind:
            raise ValueError(
                "one family of tags was found: motion along its lines is unknown; give images "
                "with a grid, or tags that name both wave vectors"
            )
        beat = None
        if self.unseen_steps is not None:
            step = float(np.median(np.diff(times_ms)))
            beat = float(times_ms[-1] - times_ms[0]) + self.unseen_steps * step
        timeline = Timeline(times_ms, self.n_courses, beat_ms=beat)
        courses = RingCourses(ring, timeline, self.smoothness)
        if self.less_background:
            images = without_background(images, float(tags.spacing_px.mean()))
        return _Fit(self, images, courses, tags, ridden).run()


def window_of(ring: Annulus, shape, margin: float = 2.0) -> np.ndarray:
    """1 on a ring, falling to 0 over some pixels, (rows, columns)."""
    rows, columns = np.indices(shape)
    radius = np.hypot(rows - ring.centre[0], columns - ring.centre[1])
    inside = np.clip((radius - ring.inner) / margin + 1, 0, 1)
    return inside * np.clip((ring.outer - radius) / margin + 1, 0, 1)


class _Fit:
    """One run: images, tags as known so far, and the numbers of the motion."""

    def __init__(self, settings: PhaseFit, images, courses: RingCourses, tags: Tags, ridden):
        self.settings, self.courses, self.tags = settings, courses, tags
        self.carriers = tags.wave_vectors
        self.harmonics = self._filtered(images)
        self.density = settings.filter.bandwidth(images.shape[1:], self.carriers)
        self.synthesis = Synthesis(courses.ring, images)
        self.ridden = None if ridden is None else ridden(courses.places)

    def run(self) -> RingMotion:
        settings, courses = self.settings, self.courses
        for _ in range(3):
            wrong, length = self._against_tags(courses.places[None], slice(0, 1))
            self._retag(wrong[0], length[0])
        start = settings.start(courses, self.harmonics, self.tags)
        found = courses.through(start)
        for step in range(settings.n_steps):
            # the first steps hold the area loosely, as the edges of the wall are still far off
            held = settings.area_spread
            if held is None and step < settings.n_steps // 2:
                held = settings.start.area_spread
            numbers = courses.at_frames(found)
            x, F = courses.geometry(numbers)
            if settings.rims_known:
                wrong, length = self._against_made(x, numbers)
            else:
                wrong, length = self._against_tags(x)
            self._retag(wrong[0], length[0])
            weight, noise, trust = self._weights(wrong, length)
            blocks, right = data_blocks(
                courses.basis, phase_slopes(F, self.tags.wave_vectors), -wrong, weight
            )
            if held is not None:
                more = area_blocks(courses.slopes, F, self.density * courses.area / held**2)
                blocks, right = blocks + more[0], right + more[1]
            if self.ridden is not None:
                more = self._ridden_blocks(x)
                blocks, right = blocks + more[0], right + more[1]
            found = found + courses.step(found, blocks, right)
        spread = None
        if settings.wants_deviations:
            spread = settings.correlation**2 * courses.covariance(blocks)
        numbers, times = courses.at_frames(found), courses.timeline.times_ms
        return RingMotion(courses.ring, numbers, times, noise, trust, courses.places, spread)

    def _ridden_blocks(self, x):
        """Of displacements that other images show."""
        courses, deviation = self.courses, self.settings.ridden_px
        off = self.ridden - (x - courses.places)
        wrong = np.sum(off**2, axis=-1, keepdims=True) / (RIDDEN_BELIEVED * deviation) ** 2
        weight = (courses.area * self.density)[:, None] / (1 + wrong) ** 2 / deviation**2
        slope = np.broadcast_to(np.eye(2), (*off.shape, 2))
        return data_blocks(courses.basis, slope, off, np.broadcast_to(weight, off.shape))

    def _filtered(self, images):
        return HarmonicImages(self.settings.filter(images, self.carriers), self.carriers)

    def _against_tags(self, x, frames=slice(None)):
        """Phases (t, n, a) measured less those of the tags, and lengths."""
        seen = self.harmonics(x, frames)
        phase = self.tags.phase(self.courses.places).T
        return _turned(seen * np.exp(-1j * phase), np.abs(seen))

    def _against_made(self, x, numbers):
        """Phases (t, n, a) measured less made, and the smaller of both lengths."""
        seen = self.harmonics(x)
        made = self._filtered(self.synthesis(numbers, self.tags))(x)
        return _turned(seen * np.conj(made), np.minimum(np.abs(seen), np.abs(made)))

    def _retag(self, wrong, length):
        """Put wave vectors and phases right by the first frame, where nothing has moved."""
        places = self.courses.places
        terms = np.concatenate([places, np.ones((len(places), 1))], axis=1)
        weight = self.courses.area[:, None] * length**2
        change = [
            np.linalg.solve(terms.T @ (w[:, None] * terms), terms.T @ (w * r))
            for w, r in zip(weight.T, wrong.T)
        ]
        change = np.array(change)
        self.tags = Tags(self.tags.wave_vectors + change[:, :2], self.tags.phases + change[:, 2])

    def _weights(self, wrong, length):
        """Weight of every phase, what a usual one deviates by, and how far it is believed."""
        spread = 1.4826 * np.median(np.abs(wrong[1:]) * length[1:])
        usual = np.median(length[1:])
        variance = (spread / np.maximum(length, 1e-3 * usual)) ** 2 + FLOOR_RAD**2
        trust = 1 / (1 + wrong**2 / (self.settings.believed**2 * variance)) ** 2
        weight = self.courses.area[:, None] * self.density * trust / variance
        weight[0] = 0
        return weight, float(np.hypot(spread / usual, FLOOR_RAD)), trust


def _turned(product, length):
    return np.swapaxes(np.angle(product), 1, 2), np.swapaxes(length, 1, 2)
