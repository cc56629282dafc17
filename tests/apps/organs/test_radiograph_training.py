"""Views keep image and organs together; a few steps learn the same twice."""

import numpy as np
import pytest

from apps.organs.chest import masks, radiograph
from corporis.apps.organs.radiograph_evidence import RadiographEvidence
from corporis.apps.organs.radiograph_training import (
    Radiograph,
    Schedule,
    Views,
    loss,
    train_evidence,
)

torch = pytest.importorskip("torch")


def known(n=3):
    return [Radiograph(radiograph(k), masks(k).astype(np.float32)) for k in range(n)]


def test_views_are_reproducible_and_keep_organs_with_the_image():
    (x, y), (again, _) = (Views(known(), 12, seed=1)(0) for _ in range(2))
    assert x.shape == (12, 1, 256, 256) and y.shape == (12, 5, 256, 256)
    assert torch.equal(x, again) and 0 <= y.min() and y.max() <= 1
    darker = [(a[0][b[2] > 0.5].mean() - a[0][b[0] > 0.5].mean()).item() for a, b in zip(x, y)]
    assert np.median(darker) > 0.3  # the heart is brighter than the lungs, artefacts apart


def test_first_steps_show_half_the_side():
    views = Views(known(), 2, 0, n_coarse=3)
    sides = [tuple(part.shape[-1] for part in views(step)) for step in (0, 2, 3, 50)]
    assert sides == [(128, 128), (128, 128), (256, 256), (256, 256)]
    whole = Views(known(), 3, 0)(0)[1]
    half = Views(known(), 2, 0, n_coarse=3)(0)[1]
    assert torch.allclose(half.mean((2, 3)), whole.mean((2, 3)), atol=1e-6)


def test_the_loss_is_small_where_all_is_right():
    y = torch.from_numpy(masks(0)[None].astype(np.float32))
    right = 10 * (2 * y - 1)
    assert loss(right, y) < 0.01 < loss(-right, y)


def test_a_few_steps_are_reproducible_and_survive_the_disk(tmp_path):
    first, second = (train_evidence(known(), seed=3, schedule=Schedule(2, 1)) for _ in range(2))
    assert first == second
    assert first != train_evidence(known(), seed=4, schedule=Schedule(2, 1))
    first.save(tmp_path / "weights")
    again = RadiographEvidence.load(tmp_path / "weights")
    assert again == first and again(radiograph(0)).shape == (5, 256, 256)


def test_bad_examples_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        train_evidence([])
    with pytest.raises(ValueError, match="coarse must be a share"):
        Schedule(coarse=1.5)
    with pytest.raises(ValueError, match="expected an image"):
        Radiograph(np.zeros((4, 4)), np.zeros((5, 4, 4)))
