"""Hippocampi in MR crops: evidence and shape prior learned on other crops, with artefacts too."""

import time
from pathlib import Path

import numpy as np
from skimage.measure import marching_cubes

from corporis.apps.organs.hippocampus import HippocampusMR
from corporis.apps.organs.hippocampus_evidence import PARTS, HippocampusEvidence
from corporis.apps.organs.hippocampus_training import train_evidence
from corporis.apps.organs.volume_artefacts import VOLUME_ARTEFACTS
from corporis.apps.organs.volume_fusion import volume_deviation
from corporis.cohorts.hippocampi import learned_shapes, outlined_hippocampi
from corporis.interfaces import Mesh
from corporis.shapes import dice, surface_distance
from organs_rows.folds import by_fold, trained

GOOD = 0.85
SAMPLES = 2000
NOTE = (
    "Hippocampi: five folds by crop; no subject is known, so that one may have crops in two folds "
    "and leakage cannot be excluded. In each fold a small 3-D network is trained from nothing on "
    "the other crops, three of ten views with artefacts. Overlaps are of both parts together; "
    "distances are of the masks' surfaces half-way between voxels, both directions pooled, mean of "
    "the crops. _evidence is that network alone, its largest piece with holes filled, as ours. "
    "Every artefact is drawn once for each crop at the fixed severity; the worst third is that of "
    "crops where the evidence is worst under the artefact. From which misfit an outline counts as "
    "uncertain was chosen on the first two folds, which are among the five."
)


def jobs(train: Path, test: Path, folds=None, keep=None, steps=None):
    """Arguments of `row` for each fold asked for."""
    return [(*fold, keep, steps) for fold in by_fold(outlined_hippocampi, train, test, folds)]


def row(number, train, test, learned, scored, keep, steps):
    """Overlaps and distances of every scored crop, clean and under each artefact."""
    known = {case.name: case for case in outlined_hippocampi(train)}
    cases = [known[name] for name in learned]
    begun = time.perf_counter()
    evidence = trained(
        f"hippocampus_{number}",
        train_evidence,
        HippocampusEvidence.load,
        lambda: [c.crop() for c in cases],
        keep,
        steps,
    )
    seconds = time.perf_counter() - begun
    application = HippocampusMR(evidence, learned_shapes(cases))
    held = {case.name: case for case in outlined_hippocampi(test)}
    crops = []
    for name in scored:
        crops += [
            {"crop": name, "image": kind, **scores(application, held[name], image, kind)}
            for kind, image in images(held[name], name)
        ]
    made = {"fold": number, "n": len(scored), "train_seconds": seconds, "crops": crops}
    return "hippocampus", made


def images(case, name):
    """The crop as it is, with each artefact at its fixed severity."""
    image = np.asarray(case.image, np.float32)
    image = (image - image.min()) / max(float(np.ptp(image)), 1e-6)
    yield "clean", image
    for number, (kind, artefact) in enumerate(VOLUME_ARTEFACTS.items()):
        yield kind, artefact(image, np.random.default_rng([number, *name.encode()]))


def scores(application, case, image, kind) -> dict:
    """Overlaps of ours and of the evidence alone, on the crop's own voxels."""
    begun = time.perf_counter()
    found = application.find(image, case.spacing_mm)
    values: dict = {"seconds": time.perf_counter() - begun}
    for ending, label in (("", found.label), ("_evidence", found.evidence)):
        values["dice" + ending] = dice(label > 0, case.label > 0)
        for number, part in enumerate(PARTS, 1):
            values[part + ending] = dice(label == number, case.label == number)
        if kind == "clean":
            values["surface_mm" + ending] = mask_distance(label, case.label, case.spacing_mm)
    voxel = float(np.prod(case.spacing_mm))
    values["volume_mm3"] = float(np.count_nonzero(found.label)) * voxel
    values["true_mm3"] = float(np.count_nonzero(case.label)) * voxel
    values["deviation_mm3"] = volume_deviation(found.chance, voxel)
    values["expected"], values["misfit"] = found.overlap, found.misfit
    values["uncertain"] = found.is_uncertain
    return values


def mask_distance(a, b, spacing_mm) -> float | None:
    """Mean distance of two masks' surfaces, both directions; None where one is empty."""
    if not (a > 0).any() or not (b > 0).any():
        return None
    ours, theirs = (surface_of(mask > 0, spacing_mm) for mask in (a, b))
    return surface_distance(ours, theirs, SAMPLES).mean


