"""Training of the evidence in radiographs from images whose organs are outlined."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.organs.artefacts import ARTEFACTS
from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.radiograph_evidence import SIDE, RadiographEvidence, network_input
from corporis.learning.networks import UNet, import_torch
from corporis.learning.training import CoarseFirst, Training

OVERLAP = 0.6
"""Weight of the overlaps in the loss, beside the cross-entropy of pixels."""
NETWORK = UNet(1, len(ORGANS), (32, 48, 64, 96, 128), fold=2, gives_probabilities=False)


@dataclass(frozen=True)
class Radiograph:
    """One radiograph to learn from.

    Parameters
    ----------
    image : array, (256, 256)
        Grey values in 0 to 1, white where little passes.
    inside : array, (5, 256, 256)
        Share of each pixel that lies inside of `ORGANS`, 0 to 1.

    Raises
    ------
    ValueError
        If the shapes are others.
    """

    image: np.ndarray
    inside: np.ndarray

    def __post_init__(self):
        if self.image.shape != (SIDE, SIDE) or self.inside.shape != (len(ORGANS), SIDE, SIDE):
            raise ValueError(
                f"expected an image {(SIDE, SIDE)} and shares {(len(ORGANS), SIDE, SIDE)}, got "
                f"{self.image.shape} and {self.inside.shape}"
            )


@dataclass(frozen=True)
class Schedule(CoarseFirst):
    """As long as radiographs take; the first ones have half the side, half as many again a batch.

    Those cost a third.
    """

    n_steps: int = 5500
    batch_size: int = 4
    coarse: float = 0.65


def loss(output, y):
    """Cross-entropy, weighted towards small organs by a soft Dice term of each."""
    torch = import_torch()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(output, y)
    chance = output.sigmoid()
    both = (chance * y).sum((0, 2, 3))
    overlap = (2 * both + 1) / (chance.sum((0, 2, 3)) + y.sum((0, 2, 3)) + 1)
    return entropy + OVERLAP * (1 - overlap).mean()


class Views:
    """Random batches: moved, bent, in other contrast, and two of five with an artefact.

    Never mirrored: the heart tells left from right.

    Parameters
    ----------
    known : sequence of Radiograph
    size : int
        Of a batch.
    seed : int
    n_coarse : int
        Steps below it are shown half as many again at half the side.
    """

    def __init__(self, known, size, seed, n_coarse=0):
        self.known, self.size, self.n_coarse = known, size, n_coarse
        self.random = np.random.default_rng([seed, SIDE])
        self.kinds = list(ARTEFACTS.values())

    def __call__(self, step):
        """Input (n, 1, 256, 256) and shares (n, 5, 256, 256), or half that side."""
        torch = import_torch()
        is_coarse = step < self.n_coarse
        size = self.size + self.size // 2 if is_coarse else self.size
        chosen = self.random.integers(len(self.known), size=size)
        views = [self._view(self.known[number]) for number in chosen]
        x, y = (torch.stack(part) for part in zip(*views))
        if is_coarse:
            x, y = (torch.nn.functional.avg_pool2d(part, 2) for part in (x, y))
        return x, y

    def _view(self, one):
        torch, random = import_torch(), self.random
        planes = np.concatenate([one.image[None], one.inside]).astype(np.float32)
        grid = self._grid()
        moved = torch.nn.functional.grid_sample(
            torch.from_numpy(planes)[None], grid, "bilinear", "zeros", False
        )[0]
        image = self._contrast(moved[0].numpy())
        if random.random() < 0.4:
            image = self.kinds[random.integers(len(self.kinds))].drawn(image, random)
            if random.random() < 0.2:
                image = self.kinds[random.integers(len(self.kinds))].drawn(image, random)
        return torch.from_numpy(network_input(image))[None], moved[1:].clamp(0, 1)

    def _contrast(self, image):
        random = self.random
        image = np.clip(image, 0, 1) ** np.exp(random.normal(0, 0.25))
        return image + random.uniform(0, 0.02) * random.standard_normal(image.shape, np.float32)

    def _grid(self):
        """Where each pixel of the view comes from, (1, 256, 256, 2), x and y from -1 to 1."""
        torch, random = import_torch(), self.random
        turn, size = random.normal(0, 0.08), np.exp(random.normal(0, 0.10))
        stretch = np.exp(random.normal(0, 0.04, 2))
        c, s = np.cos(turn), np.sin(turn)
        matrix = size * np.array([[c, -s], [s, c]]) * stretch
        theta = np.column_stack([matrix, random.normal(0, 0.06, 2)]).astype(np.float32)[None]
        shape = [1, 1, SIDE, SIDE]
        grid = torch.nn.functional.affine_grid(torch.from_numpy(theta), shape, False)
        knots = torch.from_numpy(random.normal(0, 0.02, (1, 2, 6, 6)).astype(np.float32))
        bend = torch.nn.functional.interpolate(knots, size=(SIDE // 4,) * 2, mode="bicubic")
        bend = torch.nn.functional.interpolate(bend, size=(SIDE, SIDE), mode="bilinear")
        return grid + bend.permute(0, 2, 3, 1)


train_evidence: Training[Radiograph, RadiographEvidence] = Training(
    NETWORK, Views, loss, Schedule(), RadiographEvidence, memory=0.99
)
"""On radiographs, two of five views with an artefact."""
