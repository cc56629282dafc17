"""How far above the minimum: two splittings against another solver's long run."""

from pathlib import Path

import numpy as np

from corporis.functionals import (
    L1,
    Box,
    QuadraticMisfit,
    RealImage,
    Separable,
    TotalVariation,
    Transformed,
)
from corporis.operators import Cartesian, FiniteDifference, Stack, Wavelet
from corporis.solvers import (
    CompositeGap,
    QuadraticProx,
    TotalVariationProx,
    composite_splitting,
    consensus_admm,
    fcsa,
    primal_dual,
    run,
)
from mri_rows.cases import images, transform, unit

GENTLE, PUBLISHED = (3e-3, 3e-3), (1e-3, 3.5e-2)
REFERENCE_ITERATIONS = 4000


def jobs(folder: Path, n_images: int = 5):
    """Independent pieces of work: (function, arguments)."""
    found = {k: v for k, v in images(folder).items() if not np.iscomplexobj(v) or _is_real(v)}
    names = sorted(found, key=lambda k: (found[k].shape != (256, 256), k))[:n_images]
    return [
        (row, (name, np.abs(found[name]), weights))
        for name in names
        for weights in (GENTLE, PUBLISHED)
    ]


def _is_real(image):
    return float(np.max(np.abs(image.imag))) < 1e-12


def row(name, image, weights):
    """Relative distance to the reference's objective, and the run's own gap."""
    image = unit(image)
    image = image[: image.shape[0] // 16 * 16, : image.shape[1] // 16 * 16]
    rng = np.random.default_rng(0)
    k = [np.abs(np.arange(n) - n // 2) / n for n in image.shape]
    density = np.clip(1.6 - 3.2 * np.maximum.outer(k[0], k[1]), 0, 1) ** 3
    mask = rng.random(image.shape) < density * 0.2 / density.mean()
    mask[image.shape[0] // 2, image.shape[1] // 2] = True
    noise = rng.standard_normal((2, *image.shape)) * 0.01
    A = Cartesian(image.shape, mask)
    misfit = QuadraticMisfit(A, mask * (transform(image) + noise[0] + 1j * noise[1]), bound=1.0)
    smooth, start = RealImage(misfit), (A.H @ misfit.data).real
    variation = TotalVariation(image.shape, weights[0])
    penalties = [
        TotalVariationProx(variation, 0.0, 1.0),
        Transformed(L1(weights[1]), Wavelet(image.shape, "db2", 4)),
    ]
    gap = CompositeGap(smooth, penalties)
    least, reference = reference_of(smooth, variation, weights[1], start, gap.objective)
    found = {"image": name, "weights": weights, "reference_gap": reference}
    solvers = {
        "": consensus_admm(QuadraticProx(smooth), penalties, start),
        "_composite": composite_splitting(smooth, penalties, start),
    }
    seen = {name: objectives(iterates, gap) for name, iterates in solvers.items()}
    # where ours went lower than the reference, ours is the minimum
    least = min(least, *(value for values in seen.values() for value, _ in values.values()))
    for name, values in seen.items():
        for count, (value, certified) in values.items():
            found[f"above_{count}{name}"] = value / least - 1
            found[f"gap_{count}{name}"] = certified / value
    published = [TotalVariationProx(variation), penalties[1]]
    ended = run(fcsa(smooth, published, start, low=0.0, high=1.0), at_most=400).x
    found["above_400_fcsa"] = gap.objective(ended) / least - 1
    return ("convergence", found)


def objectives(iterates, gap):
    """The objective inside the box, and the certified gap, after some numbers of iterations."""
    found = {}
    for iterate in iterates:
        if iterate.count in (50, 200, 400, 800):
            found[iterate.count] = gap.objective(np.clip(iterate.x, 0, 1)), gap(iterate)
        if iterate.count == 800:
            return found
    return found


def reference_of(smooth, variation, beta, start, objective):
    """Least objective of primal-dual splitting, and how much its last half still gained."""
    transform_, shape = Wavelet(start.shape, "db2", 4), start.shape
    difference = FiniteDifference(shape)
    both = Stack([difference, transform_])
    behind = Separable([variation.penalty, L1(beta)], [difference.codomain, transform_.codomain])
    iterates = primal_dual(smooth, Box(0.0, 1.0), behind, both, start, bound=3.0, balance=1.0)
    values = {}
    for iterate in iterates:
        if iterate.count in (REFERENCE_ITERATIONS // 2, REFERENCE_ITERATIONS):
            values[iterate.count] = objective(iterate.x)
        if iterate.count == REFERENCE_ITERATIONS:
            break
    half, whole = values.values()
    return min(half, whole), half / whole - 1


def figures(rows) -> dict:
    """The worst of the images."""
    found: dict = {}
    for weights, name in ((GENTLE, ""), (PUBLISHED, "_published")):
        mine = [r for k, r in rows if k == "convergence" and tuple(r["weights"]) == weights]
        for key, words in (
            ("above_50", "objective_above_minimum_50"),
            ("above_200", "objective_above_minimum_200"),
            ("above_50_composite", "objective_above_minimum_composite_50"),
            ("above_400_fcsa", "objective_above_minimum_fcsa"),
            ("gap_50", "certified_gap_50"),
            ("gap_800", "certified_gap_800"),
        ):
            values = [r[key] for r in mine]
            found[words + name] = max(values) if values else None
    return found
