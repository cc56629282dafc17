"""Readouts along a trajectory: radial, spiral and the like, kept as they were taken."""

from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import check_size, one_line, shown
from corporis.imaging.kspace import KSpace
from corporis.imaging.kspace_geometry import placed
from corporis.imaging.kspace_readouts import Scan
from corporis.imaging.kspace_samples import check_samples

AXES = ("frame", "contrast", "coil", "slice", "shot", "sample")


def along_trajectory(scan: Scan, noise: np.ndarray | None) -> KSpace:
    """The samples of a scan that is no raster, with the frequency of each.

    Trajectories come in cycles a pixel (-0.5 to 0.5) or in cycles a field of view (up to half the
    matrix), which their largest value tells. A third dimension of a 2-D scan that is not zero
    everywhere holds density weights.

    Raises
    ------
    Unsupported
        If frames have different numbers of shots, or shots of samples, or the trajectory is that
        of a stack.
    BadInput
        If trajectories are not finite or leave the matrix.
    """
    n, d = _alike(scan)
    frames, contrasts, slices = scan.counts()
    shot, n_shots = _shots(scan)
    shape = (frames, contrasts, scan.n_coils, slices, n_shots, n)
    check_size(shape, scan.path)
    data = np.zeros(shape, np.complex64)
    points = np.zeros((frames, contrasts, slices, n_shots, n, d), np.float32)
    for i, k in enumerate(scan.image.tolist()):
        head = scan.heads[k]
        used = slice(int(head["discard_pre"]), int(head["discard_pre"]) + n)
        f, c, s = scan.frame[i], scan.contrast[i], scan.slice[i]
        data[f, c, :, s, shot[i]] = scan.source.samples(k)[:, used]
        points[f, c, s, shot[i]] = scan.source.points(k)[used]
    check_samples(data, AXES, scan.path)
    trajectory, density, facts = _radians(points, scan)
    depth = scan.header.encoded.matrix[2]
    n_x, n_y, _ = scan.header.encoded.matrix
    matrix = (depth, n_y, n_x) if trajectory.shape[-1] == 3 else (n_y, n_x)
    kspace = KSpace(
        data,
        AXES,
        noise=noise,
        trajectory=trajectory,
        density=density,
        matrix=matrix,
        is_volume=len(matrix) == 3,
        facts=facts,
    )
    return placed(scan, kspace)


def _alike(scan):
    """Samples a shot that are used, and dimensions of the trajectory; the same for all."""
    used = scan.heads[scan.image]
    kept = (
        used["number_of_samples"].astype(int) - used["discard_pre"] - used["discard_post"],
        used["trajectory_dimensions"].astype(int),
    )
    for what, values in zip(("samples", "dimensions of the trajectory"), kept):
        if values.min() != values.max() or values.min() < 1:
            raise Unsupported(
                f"{shown(scan.path)}: expected the same number of {what} in every shot, got "
                f"{values.min()} to {values.max()}: give shots of one kind"
            )
    if kept[1][0] not in (2, 3):
        raise Unsupported(
            f"{shown(scan.path)}: expected trajectories of 2 or 3 dimensions, got {kept[1][0]}"
        )
    if scan.is_volume and kept[1][0] == 2:
        raise Unsupported(
            f"{shown(scan.path)}: expected trajectories of 3 dimensions for a volume, got a stack "
            "of 2: transform along the partitions first and give one partition"
        )
    return int(kept[0][0]), int(kept[1][0])


def _shots(scan):
    """The running number of each readout within its frame, contrast and slice."""
    sizes = scan.counts()
    place = np.ravel_multi_index((scan.frame, scan.contrast, scan.slice), sizes)
    counts = np.bincount(place, minlength=int(np.prod(sizes)))
    if counts.min() != counts.max():
        raise Unsupported(
            f"{shown(scan.path)}: expected the same number of shots in every frame, contrast and "
            f"slice, got {counts.min()} to {counts.max()}: leave out what is incomplete"
        )
    order = np.argsort(place, kind="stable")
    shot = np.empty(len(place), int)
    shot[order] = np.tile(np.arange(counts[0]), len(counts))
    return shot, int(counts[0])


def _radians(points, scan):
    """Frequencies in radians a pixel along (slice,) row, column; density; facts."""
    if not np.all(np.isfinite(points)):
        raise BadInput(f"{shown(scan.path)}: trajectories must be finite, but some are not")
    facts: dict[str, Any] = {}
    density = None
    n_x, n_y, n_z = scan.header.encoded.matrix
    if points.shape[-1] == 3 and n_z == 1:
        third = points[..., 2]
        if np.any(third):
            if third.min() < 0:
                raise BadInput(
                    f"{shown(scan.path)}: expected density weights >= 0 as the third dimension of "
                    f"a 2-D trajectory, got {third.min():.3g}: check the file"
                )
            density = third.copy()
        points = points[..., :2]
    sizes = np.array([n_x, n_y, n_z][: points.shape[-1]], dtype=np.float32)
    largest = np.abs(points).reshape(-1, points.shape[-1]).max(axis=0)
    if np.all(largest <= 0.501):
        scale, facts["trajectory_unit"] = np.ones_like(sizes), "cycles/pixel"
    elif np.all(largest <= 0.51 * sizes + 1):
        scale, facts["trajectory_unit"] = 1 / sizes, "cycles/field of view"
    else:
        raise Unreadable(
            f"{shown(scan.path)}: expected trajectories up to 0.5 cycles a pixel or half the "
            f"matrix {one_line(sizes.astype(int).tolist(), 40)}, got up to "
            f"{one_line(largest.round(3).tolist(), 60)}: scale them to one of the two"
        )
    radians = 2 * np.pi * points * scale
    return np.ascontiguousarray(radians[..., ::-1], dtype=np.float32), density, facts
