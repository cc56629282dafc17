"""Radiographs that are replayed while new ones are learned, kept on the network's small square."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corporis.apps.organs.radiograph_training import Radiograph
from corporis.errors import BadInput
from corporis.imaging.guard import shown
from corporis.imaging.output import atomic_path

FILE_NAME = "replay.npz"


def write_replay(folder: Path, cases: Sequence[Radiograph]) -> None:
    """Keep grey values and shares in 256 levels each: 0.1 MB a radiograph. No name goes with them.

    They are patients' images all the same: who has the folder has them.
    """
    images = np.stack([_levels(case.image) for case in cases])
    inside = np.stack([_levels(case.inside) for case in cases])
    with atomic_path(folder / FILE_NAME) as path:
        np.savez_compressed(path, images=images, inside=inside)


def read_replay(folder: Path) -> list[Radiograph]:
    """What `write_replay` kept; none where nothing was.

    Raises
    ------
    BadInput
        If the file is damaged.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return []
    try:
        with np.load(path, allow_pickle=False) as held:
            images, inside = held["images"], held["inside"]
        scale = np.float32(1 / 255)
        return [Radiograph(a * scale, b * scale) for a, b in zip(images, inside, strict=True)]
    except (OSError, ValueError, KeyError, EOFError):
        raise BadInput(
            f"{shown(path)}: expected radiographs that were kept, got none: remove the file"
        ) from None


def _levels(values) -> np.ndarray:
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
