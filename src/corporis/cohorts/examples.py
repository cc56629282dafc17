"""What training learns from: contoured patients and random virtual hearts."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from corporis.apps.heart_shape.training import Example
from corporis.cohorts.contoured import Contoured
from corporis.phantoms import sample_training_heart

N_VIRTUAL = 60
AGAINST_PATIENTS = 500.0
"""How often all virtual hearts together are asked about where the blood's border is learned, in
units of one patient."""

AGAINST_PATIENTS_RIGHT = 100.0
"""The same where the right cavity is learned: in patients it is only guessed, where it is sure."""


def examples(patients: Sequence[Contoured]) -> list[Example]:
    """Contoured patients as training examples: the cavity is certain, the muscle is guessed."""
    return [Example.from_cavity(p.stack.frames, p.cavity, ~p.stack.missing) for p in patients]


def virtual_hearts(
    n: int, seed: int, executor: Executor | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Random virtual hearts as (frames, classes), each (n_slices, 2, rows, columns)."""
    spread = map if executor is None else executor.map
    return spread(_virtual_heart, [(seed, number) for number in range(n)])


def _virtual_heart(key: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return sample_training_heart(np.random.default_rng([7, *key]))


def virtual_examples(
    n: int = N_VIRTUAL, seed: int = 0, executor: Executor | None = None
) -> list[Example]:
    """Random virtual hearts as training examples, all classes certain.

    They teach what patients' masks do not hold: muscle, right cavity, the blood's own border.
    """
    return [Example.from_classes(*heart) for heart in virtual_hearts(n, seed, executor)]


def weighted(examples: Sequence[Example], total: float) -> list[Example]:
    """Examples that together are asked about as often as `total` patients."""
    return [replace(example, weight=total / len(examples)) for example in examples]
