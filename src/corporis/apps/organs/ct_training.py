"""Training of the evidence in computed tomography whose organs are labelled."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from corporis.apps.organs.ct_artefacts import CT_ARTEFACTS
from corporis.apps.organs.ct_evidence import ORGANS, TrunkEvidence, network_input
from corporis.learning.networks import UNet, import_torch
from corporis.learning.training import CoarseFirst, Training

NETWORK = UNet(2, len(ORGANS) + 1, (24, 48, 80, 112), gives_probabilities=False, n_dims=3)
WIDE, NEAR = (64, 64, 96), (48, 48, 64)
"""Voxels that a view shows in the first steps, in which every second one is seen, and after."""
DISTURBED = 0.3
"""Share of the views with an artefact."""
ABOUT = 0.7
"""Share of the views whose middle lies in an organ, each organ as often: kidneys are small."""
OUTSIDE = -1000.0


@dataclass(frozen=True, eq=False)
class Scan:
    """One volume to learn from; axes run up, forward and to the right.

    Parameters
    ----------
    hounsfield : array, (a, b, c)
        In steps of `corporis.apps.organs.ct_evidence.STEP_MM`.
    label : array, (a, b, c)
        0 outside, 1 to 5 for `ORGANS`.

    Raises
    ------
    ValueError
        If shapes differ or there is another label.
    """

    hounsfield: np.ndarray
    label: np.ndarray

    def __post_init__(self):
        if self.hounsfield.ndim != 3 or self.hounsfield.shape != self.label.shape:
            raise ValueError(
                f"expected a volume (a, b, c) and its labels, got {self.hounsfield.shape} and "
                f"{self.label.shape}"
            )
        if self.label.max() > len(ORGANS):
            raise ValueError(f"expected labels 0 to {len(ORGANS)}, got {self.label.max()}")


@dataclass(frozen=True)
class Schedule(CoarseFirst):
    """As long as scans take; the first views show more (`WIDE`) at half the resolution."""

    n_steps: int = 4400
    batch_size: int = 1
    coarse: float = 0.7


def loss(output, y):
    """Cross-entropy, and the soft Dice of each organ."""
    entropy = -(y * output.log_softmax(1)).sum(1).mean()
    chance, true = output.softmax(1)[:, 1:], y[:, 1:]
    both = (chance * true).sum((0, 2, 3, 4))
    overlap = (2 * both + 10) / (chance.sum((0, 2, 3, 4)) + true.sum((0, 2, 3, 4)) + 10)
    return entropy + 0.5 * (1 - overlap).mean()


class Views:
    """Random batches: cut out, turned and sized a little, and some with an artefact.

    Never mirrored: the liver tells right from left. The first `n_coarse` batches show more, at
    half the resolution.
    """

    def __init__(self, known, size, seed, n_coarse=0):
        self.known, self.size, self.n_coarse = known, size, n_coarse
        self.halved = [_halved(scan) for scan in known] if n_coarse else []
        self.random = np.random.default_rng([seed, *WIDE])
        self.kinds = list(CT_ARTEFACTS.values())

    def __call__(self, step):
        """Input (n, 2, a, b, c) and shares (n, 6, a, b, c)."""
        torch = import_torch()
        views = [self._view(step < self.n_coarse) for _ in range(self.size)]
        return torch.stack([x for x, _ in views]), torch.stack([y for _, y in views])

    def _view(self, is_coarse):
        torch = import_torch()
        number = self.random.integers(len(self.known))
        if is_coarse:
            a, b, c = WIDE
            volume, label = self._cut(self.halved[number], (a // 2, b // 2, c // 2))
        else:
            volume, label = self._cut(self.known[number], NEAR)
        volume = volume * self.random.normal(1, 0.03) + self.random.normal(0, 8)
        if self.random.random() < DISTURBED:
            volume = self.kinds[self.random.integers(len(self.kinds))].drawn(volume, self.random)
        x = torch.from_numpy(network_input(volume))
        y = torch.nn.functional.one_hot(label, len(ORGANS) + 1).permute(3, 0, 1, 2).float()
        return x, y

    def _cut(self, scan, window):
        """A turned and sized part of a scan: Hounsfield units (a, b, c) and labels, a tensor."""
        torch, random = import_torch(), self.random
        turn = Rotation.from_rotvec(random.normal(0, 0.06, 3)).as_matrix()
        size = np.exp(random.normal(0, 0.06) + random.normal(0, 0.03, 3))
        sides = np.array(scan.label.shape, float)
        middle = self._middle(scan, np.maximum(sides - window, 0) / 2)
        # torch counts the last axis first, from -1 to 1
        matrix = (turn * size) * np.array(window) / sides[:, None]
        theta = np.column_stack([matrix, 2 * middle / sides])[::-1].copy()
        theta[:, :3] = theta[:, 2::-1]
        theta = torch.from_numpy(theta.astype(np.float32))[None]
        grid = torch.nn.functional.affine_grid(theta, [1, 1, *window], False)
        grey = torch.from_numpy(scan.hounsfield.astype(np.float32) - OUTSIDE)[None, None]
        volume = torch.nn.functional.grid_sample(grey, grid, "bilinear", "zeros", False)[0, 0]
        marks = torch.from_numpy(scan.label.astype(np.float32))[None, None]
        label = torch.nn.functional.grid_sample(marks, grid, "nearest", "zeros", False)[0, 0]
        return volume.numpy() + OUTSIDE, label.long()

    def _middle(self, scan, spare):
        """Middle of a view, voxels from the scan's, at most `spare` away."""
        random = self.random
        if random.random() < ABOUT:
            organs = np.unique(scan.label[::2, ::2, ::2])
            organs = organs[organs > 0]
            if len(organs):
                places = np.argwhere(scan.label == random.choice(organs))
                place = places[random.integers(len(places))]
                return np.clip(place - np.array(scan.label.shape) / 2, -spare, spare)
        return random.uniform(-1, 1, 3) * spare


def _halved(scan):
    """A scan at half the resolution."""
    a, b, c = (side // 2 for side in scan.label.shape)
    blocks = scan.hounsfield[: 2 * a, : 2 * b, : 2 * c].reshape(a, 2, b, 2, c, 2)
    mean = blocks.astype(np.float32).mean(axis=(1, 3, 5))
    return Scan(mean, np.ascontiguousarray(scan.label[: 2 * a : 2, : 2 * b : 2, : 2 * c : 2]))


train_evidence: Training[Scan, TrunkEvidence] = Training(
    NETWORK, Views, loss, Schedule(), TrunkEvidence, memory=0.99
)
"""On scans, three of ten views with an artefact."""
