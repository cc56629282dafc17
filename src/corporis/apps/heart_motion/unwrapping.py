r"""Displacement from the phase of DENSE: unwrapped from pixel to pixel, and smooth in between.

The phase of displacement-encoded MRI is ``2 pi c u``, known up to whole turns. Muscle moves
smoothly, so that a pixel's phase is foretold by those beside it: pixels join one after another,
the most certain first, each with the number of turns that comes nearest to what an affine map of
its neighbours foretells. The whole is then held against itself, and turns that do not fit are put
right; turns that all pixels of a frame share follow from the frame before.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.arrays import check_finite
from corporis.deformables import ThinPlate

TURN = 2 * np.pi
FEWEST = 6
"""Neighbours that an affine map is put through; fewer give their mean."""


@dataclass(frozen=True)
class PhaseUnwrapping:
    """Whole turns of the phase, by smoothness in the plane and from frame to frame.

    Parameters
    ----------
    reach_px : int
        Neighbours up to so many rows and columns away foretell a phase, >= 1.
    n_rounds : int
        Rounds in which turns are put right, >= 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Spottiswoode et al. (2007), IEEE Trans. Med. Imaging 26, 15-30, doi:10.1109/TMI.2006.884215
    (quality-guided unwrapping of DENSE); Ghiglia & Pritt (1998), Two-Dimensional Phase Unwrapping

    Examples
    --------
    >>> ramp = np.tile(0.9 * np.arange(12.0), (12, 1))
    >>> signal = np.exp(1j * ramp)[None]
    >>> turned = PhaseUnwrapping()(signal, np.ones((12, 12), dtype=bool))
    >>> np.ptp(turned[0] - ramp).round(9).item()
    0.0
    """

    reach_px: int = 2
    n_rounds: int = 5

    def __post_init__(self):
        if self.reach_px < 1 or self.n_rounds < 0:
            raise ValueError(
                f"expected reach_px >= 1 and n_rounds >= 0, got {self.reach_px} and {self.n_rounds}"
            )

    def __call__(self, images: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Phases (t, rows, columns) in radians, NaN outside the mask.

        Parameters
        ----------
        images : complex array, (t, rows, columns)
            Of one encoding axis: angle and strength.
        mask : bool array, (rows, columns) or (t, rows, columns)
            Where muscle is.

        Raises
        ------
        ValueError
            If shapes do not match or a value is not finite.

        Notes
        -----
        The first frame is taken to be less than half a turn from rest in its middle; parts of a
        mask that do not touch each other are foretold from the frame before, or stand for
        themselves in the first.
        """
        images = np.asarray(images)
        if images.ndim != 3 or np.shape(mask)[-2:] != images.shape[1:]:
            raise ValueError(
                "images must be (t, rows, columns) and mask of the same rows and columns, got "
                f"{images.shape} and {np.shape(mask)}"
            )
        check_finite(images, "images")
        masks = np.broadcast_to(np.asarray(mask, dtype=bool), images.shape)
        out, before = np.full(images.shape, np.nan), None
        for t, (image, here) in enumerate(zip(images, masks)):
            parts, n_parts = ndimage.label(here)
            for number in range(1, n_parts + 1):
                part = parts == number
                phase = self._grown(np.angle(image), np.abs(image), part)
                phase = self._mended(phase, np.abs(image), part)
                phase -= TURN * np.round(self._offset(phase, part, before) / TURN)
                out[t][part] = phase[part]
            before = out[t] if np.any(here) else before
        return out

    def _grown(self, angle, strength, part):
        """Pixels join in the order of how certain they are."""
        phase, joined = np.where(part, angle, np.nan), np.zeros(part.shape, dtype=bool)
        quality = _coherence(angle, strength, part)
        seed = np.unravel_index(np.argmax(np.where(part, quality, -1)), part.shape)
        waiting = [(0.0, int(seed[0]), int(seed[1]))]
        while waiting:
            _, r, c = heapq.heappop(waiting)
            if joined[r, c]:
                continue
            if joined.any():
                foretold = self._foretold(phase, strength * joined, r, c)
                phase[r, c] += TURN * np.round((foretold - phase[r, c]) / TURN)
            joined[r, c] = True
            for i, j in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if 0 <= i < part.shape[0] and 0 <= j < part.shape[1]:
                    if part[i, j] and not joined[i, j]:
                        heapq.heappush(waiting, (-float(quality[i, j]), i, j))
        return phase

    def _mended(self, phase, strength, part):
        """Pixels that are more than half a turn off what all around them say are turned."""
        for _ in range(self.n_rounds):
            wrong = 0
            for r, c in np.argwhere(part):
                weight = np.where(part, strength, 0)
                weight[r, c] = 0
                turns = np.round((self._foretold(phase, weight, r, c) - phase[r, c]) / TURN)
                if np.isfinite(turns) and turns:
                    phase[r, c] += TURN * turns
                    wrong += 1
            if not wrong:
                break
        return phase

    def _foretold(self, phase, weight, r, c):
        """What an affine map of the neighbours says here; their mean where they are few."""
        n = self.reach_px
        rows = slice(max(r - n, 0), r + n + 1)
        columns = slice(max(c - n, 0), c + n + 1)
        w = weight[rows, columns].ravel()
        near = np.flatnonzero(w > 0)
        if not len(near):
            return np.nan
        y, x = np.indices(weight[rows, columns].shape)
        off = np.stack([y.ravel() + rows.start - r, x.ravel() + columns.start - c], axis=-1)[near]
        w = w[near] * np.exp(-0.5 * np.sum(off**2, axis=1) / max(n - 0.5, 0.5) ** 2)
        values = phase[rows, columns].ravel()[near]
        if len(near) < FEWEST:
            return float(np.sum(w * values) / w.sum())
        basis = np.column_stack([np.ones(len(near)), off])
        moments = basis.T @ (w[:, None] * basis)
        moments[1:, 1:] += 0.05 * moments[0, 0] * np.eye(2)
        return float(np.linalg.solve(moments, basis.T @ (w * values))[0])

    @staticmethod
    def _offset(phase, part, before):
        """How far a part is off the frame before, or its own middle off zero."""
        if before is not None:
            both = part & np.isfinite(before)
            if both.any():
                return float(np.median(phase[both] - before[both]))
        return float(np.median(phase[part]))


