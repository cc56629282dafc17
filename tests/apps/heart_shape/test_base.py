"""The base from long-axis views, against a virtual heart whose base is known."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.heart_shape.base import REACH, with_base_of
from corporis.apps.heart_shape.body import Rigidity
from corporis.apps.heart_shape.evidence import EvidenceMaps
from corporis.apps.heart_shape.outline import look, outline
from corporis.apps.heart_shape.planes import choose_planes
from corporis.phantoms import Scanner, Tissue, VirtualHeart, render

HEART = VirtualHeart(ejection=0.5, shortening=0.16)
SCANNER = Scanner(n_slices=11, n_frames=9, side=96, pixel_mm=2.0, gap_mm=11.0, snr=25.0)


@pytest.fixture(scope="module")
def hearts():
    """The same heart, its slices lying a third of a gap further on each time."""
    return [found(replace(SCANNER, first_mm=first)) for first in (6.0, 9.7, 13.3)]


def found(scanner):
    """An outline from certain labels, long-axis views, and where the base is, in slices."""
    case = render(HEART, scanner, Tissue(), seed=3)
    images = {k: v for k, v in case.images.items() if not k.startswith("expert")}
    stack, views = choose_planes(images)
    labels = case.images["expert_labels"].data
    is_turned = not np.array_equal(stack.frames[0, 0], images["sax"].data[0, 0])
    labels = labels[::-1] if is_turned else labels
    probability = np.moveaxis(np.eye(4, dtype=np.float32)[labels], -1, 2)
    maps = EvidenceMaps(probability, np.zeros((len(labels), 2)), 1.0)
    outlined = outline(stack, look(maps, stack.missing), Rigidity())
    stretch = np.array([HEART.stretch(p) for p in scanner.phases])
    height = HEART.outer_length_mm * (1 - stretch)
    truth = (height - scanner.stack_affine()[2, 3]) / scanner.gap_mm
    truth = len(labels) - 1 - truth if is_turned else truth
    return outlined.body, views, stack.phases.mean(axis=0), truth


def test_views_tell_the_base_between_the_slices(hearts):
    before, after = [], []
    for body, views, phases, truth in hearts:
        moved = with_base_of(views, body, phases)
        before.append(body.ends.base - truth)
        after.append(moved.ends.base - truth)
        assert np.abs(moved.ends.base - body.ends.base).max() <= REACH + 1e-9
        assert moved.ends.base_spread < body.ends.base_spread
        # the outer surface begins there too, and nothing else has changed
        np.testing.assert_array_equal(moved.outer_ends.base, moved.ends.base)
        np.testing.assert_array_equal(moved.ends.apex, body.ends.apex)
        assert moved.cavity is body.cavity
    assert np.abs(after).mean() < 0.15 < np.abs(before).mean()
    assert np.abs(after).max() < 0.4 and abs(np.mean(after)) < 0.1


def test_views_without_contrast_leave_the_base(hearts):
    body, views, phases, _ = hearts[0]
    rng = np.random.default_rng(0)
    blank = [
        replace(view, frames=rng.normal(100, 5, view.frames.shape).astype(np.float32))
        for view in views
    ]
    assert with_base_of(blank, body, phases) is body
    assert with_base_of([], body, phases) is body
