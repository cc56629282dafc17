"""Radiographs: evidence and shape prior learned on other subjects, clean and with artefacts."""

import time
from pathlib import Path

import numpy as np

from corporis.apps.organs.artefacts import ARTEFACTS
from corporis.apps.organs.chest_shape import ChestShapes
from corporis.apps.organs.fusion import organ_masks
from corporis.apps.organs.radiograph import ChestRadiograph, chest_measures
from corporis.apps.organs.radiograph_evidence import SIDE, RadiographEvidence
from corporis.apps.organs.radiograph_training import train_evidence
from corporis.apps.organs.square import Square
from corporis.cohorts.radiographs import landmark_shapes, outlined_radiographs
from corporis.learning import bland_altman, coverage
from corporis.shapes import dice, jaccard
from organs_rows.folds import by_fold, trained

GOOD_LUNG = 0.93
MASK_MM = 0.35
"""Side of a pixel of the masks."""
NUMBERS = {
    "ctr": "cardiothoracic ratio",
    "left_lung_cm2": "left lung: area",
    "right_lung_cm2": "right lung: area",
    "heart_cm2": "heart: area",
}
NOTE = (
    "Radiographs: five folds by subject, 1024 x 1024 masks; in each fold a network of a million "
    "parameters is trained from nothing on the other subjects, two of five views with artefacts. "
    "_evidence is that network alone, its largest piece with holes filled, as ours. Every artefact "
    "is drawn once for each subject at the fixed severity; artefact_gain is the least over "
    "artefacts of what the prior adds in lung Jaccard on the third of subjects where the evidence "
    "is worst. Cardiothoracic ratio and areas are compared with those of the manual outlines of "
    "clean images (Bland-Altman: bias, limits of agreement, exact 95 % intervals); "
    "_coverage is the share of 95 % intervals that hold the number of the one manual outline, of "
    "all folds but the first, on which the spread of experts' outlines was chosen. What counts as "
    "uncertain was chosen on the first two, which are among the five."
)


def jobs(train: Path, test: Path, folds=None, keep=None, steps=None):
    """Arguments of `row` for each fold asked for."""
    return [(*fold, keep, steps) for fold in by_fold(outlined_radiographs, train, test, folds)]


def row(number, train, test, learned, scored, keep, steps):
    """Overlaps of every scored subject, clean and under each artefact."""
    known = {case.name: case for case in outlined_radiographs(train)}
    cases = [known[name] for name in learned]
    begun = time.perf_counter()
    evidence = trained(
        f"radiographs_{number}",
        train_evidence,
        RadiographEvidence.load,
        lambda: [c.radiograph for c in cases],
        keep,
        steps,
    )
    seconds = time.perf_counter() - begun
    application = ChestRadiograph(evidence, ChestShapes().fit(landmark_shapes(cases)))
    held = {case.name: case for case in outlined_radiographs(test)}
    subjects = []
    for name in scored:
        subjects += [
            {"subject": name, "image": kind, **scores(application, held[name], image)}
            for kind, image in images(held[name], name)
        ]
    made = {"fold": number, "n": len(scored), "train_seconds": seconds, "subjects": subjects}
    return "radiographs", made


def images(case, name):
    """The radiograph as it is, and with each artefact at its fixed severity."""
    image = case.radiograph.image
    yield "clean", image
    for number, (kind, artefact) in enumerate(ARTEFACTS.items()):
        seed = [number, *name.encode()]
        yield kind, artefact(image, np.random.default_rng(seed))


def scores(application, case, image) -> dict:
    """Overlaps of ours and of the evidence alone, on the masks' own pixels."""
    begun = time.perf_counter()
    found = application.find(image)
    seconds = time.perf_counter() - begun
    square = Square(case.truth.shape[1:], SIDE)
    values: dict = {"seconds": seconds}
    for ending, chances in (("", found.chances), ("_evidence", found.evidence)):
        masks = organ_masks(chances, square)
        both = list(zip(masks, case.truth, strict=True))
        values["lungs" + ending] = [jaccard(*pair) for pair in both[:2]]
        values["heart" + ending] = dice(*both[2])
        values["clavicles" + ending] = [dice(*pair) for pair in both[3:]]
        values["wrong" + ending] = float(np.mean(np.any(masks != case.truth, axis=0)))
        if not ending:
            values["jaccard"] = [jaccard(*pair) for pair in both]
            values["numbers"] = numbers(masks, case.truth, found, square)
    values["expected"] = found.overlap.tolist()
    values["uncertain"] = found.is_uncertain.tolist()
    return values


def numbers(masks, truth, found, square) -> dict:
    """By name: measured, low and high end of its interval, and that of the manual outlines."""
    measured = {m.name: m for m in chest_measures(masks, found, square, MASK_MM)}
    manual = {m.name: m.value for m in chest_measures(truth, found, square, MASK_MM)}
    kept = {key: (measured[name], manual[name]) for key, name in NUMBERS.items()}
    return {
        key: [one.value, one.low, one.high, other]
        for key, (one, other) in kept.items()
        if one.value is not None
    }


