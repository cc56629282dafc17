"""The shape prior: a dictionary of hearts, composed sparsely.

A heart is described by its cavity's radius at eight levels, twelve angles and two phases
(end-diastole and end-systole together: how a heart looks tells how it beats), in units of its own
size. Hearts enter the dictionary at twelve rotations, because where the septum lies in the image
means nothing. A new heart is composed of few of them; single places that no combination explains
are set aside as gross errors and count for nothing.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from corporis.apps.heart_shape.measure import find_phases
from corporis.apps.heart_shape.rebuild import Body
from corporis.errors import BadInput
from corporis.shapes import SparseShapeComposition

LEVELS = (np.arange(8) + 0.5) / 8
N_ANGLES = 12


@dataclass(frozen=True)
class ShapePrior:
    """A dictionary of hearts and how strictly it is used.

    Parameters
    ----------
    hearts : array, (n, 8, 12, 2)
        Radii relative to each heart's size: levels base to apex, angles, (ED, ES).
    spread : float
        Standard deviation, relative to the heart's size, with which a composed radius is
        believed.
    code_weight, gross_weight : float
        As in `SparseShapeComposition`, in units of the heart's size.
    """

    hearts: np.ndarray
    spread: float = 0.15
    code_weight: float = 0.02
    gross_weight: float = 0.1

    def __post_init__(self):
        if np.ndim(self.hearts) != 4 or np.shape(self.hearts)[1:] != (len(LEVELS), N_ANGLES, 2):
            raise ValueError(
                f"hearts must be (n, {len(LEVELS)}, {N_ANGLES}, 2), got {np.shape(self.hearts)}"
            )

    @classmethod
    def load(cls, path: Path | str | None = None) -> "ShapePrior":
        """The dictionary shipped with the package, or another ``.npz`` with ``hearts``.

        Raises
        ------
        BadInput
            If the file is missing or holds no dictionary.
        """
        path = Path(__file__).with_name("weights") / "hearts.npz" if path is None else Path(path)
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                return cls(archive["hearts"].astype(np.float64))
        except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
            raise BadInput(
                f"{path.name}: no dictionary of hearts there: give what corporis train wrote"
            ) from error

    def save(self, path: Path | str) -> None:
        """Write the dictionary (half precision) to ``.npz``."""
        np.savez_compressed(path, hearts=self.hearts.astype(np.float16))

    @classmethod
    def of(cls, bodies: Sequence[Body]) -> "ShapePrior":
        """A dictionary of outlined hearts; those with one phase only are left out."""
        described = [describe(body) for body in bodies if body.cavity.shape[2] > 1]
        if not described:
            raise ValueError(
                "a dictionary needs at least one heart outlined in two phases, got none"
            )
        return cls(np.stack([heart.radius / heart.size for heart in described]))

    def expect(self, body: Body, trust: np.ndarray | None = None) -> "Expected":
        """What the dictionary expects of a heart that was outlined from evidence alone.

        Parameters
        ----------
        trust : array, (8, 12, 2), optional
            Confidence in the outline at each place, >= 0.
        """
        heart = describe(body)
        atoms = np.concatenate([np.roll(self.hearts, k, axis=2) for k in range(N_ANGLES)])
        composition = SparseShapeComposition(
            code_weight=self.code_weight,
            gross_weight=self.gross_weight,
            gross_error="landmark",
            alignment="none",
        ).fit(atoms.reshape(len(atoms), -1, 1))
        weights = None if trust is None else trust.reshape(-1)
        found = composition.explain((heart.radius / heart.size).reshape(-1, 1), weights)
        radius = np.maximum(found.shape.reshape(heart.radius.shape), 0.0)
        return Expected(
            radius * heart.size,
            self.spread * heart.size,
            heart.fill,
            found.overruled.reshape(heart.radius.shape),
            found.gap,
        )


@dataclass(frozen=True)
class Described:
    """A heart's radii (8, 12, 2), its size, and how full it is at each time (1 ED to 0 ES)."""

    radius: np.ndarray
    size: float
    fill: np.ndarray


@dataclass(frozen=True)
class Expected:
    """Radii (8, 12, 2) the dictionary expects, with one standard deviation, in length."""

    radius: np.ndarray
    spread: float
    fill: np.ndarray
    overruled: np.ndarray
    gap: float

    def on(self, body: Body) -> tuple[np.ndarray, np.ndarray]:
        """Squared radii and their standard deviations on the body's grid, for `fit_body`.

        Outside base and apex, where the dictionary says nothing, the deviation is huge.
        """
        grid, shape = body.grid, body.cavity.shape
        angles = np.arange(shape[1]) * N_ANGLES / shape[1]
        left = angles.astype(int)
        share = (angles - left)[:, None]
        turned = (
            self.radius[:, left % N_ANGLES] * (1 - share)
            + self.radius[:, (left + 1) % N_ANGLES] * share
        )
        prior, spread = np.zeros(shape), np.full(shape, np.inf)
        for time, fill in enumerate(self.fill):
            radius = fill * turned[..., 0] + (1 - fill) * turned[..., 1]
            base, apex = body.ends.base[time], body.ends.apex[time]
            along = (grid.slice_positions - base) / (apex - base)
            inside = (along >= 0) & (along <= 1)
            for angle in range(shape[1]):
                prior[:, angle, time] = np.interp(along, LEVELS, radius[:, angle]) ** 2
            sd = 2 * np.sqrt(prior[inside, :, time]) * self.spread + self.spread**2
            spread[inside, :, time] = sd
        # Neighbouring grid points repeat one statement: together they count once.
        repeats = np.sqrt(grid.n_levels * shape[1] / self.radius[..., 0].size)
        return prior, spread * repeats


def describe(body: Body) -> Described:
    """A heart in the dictionary's terms."""
    n_times, n_angles = body.cavity.shape[2], body.cavity.shape[1]
    step = n_angles // N_ANGLES
    squares = np.stack([body.rings("cavity", LEVELS, time)[1] for time in range(n_times)], axis=-1)
    # Shifted by half a coarse step, so that averages are centred on the coarse angles.
    coarse = (
        np.roll(squares, step // 2, axis=1)
        .reshape(len(LEVELS), N_ANGLES, step, n_times)
        .mean(axis=2)
    )
    volume = coarse.mean(axis=(0, 1))
    phases = find_phases(volume)
    radius = np.sqrt(coarse[..., [phases.ed, phases.es]])
    span = volume[phases.ed] - volume[phases.es]
    fill = (volume - volume[phases.es]) / span if span > 0 else np.ones(n_times)
    size = float(np.sqrt(coarse[2:6, :, phases.ed].mean()))
    return Described(radius, size, np.clip(fill, 0, 1))


def trust_at_places(body: Body, by_slice: np.ndarray) -> np.ndarray:
    """Trust in slices (n_slices, n_times) at the dictionary's places, (8, 12, 2)."""
    index = np.arange(by_slice.shape[0])
    phases = find_phases(np.maximum(body.cavity, 0).mean(axis=(0, 1)))
    out = np.empty((len(LEVELS), N_ANGLES, 2))
    for column, time in enumerate((phases.ed, phases.es)):
        position, _ = body.rings("cavity", LEVELS, time)
        out[..., column] = np.interp(position, index, by_slice[:, time])[:, None]
    return out
