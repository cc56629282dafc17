"""Rows on the tagged ring whose motion is known: displacement, strain, large steps, wrong tags.

Smoothness of ours and the filter of plain harmonic phase are chosen by one rule: the least
displacement error at SNR 10 on rings of other sizes, tags, twist and timing, three and four
options each.
"""

import numpy as np

from corporis.apps.heart_motion import (
    BandPass,
    HarmonicTracking,
    PhaseFit,
    PointFit,
    Smoothness,
    Tags,
    find_tags,
)
from corporis.apps.heart_motion.phase_fit import window_of
from corporis.deformables import Annulus, green_strain, in_axes, polar_axes
from corporis.phantoms import TaggedWall

WALL = TaggedWall()
WEAK = TaggedWall(outer_twist_rad=0.05, loss=0.7, weak_at_rad=1.0)
SNRS = {"clean": np.inf, "snr25": 25.0, "snr10": 10.0, "snr5": 5.0}
STEPS = (0.4, 0.5, 0.6, 0.65)
HELD = 0.05
"""Spread of the area where it is held."""
TRAINING = (
    TaggedWall(
        inner_mm=22,
        outer_mm=31,
        smallest_inner_mm=16,
        twist_rad=0.2,
        outer_twist_rad=0.08,
        spacing_mm=6.5,
        angles_rad=(0.3, 0.3 + np.pi / 2),
        loss=0.5,
        weak_at_rad=2.0,
    ),
    TaggedWall(
        inner_mm=28,
        outer_mm=36,
        smallest_inner_mm=22,
        twist_rad=0.1,
        outer_twist_rad=0.05,
        spacing_mm=7,
        angles_rad=(0.6, 0.6 + np.pi / 2),
        beat_ms=1000,
        n_frames=22,
        frame_ms=42,
    ),
)
SCALES = (0.3, 1.0, 3.0)
SHARES = (0.3, 0.4, 0.5, 0.6)
TRACKER_MM = 0.3
N_SEEDS = 5


def jobs(seed: int):
    """Independent pieces of work: (function, arguments)."""
    chosen = choose(seed + 100)
    work = []
    for row, snr in SNRS.items():
        work += [(film, (row, WALL, snr, seed + k, chosen)) for k in range(_seeds(snr))]
    work += [(film, ("weak", WEAK, 10.0, seed + k, chosen)) for k in range(N_SEEDS)]
    for share in STEPS:
        slow = WALL.at_step(share * WALL.spacing_mm)
        work += [(large_steps, (share, slow, np.inf, seed, chosen))]
        work += [(large_steps, (share, slow, 10.0, seed + k, chosen)) for k in range(N_SEEDS)]
    work += [(outliers, (seed + k,)) for k in range(N_SEEDS)]
    return work


def choose(seed: int) -> dict:
    """Scale of smoothness and share of the filter with the least error on other rings."""
    errors = {("scale", s): 0.0 for s in SCALES} | {("share", s): 0.0 for s in SHARES}
    for wall in TRAINING:
        images = wall.images(10.0, seed)
        rest, pixels = rest_of(wall)
        truth = np.stack([wall.displacement(rest, t) for t in wall.times_ms])
        tags = tags_of(images, wall)
        for kind, value in errors:
            if kind == "scale":
                found = fit(value)(images, ring_of(wall), wall.times_ms).displacement(pixels)
            else:
                found = HarmonicTracking(BandPass(value))(images, tags, pixels)[0] - pixels
            off = found * wall.pixel_mm - truth
            errors[kind, value] += float(np.sqrt(np.mean(np.sum(off**2, -1)[1:])))
    return {
        kind: min((v for k, v in errors if k == kind), key=lambda v: errors[kind, v])
        for kind in ("scale", "share")
    }


def fit(scale, held=None):
    """Ours with all prices of unevenness scaled."""
    usual = Smoothness()
    prices = Smoothness(scale * usual.space, scale * usual.time, scale * usual.both)
    return PhaseFit(prices, area_spread=held)