def agreement(subjects, fresh) -> dict:
    """Bias, limits of agreement and, of `fresh` subjects, coverage of what is measured."""
    found: dict = {}
    for key in NUMBERS:
        rows = [s["numbers"][key] for s in subjects if key in s.get("numbers", {})]
        if len(rows) < 3:
            continue
        value, low, high, manual = np.array(rows).T
        held = coverage(*np.array([s["numbers"][key][1:] for s in fresh if key in s["numbers"]]).T)
        agreed = bland_altman(value, manual)
        found |= _with_ends(f"{key}_bias", agreed.bias, agreed.bias_interval)
        found |= _with_ends(f"{key}_loa_lower", agreed.limits[0], agreed.low_interval)
        found |= _with_ends(f"{key}_loa_upper", agreed.limits[1], agreed.high_interval)
        found |= _with_ends(f"{key}_coverage", *held)
        found[f"{key}_half_width"] = float(np.mean(high - low) / 2)
    return found


def _with_ends(key, value, ends) -> dict:
    return {key: value, f"{key}_low": ends[0], f"{key}_high": ends[1]}


def figures(rows) -> dict:
    """Means over subjects; the worst over artefacts."""
    mine = [row for kind, row in rows if kind == "radiographs"]
    subjects = [s for row in mine for s in row["subjects"]]
    if not subjects:
        return {}
    fresh = [s for row in mine if row["fold"] > 0 or len(mine) == 1 for s in row["subjects"]]
    fresh = [s for s in fresh if s["image"] == "clean"]
    by_kind = {k: [s for s in subjects if s["image"] == k] for k in ("clean", *ARTEFACTS)}
    found: dict = {}
    for ending in ("", "_evidence"):
        clean = by_kind["clean"]
        lungs = np.sort(np.concatenate([s["lungs" + ending] for s in clean]))
        found[f"lung_jaccard{ending}"] = float(lungs.mean())
        worst = lungs[: max(1, round(0.05 * len(lungs)))]
        found[f"lung_jaccard_worst5{ending}"] = float(worst.mean())
        found[f"heart_dice{ending}"] = float(np.mean([s["heart" + ending] for s in clean]))
        clavicles = [s["clavicles" + ending] for s in clean]
        found[f"clavicle_dice{ending}"] = float(np.mean(clavicles))
        wrong = [s["wrong" + ending] for s in clean]
        found[f"five_structure_pixel_error{ending}"] = float(np.mean(wrong))
    gains = {kind: _artefact(kind, by_kind[kind], found) for kind in ARTEFACTS}
    found["artefact_gain"] = min(gains.values())
    loss = found["lung_jaccard_evidence"] - found["lung_jaccard"]
    found["artefact_clean_loss"] = max(loss, 0.0)
    found["radiograph_seconds"] = float(np.median([s["seconds"] for s in subjects]))
    return found | _doubts(subjects) | agreement(by_kind["clean"], fresh)


def _artefact(kind, subjects, found):
    """Rows of one artefact; what the prior adds on the worst third."""
    ours = np.array([np.mean(s["lungs"]) for s in subjects])
    alone = np.array([np.mean(s["lungs_evidence"]) for s in subjects])
    third = np.argsort(alone, kind="stable")[: max(1, len(alone) // 3)]
    found[f"artefact_{kind}_lung"] = float(ours.mean())
    found[f"artefact_{kind}_lung_evidence"] = float(alone.mean())
    found[f"artefact_{kind}_worst_third"] = float(ours[third].mean())
    found[f"artefact_{kind}_worst_third_evidence"] = float(alone[third].mean())
    return float(ours[third].mean() - alone[third].mean())


def _doubts(subjects) -> dict:
    """Whether "uncertain" predicts a low overlap, over all images and lungs."""
    overlap = np.array([s["jaccard"][:2] for s in subjects]).ravel()
    expected = np.array([s["expected"][:2] for s in subjects]).ravel()
    doubted = np.array([s["uncertain"][:2] for s in subjects]).ravel()
    is_low = overlap < GOOD_LUNG
    found = {"uncertain_lungs": float(doubted.mean())}
    if is_low.any() and not is_low.all():
        order = expected[is_low][:, None] - expected[~is_low]
        found["uncertain_auc"] = float(np.mean((order < 0) + 0.5 * (order == 0)))
    if doubted.any() and not doubted.all():
        found["uncertain_lung_jaccard"] = float(overlap[doubted].mean())
        found["certain_lung_jaccard"] = float(overlap[~doubted].mean())
    return found


KEYS = (
    *(
        f"{name}{ending}"
        for name in (
            "lung_jaccard",
            "lung_jaccard_worst5",
            "heart_dice",
            "clavicle_dice",
            "five_structure_pixel_error",
        )
        for ending in ("", "_evidence")
    ),
    *("artefact_gain", "artefact_clean_loss", "radiograph_seconds"),
    *(
        f"artefact_{kind}_{name}{ending}"
        for kind in ARTEFACTS
        for name in ("lung", "worst_third")
        for ending in ("", "_evidence")
    ),
    *(
        f"{key}_{name}{ending}"
        for key in NUMBERS
        for name in ("bias", "loa_lower", "loa_upper", "coverage")
        for ending in ("", "_low", "_high")
    ),
    *(f"{key}_half_width" for key in NUMBERS),
    *("uncertain_lungs", "uncertain_auc", "uncertain_lung_jaccard", "certain_lung_jaccard"),
)
