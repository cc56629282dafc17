"""The same solver calls on NumPy arrays and on torch's, on the processor and on a CUDA device.

    python benchmarks/speed/cuda.py [--sizes 256 512] [--devices numpy cpu cuda]

Eight coils hear the head phantom, a fifth of its k-space is sampled. Each solver runs a fixed
number of iterations from the same start; what differs is only the kind of the arrays it is given.
One JSON object is printed on standard output: seconds (the least of three runs after one that is
not timed) and how far the image lies from that of NumPy, relative to its length. Needs torch.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from corporis.functionals import L1, QuadraticMisfit, TotalVariation, Transformed
from corporis.operators import Cartesian, FiniteDifference, Wavelet
from corporis.phantoms import PlaneWaveCoils, shepp_logan
from corporis.solvers import (
    TotalVariationProx,
    composite_splitting,
    conjugate_gradient,
    fista,
    primal_dual,
    run,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))
from mri_rows.cases import variable_density

ITERATIONS = 50


def main(arguments=None) -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 512])
    parser.add_argument("--devices", nargs="+", default=["numpy", "cpu", "cuda"])
    options = parser.parse_args(arguments)
    rows = []
    for size in options.sizes:
        expected = {}
        for device in options.devices:
            for row in measure(size, device, expected):
                rows.append(row)
                print(row, file=sys.stderr, flush=True)
    threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    print(json.dumps({"threads": threads, "device": name(options.devices), "rows": rows}, indent=1))


def name(devices) -> str | None:
    """What torch calls the CUDA device."""
    if "cuda" not in devices:
        return None
    import torch

    return torch.cuda.get_device_name()


def measure(size: int, device: str, expected: dict):
    """Time every solver with arrays of one kind; NumPy's images are kept in `expected`."""
    misfit, start, synchronise = problem(size, device)
    for solver, iterates in solvers(misfit, start, (size, size)).items():
        seconds, image = timed(iterates, synchronise)
        found = np.asarray(image if device == "numpy" else image.cpu())
        expected.setdefault(solver, found)
        wrong = np.linalg.norm(found - expected[solver]) / np.linalg.norm(expected[solver])
        yield {
            "size": size,
            "arrays": device,
            "solver": solver,
            "iterations": ITERATIONS,
            "seconds": seconds,
            "difference": float(wrong),
        }


def problem(size: int, device: str):
    """Misfit, start, and what waits for the device."""
    shape, coils = (size, size), PlaneWaveCoils.ring(8)
    mask = variable_density(shape, 0.2)
    data = (shepp_logan().kspace(shape, coils) * mask).astype(np.complex64)
    maps = coils.maps(shape)
    maps = (maps / np.sqrt(np.sum(np.abs(maps) ** 2, axis=0))).astype(np.complex64)
    operator = Cartesian(shape, mask, maps)
    data /= np.abs(operator.adjoint(data)).max()
    if device == "numpy":
        return QuadraticMisfit(operator, data, bound=1.0), operator.adjoint(data), lambda: None
    import torch

    samples = torch.from_numpy(data).to(device)
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    return QuadraticMisfit(operator, samples, bound=1.0), operator.adjoint(samples), wait


def solvers(misfit, start, shape):
    """What is called, the same for all arrays."""
    variation = TotalVariation(shape, 3e-3)
    wavelets = Transformed(L1(1e-3), Wavelet(shape, "db2"))
    prox = TotalVariationProx(variation, n_inner=5)
    differences = FiniteDifference(shape)
    normal = misfit.operator.H @ misfit.operator
    return {
        "total variation, FISTA": lambda: fista(misfit, prox, start),
        "total variation and wavelets, splitting": lambda: composite_splitting(
            misfit, [prox, wavelets], start
        ),
        "anisotropic variation, primal-dual": lambda: primal_dual(
            misfit, L1(0.0), L1(3e-3), differences, start
        ),
        "least squares, conjugate gradients": lambda: conjugate_gradient(normal, start, 0 * start),
    }


def timed(iterates, synchronise, n_runs: int = 3):
    """Least seconds of some runs, and the last image."""
    least = np.inf
    for number in range(n_runs + 1):
        synchronise()
        begun = time.perf_counter()
        image = run(iterates(), at_most=ITERATIONS, tolerance=0.0).x
        synchronise()
        if number:
            least = min(least, time.perf_counter() - begun)
    return least, image


if __name__ == "__main__":
    main()
