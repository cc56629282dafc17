"""Training of the evidence in MR crops whose hippocampus is outlined."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from corporis.apps.organs.hippocampus_evidence import PARTS, HippocampusEvidence, network_input
from corporis.apps.organs.volume_artefacts import VOLUME_ARTEFACTS
from corporis.learning.networks import UNet, import_torch
from corporis.learning.training import CoarseFirst, Training

NETWORK = UNet(1, len(PARTS) + 1, (32, 64, 128), gives_probabilities=False, n_dims=3)
WINDOW = (32, 48, 32)
"""Voxels of 1 mm that a view shows, up, forward and to the right: a hippocampus fits in."""
NEAR = (24, 40, 24)
"""The same in the first steps."""
DISTURBED = 0.3
"""Share of the views with an artefact."""


@dataclass(frozen=True)
class Crop:
    """One crop to learn from; axes run up, forward and to the right in steps of 1 mm.

    Parameters
    ----------
    image : array, (a, b, c)
        Grey values in 0 to 1.
    label : array, (a, b, c)
        0 outside, 1 anterior, 2 posterior.

    Raises
    ------
    ValueError
        If shapes differ or there is another label.
    """

    image: np.ndarray
    label: np.ndarray

    def __post_init__(self):
        if self.image.ndim != 3 or self.image.shape != self.label.shape:
            raise ValueError(
                f"expected an image (a, b, c) and its labels, got {self.image.shape} and "
                f"{self.label.shape}"
            )
        if not np.isin(self.label, range(len(PARTS) + 1)).all():
            raise ValueError(f"expected labels 0, 1 and 2, got {np.unique(self.label).tolist()}")


@dataclass(frozen=True)
class Schedule(CoarseFirst):
    """As long as crops take; the first views are cut close (`NEAR`), twice as many a second."""

    n_steps: int = 5000
    batch_size: int = 2
    coarse: float = 0.6


def loss(output, y):
    """Cross-entropy and the soft Dice of each part and of both together."""
    torch = import_torch()
    entropy = -(y * output.log_softmax(1)).sum(1).mean()
    parts, true = output.softmax(1)[:, 1:], y[:, 1:]
    chance = torch.cat([parts, parts.sum(1, keepdim=True)], 1)
    inside = torch.cat([true, true.sum(1, keepdim=True)], 1)
    both = (chance * inside).sum((0, 2, 3, 4))
    overlap = (2 * both + 1) / (chance.sum((0, 2, 3, 4)) + inside.sum((0, 2, 3, 4)) + 1)
    return entropy + 0.5 * (1 - overlap).mean()


class Views:
    """Random batches: moved, turned, bent, in other contrast, and some with an artefact.

    Never mirrored: all crops show one side of the head. The first `n_near` batches show less.
    """

    def __init__(self, known, size, seed, n_near=0):
        torch = import_torch()
        self.size, self.n_near = size, n_near
        self.random = np.random.default_rng([seed, *WINDOW])
        self.kinds = list(VOLUME_ARTEFACTS.values())
        self.known = [
            torch.from_numpy(np.stack([c.image, c.label == 1, c.label == 2]).astype(np.float32))
            for c in known
        ]
        self.places = {window: _centred(window) for window in (WINDOW, NEAR)}

    def __call__(self, step):
        """Input (n, 1, *window) and shares (n, 3, *window)."""
        torch = import_torch()
        window = NEAR if self.n_near > 0 else WINDOW
        self.n_near -= 1
        chosen = self.random.integers(len(self.known), size=self.size)
        views = [self._view(self.known[number], window) for number in chosen]
        return torch.stack([x for x, _ in views]), torch.stack([y for _, y in views])

    def _view(self, planes, window):
        torch, random = import_torch(), self.random
        moved = torch.nn.functional.grid_sample(
            planes[None], self._grid(planes.shape[1:], window), "bilinear", "border", False
        )[0]
        image = self._contrast(moved[0].numpy())
        if random.random() < DISTURBED:
            image = self.kinds[random.integers(len(self.kinds))].drawn(image, random)
        seen = network_input(image)
        seen = seen * np.float32(random.normal(1, 0.1)) + np.float32(random.normal(0, 0.1))
        parts = moved[1:]
        shares = torch.cat([1 - parts.sum(0, keepdim=True), parts]).clamp(0, 1)
        return torch.from_numpy(seen)[None], shares

    def _contrast(self, image):
        random = self.random
        image = np.clip(image, 0, 1) ** np.exp(random.normal(0, 0.25))
        return image + random.uniform(0, 0.03) * random.standard_normal(image.shape, np.float32)

    def _grid(self, shape, window):
        """Where each voxel of the view comes from, (1, *window, 3), last axis first, -1 to 1."""
        torch, random = import_torch(), self.random
        turn = Rotation.from_rotvec(random.normal(0, 0.12, 3)).as_matrix()
        matrix = turn * np.exp(random.normal(0, 0.08) + random.normal(0, 0.05, 3))
        places = self.places[window] @ matrix.T.astype(np.float32)
        places += random.uniform(-4, 4, 3).astype(np.float32)
        knots = torch.from_numpy(random.normal(0, 1.2, (1, 3, 4, 6, 4)).astype(np.float32))
        bend = torch.nn.functional.interpolate(knots, window, mode="trilinear", align_corners=True)
        places = torch.from_numpy(places) + bend[0].permute(1, 2, 3, 0)
        sides = torch.tensor(list(shape), dtype=torch.float32)
        return (2 * places / sides).flip(-1)[None]


def _centred(window):
    """Places of voxels about the middle, (*window, 3)."""
    middles = [(np.arange(n) - (n - 1) / 2).astype(np.float32) for n in window]
    return np.stack(np.meshgrid(*middles, indexing="ij"), axis=-1)


train_evidence: Training[Crop, HippocampusEvidence] = Training(
    NETWORK, Views, loss, Schedule(), HippocampusEvidence, memory=0.995
)
"""On crops, three of ten views with an artefact."""