def film(row, wall, snr, seed, chosen):
    """Errors of one film, of ours without and with the area held, and of plain harmonic phase."""
    images, ring = wall.images(snr, seed), ring_of(wall)
    rest, pixels = rest_of(wall)
    found = {"row": row, "seed": seed, **chosen}
    for name, held in (("", None), ("_held", HELD)):
        motion = fit(chosen["scale"], held)(images, ring, wall.times_ms)
        F = motion.gradient(pixels)
        found |= errors(wall, rest, motion.displacement(pixels), motion.strain(pixels), name)
        found["det" + name] = float(np.mean(np.abs(np.linalg.det(F) - 1)[1:]))
    tracker = HarmonicTracking(BandPass(chosen["share"]))
    places, F = tracker(images, tags_of(images, wall), pixels)
    strain = in_axes(green_strain(F), polar_axes(pixels, ring.centre))
    return ("film", found | errors(wall, rest, places - pixels, strain, "_harp"))


def errors(wall, rest, displacement_px, strain, name) -> dict:
    """RMSE in mm over frames 2 to the last, and errors of strain over systole."""
    truth = np.stack([wall.displacement(rest, t) for t in wall.times_ms])
    off = np.linalg.norm(displacement_px * wall.pixel_mm - truth, axis=-1)[1:]
    systole = (wall.times_ms > 0) & (wall.times_ms <= 0.5 * wall.beat_ms)
    wrong = (strain - np.stack([wall.strain(rest, t) for t in wall.times_ms]))[systole]
    depth = (np.hypot(*rest.T) - wall.inner_mm) / (wall.outer_mm - wall.inner_mm)
    layers = [np.floor(3 * np.minimum(depth, 0.999)) == k for k in range(3)]
    found = {"displacement_mm": float(np.sqrt(np.mean(off**2))), "median_mm": float(np.median(off))}
    for key, i in (("ecc", 1), ("err", 0)):
        means = [np.abs(wrong[:, layer, i, i].mean(axis=1)).max() for layer in layers]
        found[f"{key}_bias"] = float(max(means))
        found[f"{key}_sd"] = float(wrong[..., i, i].std())
    return {key + name: value for key, value in found.items()}


def large_steps(share, wall, snr, seed, chosen):
    """Share of wall points that are wrong by more than half a tag in any frame."""
    images = wall.images(snr, seed)
    rest, pixels = rest_of(wall)
    truth = np.stack([wall.displacement(rest, t) for t in wall.times_ms])
    motion = fit(chosen["scale"])(images, ring_of(wall), wall.times_ms)
    tracker = HarmonicTracking(BandPass(chosen["share"]))
    places, _ = tracker(images, tags_of(images, wall), pixels)
    found = {"step": share, "snr": snr, "seed": seed}
    for name, moved in (("", motion.displacement(pixels)), ("_harp", places - pixels)):
        off = np.linalg.norm(moved * wall.pixel_mm - truth, axis=-1)
        found["mistracked" + name] = float(np.mean(np.any(off > 0.5 * wall.spacing_mm, axis=0)))
    return ("large_steps", found)


