"""Views keep image and labels together; a few steps learn the same twice."""

import numpy as np
import pytest

from apps.organs.seahorse import SHAPE, crop, labels
from corporis.apps.organs.hippocampus_evidence import HippocampusEvidence, network_input
from corporis.apps.organs.hippocampus_training import (
    NEAR,
    WINDOW,
    Crop,
    Schedule,
    Views,
    loss,
    train_evidence,
)
from corporis.errors import BadInput

torch = pytest.importorskip("torch")


def known(n=3):
    return [Crop(crop(k), labels(k)) for k in range(n)]


def test_views_are_reproducible_and_keep_labels_with_the_image():
    (x, y), (again, _) = (Views(known(), 12, seed=1)(0) for _ in range(2))
    assert x.shape == (12, 1, *WINDOW) and y.shape == (12, 3, *WINDOW)
    assert torch.equal(x, again)
    np.testing.assert_allclose(y.sum(1), 1, atol=1e-5)
    darker = [(a[0][b[0] > 0.9].mean() - a[0][b[0] < 0.1].mean()).item() for a, b in zip(x, y)]
    assert np.median(darker) > 0.3
    size = y[:, 1:].sum((1, 2, 3, 4)).numpy()
    assert np.median(size) == pytest.approx(np.count_nonzero(labels(0)), rel=0.3)


def test_the_first_views_show_less():
    views = Views(known(1), 1, 0, n_near=1)
    shapes = [tuple(views(step)[0].shape[2:]) for step in (0, 0, 0)]
    assert shapes == [NEAR, WINDOW, WINDOW]


def test_views_are_never_mirrored():
    _, y = Views(known(1), 12, seed=2)(0)
    places = torch.arange(WINDOW[1], dtype=torch.float32)[None, None, :, None]
    middles = [(y[:, k] * places).sum((1, 2, 3)) / y[:, k].sum((1, 2, 3)) for k in (1, 2)]
    assert torch.all(middles[0] > middles[1] + 5)  # the front stays in front


def test_the_loss_is_small_where_all_is_right():
    label = labels(0)[2:34, 1:49, 1:33]
    y = torch.from_numpy(np.stack([label == k for k in range(3)])[None].astype(np.float32))
    right = 12 * y
    assert loss(right, y) < 0.01 < loss(-right, y)


def test_a_few_steps_are_reproducible_and_survive_the_disk(tmp_path):
    first, second = (train_evidence(known(), seed=3, schedule=Schedule(2, 1)) for _ in range(2))
    assert first == second
    assert first != train_evidence(known(), seed=4, schedule=Schedule(2, 1))
    first.save(tmp_path / "weights")
    again = HippocampusEvidence.load(tmp_path / "weights")
    found = again(crop(0))
    assert again == first and found.shape == (3, *SHAPE)
    np.testing.assert_allclose(np.exp(found).sum(axis=0), 1, atol=1e-5)


def test_evidence_does_not_depend_on_the_scale_of_grey_values():
    evidence = train_evidence(known(), schedule=Schedule(2, 1))
    np.testing.assert_allclose(evidence(crop(0)), evidence(900 * crop(0) - 50), atol=1e-3)


def test_bad_examples_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        train_evidence([])
    with pytest.raises(ValueError, match="expected an image"):
        Crop(np.zeros((4, 4, 4)), np.zeros((4, 4, 5)))
    with pytest.raises(ValueError, match="labels 0, 1 and 2"):
        Crop(np.zeros((4, 4, 4)), np.full((4, 4, 4), 7))
    with pytest.raises(ValueError, match="volume"):
        network_input(np.zeros((4, 4)))
    with pytest.raises(BadInput, match="corporis train organ --organ hippocampus"):
        HippocampusEvidence.load(tmp_path)
