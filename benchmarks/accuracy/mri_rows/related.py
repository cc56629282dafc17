"""Images that belong together: contrasts, series and phase contrast."""

import re
from pathlib import Path

import nibabel
import numpy as np

from corporis.apps.mri import Method, encode, reconstruct
from corporis.apps.mri.joint import JointContrasts
from corporis.apps.mri.phase_contrast import velocity
from corporis.apps.mri.series import CausalSeries
from corporis.apps.mri.together import reconstruct_together
from mri_rows.cases import (
    arrays,
    back,
    images,
    lines,
    measured,
    psnr,
    unit,
    variable_density,
)
from mri_rows.rivals import best_of_grid, variation_image

MOST_FRAMES = 16


def jobs(folder: Path, with_rivals: bool):
    """Independent pieces of work: (function, arguments)."""
    groups = contrasts(folder)
    found = [(joint_row, (name, stack)) for name, stack in groups.items()]
    found += [(mismatch_row, mixed) for mixed in mismatches(groups, images(folder))]
    for name, frames in series(folder).items():
        found += [(causal_row, (name, frames, r)) for r in (4, 6, 8)]
        found.append((whole_series_row, (name, frames)))
    for path in sorted((folder / "kspace").glob("*.mat")):
        held = arrays(path)
        if "kdata2" in held and "msk2" in held and "fc" in _scalars(path):
            given = (path.stem, held["kdata2"], held["msk2"] > 0, _scalars(path)["fc"])
            found += [(velocity_row, (*given, p)) for p in ("random", "lines")]
    return found


def _scalars(path):
    import scipy.io

    content = scipy.io.loadmat(path)
    return {k: float(v.squeeze()) for k, v in content.items() if np.size(v) == 1 and k[0] != "_"}


