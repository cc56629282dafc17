r"""Planes become a body: tags of many planes, each seeing in-plane motion, move one wall.

A family of tags with wave vector `k` gives, at a pixel whose place in space is `x`, the phase
``k . X`` of the material place X that is there now. With a wall whose motion is
``x = X + sum_m b_m(X) q_m`` every such phase is one equation for `q`, in three dimensions, also
where tissue has left its first plane. Frame by frame, each begun where the last two lead to, Gauss
and Newton's method fits the phases of all planes, smooth modes and a volume that is held; then the
frames of a whole beat are bound by cyclic waves.
"""

from dataclasses import dataclass, field

import numpy as np

from corporis.apps.heart_motion.harmonic import BandPass
from corporis.apps.heart_motion.timeline import cyclic_courses
from corporis.deformables import WallModes, green_strain, in_axes, polar_axes

DOUBTED_MM = 1.0
"""Error along a wave vector at which a phase is trusted a quarter."""
MET_MM = 0.3
"""A pixel whose material place is not found so exactly is left out."""
FEWEST = 5
N_INVERSION = 6
LEAD = 0.7
"""Share of the last step that the next frame is expected to repeat."""
RIDGE = 1e-6


@dataclass(frozen=True, eq=False)
class TaggedFilm:
    """A tagged film of one plane in the frame of the wall.

    Parameters
    ----------
    images : array, (n_frames, rows, columns)
    origin : array, (3,)
        Centre of pixel (0, 0), in mm.
    steps : array, (2, 3)
        From a pixel to the next row, and to the next column, in mm.
    wave_vectors : array, (n_families, 3), or None
        Of the tags when they were made, in rad/mm, in the plane: the magnetisation was
        ``cos(k . X + p)`` times others, X counted from the origin of the wall's frame. None where
        they are not known: `RestFit` finds them.
    phases : array, (n_families,), or None
        The phases `p`; None is 0.
    """

    images: np.ndarray
    origin: np.ndarray
    steps: np.ndarray
    wave_vectors: np.ndarray | None = None
    phases: np.ndarray | None = None

    def __post_init__(self):
        if np.ndim(self.images) != 3 or np.shape(self.origin) != (3,):
            raise ValueError("images must be (n_frames, rows, columns) and origin (3,)")
        if np.shape(self.steps) != (2, 3):
            raise ValueError("steps must be (2, 3)")
        if self.wave_vectors is not None and np.shape(self.wave_vectors)[1:] != (3,):
            raise ValueError("wave_vectors must be (n_families, 3) or None")
        families = () if self.wave_vectors is None else np.shape(self.wave_vectors)[:1]
        if self.phases is not None and np.shape(self.phases) != families:
            raise ValueError("phases must be one number for each wave vector")

    @property
    def waves(self) -> np.ndarray:
        """The wave vectors, which must be known."""
        if self.wave_vectors is None:
            raise ValueError("the tags of a film are not known: RestFit finds them")
        return np.asarray(self.wave_vectors, dtype=float)

    def phase(self, rest: np.ndarray) -> np.ndarray:
        """Phases (n_families, n) of the tags at material places (n, 3)."""
        offset = 0.0 if self.phases is None else np.asarray(self.phases)[:, None]
        return self.waves @ np.asarray(rest).T + offset


