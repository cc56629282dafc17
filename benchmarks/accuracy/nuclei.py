"""Accuracy of nuclei: outlines, types, touching pairs, densities and speed.

    python benchmarks/accuracy/nuclei.py --train DIR --test DIR [--rivals] [--keep DIR]

Both folders have the layout of the shared data (``nuclei/monuseg`` and so on). With the same
folder for both, patients are split into folds and every image is scored by a network that was
trained without its patient. One JSON object is printed on standard output, progress on standard
error; a figure whose data are absent is null.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from nuclei_rows import images, kinds, learned, phantoms, seams, speed
from report import rounded

KEYS = (
    "monuseg_aji",
    "monuseg_pq",
    "monuseg_f1",
    "gbm40_f1",
    "dsb_fluorescence_f1",
    "dsb_purple_f1",
    "monusac_macro_f1",
    "monusac_macro_f1_size_only",
    "lymphocyte_f1",
    "monuseg_f1_shipped",
    "seconds_per_megapixel",
    "cpu_seconds_per_megapixel",
    "monuseg_aji_classical",
    "monuseg_pq_classical",
    "monuseg_f1_classical",
    "pairs_split",
    "pairs_split_votes",
    "pairs_split_classical",
    "count_error",
    "count_error_votes",
    "k_inside",
    "positive_share_error",
    "seams_count_difference",
    "seams_least_iou",
)
NOTES = (
    "AJI as Kumar et al. (2017) define it: a found nucleus may be taken more than once. PQ and F1 "
    "match at an IoU above 0.5; means are over images; no true object is too small, found ones "
    "have at least 30 pixels; objects at the border count.",
    "Two networks of a million parameters, trained from nothing in each fold: one for bright field "
    "(MoNuSeg, half of all views; images with a mask only teach the foreground; GBM40; purple and "
    "grey DSB), one for fluorescence, which is shown to it as dark on white.",
    "How nuclei are split is chosen, for each set and fold, by PQ on the images left out in the "
    "other folds; with one fold it is fixed.",
    "Folds by patient on MoNuSeg. GBM40 and DSB name no patients: leakage cannot be excluded.",
    "Types: every component is seen in a square of 64 pixels about its centroid; the control knows "
    "the component's pixels and box and the crop's size.",
    "Procedural tissue is never trained on. A pair is split if exactly two nuclei are found and "
    "each meets another true one at an IoU above 0.5.",
    "What ships is the path without a network. One that learned from DSB (public domain) and "
    "generated tissue alone reached an F1 of 0.28 on MoNuSeg, less than that path.",
    "MoNuSeg's official test tiles are not among the data: these are no challenge figures.",
)


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True, type=Path, help="folder to learn from")
    parser.add_argument("--test", required=True, type=Path, help="folder to score")
    parser.add_argument("--rivals", action="store_true", help="the path without a network too")
    parser.add_argument("--keep", type=Path, help="folder where trained networks are kept")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--only", type=int, help="the first so many folds: a reduced run")
    parser.add_argument("--steps", type=int, default=4200, help="of each training")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    begun = time.perf_counter()

    def tell(text):
        print(f"[{time.perf_counter() - begun:7.1f} s] {text}", file=sys.stderr, flush=True)

    rows = _rows(options, tell)
    figures: dict = dict.fromkeys(KEYS)
    for part in (learned, kinds, phantoms, speed, seams):
        figures.update(part.figures(rows))
    figures["seconds"] = time.perf_counter() - begun
    figures["n_folds"], figures["n_steps"] = options.folds, options.steps
    figures["n_folds_run"] = options.only or options.folds
    figures["notes"] = NOTES
    figures["rows"] = [{"kind": kind, **row} for kind, row in rows]
    print(json.dumps(rounded(figures), indent=1))


def _rows(options, tell):
    items = images.load(options.train)
    rows: list = []
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(kinds.row, options.train, options.test): "types"}
        for number, (train, test) in enumerate(islice(_splits(items, options), options.only)):
            for network in images.SHARES:
                given = (number, network, train, test, options.steps, options.keep)
                waiting[pool.submit(learned.fold, *given)] = f"fold {number}, {network}"
            if options.rivals:
                waiting[pool.submit(learned.classical, train, test)] = f"fold {number}, rival"
        seen = [item for item in images.load(options.test) if item.kind == "monuseg"]
        waiting[pool.submit(learned.shipped, seen)] = "what ships"
        for future in as_completed(waiting):
            rows += future.result()
            tell(f"{waiting[future]} done")
        rows = learned.decided(rows)
        networks = [row for kind, row in rows if kind == "fold"]
        bright = [row for row in networks if row["network"] == "bright_field"]
        if bright:
            network = min(bright, key=lambda row: row["fold"])["onnx"]
            for future in as_completed(phantoms.submit(pool, network, learned.VOTINGS[0])):
                rows += future.result()
                tell("procedural tissue")
    if bright:
        rows += speed.row(network, learned.VOTINGS[0])
        rows += seams.row(options.test, network, learned.VOTINGS[0])
    for row in networks:
        del row["onnx"]
    return rows


def _splits(items, options):
    """(training, test) images of each fold; one fold where the folders differ."""
    if options.train.resolve() == options.test.resolve():
        for train, test in images.folds(items, options.folds) if items else ():
            yield [items[i] for i in train], [items[i] for i in test]
        return
    others = [x for x in images.load(options.test) if x.kind != "semantic"]
    held = {x.patient for x in others}
    train = [x for x in items if x.patient not in held]
    if train and others:
        yield train, others


if __name__ == "__main__":
    main()
