"""Rivals, tuned on the truth: total variation by our solver, and BART's where it is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from corporis.apps.mri.variation import PRICES
from corporis.functionals import QuadraticMisfit, TotalVariation
from corporis.imaging.kspace_cfl import read_array
from corporis.operators import Cartesian
from corporis.solvers import QuadraticProx, TotalVariationProx, consensus_admm, run
from mri_rows.cases import nrmse


def best_of_grid(error, grid):
    """The least error of a grid that grows until its optimum does not lie on its edge."""
    known = {g: error(g) for g in grid}
    step = grid[1] / grid[0]
    for _ in range(8):
        best = min(known, key=known.__getitem__)
        if best == min(known):
            known[best / step] = error(best / step)
        elif best == max(known):
            known[best * step] = error(best * step)
        else:
            break
    best = min(known, key=known.__getitem__)
    return best, known[best]


def variation_image(data, mask, weight):
    """Total variation of one coil at a weight, run until images change no more."""
    A = Cartesian(mask.shape, mask)
    prox = TotalVariationProx(TotalVariation(mask.shape, weight), n_inner=5)
    fit = QuadraticProx(QuadraticMisfit(A, data, bound=1.0))
    prices = (weight * price for price in PRICES)
    return run(consensus_admm(fit, [prox], A.H @ data, *prices), at_most=60).x


def tuned_variation(data, mask, truth):
    """Relative error of total variation whose weight the truth chose, one coil."""

    def error(weight):
        return nrmse(variation_image(data, mask, weight), truth)

    return best_of_grid(error, [4e-4 * 2**k for k in range(6)])


def has_bart():
    """Whether BART can be called."""
    return shutil.which("bart") is not None


def write_array(path: Path, array):
    """A pair of .cfl and .hdr in BART's order of axes."""
    array = np.asarray(array, np.complex64)
    path.with_suffix(".hdr").write_text(
        "# Dimensions\n" + " ".join(str(n) for n in array.shape) + "\n", encoding="ascii"
    )
    array.T.reshape(-1, order="C").tofile(path.with_suffix(".cfl"))


def bart_best(data, score, *, kinds=("tv", "wavelet"), is_quick=True):
    """BART's best: (error, seconds of that setting, words), every setting judged on the truth.

    Parameters
    ----------
    data : complex array, (n_coils, rows, columns)
        Exact zeros off the mask.
    score : callable
        From the complex image to the error.
    """
    import time

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_array(here / "k", np.moveaxis(data, 0, -1)[None])
        if len(data) > 1:
            _bart(here, "ecalib", "-m1", "-r24", "k", "s")
        else:
            write_array(here / "s", np.ones((1, *data.shape[1:], 1)))
        best = (np.inf, 0.0, "")
        steps = [[], ["-u", "0.1"]] if is_quick else [[], ["-u", "0.1"], ["-u", "0.01"]]
        for kind in kinds:
            prior = "T:6:0:{}" if kind == "tv" else "W:6:0:{}"
            for count in ("100", "300") if is_quick else ("100", "300", "1000"):
                for extra in steps if kind == "tv" else [[]]:
                    times = {}

                    def error(weight, prior=prior, count=count, extra=extra, times=times):
                        begun = time.perf_counter()
                        regular = prior.format(f"{weight:g}")
                        _bart(here, "pics", "-S", *extra, "-i", count, "-R", regular, "k", "s", "x")
                        times[weight] = time.perf_counter() - begun
                        return score(np.squeeze(read_array(here / "x")))

                    weight, found = best_of_grid(error, [1e-3 * 3**k for k in range(4)])
                    if found < best[0]:
                        words = f"{kind} {weight:g} -i {count} {' '.join(extra)}".strip()
                        best = (found, times[weight], words)
    return best


def _bart(folder, *arguments):
    subprocess.run(["bart", *arguments], cwd=folder, check=True, capture_output=True)
