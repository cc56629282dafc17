"""The anterior insertion: one end of the right ventricle's arc, by the patient's axes or custom."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import tube
from corporis.apps.heart_shape.body import ANGLES
from corporis.apps.heart_shape.orientation import anterior_insertion, arc_of
from corporis.apps.heart_shape.rebuild import RightBody

BODY = tube(n_slices=6)


def right(first=10, last=22, n_times=1):
    index = np.arange(ANGLES)
    inside = (index - first) % ANGLES <= (last - first)
    extent = np.where(inside, 500.0, 0.0)[None, :, None] * np.ones(
        (*BODY.outer.shape[:1], 1, n_times)
    )
    return RightBody(np.repeat(BODY.outer, n_times, axis=2), extent, BODY.ends)


def test_without_patient_axes_the_view_from_the_apex_is_assumed():
    """Rows run down: angles grow clockwise on the screen, the septum anticlockwise."""
    found = anterior_insertion(right(), BODY.frame, 1, has_patient_axes=False)
    assert found == (22.0, -1)


def test_with_patient_axes_the_septum_lies_anticlockwise_seen_from_the_apex():
    # Columns, rows and the way to the apex are right-handed: angles are anticlockwise.
    assert anterior_insertion(right(), BODY.frame, 1, has_patient_axes=True) == (10.0, 1)
    # Slices in the other order: the apex lies against the normal, and all turns around.
    assert anterior_insertion(right(), BODY.frame, -1, has_patient_axes=True) == (22.0, -1)
    mirrored = replace(BODY.frame, axes=np.diag([1.0, -1.0, 1.0]))
    assert anterior_insertion(right(), mirrored, 1, has_patient_axes=True) == (22.0, -1)


def test_the_arc_may_close_around_angle_zero():
    found = anterior_insertion(right(42, 55), BODY.frame, 1, has_patient_axes=True)
    assert found == (42.0, 1)
    found = anterior_insertion(right(42, 55), BODY.frame, -1, has_patient_axes=True)
    assert found == (55.0 - ANGLES, -1)


@pytest.mark.parametrize(("first", "last"), [(10, 12), (0, 40)])
def test_implausible_arcs_are_not_numbered(first, last):
    assert anterior_insertion(right(first, last), BODY.frame, 1, has_patient_axes=True) is None


def test_nothing_seen_is_none():
    nothing = right()
    nothing.extent[:] = 0
    assert anterior_insertion(nothing, BODY.frame, 1, has_patient_axes=True) is None
    ring = right()
    ring.extent[:] = 400.0
    assert anterior_insertion(ring, BODY.frame, 1, has_patient_axes=False) is None


def test_levels_with_little_right_ventricle_have_no_say():
    body = right(n_times=3)
    body.extent[-6:] = 0
    body.extent[-6:, 30:34] = 200.0  # an artefact near the apex
    assert anterior_insertion(body, BODY.frame, 1, has_patient_axes=True) == (10.0, 1)


def test_arc_of_hand_made_extents():
    extent = np.array([0, 0, 1, 8, 10, 3, 2, 0, 9, 0.0])
    assert arc_of(extent) == (3.0, 5.0)  # the piece of the largest, above a quarter of it
    assert arc_of(np.roll(extent, 5)) == (8.0, 10.0)
    assert arc_of(np.zeros(10)) is None
    assert arc_of(np.ones(10)) is None
