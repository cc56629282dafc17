"""A virtual cohort in three dimensions: tags on six short-axis and three long-axis planes.

Hearts are drawn at random, half of them with an infarct of 1 to 4 neighbouring segments that lose
30 to 80 % of contraction, SNR 10; none of them chose a setting. Each is given its wall at rest and
the tags' wave vectors. Motion is exactly incompressible, along the axis the same all around.

Errors of longitudinal strain and torsion are of the wall's mean, the worst frame of a heart.
A segment's score is its peak circumferential strain less the median of its ring, where smaller
contraction counts as disease. Intervals are 95 %, of the mean circumferential strain of every
segment in every frame with contraction above a half; their scale was found on other hearts.
"""

from dataclasses import replace

import numpy as np

from corporis.apps.heart_motion import Fusion, TaggedFilm
from corporis.deformables import WallModes, aha_segment
from corporis.phantoms import VirtualHeart, long_axis, random_heart, short_axis
from corporis.phantoms.places import neighbours

N_HEARTS, N_FRAMES, SNR = 40, 20, 10.0
RINGS = (range(1, 7), range(7, 13), range(13, 17))
CUT = 0.97
"""Share of the cavity's length that the body spans: at its tip the wall closes."""


def jobs(seed: int, n_hearts: int = N_HEARTS):
    """One piece of work for each heart."""
    return [(row, (seed, number)) for number in range(n_hearts)]


def row(seed, number):
    """Errors of one heart, and its segments' strains with their deviations."""
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
    wall = wall_of(heart)
    motion = Fusion()(films, wall, phases)
    rest = wall.lattice(3, 36, 12)
    found = {
        "number": number,
        "diseased": sorted(heart.weak),
        **errors(heart, motion, rest, phases),
    }
    return ("fusion", found | segments(heart, motion, rest, phases))


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
    peak, held, wrong, spread = {}, [], [], []
    for segment in range(1, 17):
        mine = label == segment
        pairs = [motion.mean_strain(rest[mine], t) for t in frames]
        found = np.array([mean[1] for mean, _ in pairs])
        sd = np.array([deviation[1] for _, deviation in pairs])
        off = found - truth[:, mine].mean(axis=1)
        held += list(np.abs(off) <= 1.96 * sd)
        wrong, spread = wrong + list(off), spread + list(sd)
        peak[segment] = float(found.min())
    usual = {k: float(np.median([peak[j] for j in ring])) for ring in RINGS for k in ring}
    return {
        "scores": [peak[k] - usual[k] for k in range(1, 17)],
        "coverage": float(np.mean(held)),
        "ecc_segment_rmse": float(np.sqrt(np.mean(np.square(wrong)))),
        "ecc_segment_deviation": float(np.sqrt(np.mean(np.square(spread)))),
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
    return found


def area(ill, well) -> float:
    """Chance that a diseased segment scores above a healthy one."""
    above = ill[:, None] > well
    return float(np.mean(above + 0.5 * (ill[:, None] == well)))
