"""Lines around and along a moving surface: global strain as clinics define it."""

import numpy as np

from corporis.apps.heart_motion.sectors import LEVELS

DIRECTIONS = ("circumferential", "longitudinal")


def line_strain(points: np.ndarray, n_angles: int, end_diastole: int = 0) -> dict[str, np.ndarray]:
    """Relative change of length ``L / L0 - 1`` of lines on a surface made of rings, in per cent.

    Along: each line runs from the base through the tip to the base on the other side, as the
    outline of a long-axis view does; the mean over all. Around: closed lines at a basal, a
    middle and an apical level; the mean of the three.

    Parameters
    ----------
    points : array, (n_frames, n_rings * n_angles + 2, 3)
        Rings from base to tip, then the tip and the middle of the base.
    n_angles : int
        Vertices of a ring, >= 3.
    end_diastole : int
        Frame of the first lengths.

    Returns
    -------
    dict of str to array, (n_frames,)
        By `DIRECTIONS`.

    Raises
    ------
    ValueError
        If the vertices are not rings of `n_angles` and two more.

    Examples
    --------
    >>> ring = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    >>> rest = np.concatenate([ring, ring + [0, 0, 1], [[0, 0, 2], [0, 0, 0]]])
    >>> {k: v.round(9).tolist() for k, v in line_strain(np.stack([rest, 0.8 * rest]), 4).items()}
    {'circumferential': [0.0, -20.0], 'longitudinal': [0.0, -20.0]}
    """
    points = np.asarray(points, dtype=float)
    n_rings, left = divmod(points.shape[1] - 2, n_angles)
    if left or n_rings < 2 or n_angles < 3:
        raise ValueError(
            f"points must be rings of {n_angles} vertices and two more, got {points.shape[1]}"
        )
    rings = points[:, :-2].reshape(len(points), n_rings, n_angles, 3)
    tip = np.broadcast_to(points[:, -2, None, None], (len(points), 1, n_angles, 3))
    down = np.concatenate([rings, tip], axis=1)
    half = np.linalg.norm(np.diff(down, axis=1), axis=-1).sum(axis=1)
    along = half + np.roll(half, n_angles // 2, axis=1)
    around = np.linalg.norm(rings - np.roll(rings, 1, axis=2), axis=-1).sum(axis=2)
    middles = rings[end_diastole].mean(axis=1)
    axis = points[end_diastole, -2] - middles[0]
    depth = (middles - middles[0]) @ axis / (axis @ axis)
    levels = [int(np.argmin(np.abs(depth - level))) for level in LEVELS.values()]
    lengths = dict(zip(DIRECTIONS, (around[:, levels], along)))
    return {k: 100 * (v / v[end_diastole] - 1).mean(axis=1) for k, v in lengths.items()}
