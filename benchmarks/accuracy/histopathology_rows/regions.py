"""Glands outlined and regions diagnosed by the cases alike, patients left out (GlaS)."""

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from corporis.apps.histopathology.evidence import FILE_NAME, GlandEvidence, rescaled
from corporis.apps.histopathology.features import describe
from corporis.apps.histopathology.model import folds
from corporis.apps.histopathology.retrieval import CaseVote, ViewHashing, nearest_in_case
from corporis.apps.histopathology.search import Encoder
from corporis.apps.histopathology.training import Example, Schedule, balanced_weights, train
from corporis.errors import NotFound
from corporis.shapes import instance_overlap

UM_PER_PX = 0.62
"""By the challenge's description."""
SUFFIXES = (".jpg", ".jpeg", ".png")
N_RESAMPLES = 2000


@dataclass(frozen=True)
class Region:
    """One image with its glands and what is known of it."""

    name: str
    patient: str
    label: str
    grade: str
    image: np.ndarray
    glands: np.ndarray


def load(folder: Path) -> list[Region]:
    """All regions named by a table ``labels.csv`` in ``histology/glas`` whose files are there."""
    root, found = Path(folder) / "histology" / "glas", []
    if not (root / "labels.csv").is_file():
        return found
    with open(root / "labels.csv", newline="") as table:
        for row in csv.DictReader(table):
            mask = root / f"{row['image']}_gland.png"
            paths = [root / f"{row['image']}{suffix}" for suffix in SUFFIXES]
            path = next((p for p in paths if p.is_file()), None)
            if path is None or not mask.is_file():
                continue
            image = np.asarray(Image.open(path).convert("RGB"))
            glands = ndimage.label(np.asarray(Image.open(mask).convert("L")) > 127)[0]
            known = (row["image"], row["patient"], row["label"], row["grade"])
            found.append(Region(*known, image, glands))
    return found


def jobs(train_folder: Path, test_folder: Path, n_folds, only, n_steps, keep):
    """Independent pieces of work: (function, arguments)."""
    known = load(train_folder)
    if not known:
        return []
    knobs = (n_steps, keep)
    if train_folder.resolve() != test_folder.resolve():
        test = load(test_folder)
        patients = {region.patient for region in test}
        rest = [region for region in known if region.patient not in patients]
        if not test or len({region.label for region in rest}) < 2:
            return []
        return [(fold, ("region", 0, rest, test, *knobs)), (plain, (rest, test))]
    found = []
    for number, held in enumerate(folds([region.patient for region in known], n_folds)[:only]):
        rest, test = _split(known, held)
        found += [(fold, ("region", number, rest, test, *knobs)), (plain, (rest, test))]
    # images of one patient on both sides: what is reported where patients are not looked at
    mixed = np.random.default_rng(0).permutation(len(known)) % 5 == 0
    if only is None:
        found.append((fold, ("leaky", "leaky", *_split(known, mixed), *knobs)))
    return found


def _split(known, held):
    return [r for r, h in zip(known, held) if not h], [r for r, h in zip(known, held) if h]


def fold(kind, number, known, test, n_steps, keep):
    """Train on `known`, outline and describe all, and let `known` vote on `test`."""
    begun = time.perf_counter()
    evidence = _trained(known, n_steps, None if keep is None else Path(keep) / f"glands_{number}")
    encoder, bags = Encoder(evidence), []
    seconds = time.perf_counter() - begun
    rows = []
    for region in known:
        bags.append(_views(encoder, region))
    database = _Database(bags, known)
    for region in test:
        seen = rescaled(region.image, UM_PER_PX)
        maps = evidence(seen)
        labels = encoder.splitting(maps)
        row = {"fold": number, **_gland_scores(region, labels), "train_seconds": seconds}
        table = describe(seen, maps, labels)
        where = maps.inside > encoder.splitting.threshold
        verdict = maps.malignant[where].mean() if where.any() else maps.malignant.mean()
        row |= {"network_alone": float(verdict), **database.answers(table.values)}
        rows.append((kind, _named(region) | row))
    return rows


def plain(known, test):
    """The same vote on texture, mucin and chromatin of all tissue: no network, no glands."""
    encoder = Encoder()
    database = _Database([_views(encoder, region) for region in known], known)
    return [
        ("plain", _named(region) | database.answers(_views(encoder, region))) for region in test
    ]


