"""Which of several radiographs to outline by hand next, so that most is learned from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.frontal import Frontal, single_plane
from corporis.apps.organs.radiograph_evidence import SIDE
from corporis.cohorts.chest_dictionary import FILE_NAME as SHAPES
from corporis.cohorts.chest_dictionary import ChestDictionary
from corporis.cohorts.corrected import MASK, grey
from corporis.cohorts.ledger import Ledger
from corporis.cohorts.organ_outliners import load_chest
from corporis.errors import BadInput
from corporis.imaging import read
from corporis.imaging.guard import shown

TAKEN = (".dcm", ".png", ".jpg", ".jpeg", ".nii", ".nii.gz")


@dataclass(frozen=True)
class Wish:
    """One radiograph, and why it is asked for.

    Parameters
    ----------
    file : str
        Its name in the folder.
    overlap : float
        Jaccard overlap that is expected of its outlines, the mean of all organs.
    doubted : tuple of str
        Organs whose outlines are uncertain.
    reason : str
    """

    file: str
    overlap: float
    doubted: tuple[str, ...]
    reason: str


def ask_chest(
    folder: Path | str,
    weights: Path | str,
    progress: Callable[[str, float], None] | None = None,
) -> list[Wish]:
    """All radiographs of a folder, the one whose correction teaches most first.

    Where outlines are uncertain a correction shows the evidence what it does not know: these come
    first, the worst before all. Of the others those come first whose shape, once known, leaves
    least of all others unexplained (transductive design). Nothing is written.

    Parameters
    ----------
    folder : path
        Radiographs, one a file: DICOM, PNG, JPEG or NIfTI; masks ``*_mask.*`` are passed over.
    weights : path
        What `corporis.cohorts.organs.train_chest` left.

    Raises
    ------
    BadInput
        If there are none, or one cannot be read.
    """
    application, folder = load_chest(weights), Path(folder)
    paths = [p for p in sorted(folder.glob("*")) if p.name.lower().endswith(TAKEN)]
    paths = [p for p in paths if not p.name.split(".")[0].endswith(MASK)]
    if not paths:
        raise BadInput(
            f"{shown(folder)}: expected radiographs (DICOM, PNG, JPEG or NIfTI) there, got none"
        )
    overlaps, doubts, points = [], [], []
    for number, path in enumerate(paths):
        if progress is not None:
            progress(f"looking at {number + 1} of {len(paths)}", number / len(paths))
        image, pixels = single_plane(read(path, name=path.name, pictures=True))
        square = Frontal.of(image).square(pixels.shape, SIDE)
        found = application.find(square.seen(grey(pixels)))
        overlaps.append(float(found.overlap.mean()))
        doubts.append(tuple(o for o, d in zip(ORGANS, found.is_uncertain) if d))
        points.append(found.outlines.points)
    sure = [k for k, doubted in enumerate(doubts) if not doubted]
    known = ChestDictionary.load(Ledger(Path(weights)).current() / SHAPES)
    telling = _telling(known, [points[k] for k in sure])
    doubtful = [k for k in np.argsort(overlaps, kind="stable").tolist() if doubts[k]]
    order = [*doubtful, *(sure[k] for k in telling)]
    return [
        Wish(paths[k].name, overlaps[k], doubts[k], _reason(doubts[k], place - len(doubtful)))
        for place, k in enumerate(order)
    ]


def _telling(known, points) -> list[int]:
    """Indices by what a shape tells; those that are implausible come last."""
    for n_chosen in range(len(points), 0, -1):
        try:
            first = known.order(points, n_chosen).tolist()
        except ValueError:  # fewer are plausible
            continue
        return [*first, *(k for k in range(len(points)) if k not in first)]
    return list(range(len(points)))


def _reason(doubted, rank) -> str:
    if doubted:
        return f"uncertain: {', '.join(doubted)}"
    return "most telling shape" if rank == 0 else f"shape, {rank + 1}"