def _coherence(angle, strength, part):
    """How well the phases of a pixel and those around it agree, 0 to 1, times its strength."""
    signal = np.where(part, strength * np.exp(1j * angle), 0)
    total = ndimage.uniform_filter(signal.real, 3) + 1j * ndimage.uniform_filter(signal.imag, 3)
    norm = ndimage.uniform_filter(np.abs(signal), 3)
    return np.abs(total) / np.maximum(norm, 1e-12) * strength


def dense_displacement(phases: np.ndarray, cycles_per_px: np.ndarray) -> np.ndarray:
    """Displacement (t, rows, columns, 2) in pixels of the muscle that is now in each pixel.

    Parameters
    ----------
    phases : array, (t, 2, rows, columns)
        Unwrapped, of two encoding axes, in radians.
    cycles_per_px : array, (2, 2)
        Rows: turns a pixel along (row, column) of each axis.

    Raises
    ------
    ValueError
        If shapes do not match or the two axes are one.

    Examples
    --------
    >>> phases = np.full((1, 2, 1, 1), np.pi)
    >>> dense_displacement(phases, np.diag([0.1, 0.25]))[0, 0, 0].tolist()     # half a turn
    [5.0, 2.0]
    """
    cycles = np.asarray(cycles_per_px, dtype=float)
    if np.ndim(phases) != 4 or np.shape(phases)[1] != 2 or cycles.shape != (2, 2):
        raise ValueError(
            "phases must be (t, 2, rows, columns) and cycles_per_px (2, 2), got "
            f"{np.shape(phases)} and {cycles.shape}"
        )
    if abs(np.linalg.det(cycles)) < 1e-6 * np.linalg.norm(cycles) ** 2:
        raise ValueError("two encoding axes are needed that point in different directions")
    return np.einsum("ia,tarc->trci", np.linalg.inv(cycles), np.asarray(phases) / TURN)


def material_displacement(
    displacement: np.ndarray, rest: np.ndarray, plate: ThinPlate | None = None
) -> np.ndarray:
    """Displacement (t, n, 2) of material points, smooth between pixels.

    Muscle now at pixel `x` came from ``X = x - u``; a thin plate through all pairs (X, u) of a
    frame says what any material point does.

    Parameters
    ----------
    displacement : array, (t, rows, columns, 2)
        Of what is now in each pixel, in pixels; NaN outside muscle.
    rest : array, (n, 2)
        Material points, in pixels.
    plate : ThinPlate or None
        None is one of stiffness 1 that believes all pixels. `ThinPlate()` chooses its stiffness
        from the data and disbelieves gross errors, at fifty times the cost.

    Raises
    ------
    ValueError
        If a frame has fewer than 4 pixels of muscle.
    """
    plate = ThinPlate(stiffness=(1.0,), believed=None) if plate is None else plate
    out = np.empty((len(displacement), *np.shape(rest)))
    for t, field in enumerate(displacement):
        places = np.argwhere(np.all(np.isfinite(field), axis=-1))
        if len(places) < 4:
            raise ValueError(f"frame {t} has {len(places)} pixels of muscle, 4 are needed")
        seen = field[tuple(places.T)]
        out[t] = plate.fit(places - seen, seen)(rest)
    return out
