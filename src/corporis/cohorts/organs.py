"""What outlines organs, trained from a user's copy of the data, and what mends their masks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from nibabel import orientations
from scipy import ndimage

from corporis.apps.organs import OrganRepair
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.apps.organs.radiograph_evidence import FILE_NAME, RadiographEvidence
from corporis.apps.organs.radiograph_training import Schedule, train_evidence
from corporis.apps.organs.upright import steps_of, upright
from corporis.cohorts.radiographs import landmark_shapes, outlined_radiographs
from corporis.errors import BadInput
from corporis.imaging import OutputFolder

SHAPES = "chest_shapes.npz"
LEAST = 10
LARGE = 0.4
"""Of the largest connected part: parts above it are organs of their own."""
HOW = "make it with `corporis train organ --organ chest --data FOLDER -o WEIGHTS`"


def train_chest(
    data: Path | str,
    output: Path | str,
    *,
    schedule: Schedule | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train evidence and shapes for chest radiographs; the number of subjects is returned.

    Parameters
    ----------
    data : path
        Folder in the layout of the JSRT/SCR set.
    output : path
        Gets ``radiograph.onnx`` and ``chest_shapes.npz``.

    Raises
    ------
    BadInput
        If there are fewer than ten subjects with landmarks.
    """
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
        np.savez(folder / SHAPES, **shapes)
    return len(cases)


def load_chest(
    weights: Path | str, progress: Callable[[str, float], None] | None = None
) -> ChestRadiograph:
    """The application with what `train_chest` left.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    path = Path(weights) / SHAPES
    if not path.is_file() or not (path.parent / FILE_NAME).is_file():
        raise BadInput(
            f"{path.parent.name}: expected {FILE_NAME} and {SHAPES} there, which do not ship: {HOW}"
        )
    try:
        with np.load(path, allow_pickle=False) as held:
            shapes = {organ: held[organ.replace(" ", "_")] for organ in ORGANS}
        prior = ChestShapes().fit(shapes)
    except (OSError, ValueError, KeyError, EOFError):
        raise BadInput(f"{path.name}: expected outlines of five organs, got none: {HOW}") from None
    return ChestRadiograph(RadiographEvidence.load(weights), prior, progress)


def learn_repair(
    shapes: Path | str, progress: Callable[[str, float], None] | None = None
) -> tuple[OrganRepair, int]:
    """A repair that has learned from all masks of a folder, and their number.

    Parameters
    ----------
    shapes : path
        Holds masks of one organ: NIfTI (any label), or ``.npz`` with ``mask`` or ``label`` and
        ``affine``, or ``spacing`` and ``axcodes``. All are turned to one orientation; with
        ``spacing`` alone a mask is taken to lie as a NIfTI file's slices, rows and columns do.
        Each large part of a mask (a pair of kidneys) is a shape of its own.

    Raises
    ------
    BadInput
        If there are fewer than ten, or one cannot be read.
    """
    folder = Path(shapes)
    paths = [p for p in sorted(folder.glob("*")) if p.name.endswith((".npz", ".nii", ".nii.gz"))]
    if len(paths) < LEAST:
        raise BadInput(
            f"{folder.name}: expected at least {LEAST} masks (.npz, .nii or .nii.gz) of sound "
            f"organs, got {len(paths)}: give a folder with more"
        )
    if progress is not None:
        progress(f"learning from {len(paths)} masks", 0.1)
    masks = [(part, spacing) for path in paths for part, spacing in _parts(*read_mask(path))]
    model = OrganRepair().fit([mask for mask, _ in masks], [spacing for _, spacing in masks])
    return model, len(masks)


def _parts(mask, spacing):
    """The large connected parts of a mask, each cropped."""
    labels, n = ndimage.label(mask)
    if n < 2:
        return [(mask, spacing)]
    sizes = np.bincount(labels.ravel())[1:]
    large = 1 + np.flatnonzero(sizes >= LARGE * sizes.max())
    if len(large) == 1:
        return [(mask, spacing)]
    return [((labels == k)[box(labels == k)], spacing) for k in large]


def read_mask(path: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    """A mask (a, b, c) cropped to what is inside, and its spacing in mm.

    Raises
    ------
    BadInput
        If it is no volume, is empty, or its spacing is not known.
    """
    mask, spacing = _npz(path) if path.suffix == ".npz" else _nifti(path)
    if mask.ndim != 3 or not mask.any():
        raise BadInput(
            f"{path.name}: expected a volume with a voxel inside, got {mask.shape} with "
            f"{int(mask.sum())}: give a mask"
        )
    return mask[box(mask)], spacing


def box(mask: np.ndarray, margin: int = 2) -> tuple[slice, ...]:
    """The part of a volume that holds all that is inside."""
    places = np.argwhere(mask)
    low, high = places.min(axis=0) - margin, places.max(axis=0) + margin + 1
    return tuple(slice(max(a, 0), b) for a, b in zip(low.tolist(), high.tolist(), strict=True))


def _npz(path):
    try:
        with np.load(path, allow_pickle=False) as held:
            mask = held["mask" if "mask" in held else "label"] > 0
            affine = _affine(held)
            turned = upright(mask, affine)[0]
    except (OSError, ValueError, KeyError, EOFError, IndexError, orientations.OrientationError):
        raise BadInput(
            f"{path.name}: expected mask (or label) and spacing (or affine) in it: save it again"
        ) from None
    return turned, steps_of(affine)


def _nifti(path):
    from corporis.imaging import read

    image = next(iter(read(path).images.values()))
    stack = image.stack()
    if stack.shape[1] != 1 or image.length_unit != "mm":
        raise BadInput(f"{path.name}: expected one volume with its spacing, got {stack.shape}")
    return upright(np.asarray(stack[:, 0]) != 0, image.affine)[0], steps_of(image.affine)


def _affine(held) -> np.ndarray:
    """From indices to RAS+ mm, as far as it is known."""
    if "spacing" not in held:
        return np.asarray(held["affine"], float)
    codes = "".join(map(str, held["axcodes"])) if "axcodes" in held else "SAR"
    turned = np.zeros((4, 4))
    for axis, (to, sign) in enumerate(orientations.axcodes2ornt(codes).astype(int)):
        turned[to, axis] = sign * float(held["spacing"][axis])
    turned[3, 3] = 1
    return turned
