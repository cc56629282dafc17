"""Training of the pixel evidence from images whose nuclei are labelled one by one, or as a mask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from corporis.apps.nuclei.augmentation import Views
from corporis.apps.nuclei.evidence import NucleusEvidence
from corporis.learning.networks import UNet, import_torch

NETWORK = UNet(n_in=3, n_out=4, widths=(32, 48, 64, 96, 128), gives_probabilities=False)


@dataclass(frozen=True)
class Example:
    """One image to learn from.

    Parameters
    ----------
    image : ndarray, (H, W) or (H, W, 3), uint8
    labels : integer ndarray, (H, W)
        0 background; 1..N nuclei, or anything positive where `has_instances` is false.
    has_instances : bool
        Whether labels tell nuclei apart, or only what is nucleus.
    weight : float
        How often this image is drawn relative to others, > 0.

    Raises
    ------
    ValueError
        If the shapes differ or `weight` <= 0.
    """

    image: np.ndarray
    labels: np.ndarray
    has_instances: bool = True
    weight: float = 1.0

    def __post_init__(self):
        if self.image.shape[:2] != self.labels.shape:
            raise ValueError(
                "image and labels must have the same rows and columns, got "
                f"{self.image.shape} and {self.labels.shape}"
            )
        if not self.weight > 0:
            raise ValueError(f"weight must be > 0, got {self.weight}")


@dataclass(frozen=True)
class Schedule:
    """How long to train.

    Parameters
    ----------
    n_steps : int
        Optimisation steps; about 0.23 s each on one core with bfloat16.
    batch_size : int
        Views of 192 x 192 pixels in each.
    """

    n_steps: int = 4500
    batch_size: int = 8


def train(
    examples: Sequence[Example],
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
    threads: int = 1,
    progress: Callable[[int, float], None] | None = None,
) -> NucleusEvidence:
    """Train on `examples`; the same seed and number of threads give the same weights.

    Raises
    ------
    ValueError
        If `examples` is empty.
    corporis.errors.MissingExtra
        If torch is not installed.
    """
    if not examples:
        raise ValueError("train needs at least one example")
    schedule = schedule or Schedule()
    network = NETWORK.trained(
        Views(examples, schedule.batch_size, seed),
        loss,
        n_steps=schedule.n_steps,
        seed=seed,
        threads=threads,
        progress=progress,
    )
    return NucleusEvidence(network)


def loss(output, y):
    """Cross-entropy and soft Dice of the foreground; absolute errors of depth and offset.

    Offsets count inside nuclei alone, depth everywhere, both where instances are known.
    """
    torch = import_torch()
    inside, known = y[:, 0], y[:, 4]
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(output[:, 0], inside)
    chance = output[:, 0].sigmoid()
    overlap = (2 * (chance * inside).sum() + 1) / (chance.sum() + inside.sum() + 1)
    depth = ((output[:, 1] - y[:, 1]).abs() * known).sum() / known.sum().clamp_min(1)
    where = (inside * known)[:, None]
    length = y[:, 2:4].square().sum(1, keepdim=True).sqrt()  # large nuclei may err by more
    offset = (output[:, 2:] - y[:, 2:4]).abs() * where / (1 + length)
    offset = offset.sum() / where.sum().clamp_min(1)
    return entropy + 0.5 * (1 - overlap) + depth + offset
