"""Liver, lungs and kidneys in CT: evidence trained on rendered torsos, scored on real scans."""

import csv
import time
from pathlib import Path

import nibabel
import numpy as np

from corporis.apps.organs.ct import TrunkCT
from corporis.apps.organs.ct_artefacts import CT_ARTEFACTS
from corporis.apps.organs.ct_evidence import ORGANS, STEP_MM, TrunkEvidence
from corporis.apps.organs.ct_training import train_evidence
from corporis.apps.organs.upright import steps_of, upright
from corporis.cohorts.trunks import organ_shapes, prior_shapes, rendered_scans
from corporis.shapes import dice
from organs_rows.folds import trained
from organs_rows.hippocampus import mask_distance

N_SCANS, N_RENDERED = 120, 8
GROUPS = {"liver": ORGANS[:1], "lung": ORGANS[1:3], "kidney": ORGANS[3:]}
NOTE = (
    "ct_*: the network learned from rendered torsos alone, round livers and kidneys that are "
    "masks of patients, the rest simple forms. One abdomen (reference: output of another program, "
    "not an expert's) and one chest (reference: a threshold, filled), neither used in training; "
    "both kidneys and both lungs each as one. ct_rendered_*: torsos round livers and kidneys left "
    "out; artefacts are drawn on these, once each at the fixed severity, and artefact_gain is the "
    "least over artefacts of what the shapes add in Dice on the third where the evidence is worst, "
    "of livers and kidneys that the scan shows whole: shapes say nothing of others."
)


def jobs(train: Path, test: Path, keep=None, steps=None):
    """Arguments of `row`."""
    is_there = (train / "shapes" / "liver_meshes").is_dir()
    return [(train, test, keep, steps)] if is_there and scans(test) else []


def scans(folder: Path) -> list[tuple[Path, Path]]:
    """CT volumes that have labels, and these."""
    found = []
    for path in sorted((folder / "ct").glob("*_ct.nii*")):
        labels = path.with_name(path.name.replace("_ct.nii", "_labels.nii"))
        if labels.is_file():
            found.append((path, labels))
    return found


def row(train, test, keep, steps):
    """Overlaps on the real scans and on rendered ones, clean and under each artefact."""
    begun = time.perf_counter()
    livers, kidneys = organ_shapes(train / "shapes")
    order = np.random.default_rng(0)
    held = order.permutation(len(livers))[:N_RENDERED], order.permutation(len(kidneys))[:N_RENDERED]
    known = [
        [one for k, one in enumerate(many) if k not in set(out.tolist())]
        for many, out in zip((livers, kidneys), held)
    ]
    evidence = trained(
        "ct",
        train_evidence,
        TrunkEvidence.load,
        lambda: rendered_scans(*known, N_SCANS),
        keep,
        steps,
    )
    seconds = time.perf_counter() - begun
    application = TrunkCT(evidence, prior_shapes(*known))
    real = [scored(application, *paths) for paths in scans(test)]
    fresh = [[many[k] for k in out] for many, out in zip((livers, kidneys), held)]
    rendered = []
    for number, scan in enumerate(rendered_scans(*fresh, N_RENDERED, seed=1)):
        for kind, volume in images(scan.hounsfield, number):
            seen = overlaps(application, volume, (STEP_MM,) * 3, scan.label)
            rendered.append({"image": kind, **seen})
    return "ct", {"n": len(real), "train_seconds": seconds, "scans": real, "rendered": rendered}


def images(volume, number):
    """The volume as it is, and with each artefact at its fixed severity."""
    yield "clean", volume.astype(np.float32)
    for place, (kind, artefact) in enumerate(CT_ARTEFACTS.items()):
        yield kind, artefact(volume, np.random.default_rng([53, number, place]))


def scored(application, path, label_path):
    """One real scan: overlaps, distances and seconds."""
    image, held = nibabel.load(path), nibabel.load(label_path)
    volume, truth = (np.asarray(x.dataobj) for x in (image, held))
    turned, steps = upright(volume, image.affine)[0], steps_of(image.affine)
    label = known_labels(upright(truth, held.affine)[0], label_path)
    begun = time.perf_counter()
    found = overlaps(application, turned.astype(np.float32), steps, label, with_distance=True)
    return {"scan": path.name, "seconds": time.perf_counter() - begun, **found}


