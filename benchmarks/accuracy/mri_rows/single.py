"""One coil: images of the folder against tuned rivals, the published table, the weight's rule."""

from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image as Picture

from corporis.apps.mri import Method, PatchPrior, encode, reconstruct
from mri_rows.cases import decibel, images, lines, measured, nrmse, psnr, variable_density
from mri_rows.rivals import bart_best, has_bart, tuned_variation

PUBLISHED = {
    ("b1", "random"): "Umask_random_03_01.mat",
    ("b2", "random"): "Umask_random_03_01.mat",
    ("b1", "cartesian"): "Umask_Cartesian_70.mat",
    ("b2", "cartesian"): "Umask_Cartesian_70.mat",
}


def jobs(folder: Path, with_rivals: bool):
    """Independent pieces of work: (function, arguments)."""
    found = [
        (image_row, (name, image, pattern, with_rivals))
        for name, image in images(folder).items()
        for pattern in ("random", "lines")
    ]
    for case in published_images(folder):
        found += [(published_row, (*case, 0.0)), (published_row, (*case, 0.01))]
    return found


def image_row(name, image, pattern, with_rivals):
    """Ours without the truth, total variation tuned on it."""
    mask = variable_density(image.shape) if pattern == "random" else lines(image.shape)
    data = measured(image, mask)
    ours = nrmse(reconstruct(encode(data[None], mask)).image, image)
    weight, rival = tuned_variation(data, mask, image)
    row = {
        "image": name,
        "pattern": pattern,
        "nrmse": ours,
        "zero_fill": nrmse(reconstruct(encode(data[None], mask), Method.ZERO_FILL).image, image),
        "tuned_tv": rival,
        "tuned_tv_weight": weight,
        "gain_db": decibel(rival / ours),
    }
    # on sides whose half is odd BART's centred transform has another sign: not compared there
    is_fair = all(n % 4 == 0 for n in image.shape)
    if with_rivals and has_bart() and pattern == "lines" and is_fair:
        row["bart"], _, row["bart_setting"] = bart_best(data[None], lambda x: nrmse(x, image))
        row["gain_bart_db"] = decibel(row["bart"] / ours)
    return ("images", row)


def published_images(folder: Path):
    """(image's name, image, pattern, mask) of the published table."""
    kspace, found = folder / "kspace", {}
    for path in sorted(kspace.glob("*multicontrast*.mat")):
        found["b1"] = np.asarray(scipy.io.loadmat(path).get("a5"), dtype=float)
    for path in sorted(kspace.glob("brain_2.bmp")):
        found["b2"] = np.asarray(Picture.open(path).convert("L"), dtype=float) / 255
    cases = []
    for (name, pattern), file in PUBLISHED.items():
        path = kspace / "masks" / file
        if name in found and found[name].ndim == 2 and path.is_file():
            mask = np.asarray(scipy.io.loadmat(path)["Umask"]) > 0
            if mask.shape == found[name].shape:
                cases.append((name, found[name], pattern, mask))
    return cases


def published_row(name, image, pattern, mask, level):
    """PSNR of the published protocol; with noise also that of our best noise level."""
    data = measured(image, mask, level)
    encoding = encode(data[None], mask)
    found = reconstruct(encoding)
    row = {
        "image": name,
        "pattern": pattern,
        "noise": level,
        "psnr": psnr(found.image, image),
        "psnr_not_negative": psnr(np.maximum(found.image.real, 0), image),
    }
    if level:
        tried = {1.0: row["psnr"]}
        for factor in (0.5, 0.7, 1.4, 2.0):
            last, _ = PatchPrior().solve(encoding, factor * found.noise)
            tried[factor] = psnr(encoding.image(last.x), image)
        row["psnr_best_level"] = max(tried.values())
        row["best_factor"] = max(tried, key=tried.__getitem__)
    return ("published", row)


def figures(rows) -> dict:
    """Means over the images, and the published cells."""
    found: dict = {}
    for pattern in ("random", "lines"):
        gains = [r["gain_db"] for k, r in rows if k == "images" and r["pattern"] == pattern]
        found[f"image_gain_{pattern}_db"] = float(np.mean(gains)) if gains else None
    gains = [r["gain_db"] for k, r in rows if k == "images"]
    found["image_gain_worst_db"] = min(gains) if gains else None
    gains = [r["gain_bart_db"] for k, r in rows if "gain_bart_db" in r]
    found["image_gain_lines_bart_db"] = float(np.mean(gains)) if gains else None
    for kind, row in rows:
        if kind == "published":
            key = f"psnr_{row['image']}_{row['pattern']}"
            if row["noise"]:
                found[f"noisy_{key}"] = row["psnr"]
                found[f"noisy_{key}_best_level"] = row["psnr_best_level"]
            else:
                found[f"liu_{key}"] = row["psnr"]
                found[f"liu_{key}_not_negative"] = row["psnr_not_negative"]
    lost = [
        r["psnr_best_level"] - r["psnr"] for k, r in rows if k == "published" and r["noise"] > 0
    ]
    found["rule_lost_db"] = max(lost) if lost else None
    return found