def contrasts(folder: Path) -> dict[str, np.ndarray]:
    """Aligned contrasts of one slice, (n, rows, columns), each with peak 1."""
    found = {}
    for path in sorted((folder / "kspace").glob("*multicontrast*.mat")):
        held = arrays(path)
        named = sorted((k for k in held if re.fullmatch(r"a\d+", k)), key=lambda k: int(k[1:]))
        stack = [held[k] for k in named if held[k].shape == held[named[0]].shape]
        if len(stack) > 1:
            found[path.stem] = np.stack([unit(x.astype(float)) for x in stack])
    groups: dict[str, list[Path]] = {}
    for path in sorted((folder / "brain" / "multicontrast").glob("*.nii.gz")):
        match = re.fullmatch(r"(.+)_(t1|t2|flair|t1post)\.nii\.gz", path.name)
        if match:
            groups.setdefault(match[1], []).append(path)
    for name, paths in groups.items():
        volumes = [np.asarray(nibabel.load(p).dataobj, dtype=float) for p in paths]
        if len(volumes) > 1 and len({v.shape for v in volumes}) == 1:
            middle = [np.squeeze(v)[..., np.squeeze(v).shape[-1] // 2] for v in volumes]
            if min(middle[0].shape) >= 64 and middle[0].ndim == 2:
                found[name] = np.stack([unit(np.maximum(x, 0)) for x in middle])
    return found


def mismatches(groups, single):
    """Contrasts that have nothing in common: of different slices or heads, turned."""
    stacks = list(groups.items())
    others = [np.abs(x) for x in single.values()]
    for name, stack in stacks:
        fitting = [x for x in others if x.shape == stack[0].shape]
        if stack[0].shape[0] == stack[0].shape[1]:
            fitting.append(stack[-1].T)
        if fitting:
            yield name, np.stack([stack[0], *fitting[-2:]])


def _scan(stack):
    masks = np.stack([variable_density(stack.shape[1:], 0.15, seed=s) for s in range(len(stack))])
    data = [measured(x, m, seed=s) for s, (x, m) in enumerate(zip(stack, masks))]
    return np.stack(data), masks


def joint_row(name, stack):
    """Joint against separate reconstruction, 15 % each; and patches, which need no partner."""
    data, masks = _scan(stack)
    alone, together = JointContrasts()(data, masks, 0.0), JointContrasts()(data, masks)
    patches = [reconstruct(encode(d[None], m)).image for d, m in zip(data, masks)]

    def mean(found):
        return float(np.mean([psnr(x, t) for x, t in zip(found, stack)]))

    row = {"contrasts": name, "n": len(stack), "coupling": together.coupling}
    row["separate"], row["joint"] = mean(alone.images), mean(together.images)
    row["gain_db"], row["patches"] = row["joint"] - row["separate"], mean(patches)
    return ("joint", row)


def mismatch_row(name, stack):
    """Largest change that coupling makes to contrasts with nothing in common."""
    data, masks = _scan(stack)
    alone, together = JointContrasts()(data, masks, 0.0), JointContrasts()(data, masks)
    pairs = zip(together.images, alone.images, stack)
    changes = [psnr(a, t) - psnr(b, t) for a, b, t in pairs]
    row = {"contrasts": name, "change_db": float(np.max(np.abs(changes)))}
    return ("mismatch", row | {"coupling": together.coupling})


def series(folder: Path) -> dict[str, np.ndarray]:
    """Real 3-D arrays of ``kspace``, frames first, peak 1."""
    found = {}
    for path in sorted((folder / "kspace").glob("*.mat")):
        held = [v for v in arrays(path).values() if v.ndim == 3]
        if len(held) == 1 and not np.iscomplexobj(held[0]):
            frames = np.moveaxis(held[0], int(np.argmin(held[0].shape)), 0)
            found[path.stem] = unit(np.asarray(frames[:MOST_FRAMES], dtype=float))
    return found


def causal_row(name, frames, acceleration):
    """Frame by frame against frame-wise total variation whose weight the truth chose."""
    shape, gains, seconds = frames.shape[1:], [], []
    row = {"series": name, "acceleration": acceleration}
    for pattern in ("random", "lines"):
        shares = [0.5] + [1 / acceleration] * (len(frames) - 1)
        masks = np.stack(
            [
                variable_density(shape, share, centre=16, seed=s)
                if pattern == "random"
                else lines(shape, share, seed=s)
                for s, share in enumerate(shares)
            ]
        )
        data = np.stack([measured(x, m, seed=s) for s, (x, m) in enumerate(zip(frames, masks))])
        results = list(CausalSeries().frames(data, masks))
        ours = np.mean([psnr(r.image, x) for r, x in zip(results[1:], frames[1:])])
        seconds += [r.seconds for r in results[1:]]
        weight, rival = best_frame_wise(data[1:], masks[1:], frames[1:])
        gains.append(float(ours) - rival)
        row |= {f"psnr_{pattern}": float(ours), f"tv_{pattern}": rival, f"weight_{pattern}": weight}
    row |= {"gain_db": float(np.mean(gains)), "seconds": float(np.median(seconds))}
    return ("causal", row)


def whole_series_row(name, frames, acceleration=4):
    """Methods that see all frames at once, weights by our rule, on the same random samples."""
    shape, row = frames.shape[1:], {"series": name, "acceleration": acceleration}
    shares = [0.5] + [1 / acceleration] * (len(frames) - 1)
    masks = [variable_density(shape, share, centre=16, seed=s) for s, share in enumerate(shares)]
    scans = [measured(x, m, seed=s) for s, (x, m) in enumerate(zip(frames, masks))]
    encodings = [encode(d[None], m) for d, m in zip(scans, masks)]
    for method in (Method.LOW_RANK, Method.LOCAL_LOW_RANK):
        slices = reconstruct_together(encodings, method, lambda *_: None)
        row[method.value] = float(np.mean([psnr(s.image, x) for s, x in zip(slices, frames)][1:]))
    return ("whole_series", row)


def best_frame_wise(data, masks, frames):
    """Weight and peak signal-to-noise ratio (dB) of frame-wise TV, its weight from the truth."""

    def lost(weight):
        found = []
        for d, m, x in zip(data, masks, frames):
            found.append(psnr(variation_image(d, m, weight), x))
        return -float(np.mean(found))

    weight, value = best_of_grid(lost, [5e-4 * 2**k for k in range(4)])
    return weight, -value


def velocity_row(name, kdata, region, fc, pattern):
    """Velocity from a quarter of the samples against that of all, inside the region."""
    k = np.moveaxis(kdata, -1, 0)[[0, 5]]
    k = k / np.abs(back(k)).max()
    true = back(k)
    shape = region.shape
    mask = variable_density(shape, 0.25) if pattern == "random" else lines(shape, 0.25)
    reference = velocity(true[0], true[1], fc, is_unwrapped=False)
    row = {"scan": name, "pattern": pattern}
    strong = region & (np.abs(true[0]) > 0.3 * np.abs(true[0])[region].max())
    vessel = strong & (np.abs(reference) > 0.5 * np.quantile(np.abs(reference)[strong], 0.999))
    for method in (Method.PATCHES, Method.TV, Method.ZERO_FILL):
        pair = [
            reconstruct(encode((d * mask)[None].astype(np.complex64), mask), method).image
            for d in k
        ]
        found = velocity(pair[0], pair[1], fc, is_unwrapped=False)
        wrong = np.angle(np.exp(1j * fc * (found - reference))) / fc
        key = "rmse_cm_s" if method == Method.PATCHES else f"rmse_cm_s_{method}"
        row[key] = float(np.sqrt(np.mean(wrong[region] ** 2)))
        row[f"{key}_strong"] = float(np.sqrt(np.mean(wrong[strong] ** 2)))
        flowed = float(np.sum(found[vessel]) / np.sum(reference[vessel]))
        row["flow_error" if method == Method.PATCHES else f"flow_error_{method}"] = abs(flowed - 1)
    return ("velocity", row)


def figures(rows) -> dict:
    """Means, and worst where a bar is about the worst."""
    picked = {kind: [r for k, r in rows if k == kind] for kind, _ in rows}

    def mean(kind, key):
        values = [r[key] for r in picked.get(kind, []) if key in r]
        return float(np.mean(values)) if values else None

    changes = [r["change_db"] for r in picked.get("mismatch", [])]
    found = {
        "joint_gain_db": mean("joint", "gain_db"),
        "joint_psnr": mean("joint", "joint"),
        "separate_patches_psnr": mean("joint", "patches"),
        "mismatch_change_db": max(changes) if changes else None,
        "causal_gain_db": mean("causal", "gain_db"),
        "causal_seconds_per_frame": mean("causal", "seconds"),
        "velocity_rmse_cm_s": mean("velocity", "rmse_cm_s"),
        "velocity_rmse_cm_s_zero_fill": mean("velocity", "rmse_cm_s_zero-fill"),
        "velocity_rmse_cm_s_strong": mean("velocity", "rmse_cm_s_strong"),
        "velocity_flow_error": mean("velocity", "flow_error"),
    }
    for name in {r["series"] for r in picked.get("causal", [])}:
        mine = [r["gain_db"] for r in picked["causal"] if r["series"] == name]
        key = name.split("_")[0]
        found[f"causal_gain_db_{key}"] = float(np.mean(mine))
        at_four = [r for r in picked["causal"] if r["series"] == name and r["acceleration"] == 4]
        beside = [r for r in picked.get("whole_series", []) if r["series"] == name]
        if at_four and beside:
            found[f"causal_psnr_{key}"] = at_four[0]["psnr_random"]
            found[f"causal_psnr_{key}_low_rank"] = beside[0]["low-rank"]
            found[f"causal_psnr_{key}_local_low_rank"] = beside[0]["local-low-rank"]
    return found
