"""The heart while the scan runs: each frame is reconstructed, outlined and followed as it comes."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import binary_dilation

from corporis.apps.heart_shape import EvidenceMaps, Location, PixelEvidence
from corporis.apps.heart_shape.evidence import evidence_labels, to_source
from corporis.apps.mri import CausalSeries
from corporis.deformables import Registration, warp
from corporis.errors import NotFound

STEPS = ("reconstructing", "outlining", "following")
SETTLING = 12
"""Frames in which the window may still move: afterwards a beat was seen."""
LEAST_RING = 0.7
"""Share of the cavity's border along muscle; that of hearts measured here is 0.9 to 1."""
MOST_CHANGE = 0.6
"""Of the larger area of the cavity, from frame to frame; hearts measured here stay below 0.15,
and below 0.5 with three frames a beat."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame, known before the next one is measured.

    Parameters
    ----------
    image : complex64 array, (rows, columns)
    labels : int8 array, (rows, columns)
        0 none, 1 left cavity, 2 left muscle, 3 right cavity; all 0 while no ventricle was found.
    motion : float32 array, (2, rows, columns)
        Where each place of this frame lay in the frame before, minus the place, in pixels.
    seconds : mapping
        Wall time of each of `STEPS`.
    """

    image: np.ndarray
    labels: np.ndarray
    motion: np.ndarray
    seconds: Mapping[str, float]

    @property
    def latency_s(self) -> float:
        """From the frame's last sample to its outline and motion."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class LiveHeart:
    """Reconstruction, outline and motion of a short-axis slice, in one go and without the future.

    Nothing waits for a later frame: the image by `CausalSeries`, the outline by the heart study's
    networks, which see the extremes of the beat so far, the motion by registration to the frame
    before. What was outlined there is carried along and votes in this frame, so that an outline
    survives a frame with artefacts.

    Parameters
    ----------
    evidence : PixelEvidence
        `PixelEvidence.load()` are the networks that ship.
    series : CausalSeries
    registration : Registration
    memory : float
        Weight of the outline that was carried along, in [0, 1).

    Raises
    ------
    ValueError
        If `memory` is not in [0, 1).
    """

    evidence: PixelEvidence
    series: CausalSeries = field(default_factory=CausalSeries)
    registration: Registration = field(default_factory=Registration)
    memory: float = 0.5

    def __post_init__(self):
        if not 0 <= self.memory < 1:
            raise ValueError(f"memory must be in [0, 1), got {self.memory}")

    def moments(self, data: np.ndarray, masks: np.ndarray) -> Iterator[Moment]:
        """Frame after frame; a frame is made when it is asked for.

        Parameters
        ----------
        data : complex array, (n_frames, rows, columns)
            K-space of one coil, centred, of the unitary transform.
        masks : bool array, (n_frames, rows, columns)

        Raises
        ------
        ValueError
            As `CausalSeries.frames`.
        """
        seen: list[np.ndarray] = []
        location, known = None, None
        for frame in self.series.frames(data, masks):
            seen.append(np.abs(frame.image).astype(np.float32))
            clock = [time.perf_counter()]
            if len(seen) <= SETTLING:
                location = self._located(seen, location)
            chances = self._chances(seen, location)
            clock.append(time.perf_counter())
            motion = np.zeros((2, *seen[-1].shape), np.float32)
            if len(seen) > 1:
                motion = self.registration(seen[-1], seen[-2])
            if chances is not None:
                if known is not None:
                    carried = np.stack([warp(part, motion) for part in known])
                    chances = (1 - self.memory) * chances + self.memory * carried
                known = chances
            labels = _solid(known, seen[-1].shape)
            clock.append(time.perf_counter())
            took = (frame.seconds, *np.diff(clock).tolist())
            yield Moment(frame.image, labels, motion, dict(zip(STEPS, took, strict=True)))

    def _located(self, seen, last) -> Location | None:
        try:
            return self.evidence.locate(np.stack(seen)[None])
        except NotFound:
            return last

    def _chances(self, seen, location):
        """Class probabilities of the newest frame, (4, rows, columns); None without a window."""
        if location is None:
            return None
        stack = np.stack(seen)[None]
        newest = self.evidence.segment(stack, 0, [len(seen) - 1], location, 1)
        maps = EvidenceMaps(newest[None], location.origin, location.step)
        parts = [to_source(newest[None, :, c], maps, seen[-1].shape)[0, 0] for c in range(4)]
        # outside the window nothing is the heart
        parts[0] = 1 - sum(parts[1:])
        return np.stack(parts)


def _solid(chances, shape):
    """The likeliest classes, one solid cavity."""
    if chances is None:
        return np.zeros(shape, np.int8)
    maps = EvidenceMaps(chances[None, None], np.zeros((1, 2)), 1.0)
    return evidence_labels(maps)[0, 0]


def doubtful(labels: np.ndarray) -> list[int]:
    """Frames whose outline cannot be that of a beating left ventricle in short axis.

    A frame is doubted that has no cavity, whose cavity touches muscle along less than
    `LEAST_RING` of its border, or whose area differs by more than `MOST_CHANGE` from the last
    frame that was not doubted.

    Parameters
    ----------
    labels : int array, (n_frames, rows, columns)
        1 left cavity, 2 left muscle.

    Examples
    --------
    >>> labels = np.zeros((2, 16, 16), int)
    >>> labels[:, 4:12, 4:12] = 2
    >>> labels[:, 6:10, 6:10] = 1
    >>> labels[1, :, 8:] = 0                     # half of the ring is lost
    >>> doubtful(labels)
    [1]
    """
    found, last = [], 0
    for number, frame in enumerate(labels):
        cavity = frame == 1
        area = int(cavity.sum())
        around = binary_dilation(cavity) & ~cavity
        is_ringed = area > 0 and float((frame[around] == 2).mean()) >= LEAST_RING
        if not is_ringed or (last and abs(area - last) > MOST_CHANGE * max(area, last)):
            found.append(number)
        else:
            last = area
    return found
