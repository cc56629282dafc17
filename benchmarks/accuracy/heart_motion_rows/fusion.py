"""A virtual cohort in three dimensions: tags on six short-axis and three long-axis planes.

Hearts are drawn at random, half of them with an infarct of 1 to 4 neighbouring segments that lose
30 to 80 % of contraction, SNR 10; none of them chose a setting. Each is given its wall at rest and
the tags' wave vectors. Motion is exactly incompressible, along the axis the same all around.

Errors of longitudinal strain and torsion are of the wall's mean, the worst frame of a heart.
A segment's score is its peak circumferential strain less the median of its ring, where smaller
contraction counts as disease. Intervals are 95 %, of the mean circumferential strain of every
segment in every frame with contraction above a half; their scale, and the score beyond which a
segment counts as weak, were found on other hearts (seed 901).

On the first `N_SLIPPED` hearts the study is repeated with nothing given but images and places that
are off by slips of 2.5 mm (deviation, along both axes of a plane): wall, tags and slips are found.
"""

import time
from dataclasses import replace

import numpy as np

from corporis.apps.heart_motion import Fusion, RestFit, TaggedFilm
from corporis.apps.heart_motion.body import WEAK
from corporis.apps.heart_motion.intervals import RINGS, segment_deviation
from corporis.deformables import WallModes, aha_segment
from corporis.phantoms import VirtualHeart, long_axis, random_heart, short_axis
from corporis.phantoms.places import neighbours

N_HEARTS, N_FRAMES, SNR = 40, 20, 10.0
N_SLIPPED, SLIP_MM = 3, 2.5
CUT = 0.97
"""Share of the cavity's length that the body spans: at its tip the wall closes."""


def jobs(seed: int, n_hearts: int = N_HEARTS):
    """One piece of work for each heart."""
    work = [(row, (seed, number)) for number in range(n_hearts)]
    return work + [(slipped, (seed, number)) for number in range(min(N_SLIPPED, n_hearts))]


def row(seed, number):
    """Errors of one heart, and its segments' strains with their deviations."""
    heart, films, _ = imaged(seed, number)
    phases, wall = np.arange(N_FRAMES) / N_FRAMES, wall_of(heart)
    motion = Fusion()(films, wall, phases)
    rest = wall.lattice(3, 36, 12)
    found = {
        "number": number,
        "diseased": sorted(heart.weak),
        **errors(heart, motion, rest, phases),
    }
    return ("fusion", found | segments(heart, motion, rest, phases))


def slipped(seed, number):
    """Errors of one heart of which only images, wrong places and the wall's ends are known."""
    heart, films, rng = imaged(seed, number)
    phases, span = np.arange(N_FRAMES) / N_FRAMES, (0.0, CUT * heart.length_mm)
    axes = [f.steps / np.linalg.norm(f.steps, axis=1, keepdims=True) for f in films]
    slips = np.array([SLIP_MM * rng.standard_normal(2) @ a for a in axes])
    wrong = [TaggedFilm(f.images, f.origin - s, f.steps) for f, s in zip(films, slips)]
    begun = time.perf_counter()
    found = RestFit()(wrong, span_mm=span)
    seconds = time.perf_counter() - begun
    motion = Fusion()(list(found.films), found.wall, phases)
    off = np.linalg.norm(found.slips_mm - slips, axis=1)
    rest = wall_of(heart).lattice(3, 36, 12)
    scores = errors(heart, motion, rest, phases)
    return (
        "slipped",
        {"number": number, "slip_mm": float(off.mean()), "seconds": seconds} | scores,
    )


def imaged(seed, number):
    """A heart, its films, and the numbers that follow."""
    rng = np.random.default_rng([seed, number, 23])
    heart = heart_of(rng, number)
    phases = np.arange(N_FRAMES) / N_FRAMES
    films = [
        TaggedFilm(
            plane.images(heart, phases, SNR, seed + 100 * number + k),
            plane.origin,
            plane.steps,
            plane.wave_vectors,
        )
        for k, plane in enumerate(planes_of(heart, rng))
    ]
    return heart, films, rng


def heart_of(rng, number) -> VirtualHeart:
    """A heart without disease, or for odd numbers with an infarct."""
    heart = replace(random_heart(rng), weak={}, scaled_wall={})
    if number % 2 == 0:
        return heart
    which = neighbours(rng, int(rng.integers(1, 5)))
    return replace(heart, weak={k: float(rng.uniform(0.3, 0.8)) for k in which if k < 17})


def planes_of(heart, rng):
    """Six planes across and three along the axis, the first at a random angle."""
    first = rng.uniform(0, np.pi)
    heights = np.linspace(0.06, 0.88, 6) * heart.length_mm
    across = [short_axis(float(z), side=72) for z in heights]
    turns = first + np.pi / 3 * np.arange(3)
    return across + [long_axis(float(a), 0.5 * heart.length_mm, side=72) for a in turns]


