"""The planes of a scan: what can be reconstructed alone."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.fft

from corporis.errors import Unsupported
from corporis.imaging import KSpace

OUTER = ("frame", "contrast", "slice")
"""Axes that count planes, in the order of an image."""


def planes_of(kspace: KSpace) -> KSpace:
    """A scan whose planes can be treated alone: a volume is transformed along its readout.

    Raises
    ------
    Unsupported
        If a volume has no fully sampled axis, or was measured along a trajectory.
    """
    if not kspace.is_cartesian and kspace.is_volume:
        raise Unsupported(
            "expected a trajectory in two axes, got one of a volume: transform along the "
            "partitions first, or give one slice"
        )
    if not kspace.is_volume:
        return kspace
    mask = kspace.sampled
    axis = [a for a in kspace.axes if a != "coil"].index("slice")
    if not np.array_equal(mask, np.broadcast_to(mask.take([0], axis), mask.shape)):
        raise Unsupported(
            "expected a 3-D scan whose first encoded axis is fully sampled, got one undersampled "
            "along it: move the readout to the front"
        )
    place = kspace.axes.index("slice")
    facts, extent = dict(kspace.facts), kspace.field_of_view_mm
    if extent is not None:
        facts["slice_thickness_mm"] = extent[0] / kspace.size("slice")
    moved = scipy.fft.ifftshift(kspace.data, axes=place)
    moved = scipy.fft.fftshift(scipy.fft.ifft(moved, axis=place, norm="ortho"), axes=place)
    return replace(
        kspace,
        data=moved.astype(np.complex64),
        is_volume=False,
        matrix=(kspace.size("row"), kspace.size("column")),
        field_of_view_mm=None if extent is None else extent[1:],
        facts=facts,
    )


def each_plane(kspace: KSpace) -> Iterator[KSpace]:
    """Every frame, contrast and slice alone, in the order of the axes."""
    axes = [a for a in OUTER if a in kspace.axes]
    for places in itertools.product(*(range(kspace.size(a)) for a in axes)):
        plane = kspace
        for axis, place in zip(axes, places, strict=True):
            plane = plane.at(axis, place)
        yield plane
