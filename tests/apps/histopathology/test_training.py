"""Training finds painted glands and tells their two kinds apart in a stain never seen."""

import numpy as np
import pytest

from apps.histopathology.stained import region
from corporis.apps.histopathology.glands import GlandSplitting
from corporis.apps.histopathology.training import (
    Example,
    Schedule,
    balanced_weights,
    loss,
    train,
)
from corporis.shapes import instance_overlap

torch = pytest.importorskip("torch")


def test_painted_glands_are_learned_in_a_minute():
    known = [
        Example(*region(is_malignant, seed), is_malignant)
        for seed in range(2)
        for is_malignant in (False, True)
    ]
    evidence = train(known, schedule=Schedule(24, 3))
    for is_malignant in (False, True):
        image, labels = region(is_malignant, 9, stain=0.8)
        maps = evidence(image)
        assert instance_overlap(labels, GlandSplitting()(maps)).dice() > 0.8
        verdict = maps.malignant[labels > 0].mean()
        assert (verdict > 0.5) == is_malignant


def test_the_loss_falls_where_an_answer_is_righter():
    y = torch.zeros(1, 4, 8, 8)
    y[:, 0, :4], y[:, 3, :4], y[:, 2] = 1, 1, 1
    right = torch.stack([8 * y[:, 0] - 4, -4 + 0 * y[:, 1], 2 * y[:, 2]], 1)
    wrong = right.clone()
    wrong[:, 2] *= -1
    unseen = right.clone()
    unseen[:, 2, 4:] *= -1  # outside of glands the diagnosis does not count
    assert loss(wrong, y) > loss(right, y)
    assert loss(unseen, y) == loss(right, y)
    assert loss(-right, y) > loss(wrong, y)


def test_every_diagnosis_counts_the_same():
    diagnoses, patients = ["a"] * 6 + ["b"] * 2, [1, 1, 1, 1, 2, 3, 4, 4]
    weights = balanced_weights(diagnoses, patients)
    assert weights.mean() == pytest.approx(1)
    assert weights[:6].sum() == pytest.approx(weights[6:].sum())
    # patient 1 has four times the images of patient 2, and twice the weight
    assert weights[:4].sum() == pytest.approx(2 * weights[4])


@pytest.mark.parametrize(
    ("image", "labels", "weight"),
    [((4, 4, 3), (4, 5), 1.0), ((4, 4), (4, 4), 1.0), ((4, 4, 3), (4, 4), 0.0)],
)
def test_examples_that_do_not_fit_are_refused(image, labels, weight):
    with pytest.raises(ValueError, match=r"image|weight"):
        Example(np.zeros(image, np.uint8), np.zeros(labels, int), weight=weight)


def test_no_examples_no_training():
    with pytest.raises(ValueError, match="at least one"):
        train([])
