"""Edges on normals, and outlines of five organs of which the seen tell of the unseen."""

import numpy as np
import pytest

from apps.organs.chest import logits, masks, outlines, shapes
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes, edge, normals, polygon
from corporis.shapes import dice


@pytest.fixture(scope="module")
def learned():
    return ChestShapes().fit(shapes(40))


def test_an_edge_is_found_between_samples_and_its_blur_lowers_the_confidence():
    steps = 0.5 * np.arange(-20, 21)
    for width in (0.2, 1.0):
        inside = 1 / (1 + np.exp((steps - 1.3) / width))
        place, confidence = edge(inside[None], steps)
        assert place[0] == pytest.approx(1.3, abs=0.15)
        assert (confidence[0] > 0.9) == (width < 0.5)


def test_no_edge_no_confidence():
    steps = np.arange(-10.0, 11)
    for inside in (np.ones(21), np.zeros(21)):
        assert edge(inside[None], steps)[1][0] == 0
    muddled = np.tile([1.0, 0.0, 0.0], 7)[None]
    assert edge(muddled, steps)[1][0] < 0.3


def test_normals_point_outward_either_way_round():
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose(normals(ring), ring, atol=1e-12)
    np.testing.assert_allclose(normals(ring[::-1]), ring[::-1], atol=1e-12)


def test_clear_evidence_is_followed(learned):
    truth = masks(100)
    found = learned.outline(1 / (1 + np.exp(-logits(truth))))
    for organ, part in enumerate(found.parts):
        overlap = dice(polygon(found.points[part], truth.shape[1:]), truth[organ])
        assert overlap > (0.85 if "clavicle" in ORGANS[organ] else 0.97)
    assert not found.overruled.any() and np.median(found.trust) > 0.8


def test_what_is_not_seen_comes_from_what_is(learned):
    truth = masks(101)
    seen = 1 / (1 + np.exp(-logits(truth)))
    seen[:, 150:] = 0.05  # the lower third is lost
    found = learned.outline(seen)
    lung = found.parts[0]
    below = found.points[lung][:, 0] > 165
    assert below.any() and found.trust[lung][below].max() < 0.5
    overlap = dice(polygon(found.points[lung], truth.shape[1:]), truth[0])
    assert overlap > dice(seen[0] > 0.5, truth[0]) + 0.05 and overlap > 0.93
    assert found.deviation[lung][below].mean() > 1.3 * found.deviation[lung][~below].mean()


def test_nothing_seen_gives_the_usual_chest_and_no_trust(learned):
    found = learned.outline(np.full((5, 256, 256), 0.01))
    np.testing.assert_allclose(found.points, learned.usual_)
    assert not found.trust.any() and np.isinf(found.deviation).all()


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match="at least 5"):
        ChestShapes().fit(shapes(4))
    few = shapes(6)
    del few["heart"]
    with pytest.raises(ValueError, match="heart"):
        ChestShapes().fit(few)
    assert set(outlines(0)) == set(ORGANS)
