"""Lessons of the evidence: measured on what was held out, and dropped where they harm."""

import numpy as np
import pytest

from apps.organs.chest import Known, masks, radiograph, shapes
from corporis.apps.organs import radiograph_lessons
from corporis.apps.organs.chest_shape import ChestShapes
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.apps.organs.radiograph_lessons import Effort, Mixed, Trial, errors, lesson
from corporis.apps.organs.radiograph_training import Radiograph

torch = pytest.importorskip("torch")


def known(seed, brightness=0.0):
    image = (radiograph(seed) + brightness).astype(np.float32)
    return Radiograph(image, masks(seed).astype(np.float32))


def trial(before, after, is_held_out=True):
    return Trial(np.full((3, 5), before), np.full((3, 5), after), is_held_out)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ((0.10, 0.10), (0.30, 0.20), ""),
        ((0.10, 0.108), (0.30, 0.20), ""),
        ((0.10, 0.12), (0.30, 0.20), "old radiographs would lose 0.0200"),
        ((0.10, 0.10), (0.30, 0.31), "new radiographs would gain -0.0100"),
        ((0.10, 0.108), (0.30, 0.295), "old ones lose 0.0080"),
    ],
)
def test_a_lesson_is_kept_where_it_helps_more_than_it_harms(old, new, word):
    reason = radiograph_lessons._objection(trial(*old), trial(*new))
    assert word in reason and bool(word) == bool(reason)


def test_one_organ_that_loses_for_sure_is_enough():
    before, steps = np.full((8, 5), 0.1), np.linspace(-1, 1, 8)
    heart = np.zeros((8, 5))
    heart[:, 2] = 0.015 + 0.005 * steps
    fresh = trial(0.3, 0.2)
    reason = radiograph_lessons._objection(Trial(before, before + heart, True), fresh)
    assert "lose 0.0150 of the heart's overlap" in reason
    heart[:, 2] = 0.009
    assert not radiograph_lessons._objection(Trial(before, before + heart, True), fresh)
    clavicle = np.zeros((8, 5))  # of one radiograph alone
    clavicle[0, 3] = 0.2
    assert not radiograph_lessons._objection(Trial(before, before + clavicle, True), fresh)


def test_errors_are_those_of_the_outlines():
    prior = ChestShapes().fit(shapes(40))
    right = errors(ChestRadiograph(Known(masks(130)), prior), [known(130)])
    wrong = errors(ChestRadiograph(Known(masks(131)), prior), [known(130)])
    assert right.shape == (1, 5) and np.all(right[0, :3] < 0.06) and np.all(right < wrong)
    found = Trial(right, wrong, True).facts()
    assert found["n"] == 1 and found["before"] < found["after"]
    assert found["is_kept_aside_from_lesson"]


def test_batches_are_new_and_old_ones():
    x, y = Mixed([known(1)], [known(2), known(3)], Effort(n_new=2, n_old=3), 0)(0)
    assert x.shape == (5, 1, 256, 256) and y.shape == (5, 5, 256, 256)


def test_each_half_is_measured_with_what_the_other_taught(monkeypatch):
    taught, measured = [], []

    class Batches:
        def __init__(self, new, old, effort, seed):
            taught.append([int(case.image[0, 0]) for case in new])
            assert {int(case.image[0, 0]) for case in old} <= set(range(10, 20))

    def measure(application, cases):
        measured.append((application.evidence, [int(case.image[0, 0]) for case in cases]))
        return np.zeros((len(cases), 5))

    monkeypatch.setattr(radiograph_lessons, "Mixed", Batches)
    monkeypatch.setattr(radiograph_lessons, "tuned", lambda *words, **more: len(taught))
    monkeypatch.setattr(radiograph_lessons, "errors", measure)
    marked = [Radiograph(np.full((256, 256), k), np.zeros((5, 256, 256))) for k in range(20)]

    class Evidence:
        network = 0

    before = ChestRadiograph(Evidence(), None)
    found = lesson(before, "more shapes", marked[:5], marked[10:])
    assert taught == [[1, 3], [0, 2, 4], [0, 1, 2, 3, 4]] and found.new.is_held_out
    after = [(e.network, cases) for e, cases in measured if not isinstance(e, Evidence)]
    assert (1, [0, 2, 4]) in after and (2, [1, 3]) in after  # what each had not seen
    (aside,) = [cases for network, cases in after if network == 3]
    assert len(aside) == 5 and min(aside) >= 10
    assert not found.is_kept and found.application.evidence is before.evidence
    assert found.application.shapes == "more shapes"
    taught.clear()
    few = lesson(before, "more shapes", marked[:2], marked[10:])
    assert taught == [[0, 1]] and not few.new.is_held_out
    with pytest.raises(ValueError, match="1 new and 2 old"):
        lesson(before, "more shapes", [], marked)
