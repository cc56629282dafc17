"""A series frame by frame while the scan runs: each frame from its samples and the past alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from corporis.apps.mri.held_back import split
from corporis.apps.mri.nonlocal_means import nonlocal_mean
from corporis.apps.mri.spectral_splitting import SpectralSplitting
from corporis.operators.fourier import unitary_fft

PLANE = (-2, -1)
WEIGHTS = (2e-4, 3e-2)
"""Least and largest weight, in units of the brightest."""
FINAL = (0.5, 0.4)
"""Likeness of the last references, whose problems see all samples."""
INNER = 2
"""Iterations a reference; the first only fits the samples, so 2 is the least that has a prior."""


@dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame of a series.

    Parameters
    ----------
    image : complex64 array, (rows, columns)
        In the unit of the unitary transform of the input.
    seconds : float
        Wall time of this frame.
    reference : int or None
        The past frame that predicted the samples of this one best; None where no past frame
        helped to predict samples held back.
    weight : float
        Of the total variation, in units of the brightest of the first frame.
    held_back_error : float
        What samples held back were missed by, in units of their own size; 1 is no prediction.
    """

    image: np.ndarray
    seconds: float
    reference: int | None
    weight: float
    held_back_error: float


@dataclass(frozen=True)
class CausalSeries:
    r"""Frames from undersampled k-space, one coil, in real time.

    Two problems a frame. First, without a reference,
    ``min 1/2 ||A x - b||^2 + beta TV(x)``; then, a few times,
    ``min 1/2 ||A x - b||^2 + alpha TV(x - x_ref)``, where the reference follows the motion: each
    place of ``x_ref`` is the mean of what looks like it in the past frames that predict the
    samples of this frame best, and in this frame itself. A heart that moves far is nowhere
    twice at the same place; its wall still looks the same a few pixels on. Some samples are held
    back: they choose between the followed reference, the best past frame as it is and no
    reference at all, they move ``beta`` slowly from frame to frame, and what they are missed by
    says how unlike two places may be. No truth is used.

    Parameters
    ----------
    n_alike : int
        Past frames that a reference is made of, >= 1.
    n_kept : int
        Past frames that are remembered, >= `n_alike`.
    reach : int
        How far the same place is searched, in pixels, >= 0.
    weight : float
        First guess of ``beta``, in units of the brightest; > 0.
    balance : float
        ``alpha / beta``, > 0.
    likeness : float
        Distance of two places that count as alike, in units of what held-back samples are
        missed by; > 0.
    n_passes : int
        References a frame, >= 1.
    share : float
        Of the samples outside the centre that is held back, in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Chen, Li, Axel & Huang (2014), MICCAI, LNCS 8674, 365-372 (causal reference); Buades, Coll &
    Morel (2008), Int. J. Comput. Vis. 76, 123-139, doi:10.1007/s11263-007-0052-1 (nonlocal
    means of films)

    Examples
    --------
    >>> still = np.zeros((2, 32, 32), np.complex64)
    >>> still[:, 16, 16] = 32.0                   # a constant spectrum, one bright line each way
    >>> masks = np.ones((2, 32, 32), bool)
    >>> [frame.image.shape for frame in CausalSeries().frames(still, masks)]
    [(32, 32), (32, 32)]
    """

    n_alike: int = 4
    n_kept: int = 24
    reach: int = 1
    weight: float = 2e-3
    balance: float = 0.25
    likeness: float = 1.0
    n_passes: int = 5
    share: float = 0.05

    def __post_init__(self):
        if not 1 <= self.n_alike <= self.n_kept:
            raise ValueError(f"expected 1 <= n_alike <= n_kept, got {self.n_alike}, {self.n_kept}")
        if self.n_passes < 1 or self.reach < 0:
            raise ValueError(
                f"n_passes must be >= 1 and reach >= 0, got {self.n_passes}, {self.reach}"
            )
        for name in ("weight", "balance", "likeness"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if not 0 < self.share < 1:
            raise ValueError(f"share must be in (0, 1), got {self.share}")

    def frames(self, data: np.ndarray, masks: np.ndarray) -> Iterator[FrameResult]:
        """The frames one after the other; a frame is made when it is asked for.

        Parameters
        ----------
        data : complex array, (n_frames, rows, columns)
            K-space, centred, of the unitary transform; what lies off the masks is not used.
        masks : bool array, (n_frames, rows, columns)
            What was sampled. The first frame is best sampled more, by half.

        Raises
        ------
        ValueError
            If the shapes differ, samples are not finite, or a frame has none.
        """
        check_series(np.asarray(data)[:, None], masks)
        return self._frames(data, masks)

    def _frames(self, data, masks):
        past = _Past(self.weight)
        for number, (samples, mask) in enumerate(zip(data, masks)):
            begun = time.perf_counter()
            judges = np.fft.ifftshift(split(mask, self.share, seed=number))
            mask = np.fft.ifftshift(mask)
            samples = np.where(mask, np.fft.ifftshift(samples), 0)
            if past.scale is None:
                past.scale = _brightest(samples, mask)
            samples = (samples / past.scale).astype(np.complex64)
            frame = _Frame(samples, mask, judges)
            image, reference, error = self._frame(frame, past)
            past.keep(image, number, float(np.mean(mask)), self.n_kept)
            seen = np.fft.fftshift(image) * np.float32(past.scale)
            seconds = time.perf_counter() - begun
            yield FrameResult(seen, seconds, reference, past.weight, frame.relative(error))

    def _frame(self, frame, past):
        """Image, number of the reference, and mean square miss of the samples held back."""
        nearest = past.nearest(frame, self.n_alike)
        others = [past.images[j] for j in nearest]
        guess = past.spectra[nearest[0]] if nearest else 0
        start = np.where(frame.told, frame.samples, guess)
        plain = self._variation(SpectralSplitting(frame.fit, frame.told, start), frame, past)
        followed = SpectralSplitting(frame.fit, frame.told, plain.spectrum)
        self._follow(followed, others, past, np.geomspace(2.5, 0.5, self.n_passes))
        misses = [frame.error(way.spectrum) for way in (followed, plain)]
        if nearest and frame.error(guess) < min(misses):
            kept = SpectralSplitting(frame.samples, frame.mask, guess)
            image = kept.solve(4, past.weight, others[0])
            return image, past.numbers[nearest[0]], frame.error(guess)
        way = followed if misses[0] <= misses[1] else plain
        way.sees(frame.samples, frame.mask)
        if way is plain:
            return plain.solve(6, past.weight), None, misses[1]
        self._follow(followed, others, past, FINAL)
        return followed.image, past.numbers[nearest[0]] if nearest else None, misses[0]

    def _variation(self, plain, frame, past):
        """Minimise without a reference, moving the weight."""
        plain.solve(8, past.weight)
        # where the sampling changed the weight of the last frame says little
        for _ in range(1 if past.is_as_dense_as(frame.mask) else 6):
            trial, weight = plain.copy(), float(np.clip(past.weight * past.factor, *WEIGHTS))
            trial.solve(3, weight)
            plain.solve(3, past.weight)
            if frame.error(trial.spectrum) < frame.error(plain.spectrum):
                plain, past.weight = trial, weight
            else:
                past.factor = 1 / past.factor
        past.note(frame.error(plain.spectrum))
        return plain

    def _follow(self, splitting, others, past, scales):
        """Minimise with one reference after the other, each following the motion better."""
        for scale in scales:
            scale = float(scale * self.likeness * past.miss)
            here = splitting.image
            reference = nonlocal_mean(here, [*others, here], scale, self.reach)
            splitting.start(unitary_fft(reference, PLANE), reference)
            splitting.solve(INNER, self.balance * past.weight, reference)


@dataclass(frozen=True, eq=False)
class _Frame:
    """Samples of one frame, frequency 0 first, and those among them that judge."""

    samples: np.ndarray
    mask: np.ndarray
    judges: np.ndarray

    @property
    def told(self):
        """Mask of the samples that do not judge."""
        return self.mask & ~self.judges

    @property
    def fit(self):
        """The samples that do not judge, zero elsewhere."""
        return self.samples * self.told

    def error(self, spectrum) -> float:
        """Mean square of what the judges are missed by; 0 without judges."""
        if not self.judges.any():
            return 0.0
        return float(np.mean(np.abs((spectrum - self.samples)[self.judges]) ** 2))

    def relative(self, error) -> float:
        """Root of a mean square error, in units of the judges' own size."""
        size = self.error(np.zeros_like(self.samples))
        return float(np.sqrt(error / size)) if size > 0 else 0.0


@dataclass
class _Past:
    """What the frames so far have taught; changes from frame to frame."""

    weight: float
    factor: float = 1.4
    scale: float | None = None
    miss: float = 0.0
    density: float = 0.0
    images: list = field(default_factory=list)
    spectra: list = field(default_factory=list)
    numbers: list = field(default_factory=list)

    def keep(self, image, number, density, n_kept):
        """Remember a frame, and forget the oldest."""
        self.images = [*self.images, image][-n_kept:]
        self.spectra = [*self.spectra, unitary_fft(image, PLANE)][-n_kept:]
        self.numbers = [*self.numbers, number][-n_kept:]
        self.density = density

    def is_as_dense_as(self, mask) -> bool:
        """Whether the last frame had about as many samples."""
        return abs(np.mean(mask) - self.density) < 0.2 * self.density

    def nearest(self, frame, n) -> list[int]:
        """Places of the remembered frames that predict the samples best, best first."""
        seen = frame.samples[frame.mask]
        errors = [np.sum(np.abs(k[frame.mask] - seen) ** 2) for k in self.spectra]
        return [int(j) for j in np.argsort(errors)[:n]]

    def note(self, error):
        """Root mean square miss, smoothed over frames: a few lines held back say little."""
        self.miss = float(np.sqrt(error if not self.miss else 0.5 * error + 0.5 * self.miss**2))


def check_series(data: np.ndarray, masks: np.ndarray) -> None:
    """Refuse what is no series of sampled frames, (n_frames, n_coils, rows, columns).

    Raises
    ------
    ValueError
        If the shapes differ, samples are not finite, or a frame has none.
    """
    shape = np.shape(data)
    if len(shape) != 4 or (shape[0], *shape[2:]) != np.shape(masks):
        raise ValueError(
            "expected k-space and masks (n_frames, rows, columns) of one shape, got "
            f"{np.shape(np.squeeze(data))} and {np.shape(masks)}"
        )
    if masks.dtype != bool:
        raise ValueError(f"expected masks of bool, got {masks.dtype}")
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(f"expected samples in every frame, got none in frame {empty[0]}")
    if not np.all(np.isfinite(np.where(masks[:, None], data, 0))):
        raise ValueError("expected finite k-space, got samples that are not")


def _brightest(samples, mask) -> float:
    """The brightest of the zero-filled image, but for a few pixels."""
    return float(np.quantile(np.abs(unitary_fft(samples, PLANE, is_inverse=True)), 0.998)) or 1.0
