"""Accuracy of retrieval in histopathology: what the nearest cases say, beside published hashing.

    python benchmarks/accuracy/histopathology.py --train DIR --test DIR

Both folders have the layout of the shared data (``histology/*texture_features*.npz``). With the
same folder for both, tiles are split into ten folds. One JSON object is printed on standard
output, progress on standard error; a figure whose data are absent is null.
"""

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from histopathology_rows import textures
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
)
NOTES = (
    "Tissue tiles carry no patient's number: tiles of one patient may be on both sides of a fold.",
    "Mean average precision is over the whole ranked list of training tiles, ties counted by their "
    "expected precision. Both ways of hashing have the same features, 300 anchors, 48 bits, grid "
    "of kernel widths (chosen inside the training tiles) and ranking by Hamming distance.",
    "Withheld: two classes, others in every fold, take no part in learning the codes; queries are "
    "of these classes, the database holds all.",
    "The other constants of our hashing were chosen on folds 1, 2 and 4.",
)


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True, help="folder to learn from")
    parser.add_argument("--test", required=True, help="folder to score")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    begun, rows = time.perf_counter(), []
    jobs = textures.jobs(Path(options.train), Path(options.test))
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = [pool.submit(function, *given) for function, given in jobs]
        for number, future in enumerate(as_completed(waiting)):
            rows.append(future.result())
            seconds = time.perf_counter() - begun
            print(f"[{seconds:7.1f} s] {number + 1} of {len(jobs)}", file=sys.stderr, flush=True)
    figures: dict = dict.fromkeys(KEYS)
    figures.update(textures.figures(rows))
    figures["seconds"] = time.perf_counter() - begun
    figures["peak_memory_gb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    figures["notes"] = NOTES
    figures["rows"] = [{"kind": kind, **row} for kind, row in rows]
    print(json.dumps(rounded(figures), indent=1))


if __name__ == "__main__":
    main()
