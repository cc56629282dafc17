"""The sparse deformable model: time and error with 2,000 particles, 20 frames, 30 % wrong.

The thick-walled tube of the textbooks contracts and twists, its motion known exactly; a third of
its particles is seen with noise. Beside it the same body when all are right, and when it believes
everything.
"""

import time

import numpy as np

from corporis.deformables import Sightings, SparseBody
from corporis.interfaces import Mesh

N_FRAMES, N_SEEN, NOISE_MM = 20, 600, 0.3
N_ANGLES, N_LEVELS = 40, 17
CASES = ("clean", "random", "coherent")


def row(seed):
    """Seconds and RMSE in mm of every case."""
    rest = tube()
    truth = np.stack([moved(rest, a) for a in np.sin(np.pi * np.arange(N_FRAMES) / N_FRAMES) ** 2])
    truth -= rest
    _fit(rest[:400], np.zeros((1, 400, 3)), np.arange(400), 1.0)  # loaded
    found = {"n_particles": len(rest)}
    for case in CASES:
        which, seen = observed(np.random.default_rng([seed, 11]), truth, case)
        begun = time.perf_counter()
        fit = _fit(rest, seen, which, 2.0)
        found[f"{case}_seconds"] = time.perf_counter() - begun
        found[f"{case}_mm"] = _rmse(fit.q, truth)
        found[f"{case}_gap"] = fit.gap / fit.objective
    found["random_mm_quadratic"] = _rmse(_fit(rest, *_again(seed, truth), 1e6).q, truth)
    return ("sparse_body", found)


def tube():
    """Three layers of particles, in mm."""
    angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
    layers, heights = np.array([25.0, 30.0, 35.0]), np.linspace(0, 80, N_LEVELS)
    r, a, z = np.stack(np.meshgrid(layers, angle, heights, indexing="ij"), -1).reshape(-1, 3).T
    return np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1)


def moved(rest, activity):
    """Incompressible: 28 % narrower inside, 13 % shorter, twisting by 0.17 degrees a mm."""
    r, a, z = np.hypot(*rest[:, :2].T), np.arctan2(rest[:, 1], rest[:, 0]), rest[:, 2]
    stretch = 1 - 0.13 * activity
    now = np.sqrt((25 - 7 * activity) ** 2 + (r**2 - 25**2) / stretch)
    turned = a + activity * (0.1 + 0.003 * z)
    return np.stack([now * np.cos(turned), now * np.sin(turned), stretch * z], axis=-1)


def observed(rng, truth, case):
    """Which particles are seen, and their displacements, 30 % of them wrong at all times."""
    which = rng.choice(truth.shape[1], N_SEEN, replace=False)
    seen = truth[:, which] + NOISE_MM * rng.standard_normal((len(truth), N_SEEN, 3))
    n_wrong = round(0.3 * N_SEEN)
    vectors, length = rng.standard_normal((n_wrong, 3)), rng.uniform(2, 6, (n_wrong, 1))
    vectors *= length / np.linalg.norm(vectors, axis=1, keepdims=True)
    if case == "random":
        seen[:, :n_wrong] += vectors
    if case == "coherent":
        seen[:, :n_wrong] += 4 * vectors[0] / length[0]
    return which, seen


def _again(seed, truth):
    which, seen = observed(np.random.default_rng([seed, 11]), truth, "random")
    return seen, which


def _fit(rest, seen, which, believed):
    body = SparseBody(
        Mesh(rest[:3], np.array([[0, 1, 2]])), rest, noise=NOISE_MM, believed=believed
    )
    return body.fit(Sightings(rest[which], seen))


def _rmse(found, truth):
    return float(np.sqrt(np.mean(np.sum((found - truth) ** 2, axis=-1))))


def figures(rows) -> dict:
    """Under the names of the figures; seconds with wrong observations."""
    mine = [r for kind, r in rows if kind == "sparse_body"]
    found = {}
    for r in mine:
        found["sparse_body_seconds"] = r["random_seconds"]
        for case in CASES:
            found[f"sparse_body_mm_{case}"] = r[f"{case}_mm"]
        found["sparse_body_mm_random_quadratic"] = r["random_mm_quadratic"]
    return found
