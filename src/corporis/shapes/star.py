"""Star-shaped outlines: one radius for each direction from a centre."""

import numpy as np


def convex_radii(radius) -> np.ndarray:
    """Radii of the convex hull of star-shaped outlines.

    The hull's radius in a direction is the farthest that any chord between two corners of the
    outline reaches there.

    Parameters
    ----------
    radius : array, (..., n)
        Distances >= 0 of n corners from the centre, at equal angles all around; n >= 3.

    Returns
    -------
    array, (..., n)
        At least `radius`; the same where the outline is convex.

    Raises
    ------
    ValueError
        If there are fewer than three directions, or a radius is negative or not finite.

    Examples
    --------
    >>> from corporis.shapes import convex_radii
    >>> convex_radii([2.0, 2.0, 1.0, 2.0]).round(6).tolist()    # a notch short of a chord
    [2.0, 2.0, 1.0, 2.0]
    >>> convex_radii([1.0, 0.2, 1.0, 1.0, 1.0, 1.0]).round(6).tolist()    # 60 degrees apart
    [1.0, 0.5, 1.0, 1.0, 1.0, 1.0]
    """
    radius = np.asarray(radius, dtype=float)
    if radius.ndim < 1 or radius.shape[-1] < 3:
        raise ValueError(f"radius must be (..., n >= 3), got {radius.shape}")
    if not np.all((radius >= 0) & (radius < np.inf)):
        raise ValueError("radius must be finite and >= 0 everywhere")
    n = radius.shape[-1]
    step = 2 * np.pi / n
    ahead = [np.roll(radius, -k, axis=-1) for k in range((n + 1) // 2)]
    behind = [np.roll(radius, k, axis=-1) for k in range((n + 1) // 2)]
    hull = radius.copy()
    for before in range(1, (n - 1) // 2):
        for after in range(1, (n + 1) // 2 - before):
            # The chord from `before` corners back to `after` corners on crosses the ray here.
            first, last = behind[before], ahead[after]
            reach = first * np.sin(before * step) + last * np.sin(after * step)
            chord = first * last * np.sin((before + after) * step)
            np.divide(chord, reach, out=chord, where=reach > 0)
            np.maximum(hull, chord, out=hull)
    return hull
