"""Accuracy of shape priors: landmarks, dictionaries, repair, and organs outlined in images.

    python benchmarks/accuracy/organs.py --train DIR --test DIR

Both folders have the layout of the shared data (``shapes/chest_landmarks/*.npz``). With the same
folder for both, subjects are split into five folds. One JSON object is printed on standard output,
progress on standard error; a figure whose data are absent is null. The folds of radiographs and of
hippocampi can be run apart, and what they printed be merged:

    ... --only radiographs --folds 0,1 > first.json
    ... --only radiographs --folds 2,3,4 --merge first.json > whole.json

and so can the organs to mend: ``--only repair --organ liver``; and what a person waits for, by the
networks that an earlier run kept: ``--only waiting --keep DIR``.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from organs_rows import (
    composition_speed,
    ct,
    dictionary,
    hippocampus,
    landmarks,
    online,
    planted,
    radiographs,
    rare_detail,
    repair,
    tumour,
    waiting,
)
from report import rounded

KEYS = (
    *(
        f"landmark_px_{row}{rival}"
        for row in ("clean", "11", "23", "two_runs", "scattered")
        for rival in ("", "_pca", "_input")
    ),
    *("sparse_shape_ms", "sparse_shape_mrad", "sparse_shape_mrad_pca", "sparse_shape_mrad_input"),
    *("dictionary_excess_error", "dictionary_speedup", "dictionary_speedup_fista"),
    *("online_excess_error", "online_excess_error_random", "online_poison_excess_error"),
    *("online_poison_accepted", "rare_detail_ratio", "rare_detail_ratio_pca"),
    *("planted_recovery", "planted_promises_broken", *repair.KEYS, *tumour.KEYS),
    *radiographs.KEYS,
    *hippocampus.KEYS,
    *ct.KEYS,
    *waiting.KEYS.values(),
)
PARTS = ("shapes", "repair", "radiographs", "hippocampus", "ct", "waiting")
BY_FOLD = (landmarks, dictionary, online, rare_detail)
NOTES = {
    "shapes": (
        "Landmarks of most sources were fitted by a network to dense masks, those of JSRT lie on "
        "manual outlines.",
        "Up to 30 shapes of each fold are scored; every prior is told a good landmark's noise.",
        "Composition is the published one, an error for each coordinate, with one pair of weights.",
        *(m.NOTE for m in (composition_speed, dictionary, online, rare_detail, planted)),
    ),
    "repair": (repair.NOTE, tumour.NOTE),
    "radiographs": (radiographs.NOTE,),
    "hippocampus": (hippocampus.NOTE,),
    "ct": (ct.NOTE,),
    "waiting": (waiting.NOTE,),
}


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True, help="folder to learn from")
    parser.add_argument("--test", required=True, help="folder to score")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--only", choices=PARTS, help="one part of the rows")
    parser.add_argument("--folds", type=_numbers, help="of the images, such as 0,2")
    parser.add_argument("--organ", choices=(*repair.ORGANS, "tumour"), help="of those to mend")
    parser.add_argument("--steps", type=int, help="of each training on images")
    parser.add_argument("--keep", type=Path, help="folder where trained networks are kept")
    parser.add_argument("--merge", type=Path, action="append", default=[], help="earlier output")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        options.keep = options.keep or Path(folder)
        print(json.dumps(rounded(_figures(options)), indent=1))


def _figures(options) -> dict:
    """All figures of the rows that were asked for, and of those that are merged."""
    begun, rows = time.perf_counter(), _merged(options.merge)
    jobs = _jobs(options)
    if options.only in (None, "shapes"):
        rows.append(composition_speed.row())  # alone on the machine: its time counts
    with ProcessPoolExecutor(options.processes) as pool:
        pending = [pool.submit(function, *given) for function, given in jobs]
        for number, future in enumerate(as_completed(pending)):
            rows.append(future.result())
            seconds = time.perf_counter() - begun
            print(f"[{seconds:7.1f} s] {number + 1} of {len(jobs)}", file=sys.stderr, flush=True)
    if options.only in (None, "waiting"):  # alone too
        rows.append(waiting.row(Path(options.train), Path(options.test), options.keep))
    figures: dict = dict.fromkeys(KEYS)
    for module in (*BY_FOLD, repair, tumour, radiographs, hippocampus, ct, waiting):
        figures.update(module.figures(rows))
    for kind, row in rows:
        figures.update(row if kind in ("speed", "planted") else {})
    figures["seconds"] = time.perf_counter() - begun
    asked = PARTS if options.only is None else (options.only,)
    figures["notes"] = [note for part in asked for note in NOTES[part]]
    figures["rows"] = [{"kind": kind, **row} for kind, row in rows if "n" in row]
    return figures


def _jobs(options):
    """Functions and their arguments, the longest first."""
    train, test, jobs = Path(options.train), Path(options.test), []
    if options.only in (None, "radiographs"):
        given = radiographs.jobs(train, test, options.folds, options.keep, options.steps)
        jobs += [(radiographs.row, job) for job in given]
    if options.only in (None, "repair"):
        jobs += [(repair.row, job) for job in repair.jobs(train, test, options.organ)]
        if options.organ in (None, "tumour"):
            jobs += [(tumour.row, job) for job in tumour.jobs(train, test)]
    if options.only in (None, "hippocampus"):
        given = hippocampus.jobs(train, test, options.folds, options.keep, options.steps)
        jobs += [(hippocampus.row, job) for job in given]
    if options.only in (None, "ct"):
        jobs += [(ct.row, job) for job in ct.jobs(train, test, options.keep, options.steps)]
    if options.only in (None, "shapes"):
        jobs += [(planted.row, ())]
        folds = landmarks.jobs(train, test)
        jobs += [(module.row, job) for module in BY_FOLD for job in folds]
    return jobs


def _merged(paths):
    """Rows of earlier runs of this program."""
    found = [row for path in paths for row in json.loads(path.read_text())["rows"]]
    return [(row.pop("kind"), row) for row in found]


def _numbers(text):
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    main()
