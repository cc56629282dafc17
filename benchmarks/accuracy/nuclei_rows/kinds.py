"""Types of given components from patches of fixed size, and from sizes alone as a control."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold

from corporis.apps.nuclei.classifier import NucleusClassifier
from corporis.apps.nuclei.features import measure

from .images import _patients, read_image

EPITHELIAL, LYMPHOCYTE = 1, 2
N_FOLDS = 5


def load(folder: Path):
    """Features, control, types and patients of all components; None where there are none.

    The control knows pixels and bounding box of the component, and the size of the crop.
    """
    root = Path(folder) / "nuclei" / "monusac"
    patients, rows, control, types, groups = _patients(root), [], [], [], []
    for path in sorted(root.glob("*_components.png")):
        name = path.name.removesuffix("_components.png")
        image = read_image(root, name)
        if image is None:
            continue
        components = np.array(Image.open(path)).astype(int)
        kinds = np.array(Image.open(root / f"{name}_types.png"))
        table = measure(image, components)
        for number in np.unique(components[components > 0]):
            mine = components == number
            rows.append(table.values[number - 1])
            box = np.ptp(np.nonzero(mine), axis=1) + 1
            control.append([np.count_nonzero(mine), *box, *image.shape[:2]])
            types.append(int(np.bincount(kinds[mine], minlength=5)[1:].argmax()) + 1)
            groups.append(patients.get(name, name[:12]))
    if not rows:
        return None
    return np.array(rows), np.array(control, float), np.array(types), np.array(groups)


def row(train: Path, test: Path):
    """Out-of-fold types by patient, by features, by size alone, and by a leaky random split."""
    known = load(train)
    if known is None:
        return []
    features, control, types, groups = known
    if train.resolve() != test.resolve():
        other = load(test)
        if other is None:
            return []
        fresh = ~np.isin(other[3], groups)
        x, size, truth = other[0][fresh], other[1][fresh], other[2][fresh]
        if not len(truth):
            return []
        found = NucleusClassifier().fit(features, types, groups).predict(x)
        by_size = NucleusClassifier().fit(control, types, groups).predict(size)
        return [("types", scores(truth, found) | _size(truth, by_size))]
    if len(np.unique(groups)) < N_FOLDS:
        return []
    honest = list(GroupKFold(N_FOLDS).split(features, types, groups))
    leaky = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(features, types))
    found = scores(types, _predicted(features, types, groups, honest))
    found |= _size(types, _predicted(control, types, groups, honest))
    random = scores(types, _predicted(features, types, groups, leaky))
    found["macro_f1_random_split"] = random["macro_f1"]
    return [("types", found)]


def _size(truth, found):
    return {
        "macro_f1_size_only": float(f1_score(truth, found, average="macro")),
        "lymphocyte_f1_size_only": scores(truth, found)["lymphocyte_f1"],
    }


def _predicted(x, y, groups, splits):
    found = np.zeros_like(y)
    for train, test in splits:
        model = NucleusClassifier().fit(x[train], y[train], groups[train])
        found[test] = model.predict(x[test])
    return found


def scores(truth, found) -> dict:
    """Macro F1 over the four types; lymphocyte F1 among true lymphocytes and epithelial ones."""
    two = np.isin(truth, (EPITHELIAL, LYMPHOCYTE))
    return {
        "macro_f1": float(f1_score(truth, found, average="macro")),
        "f1_by_type": f1_score(truth, found, average=None).tolist(),
        "lymphocyte_f1": float(f1_score(truth[two] == LYMPHOCYTE, found[two] == LYMPHOCYTE)),
        "confusion": confusion_matrix(truth, found).tolist(),
        "n_components": len(truth),
    }


def figures(rows) -> dict:
    """What the issue asks for."""
    mine = [r for kind, r in rows if kind == "types"]
    if not mine:
        return {}
    names = ("macro_f1", "macro_f1_size_only", "macro_f1_random_split")
    found = {f"monusac_{name}": mine[0][name] for name in names if name in mine[0]}
    found["lymphocyte_f1"] = mine[0]["lymphocyte_f1"]
    found["lymphocyte_f1_size_only"] = mine[0]["lymphocyte_f1_size_only"]
    return found
