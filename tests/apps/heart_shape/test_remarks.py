"""What is said beside the numbers."""

from types import SimpleNamespace

import numpy as np

from apps.heart_shape.known import affine_of, stack_of, tube
from corporis.apps.heart_shape.measure import Curve, Phases
from corporis.apps.heart_shape.remarks import remarks, unlike_strokes


def said_of(n_slices, *, unit="mm", insertion=(0.0, 1), n_times=10):
    stack = stack_of(np.zeros((n_slices, n_times, 8, 8)), affine_of(1.5, 8.0), unit=unit)
    body = tube(n_slices=n_slices, gap=8.0, squeeze=(1.0,) * n_times)
    found = SimpleNamespace(body=body, overruled=np.zeros((n_slices, n_times)))
    return remarks(stack, found, insertion)


def test_a_whole_study_needs_no_remark():
    assert said_of(6) == ()


def test_why_there_are_no_surfaces_is_said():
    (why,) = [w for w in said_of(6, unit="pixel") if "No 3-D" in w]
    assert "how far apart the slices lie" in why
    said = said_of(1)
    assert any("one slice has no depth" in w for w in said)
    assert any("17 segments cannot be measured" in w for w in said)
    assert not any("insertion" in w for w in said_of(1, insertion=None))


def test_ventricles_that_eject_unlike_volumes_are_told():
    left = Curve(np.array([120.0, 50.0]), np.ones(2))
    right = Curve(np.array([120.0, 100.0]), np.ones(2))
    phases = Phases(0, 1)
    assert unlike_strokes(left, phases, left, phases) == ()
    (told,) = unlike_strokes(left, phases, right, phases)
    assert "0.3 times" in told
    assert unlike_strokes(left, phases, None, None) == ()
