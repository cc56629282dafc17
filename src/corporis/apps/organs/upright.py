"""Volumes turned so that their axes run up, forward and to the right."""

import numpy as np
from nibabel import orientations


def upright(mask: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A volume turned so that its axes run up, forward and to the right, and the way back.

    Parameters
    ----------
    mask : array, (a, b, c)
    affine : array, (4, 4)
        From indices along the axes of `mask`, in their order, to RAS+ mm.

    Returns
    -------
    array
        A view.
    array, (3, 2)
        What `nibabel.orientations.apply_orientation` takes to turn a volume back.

    Examples
    --------
    >>> down = np.arange(8).reshape(2, 2, 2)                    # slices from the head down
    >>> affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1.0]])
    >>> turned, _ = upright(down, affine)
    >>> turned[0, 0].tolist()
    [4, 5]
    """
    own = orientations.io_orientation(affine)
    there = orientations.ornt_transform(own, orientations.axcodes2ornt("SAR"))
    back = orientations.ornt_transform(orientations.axcodes2ornt("SAR"), own)
    return orientations.apply_orientation(mask, there), back


def steps_of(affine) -> tuple[float, float, float]:
    """Steps upwards, forward and to the right, of the axis that runs most that way."""
    order = orientations.io_orientation(affine)[:, 0].astype(int)
    steps = np.linalg.norm(np.asarray(affine)[:3, :3], axis=0)
    up, forward, right = (float(steps[int(np.argmax(order == k))]) for k in (2, 1, 0))
    return up, forward, right


def upright_affine(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """From indices of the turned volume to RAS+ mm, (4, 4).

    Parameters
    ----------
    affine : array, (4, 4)
        Of the volume as it was given.
    shape : (int, int, int)
        As it was given.

    Examples
    --------
    >>> affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 9], [0, 0, 0, 1.0]])
    >>> (upright_affine(affine, (10, 4, 4)) @ [0, 0, 0, 1]).tolist()     # the lowest slice
    [0.0, 0.0, 0.0, 1.0]
    """
    own = orientations.io_orientation(affine)
    there = orientations.ornt_transform(own, orientations.axcodes2ornt("SAR"))
    return np.asarray(affine, float) @ orientations.inv_ornt_aff(there, shape)
