"""A cine scanner: where its planes lie and how it spoils what it sees."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scanner:
    """Geometry and degradation of a cine study.

    Parameters
    ----------
    n_slices, n_frames : int
    side : int
        Rows and columns of an image.
    pixel_mm, thickness_mm, gap_mm : float
        In-plane pixel, slice thickness, distance between slice centres.
    snr : float
        Signal of blood over the standard deviation of the noise in each of the two channels;
        infinite for none.
    blur_mm : float
        Standard deviation of the in-plane point spread.
    bias : float
        Log amplitude of the receive field, 0 for none.
    slip_mm : float
        Standard deviation of the in-plane shift of each slice (breath holds).
    first_mm : float
        Height of the first slice's centre above the base (towards the atrium is positive).
    in_plane_rad, tilt_rad, offset_mm : float, (float, float), (float, float)
        Orientation and centring of the stack against the heart.
    """

    n_slices: int = 10
    n_frames: int = 25
    side: int = 144
    pixel_mm: float = 1.6
    thickness_mm: float = 8.0
    gap_mm: float = 10.0
    snr: float = 30.0
    blur_mm: float = 0.7
    bias: float = 0.2
    slip_mm: float = 0.0
    first_mm: float = 5.0
    in_plane_rad: float = 0.0
    tilt_rad: tuple[float, float] = (0.0, 0.0)
    offset_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self):
        if self.n_slices < 1 or self.n_frames < 1 or self.side < 16:
            raise ValueError("n_slices and n_frames must be >= 1 and side >= 16")
        sizes = (self.pixel_mm, self.thickness_mm, self.gap_mm, self.snr)
        if not all(size > 0 for size in sizes):
            raise ValueError(f"pixel_mm, thickness_mm, gap_mm and snr must be > 0, got {sizes}")

    @classmethod
    def random(cls, rng: np.random.Generator, heart, **fixed) -> "Scanner":
        """A random scanner that covers a heart; `fixed` sets fields."""
        gap = float(rng.uniform(7, 11))
        chosen = {
            "pixel_mm": float(rng.uniform(1.2, 1.9)),
            "gap_mm": gap,
            "thickness_mm": float(min(gap, rng.uniform(5, 9))),
            "n_slices": int(np.ceil((heart.outer_length_mm + 18) / gap)),
            "snr": float(np.exp(rng.uniform(np.log(8), np.log(50)))),
            "blur_mm": float(rng.uniform(0.4, 1.3)),
            "bias": float(rng.uniform(0, 0.5)),
            "slip_mm": float(rng.choice([0.0, 1.0, 2.5])),
            "first_mm": float(rng.uniform(2, 14)),
            "in_plane_rad": float(rng.uniform(0, 2 * np.pi)),
            "tilt_rad": tuple(float(v) for v in rng.normal(0, 0.05, 2)),
            "offset_mm": tuple(float(v) for v in rng.uniform(-25, 25, 2)),
        }
        return cls(**{**chosen, **fixed})

    @property
    def phases(self) -> np.ndarray:
        """Phases of the frames, (n_frames,)."""
        return np.arange(self.n_frames) / self.n_frames

    def axes(self) -> np.ndarray:
        """Rows: image column, image row and slice direction (towards the apex), heart frame."""
        turn = np.deg2rad(240.0) + self.in_plane_rad
        columns = np.array([np.cos(turn), np.sin(turn), 0.0])
        # Rows and columns turn clockwise on the screen, which is seen from the apex.
        rows = np.array([np.sin(turn), -np.cos(turn), 0.0])
        a, b = self.tilt_rad
        tilt_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        tilt_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        return np.stack([columns, rows, [0.0, 0.0, 1.0]]) @ (tilt_x @ tilt_y).T

    def stack_affine(self) -> np.ndarray:
        """(slice, row, column) to the heart's frame, (4, 4), without slips."""
        columns, rows, along = self.axes()
        half = 0.5 * (self.side - 1) * self.pixel_mm
        middle = np.array([*self.offset_mm, 0.0]) @ self.axes()
        start = middle - self.first_mm * along - half * (rows + columns)
        affine = np.eye(4)
        affine[:3, 0] = along * self.gap_mm
        affine[:3, 1] = rows * self.pixel_mm
        affine[:3, 2] = columns * self.pixel_mm
        affine[:3, 3] = start
        return affine

    def long_axis_affine(self, angle_rad: float) -> np.ndarray:
        """A plane through the axis and the angle, base on top, (4, 4), heart frame."""
        across = np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])
        down = np.array([0.0, 0.0, 1.0])
        half = 0.5 * (self.side - 1) * self.pixel_mm
        affine = np.eye(4)
        affine[:3, 0] = np.cross(across, down) * self.thickness_mm
        affine[:3, 1] = down * self.pixel_mm
        affine[:3, 2] = across * self.pixel_mm
        affine[:3, 3] = -half * across + (40.0 - half) * down
        return affine

    def field(self, rng: np.random.Generator) -> np.ndarray:
        """A random receive field (side, side), > 0: the same for all images of a series."""
        axis = np.linspace(-1, 1, self.side)
        y, x = np.meshgrid(axis, axis, indexing="ij")
        a, b, c = rng.normal(size=3)
        return np.exp(self.bias * (a * x + b * y + 0.5 * c * (x * x + y * y)))

    def spoil(self, clean: np.ndarray, rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
        """Receive field and Rician noise on clean images (..., side, side), blood = 1."""
        signal = (clean * field).astype(np.float32)
        if np.isinf(self.snr):
            return signal
        noise = rng.standard_normal((2, *clean.shape), dtype=np.float32) / self.snr
        return np.hypot(signal + noise[0], noise[1])


def _heart_to_ras() -> np.ndarray:
    """Columns: anterior insertion, inferior side and apex of a usual heart as RAS directions."""
    apex = np.array([-0.60, 0.55, -0.58])
    apex /= np.linalg.norm(apex)
    anterior = np.array([0.35, 0.73, 0.58])
    anterior -= (anterior @ apex) * apex
    anterior /= np.linalg.norm(anterior)
    return np.stack([anterior, np.cross(apex, anterior), apex], axis=1)


HEART_TO_RAS = _heart_to_ras()
