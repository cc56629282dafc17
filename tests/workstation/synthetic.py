"""A made-up beating heart and its page: nested half ellipsoids, noisy images, known numbers."""

import numpy as np

from corporis.interfaces import Measure, Mesh
from corporis.workstation import (
    BullsEye,
    Colouring,
    Conclusion,
    Curve,
    Finding,
    HeartPage,
    Look,
    View,
)


def ellipsoid(axes, centre=(0, 0, 0), n_around=28, n_along=16):
    """Points (n, 3) and outward triangles of an ellipsoid with half axes in mm."""
    theta = np.linspace(0.0, np.pi, n_along + 1)[1:-1]
    phi = 2 * np.pi * np.arange(n_around) / n_around
    ring = np.stack(
        [
            np.sin(theta)[:, None] * np.cos(phi),
            np.sin(theta)[:, None] * np.sin(phi),
            np.cos(theta)[:, None] * np.ones_like(phi),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.concatenate([[[0, 0, 1]], ring, [[0, 0, -1]]]) * axes + centre
    cells, last = [], len(points) - 1
    for k in range(n_around):
        right = (k + 1) % n_around
        cells.append((0, 1 + k, 1 + right))
        for row in range(n_along - 2):
            a, b = 1 + row * n_around + k, 1 + row * n_around + right
            cells += [(a, a + n_around, b), (b, a + n_around, b + n_around)]
        base = 1 + (n_along - 2) * n_around
        cells.append((last, base + right, base + k))
    return points, np.array(cells)


def squeeze(n_frames):
    """Factor on the cavity's radius: 1 at end-diastole, 0.72 at end-systole."""
    return 1 - 0.14 * (1 - np.cos(2 * np.pi * np.arange(n_frames) / n_frames))


def heart_meshes(n_frames=12):
    """Moving surfaces with thickening on the outer one."""
    parts = {"left_epicardium": [], "left_endocardium": [], "right_endocardium": []}
    thickness = []
    for s in squeeze(n_frames):
        inner, cells = ellipsoid((24 * s, 24 * s, 42 * (0.5 + 0.5 * s)))
        outer, _ = ellipsoid((33 * s**0.35, 33 * s**0.35, 50 * (0.6 + 0.4 * s)))
        right, _ = ellipsoid((17 * s, 27 * s, 36), (-46, 6, 6))
        parts["left_epicardium"].append(outer)
        parts["left_endocardium"].append(inner)
        parts["right_endocardium"].append(right)
        thickness.append(np.linalg.norm(outer - inner, axis=1))
    thickness = np.array(thickness)
    thickening = 100 * (thickness / thickness[0] - 1)
    thickening[:, :3] = np.nan
    here = parts["left_epicardium"][0]
    values = {
        "thickening_percent": thickening,
        "wall_thickness_mm": thickness,
        "responsible": ((here[:, 0] > 10) & (np.abs(here[:, 2]) < 20)).astype(float),
    }
    return {
        name: Mesh(np.array(points), cells, values if name == "left_epicardium" else {})
        for name, points in parts.items()
    }


def circle(radius, centre, n=80):
    angle = np.linspace(0, 2 * np.pi, n)
    return np.stack([centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle)], 1)


def heart_views(n_slices=4, n_frames=12, side=96, n_long=1, pixel_mm=1.4, seed=0):
    """Bright discs in noise, outlined; the first slice has no outline."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    centre, views = (0.55 * side, 0.5 * side), []
    radius = np.hypot(rows - centre[0], columns - centre[1])
    for s in range(n_slices + n_long):
        inner = 0.16 * side * squeeze(n_frames)
        outer = 0.24 * side * squeeze(n_frames) ** 0.35
        frames = 60 + 40 * generator.random((n_frames, side, side))
        frames[radius[None] < outer[:, None, None]] += 20
        frames[radius[None] < inner[:, None, None]] += 150
        contours = {
            "left endocardium": [[circle(r, centre)] for r in inner],
            "left epicardium": [[circle(r, centre)] for r in outer],
        }
        is_long = s >= n_slices
        views.append(
            View(
                f"{s - n_slices + 2}-chamber" if is_long else f"slice {s + 1}",
                frames.astype(np.float32),
                {} if s == 0 else contours,
                pixel_mm,
                "Long axis" if is_long else "Short axis",
            )
        )
    return views


def heart_page(n_slices=4, n_frames=12, n_long=1, **changes):
    """A page with everything on it; `changes` replace parts."""
    volume = 101.0 * squeeze(n_frames) ** 2.5
    es = n_frames // 2
    segments = np.linspace(12, 60, 17)
    segments[16] = np.nan
    parts = {
        "case_name": "virtual-7",
        "conclusion": Conclusion("The wall thickens too little in two segments.", "abnormal", 0.88),
        "measures": [
            Measure("end-diastolic volume", 101.3, "ml", 97.0, 105.5),
            Measure("ejection fraction", 56.1, "%", 53.0, 59.0),
            Measure("sphericity", None, "", note="the apex was not seen"),
        ],
        "views": heart_views(n_slices, n_frames, n_long=n_long),
        "meshes": heart_meshes(n_frames),
        "curves": [
            Curve("left ventricle", "ml", volume, volume - 4, volume + 4),
            Curve("right ventricle", "ml", 1.2 * volume),
        ],
        "bullseyes": [
            BullsEye("Wall thickening", "%", segments, {2, 8}, True, 0, 80),
            BullsEye("Wall thickness", "mm", np.linspace(6, 10, 17)),
        ],
        "findings": [
            Finding("Thickening 14 %, normal 30 to 75 %", "below",
                    "Example et al. (2020), doi:10.1000/182", 14.0, (30.0, 75.0), "%"),
            Finding("Ejection fraction 56 %, normal 48 to 76 %", "within"),
        ],
        "probabilities": {"normal": 0.12, "heart failure": 0.85, "hypertrophy": 0.03},
        "methods": ["Outlined by hand."],
        "references": ["Cerqueira et al. (2002), doi:10.1161/hc0402.102975"],
        "warnings": ["The apex was not seen."],
        "provenance": {"version": "0.1", "parameters": {"seed": 3}},
        "times_ms": np.arange(n_frames) * 800.0 / n_frames,
        "ed_index": 0,
        "es_index": es if n_frames > 1 else None,
        "date": "2026-01-31",
        "colourings": [
            Colouring("thickening_percent", "Wall thickening", "%", 0, 80),
            Colouring("wall_thickness_mm", "Wall thickness", "mm"),
        ],
        "looks": {
            "left_epicardium": Look("#d98880", 0.9),
            "left_endocardium": Look("#c0392b", 0.55),
            "right_endocardium": Look("#2e6da4", 0.45),
        },
    }  # fmt: skip
    return HeartPage(**{**parts, **changes})
