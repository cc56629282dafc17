"""Training of the pixel evidence from hearts that are labelled wholly or in part.

A label is the *set* of classes that a pixel may be, one bit a class, so that an outline of the
cavity alone, a complete segmentation and an unlabelled frame train the same network side by side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from corporis.apps.heart_shape.augmentation import Heart, WholeImages, Windows
from corporis.apps.heart_shape.evidence import Border, PixelEvidence
from corporis.apps.heart_shape.location import WIDE_RADIUS
from corporis.apps.heart_shape.outer_wall import ANYTHING, wall_labels
from corporis.apps.heart_shape.right_cavity import add_right_cavity
from corporis.learning.networks import Network, UNet, import_torch

LOCATOR = UNet(n_in=3, n_out=2, widths=(16, 24, 40, 56, 56))
SEGMENTER = UNet(n_in=5, n_out=4, widths=(24, 48, 80, 112))


@dataclass(frozen=True)
class Example:
    """One heart to learn from.

    Parameters
    ----------
    images : ndarray, shape (S, T, H, W)
        Short-axis stack, any real type and intensity scale.
    labels : ndarray, shape (S, T, H, W), uint8
        Sets of classes: bit ``k`` is set if the pixel may be class ``k`` (0 background, 1 left
        cavity with papillary muscles, 2 left muscle, 3 right cavity). 1, 2, 4, 8 are certain
        classes, 13 is "anything but the left cavity", 15 says nothing; a frame of 15 only is
        seen as neighbour and in the extremes over time but never asked about.
    weight : float
        How often this heart is drawn relative to others, > 0.
    border : Border
        Where the cavity's border lies in `labels`.

    Raises
    ------
    ValueError
        If the shapes differ, no frame is labelled, a label is not in 1..15 or `weight` <= 0.
    """

    images: np.ndarray
    labels: np.ndarray
    weight: float = 1.0
    border: Border = Border.BLOOD

    def __post_init__(self):
        if self.images.ndim != 4 or self.images.shape != self.labels.shape:
            raise ValueError(
                "images and labels must both be (slices, frames, rows, columns), got "
                f"{self.images.shape} and {self.labels.shape}"
            )
        if self.labels.min() < 1 or self.labels.max() > ANYTHING:
            raise ValueError("labels must be sets of classes, 1 to 15")
        if (self.labels == ANYTHING).all():
            raise ValueError("an example needs at least one labelled frame")
        if not self.weight > 0:
            raise ValueError(f"weight must be > 0, got {self.weight}")

    @classmethod
    def from_classes(cls, images, classes, weight=1.0) -> "Example":
        """From complete class maps (S, T, H, W) of 0..3; negative means unlabelled."""
        classes = np.asarray(classes)
        labels = np.where(classes < 0, ANYTHING, 1 << np.maximum(classes, 0)).astype(np.uint8)
        return cls(np.asarray(images), labels, weight)

    @classmethod
    def from_cavity(cls, images, cavity, labelled=None, weight=1.0) -> "Example":
        """From outlines of the left cavity alone; muscle and right cavity are guessed.

        Parameters
        ----------
        images, cavity : array_like, shape (S, T, H, W)
            Stack and masks.
        labelled : array_like, shape (S, T), optional
            False where an image has no outline; by default all have.
        weight : float
            See `Example`.
        """
        images, cavity = np.asarray(images), np.asarray(cavity, bool)
        known = np.ones(cavity.shape[:2], bool) if labelled is None else np.asarray(labelled, bool)
        labels = add_right_cavity(images, wall_labels(images, cavity, known))
        return cls(images, labels, weight, Border.EXPERT)


@dataclass(frozen=True)
class Schedule:
    """How long to train.

    Parameters
    ----------
    locator_steps, segmenter_steps : int
        Optimisation steps of `batch_size` images each. On one core with AVX2 alone a step takes
        about 0.10 s and 0.20 s, with bfloat16 half of that.
    batch_size : int
        Images per step.
    coarse : float
        Share of the segmenter's steps, the first ones, whose images have half the side and are
        twice as many: they take about two thirds of the time. 0 to 1.

    Raises
    ------
    ValueError
        If `coarse` is not a share.
    """

    locator_steps: int = 1000
    segmenter_steps: int = 6000
    batch_size: int = 8
    coarse: float = 0.6

    def __post_init__(self):
        if not 0 <= self.coarse <= 1:
            raise ValueError(f"coarse must be a share, 0 to 1, got {self.coarse}")

    @property
    def coarse_steps(self) -> int:
        """The segmenter's steps with images of half the side."""
        return round(self.coarse * self.segmenter_steps)


