"""Learned pixel evidence on tissue: is this a gland, is this its border, is it malignant."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.learning.networks import Network
from corporis.learning.tiled import in_tiles, over_views, upright

UM_PER_PX = 1.24
"""Scale at which the network looks: about 10x, where a gland fills a view and a goblet cell
still shows."""
FILE_NAME = "glands.onnx"
MULTIPLE = 32
"""Image sides that the network takes are multiples of this."""
SIDE, HALO = 768, 224
"""A tile, and what is seen around it: beyond 216 pixels the network does not look."""


@dataclass(frozen=True)
class GlandMaps:
    """What the network says of every pixel, each (H, W) float32, 0 to 1.

    Parameters
    ----------
    inside : ndarray
        Probability that the pixel belongs to a gland.
    border : ndarray
        Probability that it lies on a gland's outline.
    malignant : ndarray
        Probability that the gland here is malignant; means little where there is none.
    """

    inside: np.ndarray
    border: np.ndarray
    malignant: np.ndarray


@dataclass(frozen=True)
class GlandEvidence:
    """The network, and how it is asked.

    Parameters
    ----------
    network : Network
        Trained by `corporis.apps.histopathology.training.train`.
    n_views : int
        Quarter turns and reflections that are averaged, 1 to 8.

    Raises
    ------
    ValueError
        If `n_views` is not in 1..8.
    """

    network: Network
    n_views: int = 4

    def __post_init__(self):
        if not 1 <= self.n_views <= 8:
            raise ValueError(f"n_views must be 1 to 8, got {self.n_views}")

    @classmethod
    def load(cls, folder) -> "GlandEvidence":
        """Read ``glands.onnx`` from `folder`.

        Raises
        ------
        BadInput
            If it is not there.
        """
        return cls(Network.of_folder(folder, FILE_NAME, "run corporis slides train first"))

    def save(self, folder) -> None:
        """Write ``glands.onnx`` into `folder`, made if missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.network.save(Path(folder) / FILE_NAME)

    def __call__(self, image) -> GlandMaps:
        """Maps of an image of any size at `UM_PER_PX`, in tiles with a halo.

        Parameters
        ----------
        image : array, (H, W, 3), uint8
        """
        maps = in_tiles(
            self._window, network_input(image), 3, side=SIDE, halo=HALO, multiple=MULTIPLE
        )
        return GlandMaps(*maps)

    def _window(self, x):
        """Mean over views of the three probabilities."""
        return over_views(self.network, x, self.n_views, _probabilities, multiple=MULTIPLE)


def _probabilities(maps, turns, is_mirrored):
    return upright(1 / (1 + np.exp(-maps)), turns, is_mirrored)


def network_input(image) -> np.ndarray:
    """Channels (3, H, W) about -2 to 2 from an RGB image of 8 bits.

    Raises
    ------
    ValueError
        If the image is not (H, W, 3) of uint8.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"expected (H, W, 3) of uint8, got {image.dtype} of shape {image.shape}")
    return (image.transpose(2, 0, 1).astype(np.float32) / 255 - 0.5) * 4


def rescaled(image, um_per_px: float, wanted: float = UM_PER_PX) -> np.ndarray:
    """An image (H, W, 3) of uint8 at another scale, averaged where pixels grow.

    Raises
    ------
    ValueError
        If a scale is not > 0.
    """
    from PIL import Image as Pillow

    if not um_per_px > 0 or not wanted > 0:
        raise ValueError(f"scales must be > 0 um/px, got {um_per_px} and {wanted}")
    height, width = np.shape(image)[:2]
    factor = um_per_px / wanted
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    if size == (width, height):
        return np.asarray(image)
    return np.asarray(Pillow.fromarray(np.asarray(image)).resize(size, Pillow.Resampling.BOX))
