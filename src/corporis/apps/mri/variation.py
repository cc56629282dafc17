"""Convex reconstruction: total variation and wavelets, with the weight found and the gap known."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.held_back import HeldBack, hold_back
from corporis.functionals import (
    L1,
    NormalMisfit,
    TotalVariation,
    Transformed,
    TreeGroups,
    wavelet_tree,
)
from corporis.interfaces import Iterate
from corporis.operators import Wavelet
from corporis.solvers import (
    CompositeGap,
    QuadraticProx,
    TotalVariationProx,
    composite_splitting,
    consensus_admm,
    fista,
    run,
)
from corporis.solvers.composite_splitting import Penalty, Splits

PRICES = (15.0, 500.0)
"""First and last price of disagreement, in units of the weight; images are about 1 (measured)."""
N_FAST = 30
"""Iterations with full momentum, of one penalty and several coils (measured)."""


@dataclass(frozen=True)
class ConvexPrior:
    r"""``1/2 ||A x - b||^2 + weight (tv TV(x) + wavelet ||Phi x||_1 + tree sum_g ||(Phi x)_g||)``.

    A group ``g`` is a wavelet detail with all finer ones below it: edges leave a trail through the
    levels. Nested groups have one exact prox (`TreeGroups`), where pairs of a coefficient and its
    parent would be eight penalties.

    One coil is met exactly in k-space (`consensus_admm`); several by gradient steps, whose cost is
    one pair of transforms a coil, too, and no linear system (`composite_splitting`). A lone penalty
    starts with the full momentum of `fista`, which is much faster at first, but adds up what the
    inner iterations of total variation leave undone.

    The weight is searched on samples held back: short runs without them, and the weight that
    predicts them best.

    Parameters
    ----------
    tv, wavelet, tree : float
        Shares of the penalties, >= 0, not all 0.
    n_iterations, n_first : int
        Of the run with all samples, and of each run that tries a weight.
    weights : tuple of float
        Least and largest weight that is tried, in units of the brightest of the image.

    Raises
    ------
    ValueError
        If a share is negative or all are zero.
    """

    tv: float = 1.0
    wavelet: float = 0.0
    n_iterations: int = 100
    n_first: int = 30
    weights: tuple[float, float] = (1e-4, 3e-2)
    tree: float = 0.0

    def __post_init__(self):
        shares = (self.tv, self.wavelet, self.tree)
        if min(shares) < 0 or sum(shares) <= 0:
            raise ValueError(f"shares must be >= 0 and not all 0, got {shares}")

    def penalties(self, encoding: Encoding, weight: float) -> list[Penalty]:
        """Those of the objective, each set of coil maps with its own image."""
        shape = encoding.operator.domain
        found: list[Penalty] = []
        plane = tuple(range(len(shape) - 2, len(shape)))
        if self.tv:
            variation = TotalVariation(shape, weight * self.tv, axes=plane)
            # one call goes on where the last one ended, and the images differ little
            found.append(TotalVariationProx(variation, n_inner=5))
        if self.wavelet or self.tree:
            levels = min(4, int(math.log2(min(shape[-2:]))) - 2)
            transform = Wavelet(shape, "db2", levels, axes=plane)
            if self.tree:
                found.append(Transformed(tree_of(transform, weight * self.tree), transform))
            if self.wavelet:
                found.append(Transformed(L1(weight * self.wavelet), transform))
        return found

    def words(self, encoding: Encoding) -> str:
        """The solver's name for a report."""
        if encoding.is_met_exactly:
            return "Alternating directions, samples met exactly in k-space"
        if self.wavelet or self.tree:
            return "Composite splitting"
        return f"FISTA ({N_FAST} iterations), then composite splitting"

    def iterates(self, encoding: Encoding, weight: float, start=None) -> Iterator[Iterate]:
        """The run with all samples of a problem, from a first guess or an iterate."""
        begin = encoding.start() if start is None else start
        penalties = self.penalties(encoding, weight)
        if encoding.is_met_exactly:
            prices = (weight * p for p in PRICES)
            return consensus_admm(QuadraticProx(encoding.misfit), penalties, begin, *prices)
        misfit = NormalMisfit(encoding.operator, encoding.data, encoding.misfit.bound)
        if len(penalties) == 1:
            return _fast_first(misfit, penalties[0], begin)
        return composite_splitting(misfit, penalties, begin)

    def gap(self, encoding: Encoding, weight: float) -> Callable[[Iterate], float]:
        """The certificate: how far an iterate is, at most, above the minimum, relatively."""
        # among images at most twice as bright as the zero-filled one, where only TV is there
        gap = CompositeGap(encoding.misfit, self.penalties(encoding, weight), brightest=2.0)
        return lambda iterate: gap(iterate) / max(gap.objective(iterate.x), 1e-30)

    def weight_of(
        self, encoding: Encoding, watch: Callable[[Iterate], None] = lambda _: None
    ) -> float:
        """The weight whose image predicts samples that it was not given best."""
        held, known = hold_back(encoding), {}
        start = held.fit.start()

        def error(log_weight: float) -> float:
            key = round(log_weight, 6)
            if key not in known:
                known[key] = self._error(held, math.exp(key), start, watch)
            return known[key]

        grid = np.linspace(math.log(self.weights[0]), math.log(self.weights[1]), 7)
        best = int(np.argmin([error(w) for w in grid]))
        step = grid[1] - grid[0]
        return math.exp(_lowest(error, float(grid[best]), float(step)))

    def _error(self, held: HeldBack, weight, start, watch):
        iterates = self.iterates(held.fit, weight, start)
        return held.error(run(iterates, at_most=self.n_first, watch=[watch]).x)


def _fast_first(misfit, penalty, start):
    """FISTA, and on from where it ended without its momentum."""
    if not isinstance(start, Iterate):
        last = None
        for last in itertools.islice(fista(misfit, penalty, start), N_FAST):
            yield last
        z, step = last.x[None], last.memory.step
        state = Splits(z, z, last.memory.warm, last.memory.forward, step)
        start = Iterate(last.x, last.count, last.change, state)
    yield from composite_splitting(misfit, [penalty], start, inertia=0.5)


def _lowest(error, best, step):
    """Lowest point of the parabola through the best of a grid and its neighbours at half steps."""
    left, middle, right = error(best - step / 2), error(best), error(best + step / 2)
    bend = left - 2 * middle + right
    if bend <= 0:
        return best + step / 2 * (1 if right < left else -1)
    return best + float(np.clip((left - right) / bend / 4, -0.5, 0.5)) * step


def tree_of(transform: Wavelet, weight: float, is_joint: bool = False) -> TreeGroups:
    """Groups of every detail with those below it; the approximation is spared."""
    axes = transform.axes or ()
    grid = tuple(transform.shape[a] for a in axes)
    spares = np.ones(grid)
    for band in transform.bands:
        if "d" not in band.orientation:
            spares[tuple(band.slices[a] for a in axes)] = 0
    return TreeGroups(wavelet_tree(transform), weight, spares, is_joint)
