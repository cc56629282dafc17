"""A first guess of a ring's motion, frame by frame, that may step farther than half a tag.

A wrapped phase alone cannot tell a shift by one tag from none. The ring as a whole can: its parts
move in different directions, so that turning, contraction and shift of the ring, searched
together, have one answer that fits all phases. Waves are then added one after another, each
within reach of the last, and the next frame is looked for where the last two point to.
"""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.equations import (
    RingCourses,
    area_blocks,
    data_blocks,
    phase_slopes,
)
from corporis.apps.heart_motion.harmonic import HarmonicImages, wrapped
from corporis.apps.heart_motion.tags import Tags

STAGES = ((2, 1), (3, 1), (4, 2), (4, 2))
"""Waves and degree allowed, one step of Newton each."""


@dataclass(frozen=True)
class Start:
    """A search over turning, contraction and shift, then few steps with more and more waves.

    Parameters
    ----------
    reach : float
        Largest contraction, and turn of the middle of the wall, that is tried between frames, in
        tag spacings.
    n_steps : int
        Contractions and turns tried, odd.
    shift : float
        Largest shift along each axis, in tag spacings, < 0.5.
    area_spread : float
        How far the area of muscle may change, as a deviation.
    phase_noise : float
        Deviation of a phase where tags are strongest, in radians.
    """

    reach: float = 0.8
    n_steps: int = 9
    shift: float = 0.3
    area_spread: float = 0.1
    phase_noise: float = 0.15

    def __call__(self, courses: RingCourses, harmonics: HarmonicImages, tags: Tags) -> np.ndarray:
        """Numbers of the ring at every frame, (n_frames, modes, 2), zero at the first."""
        times = courses.timeline.times_ms
        found = np.zeros((len(times), *courses.ring.shape))
        for t in range(1, len(times)):
            before = found[t - 1]
            guesses = [before]
            if t > 1:
                speed = (before - found[t - 2]) / (times[t - 1] - times[t - 2])
                guesses.append(before + speed * (times[t] - times[t - 1]))
            tried = []
            for guess in guesses:
                for begin in self._search(courses, harmonics, tags, t, guess):
                    tried.append(self._refined(courses, harmonics, tags, t, begin, guesses[-1]))
            found[t] = max(tried, key=lambda pair: pair[0])[1]
        return found

    def _search(self, courses, harmonics, tags, t, guess):
        """The two best different motions of the ring as a whole, added to a guess."""
        ring, spacing = courses.ring, float(tags.spacing_px.min())
        rest, _ = ring.quadrature(2, 20)
        basis = ring.basis(rest)
        now = rest + basis @ guess
        moves, places = self._whole(now, 0.5 * (ring.inner + ring.outer), spacing)
        seen = harmonics(places.reshape(1, -1, 2), slice(t, t + 1))[0]
        phase = tags.phase(rest).T[:, None]
        match = np.real(seen.reshape(len(phase), len(moves), -1) * np.exp(-1j * phase))
        usual = np.abs(harmonics(now[None], slice(t, t + 1))).sum()
        score = match.sum(axis=(0, 2)) / usual - 0.15 * np.sum(moves[:, 2:] ** 2, axis=1)
        best, begins = [], []
        stiff = np.linalg.inv(basis.T @ basis + 1e-3 * ring.bending + 1e-6 * np.eye(len(guess)))
        for i in np.argsort(-score):
            if all(np.linalg.norm(moves[i] - moves[j]) > 0.35 for j in best):
                best.append(i)
                begins.append(guess + stiff @ (basis.T @ (places[i] - now)))
            if len(best) == 2:
                break
        return begins

    def _whole(self, now, radius, spacing):
        """Contractions, turns and shifts (m, 4) in spacings, and the points moved (m, n, 2)."""
        along = np.linspace(-self.reach, self.reach, self.n_steps)
        across = self.shift * np.array([-1.0, 0.0, 1.0])
        moves = np.stack(np.meshgrid(along, along, across, across, indexing="ij"), axis=-1)
        moves = moves.reshape(-1, 4)
        centre = now.mean(axis=0)
        off = now - centre
        taken = radius**2 - (radius - moves[:, 0] * spacing) ** 2
        length = np.hypot(off[:, 0], off[:, 1])
        scale = np.sqrt(np.maximum(length**2 - taken[:, None], 1e-6)) / length
        turn = moves[:, 1] * spacing / radius
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        turned = np.stack(
            [cos * off[:, 0] - sin * off[:, 1], sin * off[:, 0] + cos * off[:, 1]], axis=-1
        )
        return moves, centre + scale[..., None] * turned + moves[:, None, 2:] * spacing

    def _refined(self, courses, harmonics, tags, t, numbers, expected):
        """Score and numbers after steps with more and more waves."""
        spacing = float(tags.spacing_px.min())
        phase, frame = tags.phase(courses.places), slice(t, t + 1)
        for n_waves, degree in STAGES:
            kept = _allowed(courses.ring, n_waves, degree)
            basis, slopes = courses.basis[:, kept], courses.slopes[:, kept]
            x, F = courses.geometry(numbers[None])
            seen = harmonics(x, frame)[0].T
            wrong, length = wrapped(np.angle(seen) - phase), np.abs(seen)
            trust = (length / (self.phase_noise * np.median(length))) ** 2
            trust = courses.area[:, None] / spacing**2 * trust / (1 + (wrong / 1.5) ** 2) ** 2
            slope = phase_slopes(F, tags.wave_vectors)
            block, right = data_blocks(basis, slope, -wrong[None], trust[None])
            price = courses.area / spacing**2 / self.area_spread**2
            more, pull = area_blocks(slopes, F, price)
            bending = 10 * np.kron(courses.ring.bending / spacing**2, np.eye(2))
            on = np.flatnonzero(np.repeat(kept, 2))
            matrix = (block + more)[0] + bending[np.ix_(on, on)]
            force = (right + pull)[0] - bending[on] @ numbers.ravel()
            matrix[np.diag_indices_from(matrix)] *= 1 + 1e-6
            step = np.zeros(numbers.size)
            step[on] = np.linalg.solve(matrix, force)
            step = step.reshape(numbers.shape)
            farthest = np.linalg.norm(courses.basis @ step, axis=1).max()
            numbers = numbers + step * min(1.0, 0.5 * spacing / max(farthest, 1e-12))
        x = courses.places + courses.basis @ numbers
        seen = harmonics(x[None], frame)[0].T
        match = np.real(seen * np.exp(-1j * phase)).sum(axis=1) @ courses.area
        match /= np.abs(seen).sum(axis=1) @ courses.area
        off = courses.basis @ (numbers - expected) / spacing
        return match - 0.1 * np.mean(np.sum(off**2, axis=1)), numbers


def _allowed(ring, n_waves, degree):
    """Which modes have at most so many waves and that degree, (modes,)."""
    waves = np.concatenate([[0], *2 * [np.arange(1, ring.n_waves + 1)]])
    power = np.arange(ring.degree + 1)
    return ((power[:, None] <= degree) & (waves <= n_waves)).ravel()
