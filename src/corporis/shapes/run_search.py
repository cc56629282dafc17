"""Which landmarks to set aside: runs of neighbours, each tried exactly."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

LENGTHS = (1, 2, 3, 4, 6, 8, 10, 13, 16, 20)
"""Runs that are tried at once; ends then move by one."""
MOST = 0.6
"""Of the landmarks that may be set aside."""


@dataclass(frozen=True, eq=False)
class RunSearch:
    r"""Least of ``-log p(y_S) + outlier_cost |O| + run_cost runs(O)`` over sets `O`.

    With the precision `L` and ``g = L r``, leaving out `O` changes ``-log p`` by
    ``-1/2 g_O^T L_OO^-1 g_O + 1/2 log det L_OO``, exactly.

    Parameters
    ----------
    precision : array, (n d, n d)
        Of the present landmarks' residuals.
    residual : array, (n d,)
    present : bool array, (k,)
        Which landmarks there are, n in all; absent ones end no run.
    outlier_cost, run_cost : float
        Nats; the first without the normalisation of ``p``.
    is_closed : bool
        Whether the last landmark is a neighbour of the first.
    """

    precision: np.ndarray
    residual: np.ndarray
    present: np.ndarray
    outlier_cost: float
    run_cost: float
    is_closed: bool = True

    @cached_property
    def _ring(self):
        """Landmarks present, in order: neighbours across a gap are neighbours."""
        return np.flatnonzero(self.present)

    @cached_property
    def _pull(self):
        return self.precision @ self.residual

    def best(self, start: np.ndarray | None = None) -> tuple[float, np.ndarray]:
        """The least cost found, and the landmarks set aside, (k,).

        From `start`, or from nothing set aside; runs are added and taken away, and their ends
        moved, while that lowers the cost.
        """
        n = len(self._ring)
        first = np.zeros(n, bool) if start is None else np.asarray(start, bool)[self._ring]
        cost, mask = self._descend(first)
        outside = np.zeros(len(self.present), bool)
        outside[self._ring[mask]] = True
        return cost, outside

    def cost(self, outside: np.ndarray) -> float:
        """The description length with the landmarks `outside`, (k,), set aside."""
        return self._constant + float(self._costs(np.asarray(outside, bool)[None, self._ring])[0])

    def _descend(self, mask):
        whole = self._constant
        cost = float(self._costs(mask[None])[0])
        while True:
            options = self._neighbours(mask)
            costs = self._costs(options)
            best = int(np.argmin(costs))
            if not costs[best] < cost - 1e-9:
                return whole + cost, mask
            cost, mask = float(costs[best]), options[best]

    @property
    def _constant(self):
        """``-log p`` of all landmarks, without its normalisation."""
        _, logarithm = np.linalg.slogdet(self.precision)
        return 0.5 * float(self.residual @ self._pull) - 0.5 * float(logarithm)

    def _neighbours(self, mask):
        """Sets that differ by a run added, a run taken away, or one landmark."""
        runs = self._runs
        added, taken = mask | runs, mask & ~runs
        packed = np.unique(np.packbits(np.concatenate([added, taken]), axis=1), axis=0)
        options = np.unpackbits(packed, axis=1, count=len(mask)).astype(bool)
        few = options.sum(axis=1) <= MOST * len(mask)
        return options[few]

    @cached_property
    def _runs(self):
        n, found = len(self._ring), []
        for length in LENGTHS:
            if length > MOST * n:
                break
            for first in range(n):
                places = np.arange(first, first + length)
                if places[-1] >= n and not self.is_closed:
                    continue
                run = np.zeros(n, bool)
                run[places % n] = True
                found.append(run)
        return np.array(found)

    def _costs(self, masks):
        """Cost of each set (m, n), relative to nothing set aside; sets of one size together."""
        d = len(self.residual) // len(self._ring)
        counts, costs = masks.sum(axis=1), np.zeros(len(masks))
        for count in np.unique(counts):
            if count == 0:
                continue
            rows = np.flatnonzero(counts == count)
            places = np.nonzero(masks[rows])[1].reshape(len(rows), count)
            index = (d * places[..., None] + np.arange(d)).reshape(len(rows), -1)
            factor = np.linalg.cholesky(self.precision[index[:, :, None], index[:, None, :]])
            pull = np.linalg.solve(factor, self._pull[index][..., None])[..., 0]
            logarithm = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            costs[rows] = logarithm - 0.5 * np.sum(pull**2, axis=1)
        return costs + self.outlier_cost * counts + self.run_cost * self._n_runs(masks)

    def _n_runs(self, masks):
        before = np.roll(masks, 1, axis=1)
        if not self.is_closed:
            before[:, 0] = False
        starts = (masks & ~before).sum(axis=1)
        return np.where(masks.all(axis=1), 1, starts)
