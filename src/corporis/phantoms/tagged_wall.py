r"""A tagged ring of muscle in one plane, whose motion and strain are known exactly.

With `s` half the squared radius, a material point (R, Theta) of the still ring is at time t at

``s = R^2 / 2 - C(phi)``,  ``theta = Theta + psi(R)``,  ``phi = Theta + psi(R) - psi_mean``

`C` is what contraction takes out of the cavity, smaller where a region is weak. The map is a shear
in ``theta`` after a shear in ``s``, so ``det F = 1`` everywhere, in weak regions too. In (r, theta)
by (R, Theta) axes

``F = [[(R - C' psi') / r, -C' / (r R)], [r psi', r / R]]``.

The tags are a pattern of the longitudinal magnetisation, ``prod_a (1 + cos(k_a . X)) / 2``, that
fades towards an even signal of 1 with T1. The image is the central part of the k-space of a grid
`FINE` times finer, so it is blurred and rings like a scanner's.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import fft, optimize

FINE = 8


@dataclass(frozen=True)
class TaggedWall:
    """A beating, tagged ring, seen as a series of magnitude images.

    Parameters
    ----------
    inner_mm, outer_mm : float
        Radii at rest, 0 < inner < outer.
    smallest_inner_mm : float
        Inner radius at the end of systole, halfway through the beat, where contraction is healthy.
    twist_rad, outer_twist_rad : float
        Turn of the inner and of the outer rim at the end of systole; between them it is linear.
    beat_ms, frame_ms : float
        Time from rest to rest, and between frames.
    n_frames : int
        Frames; the first one shows rest, at time 0.
    t1_ms : float
        Longitudinal relaxation: tags fade with ``exp(-t / T1)``.
    spacing_mm : float
        Distance of neighbouring tags at rest.
    angles_rad : tuple of float
        Directions of the tags' wave vectors against the first image axis.
    pixel_mm : float
        Side of a pixel.
    side : int
        Pixels a side; the ring's centre is the image's centre.
    loss, weak_at_rad, weak_width : float
        Share of contraction lost in the middle of a weak region, 0 to 1; where that is; the
        region's concentration, about 60 degrees to each side at 3.

    Notes
    -----
    Points are (row, column) in mm from the image's centre.

    Examples
    --------
    >>> wall = TaggedWall()
    >>> wall.forward(np.array([[25.0, 0.0]]), 0.0).tolist()
    [[25.0, 0.0]]
    >>> round(float(np.hypot(*wall.forward(np.array([[25.0, 0.0]]), 400.0)[0])), 6)
    18.0
    """

    inner_mm: float = 25.0
    outer_mm: float = 35.0
    smallest_inner_mm: float = 18.0
    twist_rad: float = 0.15
    outer_twist_rad: float = 0.15
    beat_ms: float = 800.0
    frame_ms: float = 40.0
    n_frames: int = 20
    t1_ms: float = 850.0
    spacing_mm: float = 6.0
    angles_rad: tuple[float, ...] = (np.pi / 4, 3 * np.pi / 4)
    pixel_mm: float = 1.5
    side: int = 64
    loss: float = 0.0
    weak_at_rad: float = 0.0
    weak_width: float = 3.0

    def __post_init__(self):
        if not 0 < self.smallest_inner_mm <= self.inner_mm < self.outer_mm:
            raise ValueError(
                "radii must be 0 < smallest_inner_mm <= inner_mm < outer_mm, got "
                f"{self.smallest_inner_mm}, {self.inner_mm}, {self.outer_mm}"
            )
        for name in ("beat_ms", "frame_ms", "t1_ms", "spacing_mm", "pixel_mm"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if not 0 <= self.loss <= 1:
            raise ValueError(f"loss must be in [0, 1], got {self.loss}")
        if self.outer_mm > 0.5 * self.side * self.pixel_mm:
            raise ValueError(
                f"a ring of {self.outer_mm} mm needs more than {self.side} pixels a side"
            )

    @property
    def times_ms(self) -> np.ndarray:
        """Time of each frame, (n_frames,)."""
        return self.frame_ms * np.arange(self.n_frames)

    @property
    def wave_vectors(self) -> np.ndarray:
        """Wave vectors of the tags at rest, (n_tags, 2) in rad/mm."""
        angle = np.asarray(self.angles_rad)
        return 2 * np.pi / self.spacing_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def activity(self, time_ms) -> np.ndarray:
        """How far the ring has contracted, 0 at rest to 1 halfway through the beat."""
        return np.sin(np.pi * np.asarray(time_ms, dtype=float) / self.beat_ms) ** 2

    def forward(self, rest: np.ndarray, time_ms: float) -> np.ndarray:
        """Where material points (..., 2) of the still ring are at a time, in mm."""
        radius, angle = np.hypot(rest[..., 0], rest[..., 1]), np.arctan2(rest[..., 1], rest[..., 0])
        turn, middle, _ = self._turn(radius, time_ms)
        taken, _ = self._taken(angle + turn - middle, time_ms)
        moved = np.sqrt(np.maximum(radius**2 - 2 * taken, 0))
        return np.stack([moved * np.cos(angle + turn), moved * np.sin(angle + turn)], axis=-1)

    def backward(self, now: np.ndarray, time_ms: float) -> np.ndarray:
        """Material points (..., 2) that are at places `now`; the exact inverse of `forward`."""
        moved, angle = np.hypot(now[..., 0], now[..., 1]), np.arctan2(now[..., 1], now[..., 0])
        _, middle, _ = self._turn(self.inner_mm, time_ms)
        taken, _ = self._taken(angle - middle, time_ms)
        radius = np.sqrt(np.maximum(moved**2 + 2 * taken, 0))
        before = angle - self._turn(radius, time_ms)[0]
        return np.stack([radius * np.cos(before), radius * np.sin(before)], axis=-1)

    def displacement(self, rest: np.ndarray, time_ms: float) -> np.ndarray:
        """Displacement (..., 2) in mm of material points since rest."""
        return self.forward(rest, time_ms) - rest

    def deformation_gradient(self, rest: np.ndarray, time_ms: float) -> np.ndarray:
        """F (..., 2, 2) in (radial, circumferential) axes, current by reference; det F = 1."""
        radius, angle = np.hypot(rest[..., 0], rest[..., 1]), np.arctan2(rest[..., 1], rest[..., 0])
        turn, middle, slope = self._turn(radius, time_ms)
        taken, change = self._taken(angle + turn - middle, time_ms)
        moved = np.sqrt(radius**2 - 2 * taken)
        rows = [
            [(radius - change * slope) / moved, -change / (moved * radius)],
            [moved * slope, moved / radius],
        ]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    def strain(self, rest: np.ndarray, time_ms: float) -> np.ndarray:
        """Green strain (..., 2, 2) in reference (radial, circumferential) axes."""
        f = self.deformation_gradient(rest, time_ms)
        return 0.5 * (np.swapaxes(f, -1, -2) @ f - np.eye(2))

    def grid(self) -> np.ndarray:
        """Centres of the pixels, (side, side, 2), in mm."""
        line = (np.arange(self.side) - (self.side - 1) / 2) * self.pixel_mm
        return np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)

    def wall(self, time_ms: float = 0.0) -> np.ndarray:
        """Pixels whose centre lies in the wall at a time, (side, side) bool."""
        rest = self.backward(self.grid(), time_ms)
        radius = np.hypot(rest[..., 0], rest[..., 1])
        return (radius >= self.inner_mm) & (radius <= self.outer_mm)

    def largest_step_mm(self) -> float:
        """The farthest that any point of the wall moves from one frame to the next."""
        angle = np.linspace(0, 2 * np.pi, 73)
        radius = np.linspace(self.inner_mm, self.outer_mm, 7)[:, None]
        rest = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
        places = np.stack([self.forward(rest, t) for t in self.times_ms])
        return float(np.linalg.norm(np.diff(places, axis=0), axis=-1).max())

    def at_step(self, step_mm: float, n_frames: int = 7) -> "TaggedWall":
        """The same ring, filmed so slowly that its fastest point moves `step_mm` between frames.

        Raises
        ------
        ValueError
            If the ring never moves that far.
        """

        def slower(frame_ms):
            return replace(self, frame_ms=frame_ms, n_frames=n_frames)

        lengths = np.linspace(0.01, 0.5, 50) * self.beat_ms
        steps = np.array([slower(t).largest_step_mm() for t in lengths])
        if not steps.max() > step_mm > steps[0]:
            raise ValueError(
                f"step_mm must be between {steps[0]:.2f} and {steps.max():.2f}, got {step_mm}"
            )
        first = int(np.argmax(steps > step_mm))
        length = optimize.brentq(
            lambda t: slower(t).largest_step_mm() - step_mm, lengths[first - 1], lengths[first]
        )
        return slower(float(length))

    def signal(self, now: np.ndarray, time_ms: float) -> np.ndarray:
        """Magnetisation (...) at places `now`, 1 in the untagged wall, blurred by no scanner."""
        rest = self.backward(now, time_ms)
        radius = np.hypot(rest[..., 0], rest[..., 1])
        soft = self.pixel_mm / FINE  # edges of one fine pixel, against steps in their place
        inside = np.clip((radius - self.inner_mm) / soft + 0.5, 0, 1)
        inside *= np.clip((self.outer_mm - radius) / soft + 0.5, 0, 1)
        tags = np.prod([(1 + np.cos(rest @ k)) / 2 for k in self.wave_vectors], axis=0)
        return inside * (1 - np.exp(-time_ms / self.t1_ms) * (1 - tags))

    def kspace(self, time_ms: float) -> np.ndarray:
        """Central k-space (side, side) of a `FINE` times finer image, frequency 0 in the middle."""
        n, side = FINE * self.side, self.side
        line = (np.arange(n) - (n - 1) / 2) * self.pixel_mm / FINE
        fine = self.signal(np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1), time_ms)
        spectrum = fft.fftshift(fft.fft2(fine))
        start = (n - side) // 2
        kept = spectrum[start : start + side, start : start + side] / FINE**2
        # a coarse pixel's centre lies (FINE - 1) / 2 further on the fine grid
        shift = np.exp(2j * np.pi * fft.fftshift(fft.fftfreq(side)) * (FINE - 1) / (2 * FINE))
        return kept * np.outer(shift, shift)

    def clean(self) -> np.ndarray:
        """Complex images without noise, (n_frames, side, side)."""
        kept = np.stack([self.kspace(t) for t in self.times_ms])
        return fft.ifft2(fft.ifftshift(kept, axes=(1, 2)))

    def images(self, snr: float = np.inf, seed: int = 0) -> np.ndarray:
        """Magnitude images (n_frames, side, side) with Rician noise.

        Parameters
        ----------
        snr : float
            Signal of the untagged wall over the noise in each of the real and imaginary channels,
            > 0; infinite for none.
        seed : int
            Of the noise.
        """
        if not snr > 0:
            raise ValueError(f"snr must be > 0, got {snr}")
        noise = np.random.default_rng(seed).standard_normal((2, self.n_frames, *2 * (self.side,)))
        return np.abs(self.clean() + (noise[0] + 1j * noise[1]) / snr)

    def _turn(self, radius, time_ms):
        """Twist at a reference radius, its value in mid-wall, and its slope in rad/mm."""
        a = float(self.activity(time_ms))
        slope = a * (self.outer_twist_rad - self.twist_rad) / (self.outer_mm - self.inner_mm)
        turn = a * self.twist_rad + slope * (radius - self.inner_mm)
        middle = 0.5 * a * (self.twist_rad + self.outer_twist_rad)
        return turn, middle, slope

    def _taken(self, angle, time_ms):
        """``C`` and its derivative: half squared radius taken out of the cavity."""
        now = self.inner_mm - (self.inner_mm - self.smallest_inner_mm) * self.activity(time_ms)
        most = 0.5 * (self.inner_mm**2 - now**2)
        off = np.asarray(angle) - self.weak_at_rad
        bump = self.loss * np.exp(self.weak_width * (np.cos(off) - 1))
        return most * (1 - bump), most * bump * self.weak_width * np.sin(off)
