"""Views keep scan and labels together; a few steps learn the same twice."""

from dataclasses import replace

import numpy as np
import pytest

from apps.organs.trunk import SHAPE, hounsfield, labels
from corporis.apps.organs import ct_training
from corporis.apps.organs.ct_training import NEAR, WIDE, Scan, Schedule, Views, loss, train_evidence
from corporis.learning.networks import UNet

torch = pytest.importorskip("torch")


def known(n=2):
    return [Scan(hounsfield(labels(k)), labels(k)) for k in range(n)]


@pytest.fixture
def small(monkeypatch):
    """The same training with a network of few channels and small views."""
    network = UNet(2, 6, (4, 4, 4), gives_probabilities=False, n_dims=3)
    monkeypatch.setattr(ct_training, "WIDE", (32, 32, 48))
    monkeypatch.setattr(ct_training, "NEAR", (24, 24, 24))
    return replace(train_evidence, network=network)


def test_views_are_reproducible_wide_and_coarse_first():
    views, again = (Views(known(), 2, 1, n_coarse=1) for _ in range(2))
    for step, shape in ((0, tuple(n // 2 for n in WIDE)), (1, NEAR)):
        x, y = views(step)
        assert x.shape == (2, 2, *shape) and y.shape == (2, 6, *shape)
        np.testing.assert_allclose(y.sum(1), 1, atol=1e-5)
        assert torch.equal(x, again(step)[0])


def test_views_keep_labels_with_the_scan_and_never_mirror():
    views = Views(known(1), 1, 3, n_coarse=99)
    for step in range(4):
        x, y = views(step)
        lung = y[0, 2:4].sum(0) > 0.9
        body = y[0, 1] > 0.9
        assert x[0, 1][lung].mean() < x[0, 1][body].mean()
        places = torch.arange(x.shape[-1], dtype=torch.float32)
        left, right = ((y[0, k] * places).sum() / y[0, k].sum() for k in (4, 5))
        assert left < right


def test_the_loss_is_small_where_all_is_right():
    label = labels()[:32, :32]
    y = torch.from_numpy(np.stack([label == k for k in range(6)])[None].astype(np.float32))
    assert loss(12 * y, y) < 0.01 < loss(-12 * y, y)


def test_a_few_steps_are_reproducible(small):
    first, second = (small(known(), seed=3, schedule=Schedule(2)) for _ in range(2))
    assert first == second
    assert first != small(known(), seed=4, schedule=Schedule(2))
    assert first(known()[0].hounsfield).shape == (6, *SHAPE)


def test_bad_examples_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        train_evidence([])
    with pytest.raises(ValueError, match="and its labels"):
        Scan(np.zeros((4, 4, 4)), np.zeros((4, 4, 5)))
    with pytest.raises(ValueError, match="labels 0 to 5"):
        Scan(np.zeros((4, 4, 4)), np.full((4, 4, 4), 7))
    with pytest.raises(ValueError, match="a share"):
        Schedule(10, coarse=1.5)
