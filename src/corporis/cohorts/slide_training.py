"""The gland network trained on a folder of diagnosed regions."""

from pathlib import Path

import numpy as np

from corporis.apps.histopathology import rescaled
from corporis.apps.histopathology.evidence import FILE_NAME
from corporis.apps.histopathology.training import Example, Schedule, balanced_weights, train
from corporis.cohorts.slides import Progress, labelled_rows, look
from corporis.errors import BadInput
from corporis.imaging import OutputFolder
from corporis.imaging.guard import shown

GLANDS = "_gland.png"


def train_glands(
    data,
    output,
    *,
    um_per_px: float,
    malignant: str = "malignant",
    seed: int = 0,
    schedule: Schedule | None = None,
    progress: Progress | None = None,
) -> int:
    """Train the gland network on a folder of regions and write ``glands.onnx``.

    Parameters
    ----------
    data : path
        Holds ``labels.csv`` (columns ``image``, ``label``, ``patient``) and, beside each image,
        ``<image>_gland.png``: above one half is gland.
    um_per_px : float
        Of the images.
    malignant : str
        The label that means it; all others do not.

    Returns
    -------
    int
        Images learned from.

    Raises
    ------
    BadInput
        If there are none.
    """
    rows = [row for row in labelled_rows(Path(data), "label") if _mask(row[0]).is_file()]
    if not rows:
        raise BadInput(f"{shown(Path(data))}: no images with *{GLANDS} beside them")
    weights = balanced_weights([row[1] for row in rows], [row[2] or row[0].stem for row in rows])
    known = [
        _example(row[0], row[4] or um_per_px, row[1] == malignant, float(weight))
        for row, weight in zip(rows, weights)
    ]
    n_steps = (schedule or Schedule()).n_steps

    def tell(step, loss):
        if progress is not None:
            progress("training", (step + 1) / n_steps)

    evidence = train(known, seed=seed, schedule=schedule, progress=tell)
    with OutputFolder(output) as folder:
        evidence.save(folder)
        assert (folder / FILE_NAME).is_file()
    return len(known)


def _mask(path):
    return path.with_name(f"{path.stem}{GLANDS}")


def _example(path, um_per_px, is_malignant, weight):
    from PIL import Image as Pillow
    from scipy import ndimage

    image = look(path, um_per_px=um_per_px).image
    with Pillow.open(_mask(path)) as file:
        mask = np.asarray(file.convert("L"))
    if mask.shape != image.shape[:2]:
        raise BadInput(
            f"{_mask(path).name}: expected {image.shape[0]} x {image.shape[1]} pixels as the "
            f"image has, got {mask.shape[0]} x {mask.shape[1]}"
        )
    small = rescaled(np.repeat(mask[..., None], 3, axis=2), um_per_px)[..., 0] > 127
    return Example(rescaled(image, um_per_px), ndimage.label(small)[0], is_malignant, weight)
