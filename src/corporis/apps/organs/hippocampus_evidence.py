"""Learned voxel evidence in MR crops round a hippocampus: its anterior and posterior part."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.learning.networks import Network

PARTS = ("anterior", "posterior")
"""In the order of the network's channels, behind the background."""
FILE_NAME = "hippocampus.onnx"
MULTIPLE = 8
"""Of which sides are a multiple where the network sees them."""
SHIFTS = ((0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1))
"""Voxels by which the crop is moved on the network's blocks; the answers are averaged."""


@dataclass(frozen=True)
class HippocampusEvidence:
    """The network, and how it is asked.

    Parameters
    ----------
    network : Network
        Trained by `corporis.apps.organs.hippocampus_training.train_evidence`.
    """

    network: Network

    @classmethod
    def load(cls, folder) -> "HippocampusEvidence":
        """Read ``hippocampus.onnx`` from `folder`.

        Raises
        ------
        BadInput
            If it is not there, damaged or another network.
        """
        remedy = "make it with `corporis train organ --organ hippocampus --data FOLDER -o WEIGHTS`"
        return cls(Network.of_folder(folder, FILE_NAME, remedy, (1, len(PARTS) + 1)))

    def save(self, folder) -> None:
        """Write ``hippocampus.onnx`` into `folder`, made if missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.network.save(Path(folder) / FILE_NAME)

    def __call__(self, volume) -> np.ndarray:
        """Log probabilities (3, a, b, c) of background and `PARTS`, from grey values (a, b, c).

        The volume's axes run up, forward and to the right in steps of 1 mm; its grey values may
        have any scale.
        """
        seen = network_input(volume)
        sides = [-(-(n + 1) // MULTIPLE) * MULTIPLE for n in seen.shape]
        views = np.stack(
            [
                np.pad(
                    seen,
                    [(s, side - n - s) for s, side, n in zip(shift, sides, seen.shape)],
                    mode="edge",
                )
                for shift in SHIFTS
            ]
        )
        logits = self.network(views[:, None])
        total = np.zeros((len(PARTS) + 1, *seen.shape), np.float32)
        for found, shift in zip(logits, SHIFTS, strict=True):
            inner = tuple(slice(s, s + n) for s, n in zip(shift, seen.shape))
            total += found[:, *inner]
        total /= len(SHIFTS)
        total -= total.max(axis=0)
        return total - np.log(np.exp(total).sum(axis=0))


def network_input(volume) -> np.ndarray:
    """Grey values (a, b, c) brought to about -1 to 1 by their 2 and 98 per cent points.

    Raises
    ------
    ValueError
        If there are not three axes.
    """
    volume = np.asarray(volume, np.float32)
    if volume.ndim != 3:
        raise ValueError(f"expected a volume (a, b, c), got {volume.shape}")
    low, high = np.quantile(volume[::2, ::2, ::2], [0.02, 0.98])
    return np.clip(2 * (volume - low) / max(high - low, 1e-6) - 1, -2, 2).astype(np.float32)
