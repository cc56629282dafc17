"""Nothing alike was found: alarms on what is known, misses on a class withheld from the index."""

from pathlib import Path

import numpy as np

from corporis.apps.histopathology.model import IndexModel, folds
from corporis.apps.histopathology.search import Encoder
from corporis.errors import NotFound

from . import regions, textures

INDEXED, ASKED, UNKNOWN = 150, 60, 200
"""Tiles of each class in the index, other tiles of each, and of the withheld class."""
N_FOLDS = 5


def jobs(train: Path, test: Path):
    """One piece of work for each withheld class of tiles, and one for all grades of glands."""
    sets = [textures.read(folder) for folder in (train, test)]
    found = []
    if all(held is not None for held in sets):
        both = (*sets[0], *sets[1], train.resolve() == test.resolve())
        found = [(tiles, (name, *both)) for name in np.unique(sets[0][1]).tolist()]
    if train.resolve() == test.resolve() and (known := regions.load(train)):
        found.append((grades, (known,)))
    return found


def tiles(withheld, X, y, other, labels, is_one_set):
    """Alarms on tiles of classes in the index, and misses on those of the class withheld."""
    rng = np.random.default_rng([int(withheld), 7])
    classes = [name for name in np.unique(y) if name != withheld]

    def drawn(labels, name, n, but=()):
        rows = rng.permutation(np.setdiff1d(np.flatnonzero(labels == name), but))
        return rows[:n]

    held = np.concatenate([drawn(y, name, INDEXED) for name in classes])
    but = held if is_one_set else ()
    asked = np.concatenate([drawn(labels, name, ASKED, but) for name in classes])
    unknown = drawn(labels, withheld, UNKNOWN)
    names = [f"texture.f{i}" for i in range(X.shape[1])]
    bags = [row[None] for row in X[held]]
    model = IndexModel.learn(names, bags, y[held].astype(str), [None] * len(held))
    row = {"withheld": int(withheld), **_rates(model, other[asked], other[unknown])}
    return ("unlike_tiles", row)


def grades(known):
    """The same on regions of the colon without a network; patients of a fold in no index."""
    bags = []
    for region in known:
        try:
            bags.append(Encoder()(region.image, regions.UM_PER_PX))
        except NotFound:
            bags.append(None)
    kept = [i for i, table in enumerate(bags) if table is not None]
    grade = np.array([region.grade for region in known])
    rows = []
    for withheld in np.unique(grade):
        counts = np.zeros(4, int)
        for held in folds([region.patient for region in known], N_FOLDS):
            index = [i for i in kept if not held[i] and grade[i] != withheld]
            asked = [i for i in kept if held[i]]
            model = IndexModel.learn(
                bags[kept[0]].names,
                [bags[i].values for i in index],
                grade[index],
                [known[i].patient for i in index],
            )
            for i in asked:
                alarm = model.strangeness(bags[i].values) > model.strangest
                counts += [grade[i] != withheld and alarm, grade[i] != withheld,
                           grade[i] == withheld and not alarm, grade[i] == withheld]  # fmt: skip
        alarms, n_known, misses, n_unknown = counts.tolist()
        rows.append(
            (
                "unlike_grades",
                {
                    "withheld": str(withheld),
                    "false_alarms": alarms / max(n_known, 1),
                    "misses": misses / max(n_unknown, 1),
                    "known": n_known,
                    "unknown": n_unknown,
                },
            )
        )
    return rows


def _rates(model, known, unknown):
    alarm = [
        np.array([model.strangeness(row[None]) > model.strangest for row in rows])
        for rows in (known, unknown)
    ]
    return {
        "false_alarms": float(alarm[0].mean()),
        "misses": float(1 - alarm[1].mean()),
        "known": len(known),
        "unknown": len(unknown),
    }


def figures(rows) -> dict:
    """Means over the classes that were withheld in turn."""
    found = {}
    for kind, name in (("unlike_tiles", "tiles"), ("unlike_grades", "grades")):
        mine = [row for k, row in rows if k == kind]
        for what in ("false_alarms", "misses") if mine else ():
            found[f"unlike_{what}_{name}"] = float(np.mean([row[what] for row in mine]))
    return found
