"""Where the right ventricle joins the left one, so that segments can be numbered."""

import numpy as np

from corporis.apps.heart_shape.frame import HeartFrame
from corporis.apps.heart_shape.rebuild import RightBody


def anterior_insertion(
    right: RightBody, frame: HeartFrame, towards_apex: int, *, has_patient_axes: bool
) -> tuple[float, int] | None:
    """Angle index of the anterior insertion and the sense in which the septum follows.

    The insertions are the ends of the arc that the right ventricle spans at mid level. Which of
    them is anterior follows from the patient's axes, or without them from the customary view
    (from the apex, so that on the image the septum runs anticlockwise from the anterior end).

    Returns
    -------
    (angle index, sense) or None
        None where the right ventricle is not seen.
    """
    _, n_angles, _ = right.extent.shape
    area = right.area().mean(axis=1)
    if area.max() <= 0:
        return None
    strong = np.flatnonzero(area > 0.5 * area.max())
    arc = arc_of(right.extent[strong].mean(axis=(0, 2)))
    if arc is None or arc[1] - arc[0] > 0.6 * n_angles or arc[1] - arc[0] < 0.08 * n_angles:
        return None
    if not has_patient_axes:
        # Rows grow downwards, so growing angles turn clockwise on the screen.
        return float(arc[1] % n_angles), -1
    return _by_patient_axes(arc, frame, towards_apex, n_angles)


def arc_of(extent: np.ndarray) -> tuple[float, float] | None:
    """First and last angle index with more than a quarter of the largest extent."""
    n = len(extent)
    if extent.max() <= 0:
        return None
    wide = extent > 0.25 * extent.max()
    if wide.all():
        return None
    start = int(np.argmax(extent))
    first = last = start
    while wide[(first - 1) % n]:
        first -= 1
    while wide[(last + 1) % n]:
        last += 1
    return float(first), float(last)


def _by_patient_axes(arc, frame, towards_apex, n_angles):
    """Seen from the apex with the front up, the septum lies anticlockwise of its front end."""
    apex_axis = towards_apex * frame.axes[2]
    turn = np.cross(frame.axes[0], frame.axes[1]) @ apex_axis
    # The viewer stands at the apex and looks against `apex_axis`: angles that grow from x to y
    # turn anticlockwise for that viewer exactly when x, y and the apex axis are right-handed.
    if turn > 0:
        return float(arc[0] % n_angles), 1
    return float(arc[1] % n_angles), -1
