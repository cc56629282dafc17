"""Outlined chest radiographs from a folder in the layout of the JSRT/SCR set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.radiograph_evidence import SIDE
from corporis.apps.organs.radiograph_training import Radiograph
from corporis.apps.organs.square import Square
from corporis.errors import BadInput
from corporis.imaging.screenshot import grey_values

LANDMARKS = ("LL", "RL", "H", "LCLA", "RCLA")
"""Names of the landmarks of `ORGANS`."""
FRAME = 1024
"""Rows and columns in which landmarks are given."""


@dataclass(frozen=True, eq=False)
class OutlinedRadiograph:
    """One subject.

    Parameters
    ----------
    name : str
    radiograph : Radiograph
        Image and shares on the network's square.
    truth : bool array, (5, rows, columns)
        Masks as they were given.
    landmarks : mapping of str to array, or None
        Rows and columns (k, 2) on the network's square, by organ; None where there are none.
    """

    name: str
    radiograph: Radiograph
    truth: np.ndarray
    landmarks: Mapping[str, np.ndarray] | None


def outlined_radiographs(folder: Path | str) -> list[OutlinedRadiograph]:
    """All subjects of a folder with ``jsrt/images``, ``jsrt/masks`` and ``chest_landmarks``.

    A mask is a bit field of `ORGANS` in their order; the folder may also be the one that holds
    ``shapes``.

    Raises
    ------
    BadInput
        If there are none, a mask has no image of the same proportions, or an organ is empty.
    """
    folder = Path(folder)
    root = folder / "shapes" if (folder / "shapes").is_dir() else folder
    paths = sorted((root / "jsrt" / "masks").glob("*.png"))
    if not paths:
        raise BadInput(
            f"{folder.name}: expected jsrt/images/*.png and jsrt/masks/*.png there: give "
            "the folder that holds jsrt"
        )
    known = _landmarks(root / "chest_landmarks" / "jsrt.npz")
    return [_one(path, known.get(path.stem)) for path in paths]


def landmark_shapes(cases: list[OutlinedRadiograph]) -> dict[str, np.ndarray]:
    """Landmarks (n, k, 2) by organ, of those subjects that have them."""
    having = [case.landmarks for case in cases if case.landmarks is not None]
    return {organ: np.stack([found[organ] for found in having]) for organ in ORGANS}


def _one(path, landmarks):
    from PIL import Image as Pillow

    image_path = path.parent.parent / "images" / path.name
    if not image_path.is_file():
        raise BadInput(f"{path.name}: no image of this name in {image_path.parent.name}")
    image = grey_values(Pillow.open(image_path))
    image = image.astype(np.float32) / np.iinfo(image.dtype).max
    mask = np.asarray(Pillow.open(path))
    truth = np.stack([(mask >> bit) & 1 for bit in range(len(ORGANS))]).astype(bool)
    if mask.shape[0] * image.shape[1] != mask.shape[1] * image.shape[0]:
        raise BadInput(f"{path.name}: mask {mask.shape} and image {image.shape} differ in form")
    missing = [organ for organ, inside in zip(ORGANS, truth, strict=True) if not inside.any()]
    if missing:
        raise BadInput(
            f"{path.name}: expected outlines of five organs, got none of {', '.join(missing)}: "
            "leave it out, or outline them"
        )
    if not np.isfinite(image).all():
        raise BadInput(f"{image_path.name}: expected finite grey values, got NaN: save it again")
    shares = np.stack([Square(mask.shape, SIDE).seen(t.astype(np.float32)) for t in truth])
    return OutlinedRadiograph(
        path.stem,
        Radiograph(Square(image.shape, SIDE).seen(image), shares),
        truth,
        landmarks,
    )


def _landmarks(path):
    if not path.is_file():
        return {}
    scale = SIDE / FRAME
    with np.load(path, allow_pickle=False) as held:
        places = [(held[k][:, :, ::-1].astype(float) + 0.5) * scale - 0.5 for k in LANDMARKS]
        names = [str(name) for name in held["ids"]]
    return {
        name: {organ: place[n] for organ, place in zip(ORGANS, places)}
        for n, name in enumerate(names)
        if all(np.isfinite(place[n]).all() for place in places)
    }
