"""A network is trained on the views that a schedule asks for, the same way for one seed."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from corporis.learning import CoarseFirst, Training, UNet

torch = pytest.importorskip("torch")

NETWORK = UNet(1, 1, (4, 4), fold=1, gives_probabilities=False)


ASKED: list[list[tuple[int, int]]] = []


class Doubled:
    """Images whose answer is their double; half the side in coarse steps."""

    def __init__(self, known, size, seed, n_coarse):
        self.known, self.size, self.n_coarse = known, size, n_coarse
        self.random, self.asked = np.random.default_rng(seed), []
        ASKED.append(self.asked)

    def __call__(self, step):
        side = 8 if step < self.n_coarse else 16
        chosen = self.random.integers(len(self.known), size=self.size)
        x = torch.from_numpy(np.stack([self.known[k][None, :side, :side] for k in chosen]))
        self.asked.append((len(x), side))
        return x, 2 * x


@dataclass(frozen=True)
class Short(CoarseFirst):
    """Short by default."""

    n_steps: int = 5
    batch_size: int = 3
    coarse: float = 0.4


def error(output, y):
    return (output - y).square().mean()


LONGER = Short(150)
TRAINING = Training(NETWORK, Doubled, error, Short(), lambda network: network, memory=0.5)
KNOWN = list(np.random.default_rng(0).random((4, 16, 16), np.float32))


def test_views_are_as_many_and_as_coarse_as_the_schedule_says():
    ASKED.clear()
    TRAINING(KNOWN)
    TRAINING(KNOWN, schedule=CoarseFirst(3))
    first, second = ASKED
    assert first[:5] == [(3, 8)] * 2 + [(3, 16)] * 3
    assert set(second) == {(1, 16)}
    assert set(first[5:]) == {(3, 16)}  # statistics are measured on what will be met


def test_one_seed_gives_one_network_and_steps_lower_the_loss():
    losses = []
    first = TRAINING(KNOWN, seed=3, schedule=LONGER, progress=lambda _, loss: losses.append(loss))
    assert len(losses) == 150 and losses[-1] < 0.2 * losses[0]
    assert first == TRAINING(KNOWN, seed=3, schedule=LONGER)
    assert first != TRAINING(KNOWN, seed=4, schedule=LONGER)
    assert first != replace(TRAINING, memory=0.9)(KNOWN, seed=3, schedule=LONGER)
    x = KNOWN[0][None, None]
    assert np.abs(first(x) - 2 * x).mean() < 0.5


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match="at least one example"):
        TRAINING([])
    with pytest.raises(ValueError, match="coarse must be a share"):
        Short(coarse=-0.1)
    with pytest.raises(ValueError, match="batch_size must be >= 1"):
        CoarseFirst(10, 0)
