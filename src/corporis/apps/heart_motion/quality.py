"""How far a film's tags are to be believed: whether they are still there, and still the same."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.harmonic import HarmonicImages
from corporis.apps.heart_motion.tags import Tags

AGREEING = 0.33
"""Share of the tags' signal that agrees with the motion, below which tags are taken as gone."""
RETURNED = 0.55
"""A signal that falls to this share of what comes back later has left the plane and returned."""


@dataclass(frozen=True, eq=False)
class TagQuality:
    """Tags in the wall, frame by frame.

    Parameters
    ----------
    agreement : array, (n_frames, n_families)
        Length of the mean of the harmonic image in the wall, with the phase of the motion taken
        off, over the mean of its length: 1 where all tags are where the motion puts them, about
        0 where there is noise only.
    signal : array, (n_frames,)
        Mean length of the harmonic images in the wall, the first frame's being 1.
    """

    agreement: np.ndarray
    signal: np.ndarray

    @classmethod
    def of(cls, harmonics: HarmonicImages, tags: Tags, rest, now) -> "TagQuality":
        """Of material points (n, 2) that are at places (n_frames, n, 2)."""
        seen = harmonics(now)
        left = seen * np.exp(-1j * tags.phase(rest).T)
        # what the first frame says of the tags' origin is common to all frames
        left = left * np.exp(-1j * np.angle(left[0].mean(axis=-1)))[None, :, None]
        length = np.maximum(np.abs(seen).mean(axis=-1), 1e-12)
        strength = length.mean(axis=1)
        return cls(np.maximum(left.mean(axis=-1).real, 0) / length, strength / strength[0])

    @property
    def n_reported(self) -> int:
        """Frames before the tags have faded: from there on two frames and all but few disagree."""
        gone = self.agreement.min(axis=1) < AGREEING
        n = len(gone)
        for t in range(1, n):
            if gone[t] and gone[t : t + 2].all() and gone[t:].mean() > 0.6:
                return t
        return n

    @property
    def leaves_plane(self) -> float | None:
        """Share to which the signal falls before more of it returns, where that is much; or None.

        Tags fade and do not come back by themselves: what returns was outside of the plane.
        """
        share = min(
            (self.signal[t] / self.signal[t + 1 :].max() for t in range(1, len(self.signal) - 1)),
            default=1.0,
        )
        return float(share) if share < RETURNED else None
