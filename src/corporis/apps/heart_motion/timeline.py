"""Smooth courses through the frames of a film."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SECOND_MS = 1000.0


@dataclass(frozen=True, eq=False)
class Timeline:
    r"""Functions of time that vanish at the first frame: a line, and ``cos(pi k s) - 1``.

    `s` runs from 0 at the first to 1 at the last frame. Of a whole beat, which ends as it begins,
    they are the waves ``cos(2 pi k s) - 1`` and ``sin(2 pi k s)``, `s` being 1 where the next
    beat begins. Frames may be unevenly spaced; with as
    many functions as frames that can move, every course is possible.

    Parameters
    ----------
    times_ms : array, (n_frames,)
        Increasing.
    n_courses : int
        At most this many functions, and never more than frames that can move.
    starts_at_rest : bool
        Whether nothing has moved in the first frame; else a constant is one of the functions.
    beat_ms : float or None
        Length of the beat, which starts at rest and ends as it begins; longer than the film. None
        knows of no beat.

    Raises
    ------
    ValueError
        If there are fewer than two frames (of a beat: three), times do not increase, or a beat
        does not start at rest or is no longer than the film.

    Examples
    --------
    >>> Timeline(np.array([0.0, 50.0, 100.0]), 2).values.round(6).tolist()
    [[0.0, 0.0], [0.5, -1.0], [1.0, -2.0]]
    """

    times_ms: np.ndarray
    n_courses: int = 12
    starts_at_rest: bool = True
    beat_ms: float | None = None

    def __post_init__(self):
        times = np.asarray(self.times_ms, dtype=float)
        object.__setattr__(self, "times_ms", times)
        if times.ndim != 1 or len(times) < 2 or not np.all(np.diff(times) > 0):
            raise ValueError("times_ms must be at least two increasing times")
        if self.n_courses < 1:
            raise ValueError(f"n_courses must be >= 1, got {self.n_courses}")
        if self.beat_ms is not None and not (self.starts_at_rest and len(times) > 2):
            raise ValueError("a beat starts at rest and has at least three frames")
        if self.beat_ms is not None and not times[-1] - times[0] < self.beat_ms < np.inf:
            raise ValueError(
                f"beat_ms must be longer than the film of {times[-1] - times[0]:g} ms, got "
                f"{self.beat_ms:g}"
            )

    @cached_property
    def values(self) -> np.ndarray:
        """Functions at the frames, (n_frames, count)."""
        s = (self.times_ms - self.times_ms[0]) / (SECOND_MS * self._seconds)
        if self.beat_ms is not None:
            return cyclic_courses(s, self.count // 2)
        still = [] if self.starts_at_rest else [np.ones((len(s), 1))]
        waves = np.cos(np.pi * np.outer(s, self._waves)) - 1
        return np.concatenate([*still, s[:, None], waves], axis=1)

    @cached_property
    def acceleration(self) -> np.ndarray:
        """Mean products of their second derivatives, in 1/s^4, (count, count)."""
        length = self._seconds
        s = (np.arange(8 * self.count) + 0.5) / (8 * self.count)
        if self.beat_ms is not None:
            turn = 2 * np.pi * np.arange(1, self.count // 2 + 1)
            angle = np.outer(s, turn)
            waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
            second = -waves * np.tile(turn / length, 2) ** 2
            return second.T @ second / len(s)
        rate = np.pi * self._waves / length
        second = np.zeros((len(s), self.count))
        second[:, self.count - len(rate) :] = -(rate**2) * np.cos(np.pi * np.outer(s, self._waves))
        return second.T @ second / len(s)

    @property
    def count(self) -> int:
        """How many functions there are."""
        most = len(self.times_ms) - self.starts_at_rest
        if self.beat_ms is not None:
            return 2 * max(min(self.n_courses, most) // 2, 1)
        return min(self.n_courses, most)

    @property
    def _seconds(self):
        film = self.times_ms[-1] - self.times_ms[0]
        return float(film if self.beat_ms is None else self.beat_ms) / SECOND_MS

    @property
    def _waves(self):
        return np.arange(1, self.count if self.starts_at_rest else self.count - 1)


def cyclic_courses(phases: np.ndarray, n_waves: int) -> np.ndarray:
    """Waves that repeat with the beat and vanish at phase 0, (n, 2 n_waves).

    Examples
    --------
    >>> cyclic_courses(np.array([0.0, 0.25]), 1).round(6).tolist()
    [[0.0, 0.0], [-1.0, 1.0]]
    """
    turn = 2 * np.pi * np.outer(phases, np.arange(1, n_waves + 1))
    return np.concatenate([np.cos(turn) - 1, np.sin(turn)], axis=1)
