"""Learned voxel evidence in computed tomography of the trunk: liver, lungs, kidneys."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.learning.networks import Network

ORGANS = ("liver", "left lung", "right lung", "left kidney", "right kidney")
"""In the order of the network's channels, behind the background. Sides are the patient's."""
FILE_NAME = "ct.onnx"
STEP_MM = 4.0
"""Side of a voxel where the network sees it."""
MULTIPLE = 16
"""Of which sides are a multiple there."""
SHIFTS = ((0, 0, 0), (1, 1, 1))
"""Voxels by which the volume is moved on the network's blocks; the answers are averaged."""
SOFT, AIR = (-160.0, 240.0), (-1000.0, 0.0)
"""Hounsfield units of the two windows in which the network sees it."""


@dataclass(frozen=True)
class TrunkEvidence:
    """The network, and how it is asked.

    Parameters
    ----------
    network : Network
        Trained by `corporis.apps.organs.ct_training.train_evidence`.
    """

    network: Network

    @classmethod
    def load(cls, folder) -> "TrunkEvidence":
        """Read ``ct.onnx`` from `folder`.

        Raises
        ------
        BadInput
            If it is not there, damaged or another network.
        """
        remedy = "make it with `corporis train organ --organ ct --data FOLDER -o WEIGHTS`"
        return cls(Network.of_folder(folder, FILE_NAME, remedy, (2, len(ORGANS) + 1)))

    def save(self, folder) -> None:
        """Write ``ct.onnx`` into `folder`, made if missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.network.save(Path(folder) / FILE_NAME)

    def __call__(self, hounsfield) -> np.ndarray:
        """Log probabilities (6, a, b, c) of background and `ORGANS`.

        Parameters
        ----------
        hounsfield : array, (a, b, c)
            Axes run up, forward and to the right in steps of `STEP_MM`.
        """
        seen = network_input(hounsfield)
        shape = seen.shape[1:]
        sides = [-(-(n + 1) // MULTIPLE) * MULTIPLE for n in shape]
        total = np.zeros((len(ORGANS) + 1, *shape), np.float32)
        for shift in SHIFTS:
            pad = [(s, side - n - s) for s, side, n in zip(shift, sides, shape, strict=True)]
            logits = self.network(np.pad(seen, [(0, 0), *pad], mode="edge")[None])[0]
            inner = tuple(slice(s, s + n) for s, n in zip(shift, shape, strict=True))
            total += logits[:, *inner] / len(SHIFTS)
        total -= total.max(axis=0)
        return total - np.log(np.exp(total).sum(axis=0))


def network_input(hounsfield) -> np.ndarray:
    """Hounsfield units (a, b, c) in two windows, (2, a, b, c), each from -1 to 1.

    Raises
    ------
    ValueError
        If there are not three axes.
    """
    volume = np.asarray(hounsfield, np.float32)
    if volume.ndim != 3:
        raise ValueError(f"expected a volume (a, b, c), got {volume.shape}")
    windows = [2 * (np.clip(volume, *w) - w[0]) / (w[1] - w[0]) - 1 for w in (SOFT, AIR)]
    return np.stack(windows).astype(np.float32)