Watch = Callable[[str, int, float], None]


def train(
    examples: Sequence[Example],
    *,
    border: Border = Border.EXPERT,
    locator: Network | None = None,
    seed: int = 0,
    schedule: Schedule | None = None,
    threads: int = 1,
    progress: Watch | None = None,
) -> PixelEvidence:
    """Train locator and segmenter on `examples`; the same seed and threads give the same weights.

    Parameters
    ----------
    examples : sequence of Example
        Hearts; at least one.
    border : Border
        What the segmenter shall draw; examples with the other border teach all else.
    locator : Network, optional
        Taken instead of training one.
    seed : int
        Seed of weights, order and augmentation.
    schedule : Schedule, optional
        Number of steps.
    threads : int
        Threads of torch; set for the process, as torch allows no other way.
    progress : callable, optional
        Called as ``progress(stage, step, loss)`` after each step.

    Returns
    -------
    PixelEvidence

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
    learn = partial(_learn, seed=seed, threads=threads, progress=progress)
    hearts = [Heart(example) for example in examples]
    if locator is None:
        places = WholeImages(hearts, schedule.batch_size, seed)
        locator = learn(LOCATOR, places, schedule.locator_steps, "locator")
    windows = Windows(hearts, schedule.batch_size, seed, border, n_coarse=schedule.coarse_steps)
    segmenter = learn(SEGMENTER, windows, schedule.segmenter_steps, "segmenter")
    return PixelEvidence(locator, segmenter, border=border)


def train_locator(
    examples: Sequence[Example], *, seed: int = 0, schedule: Schedule | None = None
) -> Network:
    """Train the locator alone on one thread, as `train` does."""
    schedule = schedule or Schedule()
    places = WholeImages([Heart(e) for e in examples], schedule.batch_size, seed)
    return _learn(LOCATOR, places, schedule.locator_steps, "locator", seed=seed)


def train_right(
    examples: Sequence[Example], *, seed: int = 0, schedule: Schedule | None = None
) -> Network:
    """Train the segmenter of the right cavity on one thread, in wider windows than `train` does."""
    schedule = schedule or Schedule()
    hearts = [Heart(e) for e in examples]
    windows = Windows(
        hearts, schedule.batch_size, seed, Border.BLOOD, WIDE_RADIUS, schedule.coarse_steps
    )
    return _learn(SEGMENTER, windows, schedule.segmenter_steps, "right", seed=seed)


def _learn(
    network: UNet, batches, n_steps: int, stage: str, *, seed: int, threads: int = 1, progress=None
) -> Network:
    return network.trained(
        batches,
        _loss,
        n_steps=n_steps,
        seed=seed,
        threads=threads,
        learning_rate=4e-3,
        progress=None if progress is None else partial(progress, stage),
    )


def _loss(logits, labels):
    """Cross-entropy of the allowed classes, every pixel alike.

    It finds the border where both sides are equally likely, so that areas are right in the mean.
    Soft Dice, or a weight by size, would draw doubtful small cavities too large and in exchange
    large ones too small.
    """
    torch = import_torch()
    bits = torch.arange(logits.shape[1], dtype=torch.uint8, device=logits.device)
    bits = bits[None, :, None, None]
    allowed = (labels[:, None].bitwise_right_shift(bits)).bitwise_and(1).to(logits.dtype)
    return -(logits.softmax(1) * allowed).sum(1).clamp_min(1e-6).log().mean()