class _Database:
    """Diagnosed regions, by their codes for each of two questions."""

    def __init__(self, bags, known):
        self.starts = np.concatenate([[0], np.cumsum([len(bag) for bag in bags])[:-1]])
        self.held = {}
        for question in ("label", "grade"):
            answers = np.array([getattr(region, question) for region in known])
            views = ViewHashing.fit(bags, answers)
            codes = np.concatenate([views(bag) for bag in bags])
            self.held[question] = (views, codes, answers, np.unique(answers))

    def answers(self, bag) -> dict:
        """What the vote says, by question."""
        found = {}
        for question, (views, codes, answers, classes) in self.held.items():
            apart = nearest_in_case(views(bag), codes, self.starts)
            shares = CaseVote()(apart, answers, classes)
            found[f"{question}_found"] = str(classes[np.argmax(shares)])
            found[f"{question}_share"] = float(shares.max())
        return found


def _views(encoder, region):
    try:
        return encoder(region.image, UM_PER_PX).values
    except NotFound as error:
        raise NotFound(f"{region.name}: {error}") from error


def _trained(known, n_steps, folder) -> GlandEvidence:
    """From `folder`, where an interrupted run left it, or by training now."""
    if folder is not None and (folder / FILE_NAME).is_file():
        return GlandEvidence.load(folder)
    weights = balanced_weights([r.label for r in known], [r.patient for r in known])
    examples = []
    for region, weight in zip(known, weights):
        image = rescaled(region.image, UM_PER_PX)
        size = (image.shape[1], image.shape[0])
        mask = Image.fromarray(((region.glands > 0) * 255).astype(np.uint8)).resize(
            size, Image.Resampling.BOX
        )
        labels = ndimage.label(np.asarray(mask) > 127)[0]
        examples.append(Example(image, labels, region.label == "malignant", float(weight)))
    evidence = train(examples, schedule=Schedule(n_steps))
    if folder is not None:
        evidence.save(folder)
    return evidence


def _gland_scores(region, labels):
    """Of the outlines at the image's own scale; objects are connected pieces of the true mask."""
    size = (region.glands.shape[1], region.glands.shape[0])
    full = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    table = instance_overlap(region.glands, full)
    return {
        "dice": table.dice(),
        "object_f1": table.f1(),
        "n_true": len(table.true_area),
        "n_found": len(table.found_area),
    }


def _named(region):
    known = ("name", "patient", "label", "grade")
    return {key: getattr(region, key) for key in known}


def figures(rows) -> dict:
    """Means over images; the accuracy's interval by resampling patients."""
    found: dict = {}
    mine = [row for kind, row in rows if kind == "region"]
    if mine:
        right = np.array([row["label_found"] == row["label"] for row in mine], float)
        low, high = patient_interval(right, [row["patient"] for row in mine])
        graded = [row["grade_found"] == row["grade"] for row in mine]
        alone = [(row["network_alone"] > 0.5) == (row["label"] == "malignant") for row in mine]
        found = {
            "glas_accuracy": float(right.mean()),
            "glas_accuracy_low": low,
            "glas_accuracy_high": high,
            "glas_grade_accuracy": float(np.mean(graded)),
            "glas_accuracy_network_alone": float(np.mean(alone)),
            "glas_gland_dice": float(np.mean([row["dice"] for row in mine])),
            "glas_gland_f1": float(np.mean([row["object_f1"] for row in mine])),
            "glas_images": len(mine),
            "glas_patients": per_patient(mine),
        }
    for kind, key in (("plain", "glas_accuracy_plain"), ("leaky", "glas_accuracy_leaky")):
        others = [row["label_found"] == row["label"] for k, row in rows if k == kind]
        if others:
            found[key] = float(np.mean(others))
    return found


def per_patient(rows) -> list[dict]:
    """Images, right ones, Dice and grades of each patient."""
    table = []
    for patient in sorted({row["patient"] for row in rows}, key=lambda p: (len(p), p)):
        his = [row for row in rows if row["patient"] == patient]
        table.append(
            {
                "patient": patient,
                "images": len(his),
                "malignant": sum(row["label"] == "malignant" for row in his),
                "right": sum(row["label_found"] == row["label"] for row in his),
                "grades_right": sum(row["grade_found"] == row["grade"] for row in his),
                "dice": float(np.mean([row["dice"] for row in his])),
                "object_f1": float(np.mean([row["object_f1"] for row in his])),
            }
        )
    return table


def patient_interval(right, patients) -> tuple[float, float]:
    """95 % interval of the share of right images, patients drawn with replacement."""
    patients = np.asarray(patients)
    names = np.unique(patients)
    count = np.array([np.sum(patients == name) for name in names])
    hits = np.array([np.sum(right[patients == name]) for name in names])
    drawn = np.random.default_rng(0).integers(0, len(names), (N_RESAMPLES, len(names)))
    shares = hits[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)
