"""Where an ISMRMRD scan lies in the patient: slices in order, the affine, the field of view."""

from dataclasses import replace
from typing import Any

import numpy as np

from corporis.imaging.kspace import KSpace
from corporis.imaging.plane import AXIAL, Plane, is_orthonormal


def place_slices(heads: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The place of each readout's slice along the normal, from its number in order of scanning.

    Parameters
    ----------
    heads : structured array, (n,)
        Readout headers.
    number : int array, (n,)
        0 to the number of slices - 1.
    """
    first = np.array([int(np.argmax(number == s)) for s in range(int(number.max()) + 1)])
    height = np.sum(heads["position"][first] * heads["slice_dir"][first], axis=1, dtype=float)
    if not np.all(np.isfinite(height)) or len(np.unique(height.round(2))) < len(height):
        return number
    return np.argsort(np.argsort(height))[number]


def placed(scan, kspace: KSpace) -> KSpace:
    """The k-space with its geometry and the header's facts, single frames and slices dropped."""
    header, warnings = scan.header, scan.warnings
    facts: dict[str, Any] = (
        {k: v for k, v in header.facts.items() if k != "in_pixels"}
        | {"format": "ISMRMRD", "trajectory": header.trajectory}
        | dict(kspace.facts)
    )
    n_dims = len(kspace.matrix or ())
    measured_mm = np.array(header.encoded.extent_mm[::-1][-n_dims:])
    wanted_mm = np.array(header.wanted.extent_mm[::-1][-n_dims:])
    measured_n = np.array(header.encoded.matrix[::-1][-n_dims:])
    wanted_n = np.array(header.wanted.matrix[::-1][-n_dims:])
    extent = None
    if np.all(measured_mm > 0) and not header.facts.get("in_pixels"):
        extent = tuple((measured_mm / measured_n * np.array(kspace.matrix)).tolist())
        if n_dims == 2 and header.encoded.extent_mm[2] > 0:
            facts["slice_thickness_mm"] = header.encoded.extent_mm[2]
        if np.all(wanted_mm > 0):
            facts["reconstructed_matrix"] = tuple(int(n) for n in wanted_n)
            facts["reconstructed_field_of_view_mm"] = tuple(wanted_mm.tolist())
            names = ("slice", "row", "column")[-n_dims:]
            growth = (wanted_n / wanted_mm) / (measured_n / measured_mm)
            over = np.array(extent) / wanted_mm
            facts["interpolation"] = _other_than_one(names, growth)
            facts["oversampling"] = _other_than_one(names, over)
    else:
        warnings.append("field of view unknown: lengths are in pixels")
    affine = None if extent is None else _affine(scan, kspace, extent, facts, warnings)
    facts["warnings"] = tuple(warnings)
    out = replace(kspace, field_of_view_mm=extent, affine=affine, facts=facts)
    for axis in ("frame", "contrast", "slice"):
        single = axis in out.axes and out.size(axis) == 1
        if single and not (axis == "slice" and out.is_cartesian and out.is_volume):
            out = out.at(axis, 0)
    return out


def _other_than_one(names, values):
    return {n: float(v) for n, v in zip(names, values) if abs(v - 1) > 0.01}


def _affine(scan, kspace, extent, facts, warnings):
    """(slice, row, column) of the image to RAS+ mm."""
    heads = scan.heads[scan.image]
    head = heads[int(np.argmin(scan.slice))]
    across, down = head["read_dir"].astype(float), head["phase_dir"].astype(float)
    position = head["position"].astype(float)
    orientation = np.concatenate([across, down])
    sound = bool(np.all(np.isfinite(orientation)) and np.all(np.isfinite(position)))
    if not sound or not is_orthonormal(orientation):
        warnings.append("no position or orientation of the patient: axial assumed")
        orientation, position = np.array(AXIAL), np.zeros(3)
    matrix = np.array(kspace.matrix)
    steps = np.array(extent) / matrix
    normal = np.cross(orientation[:3], orientation[3:])
    along = head["slice_dir"].astype(float)
    if not abs(float(along @ normal)) > 0.98:
        along = normal
    step = along * facts.get("slice_thickness_mm", 1.0)
    if kspace.is_volume:
        step = steps[0] * along
        position = position - (matrix[0] // 2) * step
    elif kspace.size("slice") > 1:
        step = _slice_step(scan, heads, along, step, warnings)
    across, down = orientation[:3], orientation[3:]
    corner = (
        position - (matrix[-2] // 2) * steps[-2] * down - (matrix[-1] // 2) * steps[-1] * across
    )
    rows, columns = float(steps[-2]), float(steps[-1])
    thickness = facts.get("slice_thickness_mm")
    plane = Plane(np.zeros((1, 1, 1)), corner, orientation, (rows, columns), thickness)
    return plane.affine(step)


def _slice_step(scan, heads, along, thick, warnings):
    """The step from slice to slice; that of one thickness where positions do not tell."""
    first = [int(np.argmax(scan.slice == s)) for s in range(int(scan.slice.max()) + 1)]
    positions = heads["position"][first].astype(float)
    gaps = np.diff(positions @ along)
    if not np.all(np.isfinite(gaps)) or np.min(np.abs(gaps)) < 1e-3:
        warnings.append("distance between slices unknown: one step counts as one thickness")
        return thick
    if np.max(np.abs(gaps - gaps.mean())) > 0.02 * abs(gaps.mean()):
        warnings.append(
            f"slices are unevenly spaced (gaps {gaps.min():.4g} to {gaps.max():.4g} mm): "
            "their mean is used"
        )
    return (positions[-1] - positions[0]) / (len(positions) - 1)
