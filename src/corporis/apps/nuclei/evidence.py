"""Learned pixel evidence: is this a nucleus, how deep inside, and where is its centre."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.imaging.stain import optical_density
from corporis.learning.networks import Network
from corporis.learning.tiled import in_tiles, over_views, upright

OFFSET_UNIT_PX = 8.0
"""Pixels that an output of 1 stands for: about a nucleus's radius at 40x."""
FILE_NAME = "nuclei.onnx"
MULTIPLE = 32
"""Image sides that the network takes are multiples of this; so are the corners of tiles."""
SIDE, HALO = 1024, 224
"""A tile, and what is seen around it: beyond 216 pixels the network does not look, so that its
answer does not depend on how an image is cut."""


@dataclass(frozen=True)
class NucleusMaps:
    """What the network says of every pixel.

    Parameters
    ----------
    inside : ndarray, shape (H, W), float32
        Probability that the pixel belongs to a nucleus.
    depth : ndarray, shape (H, W), float32
        Distance to the outline relative to the nucleus's deepest point, about 0 to 1.
    offset : ndarray, shape (2, H, W), float32
        Rows and columns, in pixels, from here to the centre of the pixel's nucleus.
    density : ndarray, shape (H, W), float32, optional
        Optical density of the image, mean of its colours: layers of nuclei add to it.
    """

    inside: np.ndarray
    depth: np.ndarray
    offset: np.ndarray
    density: np.ndarray | None = None


@dataclass(frozen=True)
class NucleusEvidence:
    """The network, and how it is asked.

    Parameters
    ----------
    network : Network
        Trained by `corporis.apps.nuclei.training.train`.
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
    def load(cls, folder) -> "NucleusEvidence":
        """Read ``nuclei.onnx`` from `folder`.

        Raises
        ------
        BadInput
            If it is not there.
        """
        return cls(Network.of_folder(folder, FILE_NAME, "train the network first"))

    def save(self, folder) -> None:
        """Write ``nuclei.onnx`` into `folder`, made if missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.network.save(Path(folder) / FILE_NAME)

    def __call__(self, image) -> NucleusMaps:
        """Maps of an image of any size, in tiles with a halo.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            Bright-field colours at about 0.25 um/px; fluorescence as `as_bright_field` gives it.
        """
        maps = in_tiles(
            self._window, network_input(image), 4, side=SIDE, halo=HALO, multiple=MULTIPLE
        )
        density = optical_density(image)
        density = density.mean(axis=2) if density.ndim == 3 else density
        scaled = maps[2:] * OFFSET_UNIT_PX
        return NucleusMaps(maps[0], maps[1], scaled, density.astype(np.float32))

    def _window(self, x):
        """Mean over views of (probability, depth, offsets), turned back."""
        return over_views(self.network, x, self.n_views, turned_back, multiple=MULTIPLE)


def turned_back(maps, turns, mirrored):
    """Maps (logit, depth, offset) of a view, as maps of the image: offsets turn with the view.

    The logit becomes a probability on the way.
    """
    maps = upright(maps, turns, mirrored)
    row, column = maps[2], maps[3]
    for _ in range(turns):  # each quarter turn back takes (row, column) to (column, -row)
        row, column = column, -row
    if mirrored:
        column = -column
    inside = 1 / (1 + np.exp(-maps[0]))
    return np.stack([inside, maps[1], row, column])


def network_input(image) -> np.ndarray:
    """Channels (3, H, W) about -2 to 2 from a grey or colour image of 8 bits.

    Raises
    ------
    ValueError
        If the image is not (H, W) or (H, W, 3) of uint8.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"expected a grey or RGB image of uint8, got {image.dtype} of shape {image.shape}"
        )
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    return (image.transpose(2, 0, 1).astype(np.float32) / 255 - 0.5) * 4


def as_bright_field(image, levels: tuple[float, float] | None = None) -> np.ndarray:
    """A fluorescence image as a bright-field one: bright nuclei become dark on white, (H, W).

    Parameters
    ----------
    image : array, (H, W) or (H, W, 3), uint8
        Of colours the brightest counts.
    levels : (float, float), optional
        What becomes white and what nearly black; by default `light_levels` of this image.
    """
    grey = grey_of(image)
    low, high = light_levels(grey) if levels is None else levels
    level = np.clip((grey - low) / max(high - low, 1e-6), 0, 1)
    return np.round(245 - 225 * level).astype(np.uint8)


def grey_of(image) -> np.ndarray:
    """Brightness (H, W) float32 of a fluorescence image: the brightest of its colours."""
    grey = np.asarray(image, np.float32)
    return grey.max(axis=2) if grey.ndim == 3 else grey


def light_levels(grey) -> tuple[float, float]:
    """The 0.2 and 99.8 per cent points of brightness."""
    low, high = np.quantile(grey, [0.002, 0.998])
    return float(low), float(high)
