"""What is said beside the numbers: what could not be measured, and what to look at first."""

import numpy as np

FEWEST_FRAMES = 8
"""Of a beat whose length and rates are measured."""

LIKE_STROKES = 0.3
"""Largest difference of the ventricles' stroke volumes that outlines commonly have, relative."""


def remarks(stack, found, insertion) -> tuple[str, ...]:
    """What a reader must know of a stack and its outline before using the numbers."""
    said = []
    if stack.length_unit == "pixel":
        said.append(
            "The images carry no pixel spacing: lengths are in pixels and volumes in pixel areas "
            "times slices; ratios such as the ejection fraction do not depend on it."
        )
    if not stack.has_depth:
        said.append(
            "No 3-D surfaces: "
            + (
                "one slice has no depth."
                if stack.frames.shape[0] == 1
                else "how far apart the slices lie, in pixels, is not known."
            )
        )
    if stack.frames.shape[0] == 1:
        said.append(
            "One slice only: areas can be followed; volumes, ejection fraction, mass and the 17 "
            "segments cannot be measured."
        )
    if stack.frames.shape[1] == 1:
        said.append("One frame only: nothing that changes over the beat can be measured.")
    elif stack.frames.shape[1] < FEWEST_FRAMES:
        said.append(
            f"{stack.frames.shape[1]} phases only: end-diastole and end-systole are the largest "
            "and smallest of these, rates are not measured."
        )
    if insertion is None and stack.frames.shape[0] > 1:
        said.append(
            "The right ventricle's insertion was not seen: AHA segments are left unnumbered."
        )
    elif stack.length_unit == "pixel" and stack.frames.shape[0] > 1:
        said.append(
            "Without patient axes, segments are numbered for the customary view from the apex."
        )
    slipped = np.linalg.norm(found.body.frame.slipped, axis=1)
    far = np.flatnonzero(slipped > 3 * np.mean(stack.pixel))
    if len(far):
        said.append(
            f"{len(far)} of {len(slipped)} slices were shifted in plane by up to "
            f"{slipped.max():.1f} {stack.length_unit} (breath holds); the surface corrects it."
        )
    share = float(np.mean(found.overruled > 0.25))
    if share > 0.1:
        said.append(
            f"On {100 * share:.0f} % of the images more than a quarter of the evidence was "
            "overruled by the surface: look at the outlines before using the numbers."
        )
    return tuple(said)


def unlike_strokes(left, phases, right, right_phases) -> tuple[str, ...]:
    """A warning where the ventricles eject different volumes, which outlines explain first."""
    if right is None or right_phases is None or len(left.volume) < 2:
        return ()
    strokes = [
        float(v.volume[p.ed] - v.volume[p.es]) for v, p in ((left, phases), (right, right_phases))
    ]
    if min(strokes) > (1 - LIKE_STROKES) * max(strokes):
        return ()
    return (
        f"The right ventricle seems to eject {strokes[1] / max(strokes[0], 1e-9):.1f} times what "
        "the left does. Without a shunt or a leaking valve both eject alike: one of them is "
        "outlined wrongly, so look at the outlines before using either ventricle's numbers.",
    )
