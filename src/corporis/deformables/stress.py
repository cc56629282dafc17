r"""Stress in a wall whose motion is known, from a stated law: *model-based*, never measured.

Images give the deformation gradient `F`; a `ConstitutiveLaw` turns strain into stress. Muscle
keeps its volume, so that a pressure `p`, which no strain shows, is part of the stress,
``sigma = F S F^T / det F - p 1``. It follows from equilibrium: in a ring or tube,
``d sigma_rr / dr = (sigma_tt - sigma_rr) / r``, with nothing pushing on the outside.
"""

import numpy as np

from corporis.arrays import check_finite
from corporis.deformables.constitutive import ConstitutiveLaw
from corporis.deformables.strain import green_strain, in_axes


def helix_axes(
    axes: np.ndarray, depth: np.ndarray, inner_deg: float = 60.0, outer_deg: float = -60.0
) -> np.ndarray:
    """Fibre axes by rule: the helix angle changes linearly across the wall.

    Parameters
    ----------
    axes : array, (..., 3, 3)
        Local axes as columns: radial, circumferential, longitudinal (`polar_axes`).
    depth : array, (...)
        0 at the endocardium to 1 at the epicardium.
    inner_deg, outer_deg : float
        Helix angle against the circumferential axis, towards the longitudinal one, at depths 0
        and 1, in degrees.

    Returns
    -------
    array, (..., 3, 3)
        Columns: along the fibre, across it in the wall, radial.

    Raises
    ------
    ValueError
        If shapes do not match or a depth is outside 0 to 1 by more than rounding.

    References
    ----------
    Streeter, Spotnitz, Patel, Ross & Sonnenblick (1969), Circ. Res. 24, 339-347,
    doi:10.1161/01.RES.24.3.339

    Examples
    --------
    >>> helix_axes(np.eye(3), np.array(0.5))[:, 0].tolist()      # circumferential in mid-wall
    [0.0, 1.0, 0.0]
    """
    axes, depth = np.asarray(axes, dtype=float), np.asarray(depth, dtype=float)
    if axes.shape[-2:] != (3, 3) or axes.shape[:-2] != depth.shape:
        raise ValueError(
            f"axes must be (..., 3, 3) with one depth each, got {axes.shape} and {depth.shape}"
        )
    if not (np.all(depth > -1e-6) and np.all(depth < 1 + 1e-6)):
        raise ValueError(f"depth must be in [0, 1], got {np.min(depth):.4g} to {np.max(depth):.4g}")
    angle = np.deg2rad(inner_deg + (outer_deg - inner_deg) * depth)[..., None]
    radial, around, along = (axes[..., i] for i in range(3))
    fibre = np.cos(angle) * around + np.sin(angle) * along
    across = np.cos(angle) * along - np.sin(angle) * around
    return np.stack([fibre, across, radial], axis=-1)


def second_piola_stress(law: ConstitutiveLaw, F: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """``S`` (..., 3, 3) in kPa, in the axes that the columns of `F` refer to.

    Parameters
    ----------
    law : ConstitutiveLaw
    F : array, (..., 3, 3)
        Deformation gradients.
    axes : array, (..., 3, 3)
        Fibre axes of the still body as columns.
    """
    local = law.stress(in_axes(green_strain(F), axes))
    return in_axes(local, np.swapaxes(axes, -1, -2))


def cauchy_stress(S: np.ndarray, F: np.ndarray) -> np.ndarray:
    """``F S F^T / det F`` (..., 3, 3): force on an area of the body as it is now, in kPa.

    Raises
    ------
    ValueError
        Where ``det F <= 0``: such a body has been turned inside out.

    Examples
    --------
    >>> cauchy_stress(np.diag([8.0, 0.0, 0.0]), np.diag([2.0, 1.0, 1.0]))[0, 0].item()
    16.0
    """
    F = np.asarray(F, dtype=float)
    det = np.linalg.det(F)
    inverted = int(np.count_nonzero(~(det > 0)))
    if inverted:
        raise ValueError(f"det F must be > 0 everywhere, it is not at {inverted} points")
    return F @ S @ np.swapaxes(F, -1, -2) / det[..., None, None]


def radial_equilibrium(
    radius: np.ndarray, stress: np.ndarray, outer_kpa: float = 0.0
) -> tuple[np.ndarray, float]:
    """The whole stress in a ring or tube, and the cavity pressure that it balances.

    Parameters
    ----------
    radius : array, (n,)
        Radii in the body as it is now, increasing from the endo- to the epicardium, in mm, at
        least 3.
    stress : array, (n, 3, 3)
        Cauchy stress of the law alone in (radial, circumferential, longitudinal) axes, kPa: any
        pressure in it does no harm.
    outer_kpa : float
        Pressure on the outside.

    Returns
    -------
    stress : array, (n, 3, 3)
        With the pressure that keeps every layer in equilibrium, in kPa.
    cavity_kpa : float
        The pressure inside that the wall holds.

    Raises
    ------
    ValueError
        If shapes do not match, a number is not finite or radii do not increase.

    Notes
    -----
    The integral is that of a cubic spline through the layers, of fourth order in their distance.
    """
    from scipy.interpolate import CubicSpline

    radius, stress = np.asarray(radius, dtype=float), np.asarray(stress, dtype=float)
    if radius.ndim != 1 or len(radius) < 3 or stress.shape != (len(radius), 3, 3):
        raise ValueError(
            "radius must be (n,) with n >= 3 and stress (n, 3, 3), got "
            f"{radius.shape} and {stress.shape}"
        )
    check_finite(stress, "stress")
    if not (np.all(np.diff(radius) > 0) and radius[0] > 0):
        raise ValueError("radii must be > 0 and increase outwards")
    rise = CubicSpline(radius, (stress[:, 1, 1] - stress[:, 0, 0]) / radius).antiderivative()
    radial = -outer_kpa - (rise(radius[-1]) - rise(radius))
    pressure = stress[:, 0, 0] - radial
    return stress - pressure[:, None, None] * np.eye(3), float(-radial[0])


def cavity_load(points: np.ndarray, cells: np.ndarray, pressure_kpa: float) -> np.ndarray:
    """Forces (n, 3) in mN by which blood under pressure pushes the vertices of a surface.

    They are the derivative of pressure times enclosed volume, and add up to nothing where the
    surface is closed.

    Parameters
    ----------
    points : array, (n, 3)
        Vertices as they are now, in mm.
    cells : int array, (m, 3)
        Triangles, seen counter-clockwise from outside the cavity.
    pressure_kpa : float

    Raises
    ------
    ValueError
        If shapes do not match or a number is not finite.

    Examples
    --------
    >>> corner = np.array([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])       # 3 mm^2, facing upwards
    >>> cavity_load(corner, np.array([[0, 1, 2]]), 10.0).sum(axis=0).tolist()
    [0.0, 0.0, 30.0]
    """
    points, cells = np.asarray(points, dtype=float), np.asarray(cells)
    if points.ndim != 2 or points.shape[1] != 3 or cells.ndim != 2 or cells.shape[1] != 3:
        raise ValueError(f"points and cells must be (n, 3), got {points.shape} and {cells.shape}")
    check_finite(points, "points")
    a, b, c = (points[cells[:, i]] for i in range(3))
    area = 0.5 * np.cross(b - a, c - a)
    force = np.zeros_like(points)
    for i in range(3):
        np.add.at(force, cells[:, i], pressure_kpa * area / 3)
    return force