def surface_of(mask, spacing_mm) -> Mesh:
    """The surface half-way between voxels inside and outside, mm."""
    points, cells, *_ = marching_cubes(np.pad(mask, 1).astype(np.float32), 0.5, spacing=spacing_mm)
    return Mesh(points, cells)


def figures(rows) -> dict:
    """Means over crops, the worst, gains under artefacts, and what doubt and intervals say."""
    crops = [c for kind, row in rows if kind == "hippocampus" for c in row["crops"]]
    if not crops:
        return {}
    by_kind = {k: [c for c in crops if c["image"] == k] for k in ("clean", *VOLUME_ARTEFACTS)}
    clean, found = by_kind["clean"], {}
    for ending in ("", "_evidence"):
        overlaps = [c["dice" + ending] for c in clean]
        found[f"hippocampus_dice{ending}"] = float(np.mean(overlaps))
        found[f"hippocampus_dice_worst{ending}"] = float(np.min(overlaps))
        distances = [c["surface_mm" + ending] for c in clean]
        known = [d for d in distances if d is not None]
        found[f"hippocampus_surface_mm{ending}"] = float(np.mean(known)) if known else None
        for part in PARTS:
            values = [c[part + ending] for c in clean]
            found[f"hippocampus_{part}_dice{ending}"] = float(np.mean(values))
    gains = {kind: _artefact(kind, by_kind[kind], found) for kind in VOLUME_ARTEFACTS}
    found["hippocampus_artefact_gain"] = min(gains.values())
    loss = found["hippocampus_dice_evidence"] - found["hippocampus_dice"]
    found["hippocampus_artefact_clean_loss"] = max(loss, 0.0)
    found["hippocampus_seconds"] = float(np.median([c["seconds"] for c in crops]))
    return found | _volumes(clean) | _doubts(crops)


def _artefact(kind, crops, found):
    """Rows of one artefact; what the prior adds on the worst third."""
    ours = np.array([c["dice"] for c in crops])
    alone = np.array([c["dice_evidence"] for c in crops])
    third = np.argsort(alone, kind="stable")[: max(1, len(alone) // 3)]
    for ending, values in (("", ours), ("_evidence", alone)):
        found[f"hippocampus_{kind}_dice{ending}"] = float(values.mean())
        found[f"hippocampus_{kind}_worst_third{ending}"] = float(values[third].mean())
    return float(ours[third].mean() - alone[third].mean())


def _volumes(clean) -> dict:
    """Bland and Altman's bias and limits of the volume, and how often its interval holds it."""
    error = np.array([c["volume_mm3"] - c["true_mm3"] for c in clean])
    reach = 1.96 * np.array([c["deviation_mm3"] for c in clean])
    spread = 1.96 * float(error.std(ddof=1)) if len(error) > 1 else None
    return {
        "hippocampus_volume_bias_mm3": float(error.mean()),
        "hippocampus_volume_limits_mm3": spread,
        "hippocampus_volume_covered": float(np.mean(np.abs(error) <= reach)),
    }


def _doubts(crops) -> dict:
    """Whether "uncertain" predicts a low overlap, over all images."""
    overlap = np.array([c["dice"] for c in crops])
    expected = np.array([c["expected"] for c in crops])
    doubted = np.array([c["uncertain"] for c in crops])
    is_low = overlap < GOOD
    found = {"hippocampus_uncertain": float(doubted.mean())}
    if is_low.any() and not is_low.all():
        order = expected[is_low][:, None] - expected[~is_low]
        found["hippocampus_uncertain_auc"] = float(np.mean((order < 0) + 0.5 * (order == 0)))
    if doubted.any() and not doubted.all():
        found["hippocampus_uncertain_dice"] = float(overlap[doubted].mean())
        found["hippocampus_certain_dice"] = float(overlap[~doubted].mean())
    return found


KEYS = (
    *(
        f"hippocampus_{name}{ending}"
        for name in (
            "dice",
            "dice_worst",
            "surface_mm",
            *(f"{part}_dice" for part in PARTS),
            *(f"{kind}_{row}" for kind in VOLUME_ARTEFACTS for row in ("dice", "worst_third")),
        )
        for ending in ("", "_evidence")
    ),
    *("hippocampus_artefact_gain", "hippocampus_artefact_clean_loss", "hippocampus_seconds"),
    *("hippocampus_volume_bias_mm3", "hippocampus_volume_limits_mm3"),
    *("hippocampus_volume_covered", "hippocampus_uncertain", "hippocampus_uncertain_auc"),
    *("hippocampus_uncertain_dice", "hippocampus_certain_dice"),
)
