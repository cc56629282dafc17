"""Instance metrics against their definitions, written out slowly and independently."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corporis.shapes.instances import THRESHOLDS, instance_overlap


def masks(labels):
    """Sets of pixels, one an instance."""
    return [{tuple(p) for p in np.argwhere(labels == k)} for k in sorted(set(labels.flat) - {0})]


def slow(truth, found):
    """AJI, PQ, F1 at 0.5, mean F1 and Dice from sets, loop by loop."""
    true, other = masks(truth), masks(found)
    above = below = 0
    used = set()
    for t in true:
        scores = [len(t & p) / len(t | p) for p in other]
        if not scores or max(scores) == 0:
            below += len(t)
            continue
        j = scores.index(max(scores))
        above += len(t & other[j])
        below += len(t | other[j])
        used.add(j)
    below += sum(len(p) for j, p in enumerate(other) if j not in used)
    iou = [[len(t & p) / len(t | p) for p in other] for t in true]

    def f1(threshold):
        hits = sum(v > threshold for row in iou for v in row)
        false = len(other) - sum(any(r[j] > threshold for r in iou) for j in range(len(other)))
        missed = len(true) - sum(any(v > threshold for v in r) for r in iou)
        return hits / (hits + false / 2 + missed / 2) if hits + false + missed else 1.0

    quality = [v for row in iou for v in row if v > 0.5]
    half = (len(true) + len(other)) / 2
    a, b = set().union(*true), set().union(*other)
    return (
        above / below if below else 1.0,
        sum(quality) / half if half else 1.0,
        f1(0.5),
        np.mean([f1(t) for t in np.arange(0.5, 0.99, 0.05).round(2)]),
        2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0,
    )


def fast(truth, found):
    table = instance_overlap(truth, found)
    return (
        table.aggregated_jaccard(),
        table.panoptic_quality(),
        table.f1(),
        table.mean_f1(),
        table.dice(),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 6), st.floats(0, 0.8))
def test_figures_are_those_of_the_definitions(seed, n_labels, noise):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 14, (n_labels + 1, 2))
    pixels = np.indices((14, 11)).transpose(1, 2, 0)
    distance = np.linalg.norm(pixels[:, :, None] - centres, axis=-1)
    truth = np.where(distance.min(-1) < 3.5, distance.argmin(-1), 0)
    found = np.where(rng.random(truth.shape) < noise, rng.integers(0, 9, truth.shape), truth)
    found = rng.permutation(40)[found] * (found > 0)  # names of labels do not matter
    np.testing.assert_allclose(fast(truth, found), slow(truth, found), atol=1e-12)


def test_identity_scores_one_and_nothing_scores_zero():
    truth = np.arange(12).reshape(3, 4) // 2
    assert fast(truth, truth) == (1, 1, 1, 1, 1)
    assert fast(truth, 0 * truth) == (0, 0, 0, 0, 0)
    assert fast(0 * truth, 0 * truth) == (1, 1, 1, 1, 1)


def test_a_merged_pair_is_punished_though_its_pixels_are_right():
    truth = np.repeat([1, 1, 1, 2, 2], 4).reshape(5, 4)
    merged = (truth > 0).astype(int)
    table = instance_overlap(truth, merged)
    assert table.dice() == 1
    # both true ones take the merged: (12 + 8) / (20 + 20), as the paper's loop has it
    assert table.aggregated_jaccard() == 0.5
    assert table.f1() == pytest.approx(2 / 3)


def test_thresholds_are_ten():
    assert THRESHOLDS[0] == 0.5 and THRESHOLDS[-1] == 0.95 and len(THRESHOLDS) == 10


def test_bad_labels_are_refused():
    whole = np.ones((2, 2), int)
    with pytest.raises(ValueError, match="same shape"):
        instance_overlap(whole, whole[:1])
    with pytest.raises(ValueError, match="integer labels"):
        instance_overlap(whole, whole * 1.0)
    with pytest.raises(ValueError, match="labels >= 0"):
        instance_overlap(whole, -whole)
    with pytest.raises(ValueError, match="threshold"):
        instance_overlap(whole, whole).f1(0.3)