def wall_of(heart) -> WallModes:
    """The still wall."""
    heights, angle = np.linspace(0, CUT * heart.length_mm, 40), 2 * np.pi * np.arange(72) / 72
    inner, outer = (
        np.sqrt(2 * surface(heights[:, None], angle)) for surface in (heart.inner, heart.outer)
    )
    return WallModes(heights, inner, outer)


def errors(heart, motion, rest, phases) -> dict:
    """Displacement, longitudinal strain, torsion and volume."""
    truth = np.stack([heart.forward(rest, p) for p in phases])
    strain = np.stack([heart.strain(rest, p) for p in phases])
    found, places = motion.strain(rest), motion.forward(rest)
    ell = np.abs((found - strain)[..., 2, 2].mean(axis=1))
    slopes = [np.array([torsion(rest, now) for now in film]) for film in (places, truth)]
    det = np.linalg.det(motion.gradient(rest)[1:])
    return {
        "displacement_mm": float(np.sqrt(np.mean(np.sum((places - truth) ** 2, axis=-1)[1:]))),
        "ell_error": float(ell.max()),
        "torsion_error_deg_mm": float(np.abs(slopes[0] - slopes[1]).max()),
        "det_f_deviation": float(np.mean(np.abs(det - 1))),
    }


def torsion(rest, now) -> float:
    """Slope of the turn about the axis along it, in degrees a mm."""
    turn = np.arctan2(now[:, 1], now[:, 0]) - np.arctan2(rest[:, 1], rest[:, 0])
    turn = np.angle(np.exp(1j * turn))
    return float(np.rad2deg(np.polyfit(rest[:, 2], turn, 1)[0]))


def segments(heart, motion, rest, phases) -> dict:
    """Scores of disease, and how often intervals hold."""
    label = aha_segment(np.arctan2(rest[:, 1], rest[:, 0]), rest[:, 2] / heart.length_mm)
    frames = np.flatnonzero(heart.activity(phases) > 0.5)
    truth = np.stack([heart.strain(rest, p)[:, 1, 1] for p in phases[frames]])
    pairs = [[motion.mean_strain(rest[label == k], t) for k in range(1, 17)] for t in frames]
    mean, noise = np.moveaxis(np.array(pairs), 2, 0)
    spread = segment_deviation(mean, noise)
    true = np.stack([truth[:, label == k].mean(axis=1) for k in range(1, 17)], axis=1)
    wrong = mean[..., 1] - true
    held = np.abs(wrong) <= 1.96 * spread[..., 1]
    ill = np.isin(np.arange(1, 17), list(heart.weak))
    peak = {k: float(mean[:, k - 1, 1].min()) for k in range(1, 17)}
    usual = {k: float(np.median([peak[j] for j in ring])) for ring in RINGS for k in ring}
    return {
        "scores": [peak[k] - usual[k] for k in range(1, 17)],
        "coverage": float(np.mean(held)),
        "coverage_diseased": float(np.mean(held[:, ill])) if ill.any() else None,
        "ecc_segment_rmse": float(np.sqrt(np.mean(np.square(wrong)))),
        "ecc_segment_deviation": float(np.sqrt(np.mean(np.square(spread[..., 1])))),
    }


def figures(rows) -> dict:
    """Means over hearts, the worst beside them, and the area under the curve over segments."""
    mine = [r for kind, r in rows if kind == "fusion"]
    if not mine:
        return {}
    found = {"interval_coverage": float(np.mean([r["coverage"] for r in mine]))}
    for key in ("ell_error", "torsion_error_deg_mm"):
        found[key] = float(np.mean([r[key] for r in mine]))
        found[key + "_worst"] = float(np.max([r[key] for r in mine]))
    found["fusion_displacement_mm"] = float(np.mean([r["displacement_mm"] for r in mine]))
    found["fusion_det_f_deviation"] = float(np.mean([r["det_f_deviation"] for r in mine]))
    scores = np.concatenate([r["scores"] for r in mine])
    ill = np.concatenate([[k in r["diseased"] for k in range(1, 17)] for r in mine])
    if ill.any() and not ill.all():
        found["infarct_auc"] = area(scores[ill], scores[~ill])
        found["weak_found"] = float(np.mean(scores[ill] > WEAK))
        found["weak_wrongly"] = float(np.mean(scores[~ill] > WEAK))
        held = [r["coverage_diseased"] for r in mine if r["coverage_diseased"] is not None]
        found["interval_coverage_diseased"] = float(np.mean(held))
    for kind, r in rows:
        if kind == "slipped":
            for key in ("slip_mm", "displacement_mm", "ell_error", "torsion_error_deg_mm"):
                found.setdefault("alone_" + key, []).append(r[key])
    return {k: float(np.mean(v)) if isinstance(v, list) else v for k, v in found.items()}


def area(ill, well) -> float:
    """Chance that a diseased segment scores above a healthy one."""
    above = ill[:, None] > well
    return float(np.mean(above + 0.5 * (ill[:, None] == well)))
