"""Reconstruction with the image's own patches as prior, the noise level found on the way."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.held_back import HeldBack, hold_back
from corporis.apps.mri.noise import quiet_level
from corporis.interfaces import Iterate
from corporis.learning import BlockMatching
from corporis.solvers import Denoiser, QuadraticProx, plug_and_play, run

USUAL_MISS = 0.61
"""Residual of the samples in units of their noise, after a run at the right level (measured)."""


@dataclass(frozen=True)
class PatchPrior:
    r"""Plug-and-play reconstruction with block matching.

    Levels fall from `first` to a multiple of the noise. How much noise there is, the rim of
    k-space only bounds from above, for an image has fine detail too. So a first, shorter run
    leaves out some samples and predicts them: the best prediction's error is a second bound. The
    quietest places of its image are a third, with one coil. The smallest holds: no truth is
    needed, and nothing depends on the unit of the data.

    Parameters
    ----------
    n_iterations, n_first : int
        Of the run with all samples, and of the run that finds the level.
    first : float
        First level, in units of the brightest of the image.
    trust : float
        The data count as if their noise were `trust` times what was found: a denoised image is
        worse than its own level.
    last : float
        Last level in units of the noise found.
    least : float
        Levels never fall below this, in units of the brightest.
    denoiser : Denoiser
        By default block matching.
    """

    n_iterations: int = 50
    n_first: int = 20
    first: float = 0.35
    trust: float = 0.5
    last: float = 0.8
    least: float = 2e-3
    denoiser: Denoiser = field(default_factory=BlockMatching)

    def noise_level(
        self, encoding: Encoding, watch: Callable[[Iterate], None] = lambda _: None
    ) -> float:
        """Noise of one part of one sample: the smallest of three bounds."""
        held = hold_back(encoding)
        if not held.judges.any():
            return encoding.sigma
        best, last = self.prediction(held, watch)
        quiet = math.inf
        if encoding.is_met_exactly:
            quiet = quiet_level(last.x, held.fit.mask)
        return min(encoding.sigma, math.sqrt(best / 2), quiet)

    def prediction(
        self, held: HeldBack, watch: Callable[[Iterate], None] = lambda _: None
    ) -> tuple[float, Iterate]:
        """How well a short run predicts samples held back, and its last iterate.

        The prediction's error is the least on the way, as `HeldBack.error` gives it.
        """
        best = math.inf
        for last in self._iterates(held.fit, 0.0, self.least, self.n_first, False):
            watch(last)
            best = min(best, held.error(last.memory.clean))
        return best, last

    def solve(
        self,
        encoding: Encoding,
        noise: float | None = None,
        watch: Callable[[Iterate], None] = lambda _: None,
    ) -> tuple[Iterate, float]:
        """The last iterate, and the noise level it was made with.

        A level that was found is checked: with the true noise the data are missed by about
        `USUAL_MISS` of it. Where they are missed by clearly less the samples are better than
        thought, and the run is repeated once.
        """
        found = self.noise_level(encoding, watch) if noise is None else noise
        last = self._last(encoding, found, watch)
        if noise is not None or found <= self.least / 10:
            return last, found
        miss = self._miss(encoding, last.x) / found
        if miss > 0.8 * USUAL_MISS:
            return last, found
        found *= (miss / USUAL_MISS) ** 2
        return self._last(encoding, found, watch), found

    def _last(self, encoding, noise, watch):
        last = max(self.last * noise, self.least)
        iterates = self._iterates(encoding, self.trust * noise, last, self.n_iterations, True)
        return run(iterates, at_most=self.n_iterations, watch=[watch]).last

    @staticmethod
    def _miss(encoding, x):
        """Root mean square of one part of what the samples are missed by."""
        misfit = encoding.misfit
        return math.sqrt(2 * misfit(x) / (2 * np.count_nonzero(encoding.data)))

    def _iterates(self, encoding, noise, last, count, is_reflected):
        levels = self.levels(last, count)
        noise = max(noise, 1e-6)
        return plug_and_play(
            QuadraticProx(encoding.misfit),
            self.denoiser,
            encoding.start(),
            levels,
            step_of=lambda sigma: (sigma / noise) ** 2,
            is_reflected=is_reflected,
        )

    def levels(self, last: float, count: int) -> np.ndarray:
        """Levels from `first` to `last`, slowly at first."""
        last = min(last, self.first)
        share = np.linspace(0, 1, count) ** 1.4
        return self.first * (last / self.first) ** share
