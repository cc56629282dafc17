"""The dictionary of hearts: patients and virtual hearts, outlined as they are drawn."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_shape import EvidenceMaps, Rigidity
from corporis.apps.heart_shape.outline import Outline, look, outline
from corporis.apps.heart_shape.planes import ShortAxis
from corporis.apps.heart_shape.polar import CAVITY
from corporis.apps.heart_shape.prior import ShapePrior
from corporis.apps.heart_shape.rebuild import Body
from corporis.cohorts.contoured import DISPLACED, Contoured
from corporis.cohorts.examples import virtual_hearts

N_VIRTUAL_SHAPES = 30


def outline_contoured(
    stack: ShortAxis,
    maps: EvidenceMaps,
    *,
    prior: ShapePrior | None = None,
    rigidity: Rigidity | None = None,
) -> Outline:
    """Outline a contoured set, where the first and last slice are known to be the heart's."""
    seen = look(maps, stack.missing, all_present=True)
    return outline(stack, seen, rigidity or Rigidity(), prior=prior)


@dataclass(frozen=True)
class Gallery:
    """Outlined hearts that a dictionary is made of: patients by name, and virtual ones."""

    patients: dict[str, Body]
    virtual: tuple[Body, ...]

    @classmethod
    def of(
        cls,
        patients: Sequence[Contoured],
        *,
        n_virtual: int = N_VIRTUAL_SHAPES,
        seed: int = 0,
        executor: Executor | None = None,
    ) -> "Gallery":
        """Outline the drawn hearts, displaced ones left out, and some random virtual hearts."""
        drawn = {
            p.name: outline_contoured(p.stack, drawn_maps(p.cavity)).body
            for p in patients
            if p.name not in DISPLACED
        }
        virtual = [
            outline_contoured(plain_stack(frames), drawn_maps(classes == CAVITY)).body
            for frames, classes in virtual_hearts(n_virtual, seed + 1, executor)
        ]
        return cls(drawn, tuple(virtual))

    def prior(self, without: Sequence[str] = ()) -> ShapePrior:
        """A dictionary of all hearts but those of some patients."""
        kept = [body for name, body in self.patients.items() if name not in without]
        return ShapePrior.of([*kept, *self.virtual])


def drawn_maps(cavity: np.ndarray) -> EvidenceMaps:
    """Masks as evidence that leaves no doubt, so that drawn hearts are outlined like seen ones."""
    rows = np.flatnonzero(cavity.any(axis=(0, 1, 3)))
    columns = np.flatnonzero(cavity.any(axis=(0, 1, 2)))
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    half = max(rows[-1] - rows[0], columns[-1] - columns[0]) // 2 + 4
    padded = np.pad(cavity, ((0, 0), (0, 0), (half, half), (half, half)))
    side = 2 * half + 1
    window = padded[:, :, middle[0] : middle[0] + side, middle[1] : middle[1] + side]
    probability = np.zeros((*window.shape[:2], 4, side, side), np.float32)
    probability[:, :, CAVITY] = window
    probability[:, :, 0] = ~window
    origin = np.tile(np.array(middle, dtype=float) - half, (len(cavity), 1))
    return EvidenceMaps(probability, origin, 1.0)


def plain_stack(frames: np.ndarray) -> ShortAxis:
    """Frames (n_slices, n_times, rows, columns) without geometry, in pixels and slices."""
    n_slices, n_times = frames.shape[:2]
    affines = np.tile(np.eye(4)[[2, 1, 0, 3]], (n_slices, 1, 1))
    affines[:, 2, 3] = np.arange(n_slices)
    return ShortAxis(
        np.asarray(frames, np.float32),
        affines,
        np.tile(np.arange(n_times) / n_times, (n_slices, 1)),
        np.arange(n_slices, dtype=float),
        np.array([0.0, 0.0, 1.0]),
        "pixel",
        None,
        np.zeros((n_slices, n_times), dtype=bool),
        tuple(str(s) for s in range(n_slices)),
    )
