"""Contoured patients: overlap, ejection fraction, moved and spoilt images, judgement."""

import numpy as np

from corporis.apps.diagnosis import evaluate_judge
from corporis.apps.heart_shape.evidence import evidence_labels, to_source
from corporis.cohorts.contoured import DISPLACED
from corporis.cohorts.gallery import outline_contoured
from corporis.cohorts.training import heart_features
from corporis.errors import NotFound
from heart_rows import disturb
from heart_rows.score import cavity_masks, ejection_percent, slice_dice, slice_distance_px


def rows(patients, learned, tell):
    """Scores of all patients, by networks and a dictionary that have not seen the patient."""
    scored = [p for p in patients if p.name not in DISPLACED]
    results = []
    jobs = [
        learned.pool.submit(_patient, p, learned.evidence(p), learned.prior(p), learned.seed)
        for p in scored
    ]
    for number, (patient, job) in enumerate(zip(scored, jobs, strict=True)):
        results.append(job.result())
        tell(f"{patient.name} {_line(results[-1])}", (number + 1) / len(scored))
    out = _summary(results)
    out["per_patient"] = {p.name: _brief(r) for p, r in zip(scored, results, strict=True)}
    apart = [p for p in patients if p.name in DISPLACED]
    out["displaced_masks_reported_apart"] = {
        p.name: _brief(_patient(p, learned.evidence(p), learned.prior(p), learned.seed))
        for p in apart
    }
    return out, _table(scored, results)


def _patient(patient, evidence, prior, seed) -> dict:
    rng = np.random.default_rng([seed, *patient.name.encode()])
    plain = _score(patient.stack, patient.cavity, evidence, prior, patient.drawn)
    moved = _score(*disturb.transformed(patient.stack, patient.cavity, rng), evidence, prior)
    stack, hit = disturb.with_artefacts(patient.stack, rng)
    spoilt = _score(stack, patient.cavity, evidence, prior)
    frames = np.argwhere(~patient.stack.missing)
    on_hit = hit[tuple(frames.T)]
    return {
        "truth_ef": patient.ejection_fraction,
        "plain": plain,
        "moved": moved,
        "spoilt_dice": spoilt["dice"][on_hit],
        "spoilt_evidence": spoilt["evidence"][on_hit],
        "slice_of": frames[:, 0],
    }


def _score(stack, cavity, evidence, prior, drawn=None) -> dict:
    """Scores against `cavity`, and against the masks as `drawn` in the file where given."""
    scored = ~stack.missing
    try:
        maps = evidence(stack.frames)
        found = outline_contoured(stack, maps, prior=prior)
    except NotFound:
        return _nothing(int(scored.sum()))
    alone = to_source(evidence_labels(maps) == 1, maps, stack.frames.shape[2:])
    masks, _ = cavity_masks(stack, found)
    return {
        "found": True,
        "dice": slice_dice(masks, cavity, scored),
        "evidence": slice_dice(alone, cavity, scored),
        "unmoved": None if drawn is None else slice_dice(masks, drawn, scored),
        "distance": slice_distance_px(masks, cavity, scored),
        "ef": ejection_percent(masks, scored),
        "evidence_ef": ejection_percent(alone, scored),
        "features": heart_features(stack, found),
    }


def _nothing(n: int) -> dict:
    """A heart that was not found scores nothing: no overlap, no ejection."""
    zeros = np.zeros(n)
    return {
        "found": False,
        "dice": zeros,
        "evidence": zeros,
        "unmoved": zeros,
        "distance": float("nan"),
        "ef": 0.0,
        "evidence_ef": 0.0,
        "features": None,
    }


