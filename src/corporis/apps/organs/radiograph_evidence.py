"""Learned pixel evidence in chest radiographs: lungs, heart and clavicles, which may overlap."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.learning.networks import Network

SIDE = 256
"""Rows and columns of the square image that the network sees."""
FILE_NAME = "radiograph.onnx"
CHANNELS = (1, 5)
"""Grey values go in, a channel for each organ comes out."""
SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The image is shown so moved, in pixels: where the network's cells begin is chance."""


@dataclass(frozen=True)
class RadiographEvidence:
    """The network, and how it is asked.

    Parameters
    ----------
    network : Network
        Trained by `corporis.apps.organs.radiograph_training.train_evidence`.
    """

    network: Network

    @classmethod
    def load(cls, folder) -> "RadiographEvidence":
        """Read ``radiograph.onnx`` from `folder`.

        Raises
        ------
        BadInput
            If it is not there, damaged or another network.
        """
        remedy = "make it with `corporis train organ --organ chest --data FOLDER -o WEIGHTS`"
        return cls(Network.of_folder(folder, FILE_NAME, remedy, CHANNELS))

    def save(self, folder) -> None:
        """Write ``radiograph.onnx`` into `folder`, made if missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.network.save(Path(folder) / FILE_NAME)

    def __call__(self, image) -> np.ndarray:
        """Logits (5, 256, 256) of `ORGANS`, from grey values (256, 256) of any scale."""
        seen = network_input(image)
        found = [
            np.roll(self.network(np.roll(seen, shift, (0, 1))[None, None])[0], back, (1, 2))
            for shift, back in ((shift, (-shift[0], -shift[1])) for shift in SHIFTS)
        ]
        return np.mean(found, axis=0)


def network_input(image) -> np.ndarray:
    """Grey values (256, 256) brought to about -1 to 1 by their 2 and 98 per cent points.

    Raises
    ------
    ValueError
        If the image is not 256 x 256.
    """
    image = np.asarray(image, np.float32)
    if image.shape != (SIDE, SIDE):
        raise ValueError(f"expected {SIDE} x {SIDE} pixels, got {image.shape}")
    low, high = np.quantile(image[::2, ::2], [0.02, 0.98])
    return np.clip(2 * (image - low) / max(high - low, 1e-6) - 1, -2, 2).astype(np.float32)
