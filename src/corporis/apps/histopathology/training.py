"""Training of the gland evidence from regions whose glands are drawn and diagnosis known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from corporis.apps.histopathology.augmentation import Views
from corporis.apps.histopathology.evidence import GlandEvidence
from corporis.learning.networks import UNet, import_torch

NETWORK = UNet(n_in=3, n_out=3, widths=(32, 48, 64, 96, 128), gives_probabilities=False)
SMOOTHING = 0.05
"""A diagnosis is of the region: some of its glands may be of the other kind."""


@dataclass(frozen=True)
class Example:
    """One region to learn from.

    Parameters
    ----------
    image : ndarray, (H, W, 3), uint8
        At `evidence.UM_PER_PX`.
    labels : integer ndarray, (H, W)
        0 ground; 1..N glands.
    is_malignant : bool or None
        Diagnosis; None where it is unknown.
    weight : float
        How often this image is drawn relative to others, > 0.

    Raises
    ------
    ValueError
        If the shapes differ or `weight` <= 0.
    """

    image: np.ndarray
    labels: np.ndarray
    is_malignant: bool | None = None
    weight: float = 1.0

    def __post_init__(self):
        if self.image.shape[:2] != self.labels.shape or self.image.shape[2:] != (3,):
            raise ValueError(
                "expected an image (H, W, 3) and labels (H, W), got "
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
        Optimisation steps; about 0.2 s each on one core with bfloat16.
    batch_size : int
        Views of 160 x 160 pixels in each.
    """

    n_steps: int = 1800
    batch_size: int = 8


def train(
    examples: Sequence[Example],
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
    threads: int = 1,
    progress: Callable[[int, float], None] | None = None,
) -> GlandEvidence:
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
    return GlandEvidence(network)


def loss(output, y):
    """Cross-entropy and soft Dice of glands, cross-entropy of borders and of the diagnosis.

    The diagnosis counts inside glands alone, where it is known.
    """
    torch = import_torch()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    inside, border, verdict, known = y.unbind(1)
    chance = output[:, 0].sigmoid()
    overlap = (2 * (chance * inside).sum() + 1) / (chance.sum() + inside.sum() + 1)
    drawn = entropy(output[:, 0], inside) + 0.5 * (1 - overlap) + entropy(output[:, 1], border)
    wanted = SMOOTHING + (1 - 2 * SMOOTHING) * verdict
    judged = entropy(output[:, 2], wanted, reduction="none") * known
    return drawn + 0.5 * judged.sum() / known.sum().clamp_min(1)


def balanced_weights(diagnoses: Sequence, patients: Sequence) -> np.ndarray:
    """How often to draw each image, so that every diagnosis counts the same, mean 1, (n,).

    Within a diagnosis a patient counts by the square root of his number of images: between all
    patients alike, where one with a single image would be learned by heart, and all images alike.

    Examples
    --------
    >>> balanced_weights(["a", "a", "a", "a", "b"], [1, 1, 1, 1, 2]).round(3).tolist()
    [0.625, 0.625, 0.625, 0.625, 2.5]
    """
    groups = list(zip(diagnoses, patients))
    weights = np.array([groups.count(group) ** -0.5 for group in groups])
    for diagnosis in set(diagnoses):
        mine = np.array([d == diagnosis for d in diagnoses])
        weights[mine] /= weights[mine].sum()
    return weights * len(weights) / weights.sum()
