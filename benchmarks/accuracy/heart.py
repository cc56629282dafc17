"""Accuracy of the heart study on held-out patients, a pig, a whole study and virtual hearts.

    python benchmarks/accuracy/heart.py --train DIR --test DIR

Both folders have the layout of the shared data; files are matched by what they contain, so that
other cases in the same layout can be measured. Everything learned is trained from ``--train``
inside the run, with a fixed seed, on two processes of one thread each; no shipped weights are
loaded. With the same folder for both, patients are cross-validated. One JSON object is printed on
standard output, progress on standard error; a figure whose data are absent is null.
"""

import argparse
import json
import sys
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from heart_rows import pig, sunnybrook, surfaces, virtual

from corporis.apps.diagnosis import evaluate_elsewhere, train_judge
from corporis.apps.heart_shape.training import Schedule
from corporis.cohorts.contoured import contoured_patients
from corporis.cohorts.examples import N_VIRTUAL
from corporis.cohorts.gallery import Gallery
from corporis.cohorts.training import (
    BLOOD,
    WHOLE,
    Trained,
    out_of_fold_features,
    save_learned,
    train_folds,
    two_processes,
)
from corporis.errors import BadInput


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    options = _options(arguments)
    begun = time.perf_counter()

    def tell(text, fraction):
        print(
            f"[{time.perf_counter() - begun:7.1f} s] {text} ({100 * fraction:.0f} %)",
            file=sys.stderr,
            flush=True,
        )

    train, test = Path(options.train), Path(options.test)
    patients = contoured_patients(train)
    is_same = train.resolve() == test.resolve()
    n_virtual = 4 if options.smoke else N_VIRTUAL
    figures = dict.fromkeys(KEYS)
    with two_processes() as pool:
        trained = train_folds(
            patients,
            seed=options.seed,
            n_virtual=n_virtual,
            executor=pool,
            keep=Path(options.keep) if options.keep else None,
            progress=tell,
            **_schedules(is_same, options.smoke),
        )
        figures["training_seconds"] = time.perf_counter() - begun
        gallery = Gallery.of(patients, n_virtual=n_virtual // 2, seed=options.seed, executor=pool)
        evidence, prior = trained.evidence, gallery.prior()
        tell("dictionary of hearts", 1)
        learned = Learned(patients, trained, gallery, pool, options.seed)
        scores, table = _patients(learned, test, is_same, tell)
        figures |= scores
        figures |= pig.rows(test, evidence, prior)
        tell("pig", 1)
        figures |= surfaces.rows(test, evidence, prior)
        tell("fitted surfaces", 1)
        n_hearts = 2 if options.smoke else 20
        figures |= virtual.rows(trained.blood, prior, n_hearts, options.seed, pool, tell)
    judge = train_judge(*table, seed=options.seed)
    if options.save:
        save_learned(options.save, trained, prior, judge)
    figures |= virtual.timing(trained, prior, judge, options.seed)
    figures["total_seconds"] = time.perf_counter() - begun
    figures["notes"] = NOTES
    print(json.dumps(_rounded(figures), indent=1))


KEYS = (
    "endo_dice",
    "endo_dice_evidence_only",
    "endo_dice_worst_patient",
    "endo_slices_below_07",
    "endo_distance_px",
    "ef_mae_points",
    "ef_r",
    "ef_worst_points",
    "transformed_dice_drop",
    "pig_endo_dice",
    "pig_epi_dice",
    "surface_mm",
    "surface_ef_error_points",
    "heart_failure_auc",
    "ef_only_auc",
    "group_accuracy",
    "ef_only_accuracy",
    "unknown_recall",
    "virtual_volume_error",
    "virtual_ef_error_points",
    "virtual_thickness_mm",
    "seconds",
    "peak_memory_gb",
)

NOTES = [
    "Sunnybrook files hold contoured slices only: the choice of the first and last slice is given "
    "away, also for the ejection fraction.",
    "Sunnybrook counts papillary muscles as cavity; so do these outlines.",
    "Sunnybrook's masks lie one pixel down and right of what they outline (their contours count "
    "from 1): they are moved back for training and scoring; endo_dice_masks_unmoved is the score "
    "against the masks as they stand in the files.",
    "SC-N-06's masks are displaced from its images: left out of training and scoring.",
    "The pig's contours are automatic, not an expert's.",
    "The fitted surfaces follow contours that a network drew.",
    "Virtual hearts are rendered by another path than the one trained on.",
]


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", required=True, help="folder to learn from")
    parser.add_argument("--test", required=True, help="folder to score; the same cross-validates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", help="folder for what was learned on all of --train")
    parser.add_argument("--keep", help="folder for finished trainings, to go on from if broken off")
    parser.add_argument(
        "--smoke", action="store_true", help="a minute's run that only shows that all rows work"
    )
    return parser.parse_args(arguments)


@dataclass(frozen=True)
class Learned:
    """What was learned from the patients of ``--train``, and where jobs run."""

    patients: tuple
    trained: Trained
    gallery: Gallery
    pool: Executor
    seed: int

    def evidence(self, patient):
        """Networks that have not seen a patient."""
        return self.trained.fold_of.get(patient.name, self.trained.evidence)

    def prior(self, patient):
        """A dictionary without the patients of a patient's fold."""
        return self.gallery.prior(self.trained.members.get(patient.name, ()))


def _schedules(is_same: bool, is_smoke: bool) -> dict:
    """With other patients to score, the training on all is longer and the folds' are shorter.

    The folds then only give the judge measures of patients that their networks have not seen.
    """
    if is_smoke:
        return {"schedule": Schedule(30, 60)}
    if is_same:
        return {"whole": WHOLE, "blood": BLOOD}
    return {"schedule": Schedule(1000, 3000), "whole": Schedule(1000, 9000), "blood": BLOOD}


def _patients(learned, test, is_same, tell):
    """Rows on contoured patients, and the table that the judge learns from."""
    table = None
    if not is_same:
        table = out_of_fold_features(learned.patients, learned.trained, learned.gallery)
        tell("measures to judge by", 1)
    try:
        tested = learned.patients if is_same else contoured_patients(test)
    except BadInput:
        return {}, table
    figures, (features, groups, names) = sunnybrook.rows(tested, learned, tell)
    if is_same:
        return figures | sunnybrook.judgement(features, groups, names, learned.seed), (
            features,
            groups,
        )
    if groups:
        figures |= evaluate_elsewhere(*table, features, groups, learned.seed)
    return figures, table


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, float):
        return None if value != value else round(value, 4)
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value


if __name__ == "__main__":
    main()