def _summary(results) -> dict:
    dice = np.concatenate([r["plain"]["dice"] for r in results])
    alone = np.concatenate([r["plain"]["evidence"] for r in results])
    moved = np.concatenate([r["moved"]["dice"] for r in results])
    spoilt = np.concatenate([r["spoilt_dice"] for r in results])
    spoilt_alone = np.concatenate([r["spoilt_evidence"] for r in results])
    truth = np.array([r["truth_ef"] for r in results])
    error = np.array([r["plain"]["ef"] for r in results]) - truth
    alone_error = np.array([r["plain"]["evidence_ef"] for r in results]) - truth
    ends = _end_slices(results)
    unmoved = [r["plain"]["unmoved"] for r in results]
    by_patient = [r["plain"]["dice"].mean() for r in results]
    alone_by_patient = [r["plain"]["evidence"].mean() for r in results]
    return {
        "endo_dice": float(dice.mean()),
        "endo_dice_evidence_only": float(alone.mean()),
        "endo_dice_masks_unmoved": float(np.concatenate(unmoved).mean()),
        "endo_dice_worst_patient": float(min(by_patient)),
        "endo_dice_worst_patient_evidence_only": float(min(alone_by_patient)),
        "endo_dice_worst_slice": float(dice.min()),
        "endo_dice_worst_slice_evidence_only": float(alone.min()),
        "endo_slices_below_07": float(np.mean(dice < 0.7)),
        "endo_slices_below_07_evidence_only": float(np.mean(alone < 0.7)),
        "endo_distance_px": float(np.nanmean([r["plain"]["distance"] for r in results])),
        **{f"endo_dice_{name}": value for name, value in ends.items()},
        "artefact_dice": float(spoilt.mean()),
        "artefact_dice_evidence_only": float(spoilt_alone.mean()),
        "artefact_worst_dice": float(spoilt.min()),
        "artefact_worst_dice_evidence_only": float(spoilt_alone.min()),
        "ef_mae_points": float(np.abs(error).mean()),
        "ef_worst_points": float(np.abs(error).max()),
        "ef_r": float(np.corrcoef(truth, truth + error)[0, 1]) if len(truth) > 2 else None,
        "ef_mae_points_evidence_only": float(np.abs(alone_error).mean()),
        "ef_worst_points_evidence_only": float(np.abs(alone_error).max()),
        "hearts_not_found": int(sum(not r["plain"]["found"] for r in results)),
        "transformed_hearts_not_found": int(sum(not r["moved"]["found"] for r in results)),
        "transformed_dice": float(moved.mean()),
        "transformed_dice_drop": float(dice.mean() - moved.mean()),
    }


def _end_slices(results) -> dict:
    """Dice on the two end slices of each stack, apex and base, whole and evidence."""
    out = {}
    for name, pick in (("first_slice", np.min), ("last_slice", np.max)):
        for key, label in (("dice", name), ("evidence", f"{name}_evidence_only")):
            values = [r["plain"][key][r["slice_of"] == pick(r["slice_of"])] for r in results]
            out[label] = float(np.concatenate(values).mean())
    return out


def _table(patients, results):
    """Features out of fold, groups and ejection fractions, for the judge."""
    keep = [i for i, p in enumerate(patients) if p.group and results[i]["plain"]["found"]]
    table = [results[i]["plain"]["features"] for i in keep]
    return table, [patients[i].group for i in keep], [patients[i].name for i in keep]


def judgement(table, groups, names, seed) -> dict:
    """Patient-wise judgement, or nulls where the groups are not known."""
    if len(set(groups)) < 3 or min(groups.count(g) for g in set(groups)) < 3:
        return {}
    return evaluate_judge(table, groups, names, seed)


def _brief(result) -> dict:
    plain = result["plain"]
    return {
        "dice": round(float(plain["dice"].mean()), 4),
        "evidence_dice": round(float(plain["evidence"].mean()), 4),
        "worst_slice": round(float(plain["dice"].min()), 3),
        "ef": round(plain["ef"], 1),
        "true_ef": round(result["truth_ef"], 1),
    }


def _line(result) -> str:
    brief = _brief(result)
    return f"Dice {brief['dice']} EF {brief['ef']} (true {brief['true_ef']})"
