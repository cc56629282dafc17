"""Accuracy of retrieval in histopathology: what the nearest cases say, beside published hashing.

    python benchmarks/accuracy/histopathology.py --train DIR --test DIR [--keep DIR]

Both folders have the layout of the shared data (``histology/*texture_features*.npz`` and
``histology/glas``). With the same folder for both, tiles are split into ten folds and patients
into five. One JSON object is printed on standard output, progress on standard error; a figure
whose data are absent is null.
"""

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from histopathology_rows import controls, novelty, regions, textures, words
from report import rounded

KEYS = (
    "glas_accuracy",
    "glas_accuracy_low",
    "glas_accuracy_high",
    "kather_accuracy",
    "glas_gland_dice",
    "kather_map_ours",
    "kather_map_ksh",
    "kather_map_withheld_ours",
    "kather_map_withheld_ksh",
    "glas_gland_f1",
    "glas_grade_accuracy",
    "glas_accuracy_network_alone",
    "glas_accuracy_plain",
    "glas_accuracy_leaky",
    "unlike_false_alarms_tiles",
    "unlike_misses_tiles",
    "unlike_false_alarms_grades",
    "unlike_misses_grades",
    "glas_words_map",
    "glas_words_map_spread",
    "glas_words_accuracy",
    *(
        f"glas_words_control_{name}"
        for name in (
            "all",
            "all_low",
            "all_high",
            "equal_number",
            "in_glands",
            "outside_glands",
            "disturbed",
            "no_picture",
            "random_labels",
            "random_labels_by_patient",
        )
    ),
)
NOTES = (
    "GlaS: a network of a million parameters, trained from nothing in each fold without its "
    "patients, outlines glands and describes regions; the diagnosis is the vote of the cases "
    "nearest by 64-bit codes of views, none of them of a patient of the fold. Intervals by "
    "resampling patients. Dice and object F1 (IoU above 0.5) against connected pieces of the "
    "mask, means over images, all pieces counted. Plain: no network, texture of all tissue. "
    "Network alone: its mean malignancy in glands, without retrieval. Leaky: a fifth of the "
    "images held back at random, patients on both sides.",
    "Tissue tiles carry no patient's number: tiles of one patient may be on both sides of a fold.",
    "Mean average precision is over the whole ranked list of training tiles, ties counted by their "
    "expected precision. Both ways of hashing have the same features, 300 anchors, 48 bits, grid "
    "of kernel widths (chosen inside the training tiles) and ranking by Hamming distance.",
    "Withheld: two classes, others in every fold, take no part in learning the codes; queries are "
    "of these classes, the database holds all.",
    "Nothing alike: each class in turn is withheld from an index of 150 tiles of each other class, "
    "or each grade from an index of regions without a network, patients left out. False alarms are "
    "of known classes, misses of the withheld one; means over the classes.",
    "Bags of words: SIFT, words learned without the patients asked about, five folds by patient, "
    "48 bits; precision at 10,000 words, and its largest difference between 500 and 10,000.",
    "Controls of the words, 500 of them: as many descriptors of every image, 200 in drawn glands "
    "or outside; queries mirrored, out of focus by a pixel and compressed again at JPEG's quality "
    "50; and the same vote of size, number of descriptors, mean colour and power spectrum, which "
    "show no architecture. Drawn glands say where to look in these controls alone. Labels at "
    "random: shuffled ten times between images, and between patients.",
    "The other constants of our hashing were chosen on folds 1, 2 and 4.",
)


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True, help="folder to learn from")
    parser.add_argument("--test", required=True, help="folder to score")
    parser.add_argument("--keep", type=Path, help="folder where trained networks are kept")
    parser.add_argument("--folds", type=int, default=5, help="of patients")
    parser.add_argument("--only", type=int, help="the first so many folds: a reduced run")
    parser.add_argument("--steps", type=int, default=1500, help="of each training")
    parser.add_argument(
        "--rows", choices=("textures", "regions", "novelty", "words", "controls"), help="only these"
    )
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    begun, rows = time.perf_counter(), []
    jobs = _jobs(options)
    # spawned: a process that was forked cannot use a CUDA device
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(function, *given) for function, given in jobs]
        for number, future in enumerate(as_completed(waiting)):
            found = future.result()
            rows += found if isinstance(found, list) else [found]
            seconds = time.perf_counter() - begun
            print(f"[{seconds:7.1f} s] {number + 1} of {len(jobs)}", file=sys.stderr, flush=True)
    figures: dict = dict.fromkeys(KEYS)
    figures.update(textures.figures(rows))
    figures.update(regions.figures(rows))
    figures.update(novelty.figures(rows))
    figures.update(words.figures(rows))
    figures.update(controls.figures(rows))
    figures["seconds"] = time.perf_counter() - begun
    figures["peak_memory_gb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    figures["notes"] = NOTES
    figures["rows"] = [{"kind": kind, **row} for kind, row in rows]
    print(json.dumps(rounded(figures), indent=1))


def _jobs(options):
    """Trainings first: they last longest."""
    folders, jobs = (Path(options.train), Path(options.test)), []
    if options.rows in (None, "regions"):
        given = (options.folds, options.only, options.steps, options.keep)
        jobs += regions.jobs(*folders, *given)
    if options.rows in (None, "textures"):
        jobs += textures.jobs(*folders)
    if options.rows in (None, "novelty"):
        jobs += novelty.jobs(*folders)
    if options.rows in (None, "words"):
        jobs += words.jobs(*folders)
    if options.rows in (None, "controls"):
        jobs += controls.jobs(*folders)
    return jobs


if __name__ == "__main__":
    main()
