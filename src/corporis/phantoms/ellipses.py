r"""Ellipses and coils whose k-space is known in closed form: no grid makes the data.

Positions are in fields of view, (0, 0) in the middle, rows downwards. The Fourier integral of an
ellipse of half axes a and b is ``pi a b`` times the jinc ``2 J1(s) / s``, with
``s = 2 pi |(a u, b v)|`` for the frequency (u, v) along its axes, in cycles a field of view. A
coil is a sum of few plane waves, so that what it receives is a sum of shifted spectra: still in
closed form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from corporis.interfaces import Array, Shape


def positions(shape: Shape) -> np.ndarray:
    """Centres of the pixels, (rows, columns, 2) in fields of view; 0 lies at index ``n // 2``."""
    axes = [(np.arange(n) - n // 2) / n for n in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def frequencies(shape: Shape) -> np.ndarray:
    """Frequencies of centred k-space, (rows, columns, 2) in cycles a field of view."""
    axes = [np.arange(n) - float(n // 2) for n in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


@dataclass(frozen=True, eq=False)
class PlaneWaveCoils:
    r"""Coil sensitivities ``s_c(r) = sum_m w_cm exp(2 pi i q_m . r)``: smooth, known everywhere.

    Parameters
    ----------
    waves : array, (m, 2)
        Frequencies q along rows and columns, in cycles a field of view; need not be whole.
    weights : complex array, (n_coils, m)

    Examples
    --------
    >>> uniform = PlaneWaveCoils(np.zeros((1, 2)), np.ones((1, 1)))
    >>> uniform.at(np.array([0.25, 0.1])).real.tolist()
    [1.0]
    """

    waves: np.ndarray
    weights: np.ndarray

    def __post_init__(self):
        if np.ndim(self.waves) != 2 or np.shape(self.waves)[1] != 2:
            raise ValueError(f"waves must be (m, 2), got {np.shape(self.waves)}")
        if np.ndim(self.weights) != 2 or np.shape(self.weights)[1] != len(self.waves):
            raise ValueError(
                f"weights must be (n_coils, {len(self.waves)}), got {np.shape(self.weights)}"
            )

    @classmethod
    def ring(
        cls, n_coils: int = 8, *, distance: float = 0.6, width: float = 0.45
    ) -> "PlaneWaveCoils":
        """Coils around the field of view: bell curves with a phase of their own, nearly.

        The 49 waves closest to the wanted curves, by least squares over the field of view and a
        tenth around it. The curves only inspire: the sum of waves *is* the sensitivity, to the
        last digit.

        Parameters
        ----------
        n_coils : int
            At least 1.
        distance : float
            From the middle to each coil, in fields of view.
        width : float
            Standard deviation of the bell curve.
        """
        if n_coils < 1:
            raise ValueError(f"n_coils must be >= 1, got {n_coils}")
        steps = 0.5 * np.arange(-3, 4)
        waves = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        points = 1.2 * positions((41, 41)).reshape(-1, 2)
        angle = 2 * np.pi * np.arange(n_coils)[:, None] / n_coils
        y, x = points.T
        away = (y - distance * np.sin(angle)) ** 2 + (x - distance * np.cos(angle)) ** 2
        phase = angle + 1.6 * (x * np.sin(angle) - y * np.cos(angle))
        wanted = np.exp(-away / (2 * width**2) + 1j * phase)
        system = np.exp(2j * np.pi * points @ waves.T)
        # a little damping keeps the weights small, so that nothing cancels outside
        gram = system.conj().T @ system + 1e-3 * len(points) * np.eye(len(waves))
        weights = np.linalg.solve(gram, system.conj().T @ wanted.T).T
        total = np.sqrt(np.sum(np.abs(weights @ system.T) ** 2, axis=0))
        return cls(waves, weights / total.mean())

    @property
    def n_coils(self) -> int:
        """Number of coils."""
        return len(self.weights)

    def at(self, points: np.ndarray) -> np.ndarray:
        """Sensitivities (n_coils, ...) at positions (..., 2)."""
        waves = np.exp(2j * np.pi * np.asarray(points) @ self.waves.T)
        return np.moveaxis(waves @ self.weights.T, -1, 0)

    def maps(self, shape: Shape) -> np.ndarray:
        """Sensitivities (n_coils, rows, columns) at the pixels' centres, complex64."""
        return self.at(positions(shape)).astype(np.complex64)


@dataclass(frozen=True, eq=False)
class Ellipses:
    """An object made of ellipses, whose values add where they overlap.

    Parameters
    ----------
    values : real or complex array, (n,)
    centres : array, (n, 2)
        (row, column) in fields of view, 0 in the middle.
    half_axes : array, (n, 2)
        Along rows and columns before the ellipse is turned, > 0.
    angles_rad : array, (n,)
        Turn, from rows towards columns.

    Raises
    ------
    ValueError
        If shapes do not fit or a half axis is not > 0.

    Examples
    --------
    >>> disc = Ellipses([1.0], [[0, 0]], [[0.25, 0.25]], [0.0])
    >>> bool(np.isclose(disc.spectrum(np.zeros(2)), np.pi / 16))     # its area
    True
    >>> disc.kspace((8, 8)).shape, float(disc.image((8, 8))[4, 4])
    ((8, 8), 1.0)
    """

    values: Array
    centres: Array
    half_axes: Array
    angles_rad: Array

    def __post_init__(self):
        n = len(self.values)
        for name, shape in (
            ("values", (n,)),
            ("centres", (n, 2)),
            ("half_axes", (n, 2)),
            ("angles_rad", (n,)),
        ):
            array = np.asarray(getattr(self, name))
            array = array if array.dtype.kind == "c" else array.astype(float)
            if array.shape != shape or not np.all(np.isfinite(array)):
                raise ValueError(f"{name} must be finite and {shape}, got {array.shape}")
            object.__setattr__(self, name, array)
        if not np.all(self.half_axes > 0):
            raise ValueError("half_axes must be > 0")

    def spectrum(self, at: np.ndarray) -> np.ndarray:
        """The Fourier integral at frequencies (..., 2), in cycles a field of view; complex.

        ``S(k) = integral f(r) exp(-2 pi i k . r) dr``
        """
        at = np.asarray(at, dtype=float)
        total = np.zeros(at.shape[:-1], complex)
        for value, centre, axes, angle in zip(
            self.values, self.centres, self.half_axes, self.angles_rad
        ):
            own = at @ _turn(angle)  # along the ellipse's axes
            s = 2 * np.pi * np.hypot(axes[0] * own[..., 0], axes[1] * own[..., 1])
            jinc = np.ones_like(s)
            np.divide(2 * special.j1(s), s, out=jinc, where=s > 1e-8)
            total += value * np.pi * axes[0] * axes[1] * jinc * np.exp(-2j * np.pi * at @ centre)
        return total

    def kspace(self, shape: Shape, coils: PlaneWaveCoils | None = None) -> np.ndarray:
        """Centred k-space, (rows, columns) or (n_coils, rows, columns), complex64.

        Scaled so that the unitary inverse transform gives back the object's values.
        """
        scale = np.sqrt(np.prod(shape))
        if coils is None or not np.array_equal(2 * coils.waves, np.rint(2 * coils.waves)):
            return (scale * self.samples(frequencies(shape), coils)).astype(np.complex64)
        # waves of half cycles: every shifted frequency lies on one lattice twice as fine
        reach = 2 * int(np.ceil(np.abs(coils.waves).max()))
        ends = [2 * (n // 2) + reach for n in shape]
        axes = [0.5 * np.arange(-e, 2 * n - e + 2 * reach) for e, n in zip(ends, shape)]
        lattice = self.spectrum(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
        total = np.zeros((coils.n_coils, *shape), complex)
        for wave, weights in zip(coils.waves, coils.weights.T):
            y, x = (reach - np.rint(2 * wave).astype(int)).tolist()
            part = lattice[y : y + 2 * shape[0] : 2, x : x + 2 * shape[1] : 2]
            total += weights[:, None, None] * part
        return (scale * total).astype(np.complex64)

    def samples(self, at: np.ndarray, coils: PlaneWaveCoils | None = None) -> np.ndarray:
        """`spectrum` as each coil receives it, (n_coils, ...), at frequencies (..., 2).

        A wave of frequency q in a sensitivity shifts the spectrum by q.
        """
        if coils is None:
            return self.spectrum(at)
        total = np.zeros((coils.n_coils, *np.shape(at)[:-1]), complex)
        for wave, weights in zip(coils.waves, coils.weights.T):
            shifted = self.spectrum(at - wave)
            total += weights.reshape(-1, *[1] * shifted.ndim) * shifted
        return total

    def at(self, points: np.ndarray) -> np.ndarray:
        """The object's values at positions (..., 2); the edge belongs to an ellipse."""
        points = np.asarray(points, dtype=float)
        total = np.zeros(points.shape[:-1], self.values.dtype)
        for value, centre, axes, angle in zip(
            self.values, self.centres, self.half_axes, self.angles_rad
        ):
            own = (points - centre) @ _turn(angle)
            total[np.sum((own / axes) ** 2, axis=-1) <= 1] += value
        return total

    def image(self, shape: Shape, n_parts: int = 4) -> np.ndarray:
        """The object on a raster: the mean of ``n_parts x n_parts`` points in each pixel."""
        if n_parts < 1:
            raise ValueError(f"n_parts must be >= 1, got {n_parts}")
        offsets = (np.arange(n_parts) + 0.5) / n_parts - 0.5
        centres = positions(shape)
        total = np.zeros(shape, self.values.dtype)
        for y in offsets / shape[0]:
            for x in offsets / shape[1]:
                total += self.at(centres + np.array([y, x]))
        return total / n_parts**2


def _turn(angle):
    """Columns: the ellipse's axes in (row, column)."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def shepp_logan() -> Ellipses:
    """The head of Shepp and Logan, with the stronger contrasts of Toft; values 0 to 1.

    References
    ----------
    Shepp & Logan (1974), IEEE Trans. Nucl. Sci. 21(3), 21-43, doi:10.1109/TNS.1974.6499235

    Examples
    --------
    >>> head = shepp_logan().image((64, 64))
    >>> round(float(head.max()), 3), round(float(head[32, 32]), 3)
    (1.0, 0.2)
    """
    table = np.array(
        [  # value, half axes across and up, centre across and up, degrees; half fields of view
            (1.0, 0.69, 0.92, 0, 0, 0),
            (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
            (-0.2, 0.11, 0.31, 0.22, 0, -18),
            (-0.2, 0.16, 0.41, -0.22, 0, 18),
            (0.1, 0.21, 0.25, 0, 0.35, 0),
            (0.1, 0.046, 0.046, 0, 0.1, 0),
            (0.1, 0.046, 0.046, 0, -0.1, 0),
            (0.1, 0.046, 0.023, -0.08, -0.605, 0),
            (0.1, 0.023, 0.023, 0, -0.606, 0),
            (0.1, 0.023, 0.046, 0.06, -0.605, 0),
        ]
    )
    value, across, up, x, y, degrees = table.T
    # up is against the rows, and a turn against the clock goes from columns to rows upwards
    return Ellipses(
        value,
        np.stack([-y / 2, x / 2], axis=1),
        np.stack([up / 2, across / 2], axis=1),
        np.deg2rad(degrees),
    )


def beating_ellipses(phase: float, signals: Sequence[float] = (0.35, 1.0)) -> Ellipses:
    """A chest with a ventricle that contracts: exact k-space of a moving body.

    Parameters
    ----------
    phase : float
        Part of the beat, periodic: 0 is end-diastole, 0.5 end-systole.
    signals : (float, float)
        Signals of muscle and of blood.

    Returns
    -------
    Ellipses
        The cavity's half axes shrink by up to 35 %, the area of the wall stays.

    Examples
    --------
    >>> first, last = beating_ellipses(0.0), beating_ellipses(0.5)
    >>> round(float(last.half_axes[3, 0] / first.half_axes[3, 0]), 3)
    0.65
    """
    muscle, blood = signals
    squeeze = 1 - 0.35 * (0.5 - 0.5 * np.cos(2 * np.pi * phase))
    cavity = np.array([0.09, 0.08]) * squeeze
    rest, wall = np.array([0.09, 0.08]), 0.035
    area = np.prod(rest + wall) - np.prod(rest)
    # the outer half axes differ from the inner by one thickness that keeps the wall's area
    total = cavity.sum()
    thick = (-total + np.sqrt(total**2 + 4 * area)) / 2
    lung = 0.06
    chest = Ellipses(
        [0.5, lung - 0.5, muscle - lung, blood - muscle, blood - lung, 0.6],
        [[0, 0], [0, 0], [0.02, 0.06], [0.02, 0.06], [-0.03, -0.12], [0.26, -0.05]],
        [[0.40, 0.44], [0.33, 0.38], cavity + thick, cavity, [0.11, 0.05], [0.05, 0.05]],
        [0, 0, 0.4, 0.4, -0.3, 0],
    )
    moved = chest.half_axes.copy()
    moved[4] *= 1 - 0.25 * (0.5 - 0.5 * np.cos(2 * np.pi * phase))
    return replace(chest, half_axes=moved)
