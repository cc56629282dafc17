"""Masks with a fifth of the volume removed or added in blobs, mended; beside PCA and morphology."""

from pathlib import Path

import numpy as np
from scipy import ndimage
from sklearn.base import clone

from corporis.apps.organs import OrganRepair
from corporis.shapes import PrincipalShapes, dice, signed_distance

SHARE, MOST_TRAINED, N_CHOOSING, N_SCORED = 0.2, 110, 8, 24
DEPTHS = (0.1, 0.14, 0.18)
RADII_MM = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
KINDS = ("open", "close", "open_close", "close_open")
PRINCIPAL = PrincipalShapes(modes=0.98, prior="box", alignment="none")
NOTE = (
    "repair_*: one fold of five, by patient for kidneys (the left one, kidney and tumour "
    "together), by crop for hippocampi (no subject is known), at most 24 scored; a fifth of the "
    "volume removed (every other case) or added in 1 to 4 balls; our depth and the morphological "
    "operation (or none) are chosen on eight damaged training masks each; PCA is the shape of 98 "
    "% of the modes fitted in the same frame; _pca_kept puts it into our own rule of what to "
    "overrule. Livers are not measured yet: they come as meshes."
)


def kidneys(folder: Path):
    """Left kidneys with tumours, (mask, spacing in mm), of patients with two."""
    found = []
    for path in sorted((folder / "shapes" / "kidney_masks").glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            mask, spacing = held["mask"] > 0, tuple(float(s) for s in held["spacing"])
        labels, _ = ndimage.label(mask)
        volumes = np.bincount(labels.ravel())[1:] * np.prod(spacing)
        whole = 1 + np.flatnonzero(volumes > 4e4)
        if len(whole) >= 2:
            middles = ndimage.center_of_mass(mask, labels, whole)
            found.append((_cropped(labels == whole[np.argmax([m[2] for m in middles])]), spacing))
    return found


def hippocampi(folder: Path):
    """Both parts together, (mask, spacing in mm)."""
    found = []
    for path in sorted((folder / "brain" / "hippocampus").glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            steps = np.linalg.norm(held["affine"][:3, :3], axis=0)
            mask = held["label"] > 0
        found.append((_cropped(mask), tuple(float(s) for s in steps)))
    return found


ORGANS = {"kidney": kidneys, "hippocampus": hippocampi}


def jobs(train: Path, test: Path):
    """Arguments of `row`, for each organ whose masks are there."""
    found = []
    for name, read in ORGANS.items():
        masks = read(train)
        if len(masks) < 20:
            continue
        if train.resolve() == test.resolve():
            order = np.random.default_rng(0).permutation(len(masks))
            scored, kept = order[: len(order) // 5], order[len(order) // 5 :]
            found.append((name, [masks[k] for k in kept], [masks[k] for k in scored]))
        elif others := read(test):
            found.append((name, masks, others))
    return found


def row(name, train, test):
    """Dice and error of ours and rivals on one organ."""
    train, test = train[:MOST_TRAINED], test[:N_SCORED]
    held = [_damaged(*m, k) for k, m in enumerate(train[:N_CHOOSING])]
    depth = _chosen_depth(train, held)
    operation = _chosen_operation(train, held)
    seen = [_damaged(*m, 100 + k) for k, m in enumerate(test)]
    truths = [mask for mask, _ in test]
    found = {"organ": name, "n": len(test), "depth": depth, "operation": str(operation)}
    ours, rival = _model(train, depth), _model(train, depth, PRINCIPAL)
    results = {"": [], "_pca": [], "_pca_kept": [], "_input": seen, "_morphology": []}
    for (_, spacing), mask in zip(test, seen):
        results[""].append(ours.repair(mask, spacing).mask)
        by_modes = rival.repair(mask, spacing)
        results["_pca_kept"].append(by_modes.mask)
        results["_pca"].append(by_modes.expected_mm < 0)
        results["_morphology"].append(_operated(mask, spacing, *operation))
    for ending, masks in results.items():
        overlaps = [dice(t, m) for t, m in zip(truths, masks)]
        found[f"dice{ending}"] = float(np.mean(overlaps))
    return ("repair", found)


def _model(train, depth, prior=None):
    masks, spacings = zip(*train)
    return OrganRepair(None if prior is None else clone(prior), depth=depth).fit(masks, spacings)


def _chosen_depth(train, held):
    model, errors = _model(train[N_CHOOSING:], DEPTHS[0]), []
    for depth in DEPTHS:
        model.set_params(depth=depth)
        mended = [model.repair(seen, m[1]).mask for seen, m in zip(held, train)]
        errors.append(np.mean([1 - dice(a, m[0]) for a, m in zip(mended, train)]))
    return DEPTHS[int(np.argmin(errors))]


def _chosen_operation(train, held):
    options = [(kind, radius) for radius in RADII_MM for kind in KINDS]
    errors = [
        np.mean([1 - dice(_operated(s, m[1], *o), m[0]) for s, m in zip(held, train)])
        for o in options
    ]
    return options[int(np.argmin(errors))]


def _operated(mask, spacing, kind, radius):
    """Opening and closing by a ball, holes filled, the largest piece."""
    mask = np.pad(mask, 8)
    for name in kind.split("_") if radius else ():
        for sign in (-1, 1) if name == "open" else (1, -1):
            mask = signed_distance(mask, spacing) < sign * radius
    labels, n = ndimage.label(mask)
    if n > 1:
        mask = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return ndimage.binary_fill_holes(mask)[8:-8, 8:-8, 8:-8]


def _cropped(mask):
    places = np.argwhere(mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return np.pad(mask[tuple(slice(a, b) for a, b in zip(low, high))], 12)


def _damaged(mask, spacing, number):
    """Balls out of the organ or onto its border, together a fifth of its volume."""
    rng, is_removed = np.random.default_rng([17, number]), number % 2 == 1
    out, distance = mask.copy(), signed_distance(mask, spacing)
    centres = np.argwhere(distance < 0 if is_removed else np.abs(distance) < max(spacing))
    places = np.stack(np.indices(mask.shape), axis=-1) * spacing
    n_balls = int(rng.integers(1, 5))
    for _ in range(n_balls):
        away = np.linalg.norm(places - centres[rng.integers(len(centres))] * spacing, axis=-1)
        pool = out if is_removed else ~out
        ball = pool & (away < np.sort(away[pool])[int(SHARE * mask.sum() / n_balls)])
        out = out & ~ball if is_removed else out | ball
    return out


def figures(rows) -> dict:
    """Dice for each organ, and our error over the best rival's, mean of organs."""
    mine = [r for kind, r in rows if kind == "repair"]
    found, ratios = {}, []
    for r in mine:
        for ending in ("", "_pca", "_pca_kept", "_input", "_morphology"):
            found[f"repair_{r['organ']}_dice{ending}"] = r[f"dice{ending}"]
        best = max(r["dice_pca"], r["dice_morphology"])
        ratios.append((1 - r["dice"]) / (1 - best))
    if ratios:
        found["repair_error_ratio"] = float(np.mean(ratios))
    return found
