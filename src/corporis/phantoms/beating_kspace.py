"""A beating heart in the scanner: multi-coil k-space frame by frame, from a finer grid.

The heart is rendered as in `kspace_rendering`, on a grid `FINE` times finer than is reconstructed
and averaged through the slice; the coils act there, and only the central k-space is kept. So
the data hold what a scanner's data hold: edges between pixels, partial volume, and coils that vary
within a pixel. Reconstructing them with maps at the pixels' centres is no inverse crime.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import fft

from corporis.imaging.kspace import KSpace
from corporis.phantoms.ellipses import PlaneWaveCoils
from corporis.phantoms.heart import VirtualHeart
from corporis.phantoms.kspace_rendering import FINE, coarse_image, fine_plane
from corporis.phantoms.rendering import slice_affines
from corporis.phantoms.scanner import HEART_TO_RAS, Scanner
from corporis.phantoms.tissue import Tissue, Torso

MIDDLE_MM = (-40.0, 10.0, 20.0)
"""Where the heart's base lies in RAS+ mm, as in `rendering.render`."""


@dataclass(frozen=True)
class Frame:
    """One moment of the scan.

    Parameters
    ----------
    phase : float
        Part of the beat.
    data : complex64 array, (n_coils, side, side)
        Noisy k-space, frequency 0 in the middle, unitary transform.
    image : complex64 array, (side, side)
        The truth: what fully sampled k-space without coils and noise shows, blood about 1.
    labels : uint8 array, (side, side)
        0 none, 1 left cavity, 2 left muscle, 3 right cavity.
    """

    phase: float
    data: np.ndarray
    image: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class BeatingKSpace:
    """A short-axis slice of a virtual heart, measured frame by frame.

    Parameters
    ----------
    heart : VirtualHeart
    scanner : Scanner
        Its `snr` is that of blood in the image of a uniform coil of sensitivity 1; `bias` is not
        used, the coils take its place.
    tissue : Tissue
    level : int or None
        Number of the slice, 0 at the base; None for the middle one.
    coils : PlaneWaveCoils
    correlation : float
        Correlation of the noise between neighbouring coils, 0 to below 1; k coils apart it is
        its k-th power.
    seed : int
        Of the noise and of the slice's slip.

    Raises
    ------
    ValueError
        If there is no such slice, or the correlation is not in [0, 1).

    Examples
    --------
    >>> scan = BeatingKSpace(scanner=Scanner(side=32, pixel_mm=6.0, n_frames=2))
    >>> frame = scan.frame(0.0)
    >>> frame.data.shape, frame.image.shape
    ((8, 32, 32), (32, 32))
    """

    heart: VirtualHeart = field(default_factory=VirtualHeart)
    scanner: Scanner = field(default_factory=Scanner)
    tissue: Tissue = field(default_factory=Tissue)
    level: int | None = None
    coils: PlaneWaveCoils = field(default_factory=PlaneWaveCoils.ring)
    correlation: float = 0.4
    seed: int = 0

    def __post_init__(self):
        if self.level is None:
            object.__setattr__(self, "level", self.scanner.n_slices // 2)
        if not 0 <= self.level < self.scanner.n_slices:
            raise ValueError(f"level must be in 0 to {self.scanner.n_slices - 1}, got {self.level}")
        if not 0 <= self.correlation < 1:
            raise ValueError(f"correlation must be in [0, 1), got {self.correlation}")

    @property
    def maps(self) -> np.ndarray:
        """Coil sensitivities (n_coils, side, side) at the pixels' centres, complex64."""
        return self.coils.maps((self.scanner.side, self.scanner.side))

    @property
    def covariance(self) -> np.ndarray:
        """Of the noise between coils, (n_coils, n_coils): expectation of ``n n^H``."""
        apart = np.abs(np.subtract.outer(*[np.arange(self.coils.n_coils)] * 2))
        variance = 0.0 if np.isinf(self.scanner.snr) else 2 / self.scanner.snr**2
        return variance * np.where(apart == 0, 1.0, self.correlation**apart)

    def frame(self, phase: float) -> Frame:
        """k-space, truth and labels at one phase; the noise depends on the phase and the seed."""
        scanner = self.scanner
        torso = Torso.of(self.heart, self.tissue)
        affine = slice_affines(scanner, np.random.default_rng(self.seed))[self.level]
        fine, labels = fine_plane(torso, affine, scanner, phase)
        clean = np.stack([coarse_image(fine * s, scanner) for s in self._fine_maps()])
        spectrum = fft.fftshift(
            fft.fft2(fft.ifftshift(clean, axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
        )
        rng = np.random.default_rng([self.seed, round(1e6 * (phase % 1.0))])
        data = (spectrum + self._noise(rng, clean.shape[1:])).astype(np.complex64)
        return Frame(phase, data, coarse_image(fine, scanner).astype(np.complex64), labels)

    def frames(self, phases: Sequence[float] | np.ndarray | None = None) -> Iterator[Frame]:
        """Frame after frame as the scan runs, by default one beat of the scanner's frames."""
        for phase in self.scanner.phases if phases is None else phases:
            yield self.frame(float(phase))

    def scan(
        self,
        phases: Sequence[float] | np.ndarray | None = None,
        *,
        cycle_ms: float = 900.0,
        n_noise: int = 4096,
    ) -> tuple[KSpace, np.ndarray, np.ndarray]:
        """A whole scan at once.

        Parameters
        ----------
        phases : sequence of float, optional
            By default one beat of the scanner's frames.
        cycle_ms : float
            Length of the beat.
        n_noise : int
            Noise samples a coil.

        Returns
        -------
        kspace : KSpace
            (frame, coil, row, column), fully sampled, with maps, noise samples and geometry.
        images : complex64 array, (n_frames, side, side)
        labels : uint8 array, (n_frames, side, side)
        """
        phases = self.scanner.phases if phases is None else np.asarray(phases, dtype=float)
        frames = list(self.frames(phases))
        rng = np.random.default_rng([self.seed, 10**7])
        to_ras = np.eye(4)
        to_ras[:3, :3], to_ras[:3, 3] = HEART_TO_RAS, MIDDLE_MM
        affine = to_ras @ self.scanner.stack_affine()
        affine[:, 3] += self.level * affine[:, 0]
        extent = self.scanner.side * self.scanner.pixel_mm
        kspace = KSpace(
            np.stack([f.data for f in frames]),
            ("frame", "coil", "row", "column"),
            maps=self.maps,
            noise=self._noise(rng, (n_noise,)).astype(np.complex64) if n_noise else None,
            field_of_view_mm=(extent, extent),
            affine=affine,
            facts={
                "format": "virtual heart",
                "times_ms": phases * cycle_ms,
                "slice_thickness_mm": self.scanner.thickness_mm,
                "warnings": (),
            },
        )
        return kspace, np.stack([f.image for f in frames]), np.stack([f.labels for f in frames])

    def _fine_maps(self) -> Iterator[np.ndarray]:
        """Sensitivities at the fine pixels, coil by coil."""
        side = self.scanner.side
        index = (np.arange(FINE * side) - (FINE - 1) / 2) / FINE  # in coarse pixels
        axis = (index - side // 2) / side
        waves = np.exp(2j * np.pi * axis[:, None, None] * self.coils.waves)  # (fine, m, 2)
        for weights in self.coils.weights:
            yield np.einsum("ym,xm,m->yx", waves[..., 0], waves[..., 1], weights, optimize=True)

    def _noise(self, rng, shape):
        """Correlated complex noise, (n_coils, *shape)."""
        n = self.coils.n_coils
        if np.isinf(self.scanner.snr):
            return np.zeros((n, *shape))
        white = rng.standard_normal((2, n, *shape))
        factor = np.linalg.cholesky(self.covariance)
        return np.tensordot(factor, (white[0] + 1j * white[1]) / np.sqrt(2), 1)
