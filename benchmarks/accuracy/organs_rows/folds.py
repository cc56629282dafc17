"""What rows of outlined images share: folds by name, and networks that an earlier run kept."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from corporis.errors import BadInput
from corporis.learning import Training

N_FOLDS, LEAST = 5, 20


def by_fold(outlined: Callable, train: Path, test: Path, folds=None) -> list[tuple]:
    """Number, both folders, and names to learn from and to score, of each fold asked for.

    `outlined` reads all cases of a folder. Two folders are one fold; too few cases are none.
    """
    try:
        cases = outlined(train)
        others = cases if train.resolve() == test.resolve() else outlined(test)
    except BadInput:
        return []
    if len(cases) < LEAST:
        return []
    names = [case.name for case in cases]
    if others is not cases:
        fresh = [case.name for case in others if case.name not in set(names)]
        return [(0, train, test, names, fresh)]
    order = np.random.default_rng(0).permutation(len(names))
    found = []
    for number, part in enumerate(np.array_split(order, N_FOLDS)):
        if folds is None or number in folds:
            held = [names[k] for k in sorted(part.tolist())]
            rest = [name for name in names if name not in set(held)]
            found.append((number, train, test, rest, held))
    return found


def trained(
    name: str, training: Training, load: Callable, examples: Callable[[], Sequence], keep, steps
):
    """From the folder `name` in `keep`, where an earlier run left it, or by training now."""
    folder = None if keep is None else Path(keep) / name
    if folder is not None and folder.is_dir():
        return load(folder)
    schedule = training.schedule
    schedule = schedule if steps is None else replace(schedule, n_steps=steps)

    def tell(step, loss):
        if step % 100 == 0:
            print(f"{name}, step {step}: {loss:.4f}", file=sys.stderr, flush=True)

    found = training(examples(), schedule=schedule, progress=tell)
    if folder is not None:
        found.save(folder)
    return found
