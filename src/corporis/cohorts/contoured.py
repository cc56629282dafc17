"""Patients with an expert's outlines: what training learns from and benchmarks score against."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.heart_shape.planes import ShortAxis, choose_planes
from corporis.errors import BadInput
from corporis.imaging import read

DISPLACED = ("SC-N-06",)
"""Patients whose masks do not lie on their images: left out of training and scoring."""

COUNTED_FROM = 1
"""The set's contours count rows and columns from 1, its masks were filled as if from 0: they lie
one pixel below and to the right of what they outline (networks trained under all rotations, which
cannot learn a shift, find 0.9 and 1.1 pixels on patients they have not seen)."""

GROUPS = {"HF": "heart failure", "HYP": "hypertrophy", "N": "normal"}


@dataclass(frozen=True)
class Contoured:
    """A patient with an expert's cavity on end-diastolic and end-systolic slices.

    Parameters
    ----------
    name, group : str
        The set's own label; "heart failure", "hypertrophy", "normal" or "" where unknown.
    stack : ShortAxis
    cavity : bool array, (n_slices, 2, rows, columns)
        The expert's masks, brought onto the images; frames with ``stack.missing`` have none.
    drawn : bool array of the same shape
        The masks as the file holds them, `COUNTED_FROM` pixels further down and right.
    ejection_fraction : float
        In percent, from the contours, over all slices contoured in each phase.
    """

    name: str
    group: str
    stack: ShortAxis
    cavity: np.ndarray
    drawn: np.ndarray
    ejection_fraction: float


def contoured_patients(folder: Path | str) -> tuple[Contoured, ...]:
    """All patients below a folder whose files hold two phases with an expert's masks.

    Raises
    ------
    BadInput
        If there is none.
    """
    found = []
    for path in sorted(Path(folder).rglob("*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            if not {"ed_image", "es_image", "ed_endo", "es_endo"} <= set(archive.files):
                continue
        case = read(path, name=path.stem)
        stack, _ = choose_planes(case.images)
        drawn = case.images["expert_endo"].stack().astype(bool)
        ejection_fraction = _ejection(drawn, stack.missing)
        cavity = moved(drawn, -COUNTED_FROM)
        found.append(Contoured(path.stem, _group(path), stack, cavity, drawn, ejection_fraction))
    if not found:
        raise BadInput(
            f"{Path(folder).name}: expected .npz files with ed_image, es_image, ed_endo and "
            "es_endo (the layout of the Sunnybrook set), found none"
        )
    return tuple(found)


def moved(masks: np.ndarray, pixels: int) -> np.ndarray:
    """Masks (..., rows, columns) moved down and right; what enters at the border is empty."""
    out = np.zeros_like(masks)
    to, source = slice(max(pixels, 0), None), slice(max(-pixels, 0), None)
    n_rows, n_columns = (n - abs(pixels) for n in masks.shape[-2:])
    out[..., to, to][..., :n_rows, :n_columns] = masks[..., source, source][
        ..., :n_rows, :n_columns
    ]
    return out


def _group(path: Path) -> str:
    parts = path.stem.split("-")
    return GROUPS.get(parts[1], "") if len(parts) > 1 else ""


def _ejection(cavity: np.ndarray, missing: np.ndarray) -> float:
    area = np.where(missing, 0, cavity.sum(axis=(2, 3))).sum(axis=0)
    return float(100 * (1 - area[1] / area[0]))
