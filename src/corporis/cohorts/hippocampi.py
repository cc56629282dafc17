"""Outlined hippocampi from a folder of MR crops, and what is learned from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.grey import single_precision
from corporis.apps.organs.hippocampus_training import Crop, Schedule, train_evidence
from corporis.apps.organs.millimetre import MillimetreGrid
from corporis.apps.organs.upright import check_angles, steps_of, upright
from corporis.cohorts.organ_outliners import HIPPOCAMPUS_SHAPES
from corporis.errors import BadInput
from corporis.imaging import OutputFolder

FOLDER = ("brain", "hippocampus")
LEAST = 10


@dataclass(frozen=True, eq=False)
class OutlinedHippocampus:
    """One crop, turned so that its axes run up, forward and to the right.

    Parameters
    ----------
    name : str
    image : array, (a, b, c)
        Grey values of any scale.
    label : array, (a, b, c)
        0 outside, 1 anterior, 2 posterior.
    spacing_mm : (float, float, float)
    """

    name: str
    image: np.ndarray
    label: np.ndarray
    spacing_mm: tuple[float, float, float]

    def crop(self) -> Crop:
        """On a grid of 1 mm; grey values from 0 to 1."""
        shape = self.label.shape
        grid = MillimetreGrid((shape[0], shape[1], shape[2]), self.spacing_mm)
        shares = np.stack([grid.seen(self.label == part) for part in range(3)])
        image = grid.seen(self.image)
        low, high = float(image.min()), float(image.max())
        label = shares.argmax(axis=0).astype(np.uint8)
        return Crop((image - low) / max(high - low, 1e-6), label)


def outlined_hippocampi(folder: Path | str) -> list[OutlinedHippocampus]:
    """All crops of a folder: ``.npz`` with ``image``, ``label`` and ``affine``.

    The folder may also be one that holds ``brain/hippocampus``, or ``hippocampus``.

    Raises
    ------
    BadInput
        If there are none, or one cannot be read, holds NaN or has an empty label.
    """
    folder = Path(folder)
    candidates = (folder.joinpath(*FOLDER), folder / FOLDER[-1], folder)
    root = next((c for c in candidates if c.is_dir() and any(c.glob("*.npz"))), folder)
    paths = sorted(root.glob("*.npz"))
    if not paths:
        raise BadInput(
            f"{folder.name}: expected crops there (.npz with image, label and affine), got none: "
            "give the folder that holds them"
        )
    return [_one(path) for path in paths]


def _one(path):
    try:
        with np.load(path, allow_pickle=False) as held:
            image, label = held["image"], held["label"]
            affine = np.asarray(held["affine"], float)
        if image.ndim != 3 or image.shape != label.shape or not np.isin(label, (0, 1, 2)).all():
            raise ValueError
        spacing = steps_of(affine)
        turned = [np.ascontiguousarray(upright(v, affine)[0]) for v in (image, label)]
    except (OSError, ValueError, KeyError, EOFError, IndexError):
        raise BadInput(
            f"{path.name}: expected image (a, b, c), label of the same shape with 0, 1 and 2, and "
            "affine in it: save it again"
        ) from None
    n_bad = int(np.count_nonzero(~np.isfinite(single_precision(image, path.name))))
    if n_bad:
        raise BadInput(
            f"{path.name}: expected finite grey values, got {n_bad} of {image.size} that are not: "
            "leave the crop out, or save it again"
        )
    if not label.any():
        raise BadInput(
            f"{path.name}: expected a label with 1 and 2 inside, got an empty one: leave it out"
        )
    check_angles(affine, path.name)
    return OutlinedHippocampus(path.stem, turned[0], turned[1], spacing)


def learned_shapes(cases: Sequence[OutlinedHippocampus]) -> DistanceShapes:
    """Shapes of whole hippocampi, both parts together."""
    return DistanceShapes().fit([c.label > 0 for c in cases], [c.spacing_mm for c in cases])


def train_hippocampus(
    data: Path | str,
    output: Path | str,
    *,
    schedule: Schedule | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train evidence and shapes for MR crops; the number of crops is returned.

    Parameters
    ----------
    data : path
        Folder as `outlined_hippocampi` takes it.
    output : path
        Gets ``hippocampus.onnx`` and ``hippocampus_shapes.npz``.

    Raises
    ------
    BadInput
        If there are fewer than ten crops.
    """
    cases = outlined_hippocampi(data)
    if len(cases) < LEAST:
        raise BadInput(
            f"{Path(data).name}: expected at least {LEAST} outlined crops, got {len(cases)}: give "
            "the whole set"
        )
    schedule = schedule or Schedule()
    shapes = learned_shapes(cases)

    def tell(step, loss):
        if progress is not None:
            progress("training", (step + 1) / schedule.n_steps)

    evidence = train_evidence(
        [c.crop() for c in cases], seed=seed, schedule=schedule, progress=tell
    )
    with OutputFolder(output) as folder:
        evidence.save(folder)
        shapes.save(folder / HIPPOCAMPUS_SHAPES)
    return len(cases)
