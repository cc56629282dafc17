"""Torsos rendered round the livers and kidneys of a folder, and what is trained on them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy

from corporis.apps.organs.ct_evidence import STEP_MM
from corporis.apps.organs.ct_training import Scan, Schedule, train_evidence
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.upright import steps_of, upright
from corporis.cohorts.organ_masks import box, mask_case, single_volume
from corporis.cohorts.organ_meshes import filled_mesh
from corporis.cohorts.organ_outliners import CT_SHAPES
from corporis.errors import BadInput
from corporis.imaging import OutputFolder
from corporis.phantoms.torso import KidneyPair, render_torso
from corporis.phantoms.torso_frame import OrganField
from corporis.shapes import signed_distance

LEAST = 10
SHAPE = (88, 72, 104)
MARGIN = 6
LEAST_KIDNEY_ML = 40.0


def liver_field(path: Path) -> OrganField:
    """Distances from the surface of a liver (``.npz``, mm, RAS+).

    Raises
    ------
    BadInput
        If it cannot be read or is open.
    """
    mask, affine, _ = filled_mesh(path)
    turned, steps = np.pad(upright(mask, affine)[0], MARGIN), steps_of(affine)
    middle = np.argwhere(turned).mean(axis=0) * steps
    return OrganField(_distances(turned, steps), steps, _three(middle))


def kidney_pair(path: Path) -> KidneyPair | None:
    """Both kidneys of a patient (``.npz`` with ``mask``, 2 tumour); None where there is one only.

    Two that are joined count as one.

    Raises
    ------
    BadInput
        If it cannot be read, or is empty.
    """
    image, values = single_volume(mask_case(path, path.name))
    if not values.any():
        raise BadInput(f"{path.name}: expected kidneys in the mask, got an empty one: leave it out")
    label, steps = np.pad(upright(values, image.affine)[0], MARGIN), steps_of(image.affine)
    pieces, _ = scipy.ndimage.label(label > 0)
    sizes = np.bincount(pieces.ravel())[1:]
    two = np.argsort(-sizes, kind="stable")[:2]
    # halves of the extent would make a pair of a single kidney too
    if len(two) < 2 or sizes[two[1]] < LEAST_KIDNEY_ML * 1000 / np.prod(steps):
        return None
    centre = np.mean(scipy.ndimage.center_of_mass(label > 0, pieces, two + 1), axis=0) * steps
    field = OrganField(_distances(label > 0, steps), steps, _three(centre))
    return KidneyPair(field, label == 2)


def rendered_scans(
    livers: Sequence[OrganField],
    kidneys: Sequence[KidneyPair],
    n_scans: int,
    *,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> list[Scan]:
    """`n_scans` torsos, each round a liver and the kidneys of another patient."""
    scans = []
    for number in range(n_scans):
        random = np.random.default_rng([41, seed, number])
        liver = livers[number % len(livers)]
        pair = kidneys[int(random.integers(len(kidneys)))]
        made = render_torso(liver, pair, random, SHAPE, STEP_MM)
        scans.append(Scan(made.hounsfield, made.label))
        if progress is not None:
            progress("rendering torsos", (number + 1) / n_scans)
    return scans


def train_ct(
    data: Path | str,
    output: Path | str,
    *,
    schedule: Schedule | None = None,
    seed: int = 0,
    n_scans: int = 120,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train evidence and shapes for CT of the trunk; the number of shapes is returned.

    Parameters
    ----------
    data : path
        Folder as `organ_shapes` takes it.
    output : path
        Gets ``ct.onnx`` and the shapes of liver and kidneys, an ``.npz`` file each.
    n_scans : int
        Torsos that are rendered to learn from, > 0.

    Raises
    ------
    BadInput
        If there are too few shapes, or one cannot be read.
    """
    schedule = schedule or Schedule()

    def tell(text, fraction):
        if progress is not None:
            progress(text, fraction)

    livers, kidneys = organ_shapes(Path(data), tell)
    scans = rendered_scans(livers, kidneys, n_scans, seed=seed, progress=tell)
    tell("learning shapes", 0.0)
    shapes = prior_shapes(livers, kidneys)
    evidence = train_evidence(
        scans,
        seed=seed,
        schedule=schedule,
        progress=lambda step, loss: tell("training", (step + 1) / schedule.n_steps),
    )
    with OutputFolder(output) as folder:
        evidence.save(folder)
        for organ, name in CT_SHAPES.items():
            shapes[organ].save(folder / name)
    return len(livers) + len(kidneys)


def organ_shapes(
    folder: Path, progress: Callable[[str, float], None] | None = None
) -> tuple[list[OrganField], list[KidneyPair]]:
    """All livers of ``liver_meshes`` and pairs of kidneys of ``kidney_masks`` in `folder`.

    Raises
    ------
    BadInput
        If there are fewer than ten of either.
    """
    meshes = sorted((folder / "liver_meshes").glob("*.npz"))
    masks = sorted((folder / "kidney_masks").glob("*.npz"))
    if min(len(meshes), len(masks)) < LEAST:
        raise BadInput(_too_few(folder, len(meshes), len(masks)))
    livers, pairs = [], []
    for number, path in enumerate([*meshes, *masks], 1):
        if number <= len(meshes):
            livers.append(liver_field(path))
        else:
            pairs.append(kidney_pair(path))
        if progress is not None:
            progress("reading shapes", number / (len(meshes) + len(masks)))
    both = [pair for pair in pairs if pair is not None]
    if len(both) < LEAST:
        raise BadInput(_too_few(folder, len(livers), len(both)))
    return livers, both


def _too_few(folder, n_livers, n_kidneys):
    return (
        f"{folder.name}: expected at least {LEAST} liver_meshes/*.npz and pairs of "
        f"kidney_masks/*.npz, got {n_livers} and {n_kidneys}: give the folder of both"
    )


def prior_shapes(
    livers: Sequence[OrganField], kidneys: Sequence[KidneyPair]
) -> dict[str, DistanceShapes]:
    """What livers, left and right kidneys look like, by name."""
    found = {"liver": _fitted([(one.values < 0, one.spacing_mm) for one in livers])}
    for side, name in ((-1, "left kidney"), (1, "right kidney")):
        masks = []
        for pair in kidneys:
            field = pair.field
            right = np.arange(field.values.shape[2]) * field.spacing_mm[2] - field.middle_mm[2]
            masks.append(((field.values < 0) & (side * right > 0), field.spacing_mm))
        found[name] = _fitted(masks)
    return found


def _fitted(masks):
    cropped = [(np.pad(mask[box(mask, 0)], 2), spacing) for mask, spacing in masks]
    return DistanceShapes().fit(*zip(*cropped, strict=True))


def _distances(mask, steps):
    return signed_distance(mask, steps).astype(np.float32)


def _three(values) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return a, b, c
