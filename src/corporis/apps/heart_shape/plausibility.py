"""Whether images can be what they are taken for: short-axis cine MRI, in millimetres, of one beat.

The outline of a heart can be drawn on nearly anything. What is certainly something else is refused
with the value that was seen and what was expected; what is merely unusual is said.
"""

from collections.abc import Mapping

import numpy as np

from corporis.apps.heart_shape.planes import ShortAxis, parallel_names
from corporis.errors import Unsupported
from corporis.imaging.image import Image

FEWEST_GREYS = 16
HOUNSFIELD = -300.0
FIELD_MM = (30.0, 1000.0)
PIXEL_MM = (0.5, 4.0)
GAP_MM = (2.0, 25.0)
RATE = (35.0, 200.0)
POSSIBLE_RATE = (20.0, 350.0)
FEWEST_FRAMES = 8  # with fewer, frames say little about the beat
BRIGHTENS = 1.3

# From base to apex in RAS+, as it lies in most people; hearts differ by some 25 degrees.
USUAL_AXIS = np.array([-0.60, 0.55, -0.58]) / np.linalg.norm([-0.60, 0.55, -0.58])
ALONG = np.cos(np.deg2rad(66.0))


def doubts(
    images: Mapping[str, Image], stack: ShortAxis, *, is_chosen: bool = False
) -> tuple[str, ...]:
    """What is unusual about the short-axis images, in sentences for the report.

    Parameters
    ----------
    images : mapping of str to Image
        Of the case.
    stack : ShortAxis
        Made from some of them.
    is_chosen : bool
        Whether a person named the series: then a plane that looks like a long-axis view is only
        said to look like one.

    Raises
    ------
    Unsupported
        If the images are masks, CT, a contrast passage or long-axis views, or their sizes or times
        cannot be those of a heart.
    """
    _check_values(stack)
    _check_passage(stack)
    said = [
        *_plane_doubts(images, stack, is_chosen),
        *_size_doubts(stack),
        *_beat_doubts(stack),
    ]
    return tuple(said)


def _check_values(stack):
    frames = stack.frames
    thinned = frames[..., ::2, ::2]
    greys = np.unique(thinned)
    if len(greys) < FEWEST_GREYS and np.array_equal(greys, np.round(greys)):
        raise Unsupported(
            f"series {_series(stack)}: expected grey-value images, got only {len(greys)} different "
            "values, as masks and labels have: give the images that were outlined"
        )
    dark = float(np.mean(thinned < HOUNSFIELD))
    if dark > 0.02:
        raise Unsupported(
            f"series {_series(stack)}: expected magnitude images of MRI (values >= 0), got values "
            f"down to {greys[0]:.0f}, as CT and phase images have: give the cine MRI series"
        )


def _check_passage(stack):
    """A contrast agent's passage ends brighter than it began, a beat ends as it began."""
    n_times = stack.frames.shape[1]
    if n_times < FEWEST_FRAMES:
        return
    rows, columns = (slice(n // 4, max(3 * n // 4, n // 4 + 1)) for n in stack.frames.shape[2:])
    mean = stack.frames[:, :, rows, columns].mean(axis=(0, 2, 3))
    low, high = float(mean.min()), float(mean.max())
    step = abs(float(mean[-2:].mean() - mean[:2].mean()))
    if low > 0 and high > BRIGHTENS * low and step > 0.5 * (high - low):
        raise Unsupported(
            f"series {_series(stack)}: expected a cine of one heart beat, got frames whose mean "
            f"brightness changes {high / low:.1f}-fold and does not come back, as when a contrast "
            "agent arrives (perfusion): give the short-axis cine series"
        )


def _plane_doubts(images, stack, is_chosen):
    placed = [n for n in parallel_names(stack) if images[n].facts.get("is_placed", False)]
    along = abs(float(stack.normal @ USUAL_AXIS))
    if not placed or along > ALONG:
        return ()
    tilt = float(np.degrees(np.arccos(min(along, 1.0))))
    seen = (
        f"the planes' normal lies {tilt:.0f} degrees from the usual axis of the heart, as in "
        "long-axis views; in short-axis images it lies within 66"
    )
    if is_chosen:
        return (f"Taken for short axis because you named the series, although {seen}.",)
    raise Unsupported(
        f"series {_series(stack)}: expected short-axis images, but {seen}: add the short-axis "
        "series, or name this one with --series if it is the short axis"
    )


def _size_doubts(stack):
    if stack.length_unit != "mm":
        return []
    row, column = stack.pixel
    first = stack.affines[0]
    shear = abs(float(first[:3, 1] @ first[:3, 2]) / (row * column))
    if shear > np.sin(np.deg2rad(2)) or not 0.8 < row / column < 1.25:
        raise Unsupported(
            f"series {_series(stack)}: expected square pixels, got rows and columns of {row:.3g} "
            f"and {column:.3g} mm at {90 - np.degrees(np.arcsin(min(shear, 1))):.0f} degrees "
            "(sheared or stretched affine): export the images as the scanner made them"
        )
    field = max(row * stack.frames.shape[2], column * stack.frames.shape[3])
    if not FIELD_MM[0] <= field <= FIELD_MM[1]:
        raise Unsupported(
            f"series {_series(stack)}: expected a field of view of {FIELD_MM[0]:.0f} to "
            f"{FIELD_MM[1]:.0f} mm, got {field:.3g} mm (pixel {row:.3g} mm): check the unit of the "
            "spacing (mm, not m or um)"
        )
    said = []
    if not PIXEL_MM[0] <= row <= PIXEL_MM[1]:
        said.append(_unusual("pixel", row, PIXEL_MM))
    if len(stack.heights) > 1:
        gap = float(np.median(np.abs(np.diff(stack.heights))))
        if not GAP_MM[0] <= gap <= GAP_MM[1]:
            said.append(_unusual("distance between slices", gap, GAP_MM))
    return said


def _unusual(what, value, usual):
    low, high = usual
    return (
        f"The {what} is {value:.3g} mm, where {low:g} to {high:g} mm are usual: check it before "
        "using volumes and thickness."
    )


def _beat_doubts(stack):
    if stack.cycle_ms is None or stack.frames.shape[1] < FEWEST_FRAMES:
        return []
    rate = 60000.0 / stack.cycle_ms
    if not POSSIBLE_RATE[0] <= rate <= POSSIBLE_RATE[1]:
        raise Unsupported(
            f"series {_series(stack)}: expected the frames of one heart beat "
            f"({POSSIBLE_RATE[0]:.0f} to {POSSIBLE_RATE[1]:.0f} per minute), got times that span "
            f"{stack.cycle_ms:.4g} ms ({rate:.3g} per minute): give a cine of one beat with times "
            "in ms"
        )
    if not RATE[0] <= rate <= RATE[1]:
        return [
            f"The frames' times make a heart rate of {rate:.0f} per minute, where {RATE[0]:.0f} to "
            f"{RATE[1]:.0f} are usual: check the times before using rates."
        ]
    return []


def _series(stack):
    return ", ".join(parallel_names(stack)[:4])
