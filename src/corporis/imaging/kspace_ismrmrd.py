"""ISMRMRD files as k-space: readouts put on their raster or along their trajectory."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import Unreadable, Unsupported
from corporis.imaging.guard import check_size, one_line, parsing, shown
from corporis.imaging.kspace import KSpace
from corporis.imaging.kspace_geometry import placed
from corporis.imaging.kspace_header import parse_header
from corporis.imaging.kspace_readouts import (
    REVERSED,
    Source,
    find_group,
    sorted_out,
)
from corporis.imaging.kspace_samples import (
    check_samples,
    is_whole,
    measured,
    shortened,
    without_oversampling,
)
from corporis.imaging.kspace_trajectory import along_trajectory


def read_ismrmrd(path: Path, keep_oversampling: bool = False) -> KSpace:
    """k-space of an ISMRMRD file; see `read_kspace`.

    Raises
    ------
    Unreadable
        If the XML header is missing or bad, or readouts disagree with their headers.
    Unsupported
        If it holds what is no raster and no trajectory: several volumes, ragged shots.
    BadInput
        If there is no imaging readout, or samples are NaN.
    """
    import h5py

    with parsing(path, "ISMRMRD readouts"), h5py.File(path, "r") as file:
        name = find_group(file)
        group = file[name]
        source = Source(group, path)
        header = parse_header(source.text, path)
        scan = sorted_out(source, header)
        noise = _noise(scan)
        if np.any(scan.heads["trajectory_dimensions"][scan.image] > 0):
            return along_trajectory(scan, noise)
        if header.trajectory not in ("cartesian", "epi"):
            raise Unsupported(
                f"{shown(path)}: expected a trajectory with every readout of a {header.trajectory} "
                "scan, got none: add it to the file"
            )
        return _raster(scan, noise, keep_oversampling)


def _noise(scan):
    """Noise samples (coil, n), with the variance that a single imaging readout has."""
    heads = scan.heads
    which = scan.noise[heads["active_channels"][scan.noise] == scan.n_coils]
    if len(which) < len(scan.noise):
        scan.warnings.append("noise readouts of other coils were left out")
    if not len(which):
        return None
    check_size((scan.n_coils, int(heads["number_of_samples"][which].sum()) or 1), scan.path)
    parts = [scan.source.samples(k) for k in which]
    dwell = float(heads["sample_time_us"][which[0]]), float(heads["sample_time_us"][scan.image[0]])
    scale = np.sqrt(dwell[0] / dwell[1]) if min(dwell) > 0 and np.all(np.isfinite(dwell)) else 1.0
    samples = np.concatenate(parts, axis=1) * np.float32(scale)
    check_samples(samples, ("coil", "sample"), scan.path, "noise")
    return samples


def _raster(scan, noise, keep_oversampling):
    path, (n_x, n_y, n_z) = scan.path, scan.header.encoded.matrix
    rows, partitions = _lines(scan)
    frames, contrasts, stack = scan.counts()
    depth = n_z if scan.is_volume else stack
    shape = (frames, contrasts, scan.n_coils, depth, n_y, n_x)
    check_size(shape, path)
    taken = int(np.sum(scan.heads["number_of_samples"][scan.image], dtype=np.int64))
    if prod(shape) > max(2**24, 1000 * taken * scan.n_coils):
        raise Unreadable(
            f"{shown(path)}: the header claims a raster of {one_line(shape, 60)}, but only {taken} "
            "samples a coil are there: check the file"
        )
    data, times = _filled(scan, shape, rows, partitions)
    axes = ("frame", "contrast", "coil", "slice", "row", "column")
    most = int(times.max())
    check_samples(data, axes, path)
    mask = times > 0
    zeros = measured(data, axes)
    mask = mask if zeros is None else mask & zeros
    if noise is not None and most > 1:
        noise = noise / np.float32(np.sqrt(np.median(times[times > 0])))
    facts: dict[str, Any] = {"readout_axis": "column", "n_averages": most}
    wanted = scan.header.wanted.extent_mm[0], scan.header.encoded.extent_mm[0]
    if not keep_oversampling and 0 < wanted[0] < 0.99 * wanted[1]:
        keep = round(n_x * wanted[0] / wanted[1])
        if is_whole(mask, 4):
            data, mask = without_oversampling(data, 5, keep), shortened(mask, 4, keep)
            facts["readout_oversampling"] = n_x / keep
        else:
            scan.warnings.append("readouts have gaps, so that their oversampling was kept")
    mask = None if mask.all() else mask
    return placed(
        scan, KSpace(data, axes, mask, noise=noise, is_volume=scan.is_volume, facts=facts)
    )


def _filled(scan, shape, rows, partitions):
    """The raster with the mean of what was measured, and how often each sample was."""
    data = np.zeros(shape, np.complex64)
    times = np.zeros((*shape[:2], *shape[3:]), np.uint16)
    for i, k in enumerate(scan.image.tolist()):
        start, samples = _window(scan, k, scan.source.samples(k), shape[-1])
        third = partitions[i] if scan.is_volume else scan.slice[i]
        window = slice(start, start + samples.shape[1])
        frame, contrast = scan.frame[i], scan.contrast[i]
        data[frame, contrast, :, third, rows[i], window] += samples
        times[frame, contrast, third, rows[i], window] += 1
    if times.max() > 1:
        for frame, contrast in np.ndindex(*shape[:2]):
            data[frame, contrast] /= np.maximum(times[frame, contrast], 1)
    return data, times


def _lines(scan):
    """Row and partition of each imaging readout on the raster."""
    _, n_y, n_z = scan.header.encoded.matrix
    out = []
    idx, centres = scan.heads["idx"][scan.image], scan.header.centres
    for step, n, name in (
        ("kspace_encode_step_1", n_y, "rows"),
        ("kspace_encode_step_2", n_z, "partitions"),
    ):
        centre = centres.get(step.replace("encode", "encoding"), n // 2)
        lines = idx[step].astype(int) - centre + n // 2
        if step.endswith("1") or scan.is_volume:
            if lines.min() < 0 or lines.max() >= n:
                raise Unreadable(
                    f"{shown(scan.path)}: expected {step} within the {n} {name} of the header "
                    f"(centre {centre}), got {idx[step].min()} to {idx[step].max()}: "
                    "check the header"
                )
        out.append(lines)
    return out


def _window(scan, k, samples, n_x):
    """Where a readout begins on the raster, and what of it is to be used."""
    head = scan.heads[k]
    n, centre = samples.shape[1], int(head["center_sample"])
    start = 0 if n == n_x else n_x // 2 - centre
    pre, post = int(head["discard_pre"]), int(head["discard_post"])
    if (int(head["flags"]) >> (REVERSED - 1)) & 1:
        samples, pre, post = samples[:, ::-1], post, pre
    if pre + post >= n or n < 1 or start + pre < 0 or start + n - post > n_x:
        raise Unreadable(
            f"{shown(scan.path)}: readout {k} of {n} samples with its echo at {centre} does not "
            f"fit the {n_x} columns of the header: check the header"
        )
    return start + pre, samples[:, pre : n - post]