@dataclass(frozen=True, eq=False)
class WallMotion:
    """A wall that moves in three dimensions.

    Parameters
    ----------
    wall : WallModes
    q : array, (n_frames, modes, 3)
    covariance : array, (n_frames, 3 modes, 3 modes)
        Of q, axis by axis; zero in the first frame.
    noise_mm : array, (n_frames,)
        Deviation of a phase, as a length along its wave vector.
    """

    wall: WallModes
    q: np.ndarray
    covariance: np.ndarray
    noise_mm: np.ndarray

    def forward(self, rest: np.ndarray) -> np.ndarray:
        """Places (n_frames, n, 3) of material places (n, 3) of the first frame."""
        return rest + self.wall.basis(rest) @ self.q

    def gradient(self, rest: np.ndarray) -> np.ndarray:
        """F (n_frames, n, 3, 3) in space."""
        slopes = self.wall.basis_gradient(rest)
        return np.eye(3) + np.einsum("nmj,tmi->tnij", slopes, self.q)

    def strain(self, rest: np.ndarray) -> np.ndarray:
        """Green strain (n_frames, n, 3, 3), radial, circumferential, longitudinal at rest."""
        axes = polar_axes(rest, np.zeros(3), np.array([0.0, 0.0, 1.0]))
        return in_axes(green_strain(self.gradient(rest)), axes)

    def mean_strain(self, rest: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean radial, circumferential and longitudinal strain of places, and its deviation."""
        slopes = self.wall.basis_gradient(rest)
        F = np.eye(3) + np.einsum("nmj,mi->nij", slopes, self.q[frame])
        axes = polar_axes(rest, np.zeros(3), np.array([0.0, 0.0, 1.0]))
        strain = in_axes(green_strain(F), axes)
        # d E_aa = (F a) . (grad dq a)
        now = np.einsum("nij,nja->nia", F, axes)
        along = np.einsum("nmj,nja->nma", slopes, axes)
        change = np.einsum("nia,nma->aim", now, along).reshape(3, -1) / len(rest)
        spread = np.einsum("ap,pq,aq->a", change, self.covariance[frame], change)
        return np.einsum("naa->a", strain) / len(rest), np.sqrt(np.maximum(spread, 0))


@dataclass(frozen=True)
class Fusion:
    """Fits the motion of a wall to tagged films of many planes.

    Parameters
    ----------
    filter : BandPass
    volume_price : float
        Of the square of log det F at a place of the wall, against a squared mm of a phase, > 0.
    n_waves : int
        Cyclic waves in time, >= 0; 0 leaves every frame for itself, for films of a part of the
        beat.
    n_steps : int
        Newton steps a frame, >= 1.
    correlation : float
        By how much the deviations of strain that independent pixels would have are to be
        multiplied, > 0: filtered pixels repeat each other, and modes are fewer than motions.

    References
    ----------
    O'Dell, Moore, Hunter, Zerhouni & McVeigh (1995), Radiology 195, 829-835; Osman et al. (1999),
    Magn. Reson. Med. 42, 1048-1060
    """

    filter: BandPass = field(default_factory=lambda: BandPass(0.6))
    volume_price: float = 120.0
    n_waves: int = 5
    n_steps: int = 3
    correlation: float = 2.8

    def __post_init__(self):
        if not (self.volume_price > 0 and self.correlation > 0):
            raise ValueError("volume_price and correlation must be > 0")
        if self.n_waves < 0 or self.n_steps < 1:
            raise ValueError("n_waves must be >= 0 and n_steps >= 1")

    def __call__(self, films: list[TaggedFilm], wall: WallModes, phases: np.ndarray) -> WallMotion:
        """The motion since the first frame.

        Parameters
        ----------
        films : list of TaggedFilm
            All with the same frames; their planes should cross.
        wall : WallModes
            As it is in the first frame.
        phases : array, (n_frames,)
            Shares of the beat from 0, used where `n_waves` > 0.

        Raises
        ------
        ValueError
            If films differ in their number of frames, or the tags of one are not known.
        """
        n_frames = len(phases)
        if any(len(film.images) != n_frames for film in films):
            raise ValueError(f"every film must have {n_frames} frames, one for each phase")
        system = _System(self, wall, films)
        q = np.zeros((n_frames, *wall.shape))
        size = q[0].size
        covariance, noise = np.zeros((n_frames, size, size)), np.zeros(n_frames)
        for t in range(1, n_frames):
            q[t] = q[t - 1] + (LEAD * (q[t - 1] - q[t - 2]) if t > 1 else 0)
            for _ in range(self.n_steps):
                matrix, right, square = system.at(q[t], t)
                inverse = np.linalg.inv(matrix)
                q[t] += (inverse @ right).reshape(3, -1).T
            noise[t] = np.sqrt(square)
            covariance[t] = square * self.correlation**2 * inverse
        if self.n_waves:
            courses = cyclic_courses(np.asarray(phases, dtype=float), self.n_waves)
            bound = courses @ np.linalg.pinv(courses)
            q = np.einsum("ts,smi->tmi", bound, q)
            # what is bound over time errs less, by the share of courses that are left
            covariance *= 2 * self.n_waves / (n_frames - 1)
        return WallMotion(wall, q, covariance, noise)


class _System:
    """The equations of a frame."""

    def __init__(self, fusion, wall, films):
        self.wall, self.films = wall, films
        low, high = wall.heights[0], wall.heights[-1]
        self.low, self.high = low, high
        farthest = np.max(wall.outer) + 10
        self.seen = []
        for film in films:
            pixels = np.argwhere(np.indices(film.images.shape[1:]).sum(axis=0) % 2 == 0)
            x = film.origin + pixels @ film.steps
            near = (np.hypot(x[:, 0], x[:, 1]) < farthest) & (x[:, 2] > low - 5) & (x[:, 2] < high)
            in_pixels = film.waves @ np.asarray(film.steps, dtype=float).T
            harmonic = fusion.filter(np.asarray(film.images, dtype=float), in_pixels)
            rows, columns = pixels[near].T
            self.seen.append((x[near], harmonic[:, :, rows, columns]))
        self.inside = wall.lattice(4, 24, 9)
        self.slopes = wall.basis_gradient(self.inside)
        self.hold = fusion.volume_price
        self.prices = wall.prices.T.reshape(-1)

    def at(self, q, t):
        """Matrix, right side and mean squared residual at a motion q."""
        size = q.size
        matrix, right, squares, weights = np.zeros((size, size)), np.zeros(size), 0.0, 0.0
        for film, (x, harmonic) in zip(self.films, self.seen):
            rest, met = self._material(x, q)
            if met.sum() < FEWEST:
                continue
            basis = self.wall.basis(rest)
            F = np.eye(3) + np.einsum("nmj,mi->nij", self.wall.basis_gradient(rest), q)
            inverse = np.linalg.inv(F)
            parts = zip(film.waves, film.phase(rest), harmonic[t][:, met])
            for k, phase, value in parts:
                length = np.linalg.norm(k)
                off = np.angle(value * np.exp(-1j * phase)) / length
                strength = np.abs(value) / max(float(np.median(np.abs(value))), 1e-12)
                trust = np.minimum(strength**2, 2) / (1 + (off / DOUBTED_MM) ** 2) ** 2
                pull = -np.einsum("j,nji->ni", k / length, inverse)
                rows = (pull[:, :, None] * basis[:, None, :]).reshape(len(off), -1)
                matrix += rows.T @ (trust[:, None] * rows)
                right += rows.T @ (trust * off)
                squares, weights = squares + float(trust @ off**2), weights + float(trust.sum())
        self._hold_volume(q, matrix, right)
        matrix[np.diag_indices(size)] += self.prices + RIDGE
        right -= self.prices * q.T.reshape(-1)
        return matrix, right, squares / max(weights, 1e-12)

    def _material(self, x, q):
        """Material places that are now at x, and which of the x are in the wall."""
        rest = x - self.wall.basis(x) @ q
        for _ in range(N_INVERSION):
            rest = x - self.wall.basis(rest) @ q
        rho = self.wall.coordinates(rest)[:, 0]
        met = (np.abs(rho) < 0.9) & (rest[:, 2] > self.low + 1) & (rest[:, 2] < self.high)
        met &= np.linalg.norm(rest + self.wall.basis(rest) @ q - x, axis=1) < MET_MM
        return rest[met], met

    def _hold_volume(self, q, matrix, right):
        F = np.eye(3) + np.einsum("nmj,mi->nij", self.slopes, q)
        grown = np.log(np.maximum(np.linalg.det(F), 0.2))
        rows = np.einsum("nji,nmj->nim", np.linalg.inv(F), self.slopes).reshape(len(F), -1)
        matrix += self.hold * rows.T @ rows
        right -= self.hold * rows.T @ grown