def known_labels(truth, path):
    """Labels 1 to 5 by the table of names beside the file; lungs are told apart by side."""
    label = np.zeros(truth.shape, np.uint8)
    table = path.with_name("organ_label_names.csv")
    if truth.max() > 3 and table.is_file():
        with open(table, newline="") as lines:
            for value, name, *_ in csv.reader(lines):
                organ = known_organ(name.strip())
                if organ is not None:
                    label[truth == int(value)] = 1 + ORGANS.index(organ)
        return label
    middle = np.argwhere(truth > 0)[:, 2].mean()
    right = np.arange(truth.shape[2]) > middle
    label[(truth > 0) & ~right] = 2
    label[(truth > 0) & right] = 3
    return label


def known_organ(name: str) -> str | None:
    """One of `ORGANS` by a name such as kidney_left or lung_lower_lobe_right.

    Examples
    --------
    >>> known_organ("lung_lower_lobe_right"), known_organ("spleen")
    ('right lung', None)
    """
    words = name.split("_")
    organ = name if len(words) == 1 else f"{words[-1]} {words[0]}"
    return organ if organ in ORGANS else None


def overlaps(application, volume, steps, label, with_distance=False) -> dict:
    """Dice of each group that the labels know, of ours and of the evidence alone."""
    found = application.find(volume, steps)
    values: dict = {}
    for name, organs in GROUPS.items():
        truth = np.isin(label, [1 + ORGANS.index(organ) for organ in organs])
        if not truth.any():
            continue
        for ending, key in (("", "mask"), ("_evidence", "alone")):
            ours = np.any([getattr(found[organ], key) for organ in organs], axis=0)
            values[name + ending] = dice(truth, ours)
            if with_distance:
                values[f"{name}_mm{ending}"] = mask_distance(ours, truth, steps)
    values["whole"] = {}
    for number, organ in enumerate(ORGANS, 1):
        truth, one = label == number, found[organ]
        if organ in application.shapes and truth.any() and not (truth[0] | truth[-1]).any():
            values["whole"][organ] = [dice(truth, one.mask), dice(truth, one.alone)]
    values["expected"] = {organ: found[organ].overlap for organ in ORGANS}
    return values


def figures(rows) -> dict:
    """Means over real scans and rendered ones; gains under artefacts."""
    mine = [row for kind, row in rows if kind == "ct"]
    if not mine:
        return {}
    found: dict = {}
    real, rendered = mine[0]["scans"], mine[0]["rendered"]
    for name in GROUPS:
        for ending in ("", "_evidence"):
            for key in (f"{name}{ending}", f"{name}_mm{ending}"):
                known = [scan[key] for scan in real if scan.get(key) is not None]
                title = key.replace(name, f"{name}_dice") if "_mm" not in key else key
                found[f"ct_{title}"] = float(np.mean(known)) if known else None
            clean = [r[name + ending] for r in rendered if r["image"] == "clean" and name in r]
            found[f"ct_rendered_{name}_dice{ending}"] = float(np.mean(clean)) if clean else None
    gains, losses = zip(*(_artefact(kind, rendered, found) for kind in ("clean", *CT_ARTEFACTS)))
    found["ct_artefact_gain"] = min(gains[1:])
    found["ct_artefact_clean_loss"] = max(-losses[0], 0.0)
    found["ct_seconds"] = max(scan["seconds"] for scan in real)
    found["ct_train_seconds"] = mine[0]["train_seconds"]
    return found


def _artefact(kind, rendered, found):
    """What the shapes add on the worst third, and on all."""
    pairs = [pair for r in rendered if r["image"] == kind for pair in r["whole"].values()]
    ours, alone = np.array(pairs).T
    third = np.argsort(alone, kind="stable")[: max(1, len(alone) // 3)]
    found[f"ct_{kind}_worst_third"] = float(ours[third].mean())
    found[f"ct_{kind}_worst_third_evidence"] = float(alone[third].mean())
    return float((ours - alone)[third].mean()), float((ours - alone).mean())


KEYS = (
    *(
        f"ct_{name}{ending}"
        for group in GROUPS
        for name in (f"{group}_dice", f"{group}_mm", f"rendered_{group}_dice")
        for ending in ("", "_evidence")
    ),
    *(
        f"ct_{kind}_worst_third{ending}"
        for kind in ("clean", *CT_ARTEFACTS)
        for ending in ("", "_evidence")
    ),
    *("ct_artefact_gain", "ct_artefact_clean_loss", "ct_seconds", "ct_train_seconds"),
)
