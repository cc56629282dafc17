"""What outlines organs, trained from a user's copy of the data, and what mends their masks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy

from corporis.apps.organs import OrganRepair
from corporis.apps.organs.radiograph_training import Schedule, train_evidence
from corporis.apps.organs.upright import steps_of, upright
from corporis.cohorts.chest_dictionary import FILE_NAME as CHEST_SHAPES
from corporis.cohorts.ledger import JOURNAL
from corporis.cohorts.organ_masks import box, read_mask
from corporis.cohorts.organ_meshes import filled_mesh, is_mesh
from corporis.cohorts.radiographs import landmark_shapes, outlined_radiographs
from corporis.cohorts.replay import write_replay
from corporis.errors import BadInput
from corporis.imaging import OutputFolder

LEAST = 10
LARGE = 0.4
"""Of the largest connected part: parts above it are organs of their own."""


def train_chest(
    data: Path | str,
    output: Path | str,
    *,
    schedule: Schedule | None = None,
    seed: int = 0,
    n_replay: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train evidence and shapes for chest radiographs; the number of subjects is returned.

    Parameters
    ----------
    data : path
        Folder in the layout of the JSRT/SCR set.
    output : path
        Gets ``radiograph.onnx`` and ``chest_shapes.npz``.
    n_replay : int
        Radiographs with their outlines that are kept there too, drawn at random, so that later
        lessons can replay them. They are patients' images.

    Raises
    ------
    BadInput
        If there are fewer than ten subjects with landmarks, or the folder holds what was learned
        since an earlier training.
    """
    if (Path(output) / JOURNAL).is_file():
        raise BadInput(
            f"{Path(output).name}: holds what was learned from corrections, which a new training "
            "would leave out: choose a new folder"
        )
    cases = outlined_radiographs(data)
    n_shapes = sum(case.landmarks is not None for case in cases)
    if n_shapes < LEAST:
        raise BadInput(
            f"{Path(data).name}: expected at least {LEAST} subjects with landmarks in "
            f"chest_landmarks/jsrt.npz, got {n_shapes}: give the whole set"
        )
    n_steps = (schedule or Schedule()).n_steps

    def tell(step, loss):
        if progress is not None:
            progress("training", (step + 1) / n_steps)

    known = [case.radiograph for case in cases]
    evidence = train_evidence(known, seed=seed, schedule=schedule, progress=tell)
    with OutputFolder(output) as folder:
        evidence.save(folder)
        shapes: dict[str, Any] = {
            organ.replace(" ", "_"): many for organ, many in landmark_shapes(cases).items()
        }
        np.savez(folder / CHEST_SHAPES, **shapes)
        if n_replay:
            chosen = np.random.default_rng([seed, n_replay]).permutation(len(cases))[:n_replay]
            write_replay(folder, [known[k] for k in sorted(chosen.tolist())])
    return len(cases)


class Learned(NamedTuple):
    """A repair, the number of shapes it has learned from, and what was wrong with some."""

    model: OrganRepair
    n_shapes: int
    notes: tuple[str, ...]


def learn_repair(
    shapes: Path | str, progress: Callable[[str, float], None] | None = None
) -> Learned:
    """A repair that has learned from all masks or surfaces of a folder.

    Parameters
    ----------
    shapes : path
        Holds masks of one organ as `corporis.cohorts.organ_masks.mask_case` takes them, of any
        label, or ``.npz`` files with a surface's ``vertices`` (mm, RAS+) and ``faces``. All are
        turned to one orientation; with ``spacing`` alone a mask is taken to lie as a NIfTI file's
        slices, rows and columns do. Each large part of a mask (a pair of kidneys) is a shape of
        its own. Small holes and wrong winding of surfaces are mended.

    Raises
    ------
    BadInput
        If there are fewer than ten, or one cannot be read.
    """
    paths = shape_files(Path(shapes))
    masks: list[tuple[np.ndarray, tuple[float, float, float]]] = []
    n_mended, n_meshes = 0, 0
    for number, path in enumerate(paths):
        if progress is not None:
            progress(f"reading {len(paths)} shapes", 0.1 * number / len(paths))
        if is_mesh(path):
            mask, affine, wrong = filled_mesh(path)
            n_meshes, n_mended = n_meshes + 1, n_mended + wrong.any
            masks.append((upright(mask, affine)[0], steps_of(affine)))
        else:
            masks.extend(_parts(*read_mask(path)))
    if progress is not None:
        progress(f"learning from {len(masks)} shapes", 0.1)
    model = OrganRepair().fit([mask for mask, _ in masks], [spacing for _, spacing in masks])
    notes: tuple[str, ...] = ()
    if n_mended:
        notes = (
            f"{n_mended} of {n_meshes} surfaces had small holes, handles or triangles wound "
            "wrongly, which were mended.",
        )
    return Learned(model, len(masks), notes)


def shape_files(folder: Path) -> list[Path]:
    """The masks or surfaces of a folder, in the order in which they are learned from.

    Raises
    ------
    BadInput
        If there are fewer than ten.
    """
    paths = [p for p in sorted(folder.glob("*")) if p.name.endswith((".npz", ".nii", ".nii.gz"))]
    if len(paths) < LEAST:
        raise BadInput(
            f"{folder.name}: expected at least {LEAST} masks or surfaces (.npz, .nii or .nii.gz) "
            f"of sound organs, got {len(paths)}: give a folder with more"
        )
    return paths


def _parts(mask, spacing):
    """The large connected parts of a mask, each cropped."""
    labels, n = scipy.ndimage.label(mask)
    if n < 2:
        return [(mask, spacing)]
    sizes = np.bincount(labels.ravel())[1:]
    large = 1 + np.flatnonzero(sizes >= LARGE * sizes.max())
    if len(large) == 1:
        return [(mask, spacing)]
    return [((labels == k)[box(labels == k)], spacing) for k in large]
