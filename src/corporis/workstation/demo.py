"""The demonstration: a real heart, and a virtual one of which everything is known."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corporis.apps.heart_shape import Border
from corporis.apps.heart_shape.numbers import MUSCLE_G_PER_ML
from corporis.imaging import demo_study, write_nifti
from corporis.phantoms import Scanner, VirtualHeart, render
from corporis.workstation.heart import HeartRun, run_heart

Progress = Callable[[str, float], None]

HEART = VirtualHeart(
    radius_mm=26.0,
    length_mm=88.0,
    ejection=0.48,
    weak={8: 0.8, 9: 0.6, 14: 0.7},
    right_ejection=0.5,
)
"""Segments 8, 9 and 14, in the septum, contract less than the others."""

SCANNER = Scanner(snr=15.0, blur_mm=0.9)


@dataclass(frozen=True)
class Compared:
    """One measure of a virtual heart beside its truth."""

    name: str
    unit: str
    measured: float
    truth: float

    @property
    def error(self) -> float:
        """Measured minus true, in the measure's unit."""
        return self.measured - self.truth


def run_real_heart(output: Path | str, *, progress: Progress | None = None) -> HeartRun:
    """The heart study on the embedded real heart; see `run_heart`."""
    return run_heart(demo_study(), output, name="demo-heart", progress=progress)


def run_virtual_heart(
    output: Path | str,
    *,
    heart: VirtualHeart = HEART,
    scanner: Scanner = SCANNER,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[HeartRun, tuple[Compared, ...]]:
    """Image a virtual heart, write the images as files, run the study on them, and compare.

    Parameters
    ----------
    output : path
        As for `run_heart`.
    heart, scanner : VirtualHeart, Scanner
        What is imaged, and how.
    seed : int
        Of noise and receive field.
    progress : callable(text, fraction) or None

    Returns
    -------
    HeartRun
    tuple of Compared
        What was measured; a measure that the study could not give is left out.
    """
    if progress is not None:
        progress("imaging a virtual heart", 0.0)
    imaged = render(heart, scanner, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sax", "lax_4ch", "lax_2ch"):
            write_nifti(imaged.images[name], Path(folder) / f"{name}.nii.gz")
        found = run_heart(
            folder, output, name="virtual-heart", border=Border.BLOOD, progress=progress
        )
    true = truth(heart)
    compared = [
        Compared(m.name, m.unit, m.value, true[m.name])
        for report in found.reports
        for m in report.measures
        if m.name in true and m.value is not None
    ]
    return found, tuple(compared)


def truth(heart: VirtualHeart) -> dict[str, float]:
    """The true values of the study's measures, by name, in the study's units."""
    full, empty = heart.left_volume_ml(0.0), heart.left_volume_ml(heart.systole)
    right, right_empty = heart.right_volume_ml(0.0), heart.right_volume_ml(heart.systole)
    return {
        "end-diastolic volume": full,
        "end-systolic volume": empty,
        "ejection fraction": 100 * (1 - empty / full),
        "left ventricular mass": MUSCLE_G_PER_ML * heart.muscle_volume_ml(),
        "mean wall thickness at end-diastole": float(heart.thickness_mm([0.0]).mean()),
        "right ventricular end-diastolic volume": right,
        "right ventricular ejection fraction": 100 * (1 - right_empty / right),
    }