def outliers(seed):
    """Tracked points a half tag apart, 30 % of them wrong for the whole film."""
    rng = np.random.default_rng([seed, 7])
    rest = lattice(WALL)
    truth = np.stack([WALL.displacement(rest, t) for t in WALL.times_ms])
    seen = truth + TRACKER_MM * rng.standard_normal(truth.shape)
    seen[0] = 0
    n = len(rest)
    wrong = rng.choice(n, round(0.3 * n), replace=False)
    turn, length = rng.uniform(0, 2 * np.pi, n), rng.uniform(2.0, 6.0, n)
    vectors = length[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    around = np.angle(np.exp(1j * (np.arctan2(rest[:, 1], rest[:, 0]) - turn[0])))
    cases = {
        "clean": (np.array([], dtype=int), vectors),
        "random": (wrong, vectors),
        "coherent": (wrong, np.broadcast_to(4.0 * vectors[0] / length[0], vectors.shape)),
        "sector": (
            np.flatnonzero(np.abs(around) < 0.1 * np.pi),
            np.broadcast_to(4.0 * vectors[0] / length[0], vectors.shape),
        ),
    }
    place, pixels = rest_of(WALL)
    middle, found = (WALL.side - 1) / 2, {"seed": seed}
    for case, (which, offset) in cases.items():
        spoilt = seen.copy()
        spoilt[1:, which] += offset[which]
        for name, believed in (("", PointFit().believed), ("_quadratic", None)):
            motion = PointFit(believed=believed)(
                rest / WALL.pixel_mm + middle, spoilt / WALL.pixel_mm, ring_of(WALL), WALL.times_ms
            )
            scores = errors(WALL, place, motion.displacement(pixels), motion.strain(pixels), "")
            found[f"{case}_mm{name}"] = scores["displacement_mm"]
            found[f"{case}_ecc_bias{name}"] = scores["ecc_bias"]
    return ("outliers", found)


def lattice(wall) -> np.ndarray:
    """Points of the wall in mm at which both phases are whole multiples of half a turn."""
    line = np.arange(-40, 41)
    counts = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    places = np.linalg.solve(wall.wave_vectors, np.pi * counts.T).T
    radius = np.hypot(*places.T)
    return places[(radius >= wall.inner_mm) & (radius <= wall.outer_mm)]


def ring_of(wall) -> Annulus:
    """The still wall, in pixels."""
    middle = (wall.side - 1) / 2
    return Annulus(np.full(2, middle), wall.inner_mm / wall.pixel_mm, wall.outer_mm / wall.pixel_mm)


def rest_of(wall):
    """Wall pixels at rest, in mm and in pixels."""
    rest = wall.grid()[wall.wall()]
    return rest, rest / wall.pixel_mm + (wall.side - 1) / 2


def tags_of(images, wall) -> Tags:
    """Tags as found in the first frame."""
    return find_tags(images[0], window_of(ring_of(wall), images.shape[1:]))


def _seeds(snr):
    return 1 if np.isinf(snr) else N_SEEDS


def figures(rows) -> dict:
    """Means over seeds under the names of the figures, and the worst beside them."""
    found: dict = {}
    films = [r for kind, r in rows if kind == "film"]
    for row in (*SNRS, "weak"):
        mine = [r for r in films if r["row"] == row]
        for rival in ("", "_held", "_harp"):
            values = [r["displacement_mm" + rival] for r in mine]
            _put(found, f"displacement_mm_{row}{rival}", values)
    noisy = [r for r in films if r["row"] == "snr10"]
    for key in ("ecc_bias", "ecc_sd", "err_bias", "err_sd"):
        for rival, ending in (("", ""), ("_held", "_incompressible"), ("_harp", "_harp")):
            _put(found, key + ending, [r[key + rival] for r in noisy])
    _put(found, "det_f_deviation", [r["det_held"] for r in noisy])
    steps = [r for kind, r in rows if kind == "large_steps"]
    for rival in ("", "_harp"):
        _put(found, "mistracked" + rival, [r["mistracked" + rival] for r in steps])
    wrong = [r for kind, r in rows if kind == "outliers"]
    for case in ("random", "coherent", "sector"):
        for rival in ("", "_quadratic"):
            ratios = [r[f"{case}_mm{rival}"] / r["clean_mm"] for r in wrong]
            _put(found, f"outlier_ratio_{case}{rival}", ratios)
    biases = [max(r["random_ecc_bias"], r["coherent_ecc_bias"]) for r in wrong]
    _put(found, "outlier_strain_bias", biases)
    return found


def _put(found, key, values):
    if values:
        found[key] = float(np.mean(values))
        found[key + "_worst"] = float(np.max(values))
