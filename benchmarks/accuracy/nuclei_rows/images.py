"""Images and labels of all sets, found by pattern, and folds by patient."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from corporis.apps.nuclei.evidence import as_bright_field
from corporis.apps.nuclei.training import Example

SHARES = {
    "bright_field": {
        "monuseg": 0.53,
        "semantic": 0.20,
        "gbm40": 0.12,
        "purple": 0.13,
        "brightfield": 0.02,
    },
    "fluorescence": {"fluorescence": 1.0},
}
"""Networks, and how often each draws from each set; `semantic` are the MoNuSeg images with a mask
only."""
KINDS = tuple(kind for shares in SHARES.values() for kind in shares)
DSB_KINDS = {"fluor": "fluorescence", "purple": "purple", "brightfield": "brightfield"}
"""By what the names of its images begin with."""
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Labelled:
    """One image with its nuclei; `kind` is one of `KINDS`, `patient` who must not be split."""

    kind: str
    name: str
    patient: str
    image: np.ndarray
    labels: np.ndarray


def load(folder: Path) -> list[Labelled]:
    """Everything in `folder`/nuclei in the layout of the shared data."""
    found, root = [], Path(folder) / "nuclei"
    for kind, directory, suffix in (
        ("monuseg", "monuseg", "_instances.png"),
        ("semantic", "monuseg", "_semantic.png"),
        ("gbm40", "gbm40", "_instances.png"),
        ("", "dsb2018", "_instances.png"),
    ):
        patients = _patients(root / directory)
        for path in sorted((root / directory).glob(f"*{suffix}")):
            name = path.name.removesuffix(suffix)
            image = read_image(path.parent, name)
            if image is None:
                continue
            known = kind or DSB_KINDS.get(name.split("_")[0], "")
            if known == "fluorescence":
                image = as_bright_field(image)
            labels = np.array(Image.open(path)).astype(np.int32)
            found.append(Labelled(known, name, patients.get(name, name), image, labels))
    return [item for item in found if item.kind in KINDS]


def read_image(folder: Path, name: str) -> np.ndarray | None:
    """The image beside a mask, grey or RGB."""
    for suffix in SUFFIXES:
        path = folder / (name + suffix)
        if path.is_file():
            image = np.array(Image.open(path))
            return image[..., :3] if image.ndim == 3 else image
    return None


def _patients(folder: Path) -> dict[str, str]:
    """Patient of each image, where the index names one."""
    index = folder / "index.csv"
    if not index.is_file():
        return {}
    with open(index, newline="") as table:
        rows = list(csv.DictReader(table))
    return {Path(row["image"]).stem: row["patient"] for row in rows if row.get("patient")}


def folds(items: list[Labelled], n_folds: int) -> list[tuple[list[int], list[int]]]:
    """(training, test) positions: within each kind patients are spread evenly over the folds.

    Images with a mask only are never scored; a fold does without those of its test patients.
    """
    rng = np.random.default_rng(0)
    fold_of: dict[str, int] = {}
    for kind in KINDS:
        if kind == "semantic":
            continue
        patients = sorted({x.patient for x in items if x.kind == kind} - set(fold_of))
        for place, number in enumerate(rng.permutation(len(patients))):
            fold_of[patients[number]] = place % n_folds
    result = []
    for fold in range(n_folds):
        held = {patient for patient, where in fold_of.items() if where == fold}
        test = [i for i, x in enumerate(items) if x.patient in held and x.kind != "semantic"]
        train = [i for i, x in enumerate(items) if x.patient not in held]
        result.append((train, test))
    return result


def examples(items: list[Labelled], shares: dict[str, float]) -> list[Example]:
    """Weighted so that each kind is drawn as often as `shares` says."""
    count = {kind: sum(x.kind == kind for x in items) for kind in shares}
    return [
        Example(x.image, x.labels, x.kind != "semantic", shares[x.kind] / count[x.kind])
        for x in items
        if x.kind in shares
    ]
