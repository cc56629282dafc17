"""Random unseen virtual hearts, rendered through k-space, and the time of a whole study."""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from corporis.apps.heart_shape import HeartShape
from corporis.cohorts.training import save_learned
from corporis.imaging import write_nifti
from corporis.interfaces import Case
from corporis.phantoms import Scanner, Tissue, random_heart, render, render_plane_kspace

SNR = 15.0
N_FRAMES = 12


def rows(evidence, prior, n: int, seed: int, pool, tell) -> dict:
    """Errors of volumes (relative), ejection fraction (points) and thickness (mm).

    The truth ends where blood meets muscle: `evidence` draws that border.
    """
    found = []
    keys = [(seed, 99, number) for number in range(n)]
    jobs = [pool.submit(_one, np.random.default_rng(key), evidence, prior) for key in keys]
    for number, job in enumerate(jobs):
        found.append(job.result())
        tell(f"virtual heart {number + 1}: {_line(found[-1])}", (number + 1) / n)
    return _summary(found)


def _one(rng, evidence, prior) -> dict:
    heart = random_heart(rng)
    scanner = Scanner.random(
        rng, heart, snr=SNR, n_frames=N_FRAMES, side=144, slip_mm=float(rng.choice([0.0, 1.5]))
    )
    tissue = Tissue.random(rng)
    case = render(heart, scanner, tissue, seed=int(rng.integers(2**31)), plane=render_plane_kspace)
    images = {k: v for k, v in case.images.items() if not k.startswith("expert")}
    report = HeartShape(evidence, prior=prior, border=evidence.border)(Case("virtual", images))
    numbers = report.facts["heart_numbers"]
    phases = scanner.phases
    left = np.array([heart.left_volume_ml(p) for p in phases])
    right = np.array([heart.right_volume_ml(p) for p in phases])
    named = {m.name: m for m in report.measures}
    thickness = heart.thickness_mm([0.0, float(phases[int(np.argmin(left))])])
    measured = np.stack([numbers.thickness_ed, numbers.thickness_es], axis=1)
    seen = np.isfinite(measured)
    return {
        "volume": _relative(numbers.left.volume / 1000, left),
        "ef": _ef(numbers.left.volume) - _ef(left),
        "right_volume": None
        if numbers.right is None
        else _relative(numbers.right.volume / 1000, right),
        "right_ef": None if numbers.right is None else _ef(numbers.right.volume) - _ef(right),
        "thickness": np.abs(measured - thickness)[seen],
        "numbered": bool(seen.all()),
        "covered": [
            _covers(named["end-diastolic volume"], left.max()),
            _covers(named["end-systolic volume"], left.min()),
            _covers(named["ejection fraction"], _ef(left)),
        ],
    }


def _relative(measured, truth) -> np.ndarray:
    """Relative errors at end-diastole and end-systole of the truth."""
    pick = [int(np.argmax(truth)), int(np.argmin(truth))]
    return measured[pick] / truth[pick] - 1


def _ef(volume) -> float:
    return float(100 * (1 - volume.min() / volume.max()))


def _covers(measure, truth) -> bool:
    return measure.low <= truth <= measure.high


def _summary(found) -> dict:
    volumes = np.concatenate([f["volume"] for f in found])
    right = [f for f in found if f["right_volume"] is not None]
    thickness = np.concatenate([f["thickness"] for f in found])
    out = {
        "virtual_volume_error": float(np.abs(volumes).mean()),
        "virtual_volume_bias": float(volumes.mean()),
        "virtual_ef_error_points": float(np.mean([abs(f["ef"]) for f in found])),
        "virtual_ef_worst_points": float(max(abs(f["ef"]) for f in found)),
        "virtual_thickness_mm": float(thickness.mean()) if thickness.size else None,
        "virtual_hearts_numbered": int(sum(f["numbered"] for f in found)),
        "virtual_hearts": len(found),
        "virtual_interval_coverage": float(np.mean([f["covered"] for f in found])),
        "virtual_right_seen": len(right),
    }
    if right:
        volumes = np.concatenate([f["right_volume"] for f in right])
        out["virtual_right_volume_error"] = float(np.abs(volumes).mean())
        out["virtual_right_ef_error_points"] = float(np.mean([abs(f["right_ef"]) for f in right]))
    return out


def _line(one) -> str:
    right = "not seen" if one["right_ef"] is None else f"{one['right_ef']:+.1f}"
    return (
        f"volumes {100 * one['volume'][0]:+.1f} % {100 * one['volume'][1]:+.1f} % "
        f"EF {one['ef']:+.1f} right EF {right} thickness {one['thickness'].mean():.2f} mm"
    )


def timing(trained, prior, judge, seed: int) -> dict:
    """Seconds and peak memory of one study of 10 slices x 25 frames, files to report.

    A fresh process reads a NIfTI file and writes report, meshes and masks.
    """
    rng = np.random.default_rng([seed, 1000])
    heart = random_heart(rng, "normal")
    scanner = replace(Scanner(), gap_mm=heart.outer_length_mm / 9, side=192, pixel_mm=1.4)
    case = render(heart, scanner, Tissue(), seed=seed, long_axis=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_nifti(case.images["sax"], path / "cine.nii.gz")
        weights = path / "weights"
        save_learned(weights, trained, prior, judge)
        command = [
            sys.executable,
            "-m",
            "corporis",
            "heart",
            str(path / "cine.nii.gz"),
            "-o",
            str(path / "out"),
            "--weights",
            str(weights),
        ]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise RuntimeError(f"the timed study failed: {done.stderr[-500:]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": seconds, "peak_memory_gb": peak / 1024**2}
