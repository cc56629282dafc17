"""A body eliminated: what is left of the sparse deformable model when only errors are unknown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import splu

from corporis.functionals import SparseGroup

DENSE = 6000
"""Unknowns up to which a dense factor is faster than a sparse one."""
GRAIN = 1e-9
"""Share of the diagonal that keeps in place what neither bends nor is seen."""


@dataclass(frozen=True, eq=False)
class Elimination:
    """The body eliminated: ``f(e) = min_q`` of all but the price of errors, and its gradient.

    Rows are observed numbers, scaled by the root of their confidence, columns times (and, where
    whole displacements are seen, coordinates). What is seen is ``S (p + e)``, S dense, of the
    number of rows, from the one factorisation.
    """

    seen: np.ndarray
    labels: np.ndarray
    sizes: np.ndarray
    root: np.ndarray
    sight: sparse.csr_array
    stiff: sparse.csr_array
    solve: Callable[[np.ndarray], np.ndarray]
    hat: np.ndarray
    spread: np.ndarray
    gain: float
    is_whole: bool

    @classmethod
    def build(cls, body, sightings, courses):
        carrier = body.cloud.values(sightings.places)
        n_times, m, n_parts = np.shape(sightings.seen)
        affine = np.concatenate([np.ones((m, 1)), sightings.places], axis=1)
        if np.linalg.matrix_rank(affine, tol=1e-6 * max(np.abs(affine).max(), 1)) < 4:
            raise ValueError("the places seen lie on one plane: give places on others")
        is_whole = sightings.directions is None
        labels, sight, table = _rows(sightings, carrier)
        stiff = body.root.T @ body.root
        if not is_whole:
            stiff = sparse.kron(stiff, sparse.eye_array(3))
        trust = np.ones(m) if sightings.confidence is None else np.asarray(sightings.confidence)
        root, gain = np.sqrt(trust)[labels], 1 / body.noise**2
        sight = (sparse.diags_array(root) @ sight).tocsr()
        matrix = stiff + gain * sight.T @ sight
        grain = GRAIN * matrix.diagonal().mean() * sparse.eye_array(matrix.shape[0])
        solve = _factored(matrix + grain)
        return cls(
            seen=root[:, None] * table,
            labels=labels,
            sizes=np.full(m, float(n_times * n_parts)),
            root=root,
            sight=sight,
            stiff=(stiff + grain).tocsr(),
            solve=solve,
            hat=gain * (sight @ solve(sight.T.toarray())),
            spread=_projector(courses, n_times),
            gain=gain,
            is_whole=is_whole,
        )

    @property
    def lipschitz(self):
        return self.gain

    @property
    def zero(self):
        return np.zeros_like(self.seen)

    def penalty(self, price, body):
        """``believed / noise sqrt(n_i) c_i ||e_i||`` of the unscaled errors, times a price."""
        own = np.zeros(len(self.sizes))
        own[self.labels] = self.root
        return SparseGroup(
            0.0, body.believed / body.noise, self.labels, price * own * np.sqrt(self.sizes)
        )

    def sampled(self, error):
        """What the body shows at the places seen."""
        return self.hat @ self._in_time(self.seen + error)

    def gradient(self, error):
        return self.gain * (self.seen + error - self.sampled(error))

    def __call__(self, error):
        wanted = self.seen + error
        return 0.5 * self.gain * float(np.sum(wanted * (wanted - self.sampled(error))))

    def value(self, error, penalty):
        return self(error) + penalty(error)

    def gap(self, error, penalty):
        """Duality gap of the convex problem at the body that these errors give.

        The forces ``y = gain (C q - p - e)`` balance the body's stiffness exactly; scaled until no
        observation pulls with more than its price, they bound the minimum from below.
        """
        q = self._solved(error)
        residual = self.sight @ q - self.seen
        force = self.gain * (residual - error)
        energy = 0.5 * float(np.sum(q * (self.stiff @ q)))
        limit = penalty.group * penalty.group_weights
        length = self.lengths(residual)
        cut = limit / self.gain
        huber = np.where(length <= cut, 0.5 * self.gain * length**2, limit * (length - 0.5 * cut))
        most = float(np.min(limit / np.maximum(self.lengths(force), 1e-300)))
        quadratic = float(np.sum(force**2)) / (2 * self.gain) + energy
        linear = -float(np.sum(force * self.seen))
        share = min(most, linear / (2 * quadratic)) if quadratic > 0 else 0.0
        share = max(share, 0.0)
        return energy + float(huber.sum()) - (share * linear - share**2 * quadratic)

    def lengths(self, rows):
        """Length of every observation's numbers."""
        return np.sqrt(np.bincount(self.labels, np.sum(rows**2, axis=1)))

    def motion(self, error):
        """Displacements (n_times, n_particles, 3)."""
        q, n_times = self._solved(error), len(self.spread)
        if self.is_whole:
            return np.moveaxis(q.reshape(len(q), n_times, 3), 1, 0)
        return np.moveaxis(q.reshape(len(q) // 3, 3, n_times), -1, 0)

    def as_seen(self, error):
        """Rows in the order of the sightings, without the scale of confidence."""
        rows, n_times, m = error / self.root[:, None], len(self.spread), len(self.sizes)
        if self.is_whole:
            return np.moveaxis(rows.reshape(m, n_times, 3), 1, 0)
        return np.moveaxis(rows.reshape(m, -1, n_times), -1, 0)

    def _solved(self, error):
        wanted = self._in_time(self.seen + error)
        return self.solve(self.gain * (self.sight.T @ wanted))

    def _in_time(self, rows):
        """The part of each row's course that the body can follow."""
        n_times = len(self.spread)
        if self.is_whole:
            film = rows.reshape(len(rows), n_times, -1)
            return np.einsum("st,mtc->msc", self.spread, film).reshape(rows.shape)
        return rows @ self.spread


def _rows(sightings, carrier):
    """Observation, matrix and values of every row: see `_System`."""
    seen = np.asarray(sightings.seen, dtype=float)
    n_times, m, n_parts = seen.shape
    if sightings.directions is None:
        return np.arange(m), carrier, np.moveaxis(seen, 0, 1).reshape(m, -1)
    rows = np.repeat(np.arange(m * n_parts), 3)
    columns = 3 * np.repeat(np.arange(m), 3 * n_parts) + np.tile([0, 1, 2], m * n_parts)
    along = np.asarray(sightings.directions, dtype=float).reshape(-1)
    project = sparse.csr_array((along, (rows, columns)), shape=(m * n_parts, 3 * m))
    sight = project @ sparse.kron(carrier, sparse.eye_array(3))
    table = np.moveaxis(seen, 0, -1).reshape(m * n_parts, n_times)
    return np.repeat(np.arange(m), n_parts), sight, table


def _factored(matrix):
    """How to solve with a positive matrix: dense where that is faster."""
    if matrix.shape[0] <= DENSE:
        factor = cho_factor(matrix.toarray(), overwrite_a=True)
        return lambda right: cho_solve(factor, right)
    options = {"SymmetricMode": True}
    return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options=options).solve


def _projector(courses, n_times):
    """Onto the courses in time, (n_times, n_times)."""
    if courses is None:
        return np.eye(n_times)
    courses = np.asarray(courses, dtype=float)
    if courses.ndim != 2 or len(courses) != n_times:
        raise ValueError(f"courses must be ({n_times}, n_courses), got {courses.shape}")
    basis, _ = np.linalg.qr(courses)
    return basis @ basis.T
