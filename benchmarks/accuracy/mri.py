"""Accuracy of reconstruction: images, coils, contrasts, series, velocity, and its certificates.

    python benchmarks/accuracy/mri.py --train DIR --test DIR [--rivals]

Both folders have the layout of the shared data; nothing is learned from ``--train``, which is
taken for symmetry with the other benchmarks. Files are found by pattern, so that other cases in
the same layout can be measured. Our weights and noise levels never see the truth; rivals are
tuned on it. ``--rivals`` adds BART where its command is installed (Debian: ``apt-get install
bart``). One JSON object is printed on standard output, progress on standard error; a figure whose
data are absent is null.
"""

import argparse
import json
import os
import re
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mri_rows import chain, coils, convergence, related, single
from report import rounded

KEYS = (
    "image_gain_random_db",
    "image_gain_lines_db",
    "image_gain_worst_db",
    "image_gain_lines_bart_db",
    "liu_psnr_b1_random",
    "liu_psnr_b2_random",
    "liu_psnr_b1_cartesian",
    "liu_psnr_b2_cartesian",
    "coil_nrmse_r4",
    "coil_nrmse_r6",
    "coil_nrmse_lines3",
    "coil_nrmse_r4_bart",
    "coil_nrmse_r6_bart",
    "coil_nrmse_lines3_bart",
    "kspace_prediction_error",
    "kspace_prediction_error_one_map",
    "joint_gain_db",
    "mismatch_change_db",
    "causal_gain_db",
    "causal_seconds_per_frame",
    "velocity_rmse_cm_s",
    "objective_above_minimum_50",
    "certified_gap_800",
    "seconds",
    "peak_memory_gb",
)
NOTES = (
    "Rivals are tuned on the truth, ours is not: total variation over a grid whose optimum does "
    "not lie on its edge, BART over weight, prior, 100 or 300 iterations and the default step or "
    "0.1; for held-back samples BART is total variation with 100 iterations.",
    "The constants of the patch prior and of block matching were chosen on brain_2 and a5, those "
    "of the causal series on the rat and perfusion series: on images that are reported here, with "
    "one set of constants for all.",
    "Undersampled images are simulated from images (an inverse crime that all methods share); the "
    "eight-channel brain is real k-space, virtual hearts are rendered on a finer raster.",
    "The error of a coil image is that of the magnitude against the root sum of squares of all "
    "samples, where that is above 12 % of its maximum. That reference is noisy itself.",
    "BART is left out on images with a side that 4 does not divide: its centred transform has "
    "another sign there.",
    "The minimum is that of 4,000 iterations of primal-dual splitting, or lower where ours is.",
)


NOTHING = {"row_seconds": 0.0}


def main(arguments=None) -> None:
    """Run all rows and print one JSON object."""
    options = _options(arguments)
    begun, test = time.perf_counter(), Path(options.test)
    jobs = []
    if "single" in options.rows:
        jobs += single.jobs(test, options.rivals)
    if "coils" in options.rows:
        jobs += coils.jobs(test, options.rivals)
    if "related" in options.rows:
        jobs += related.jobs(test, options.rivals)
    if "chain" in options.rows:
        jobs += chain.jobs()
    if "convergence" in options.rows:
        jobs += convergence.jobs(test)
    rows = []
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = [pool.submit(kept_or_done, options.keep, *job) for job in jobs]
        for number, future in enumerate(as_completed(waiting)):
            rows.append(future.result())
            print(
                f"[{time.perf_counter() - begun:7.1f} s] {number + 1} of {len(jobs)}: "
                f"{_short(rows[-1])}",
                file=sys.stderr,
                flush=True,
            )
    figures = dict.fromkeys(KEYS)
    for module in (single, coils, related, chain, convergence):
        for name, value in module.figures(rows).items():
            if value is not None or name not in figures:
                figures[name] = value
    # of all rows, also of those that an earlier run had finished
    figures["seconds"] = sum(row["row_seconds"] for _, row in rows) / options.processes
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak_memory_gb"] = max(children, own) / 1e6
    figures["notes"] = NOTES
    figures["rows"] = [{"kind": kind, **row} for kind, row in rows]
    print(json.dumps(rounded(figures), indent=1))


def kept_or_done(keep, function, given):
    """The row of a job, read back where an earlier run of the same code finished it."""
    words = [str(g) for g in given if isinstance(g, str | int | float | tuple)]
    name = re.sub(r"[^\w.]+", "-", "-".join([function.__name__, *words]))
    path = None if keep is None else Path(keep) / f"{name}.json"
    if path is not None and path.is_file():
        kind, row = json.loads(path.read_text(encoding="utf-8"))
        return kind, row
    begun = time.perf_counter()
    try:
        kind, row = function(*given)
    except Exception as error:  # one strange file must not cost an hour of other rows
        return "failed", {"row": name, "error": f"{type(error).__name__}: {error}", **NOTHING}
    row = {**row, "row_seconds": time.perf_counter() - begun}
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([kind, row], default=float), encoding="utf-8")
    return kind, row


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True, help="not used: nothing is learned")
    parser.add_argument("--test", required=True, help="folder to score")
    parser.add_argument("--rivals", action="store_true", help="also BART, where it is installed")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--rows",
        nargs="+",
        default=["single", "coils", "related", "chain", "convergence"],
        help="kinds of rows",
    )
    parser.add_argument("--keep", help="folder for finished rows, to go on from if broken off")
    return parser.parse_args(arguments)


def _short(pair):
    kind, row = pair
    numbers = {k: round(v, 4) for k, v in row.items() if isinstance(v, float)}
    words = [str(v) for v in row.values() if isinstance(v, str)]
    return f"{kind} {' '.join(words)} {numbers}"


if __name__ == "__main__":
    main()
