r"""A body of particles that keeps its Laplacian coordinates, each up to a turn and a scale.

The Laplacian coordinate of a particle is where it lies off the mean of its neighbours,
``d_i = x_i - sum_j w_ij x_j``. A moved body keeps it, but for a similarity ``T_i`` that the
neighbours themselves say:

``min_v  stiffness/2 sum_i |v_i - sum_j w_ij v_j - T_i d_i|^2 + sum_k |C_k v - p_k|^2 / (2 s^2)``.

The similarities are first that of the whole, then those of the neighbourhoods as they moved; with
them given, the body solves one linear system, whose matrix is factored once.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from corporis.arrays import check_finite
from corporis.deformables.meshless import ParticleBody
from corporis.functionals import QuadraticForm
from corporis.operators import Matrix


@dataclass(frozen=True, eq=False)
class LaplacianBody(ParticleBody):
    """Particles that keep their Laplacian coordinates, and carry a surface.

    Parameters
    ----------
    rest : Mesh
        Still surface of m points.
    particles : array, (n, 3)
        Material points in and around the wall, not all on one plane.
    stiffness : float
        Price of a changed coordinate, > 0, in 1 / squared unit of `rest`.
    noise : float
        Deviation of what is seen, a coordinate, > 0, in the unit of `rest`.
    may_scale : bool
        Whether a neighbourhood may grow or shrink without a price.
    n_neighbours : int
        Of the shape functions and of the coordinates.
    n_rounds : int
        Rounds of similarities and solutions, at most, >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    It is at home where a body bends: there neighbourhoods turn and hardly stretch. A wall that
    contracts is stretched differently along its axes, which no similarity is; `SparseBody`, in
    which every affine motion is free, is twice as exact there (0.4 against 0.9 mm between points
    of a tube of which a quarter is seen).

    References
    ----------
    Wang et al. (2015), Meshless deformable models for 3D cardiac motion and strain analysis, Magn.
    Reson. Imaging 33, 146-160; Sorkine et al. (2004), Laplacian surface editing, Symp. Geometry
    Processing, 179-188, doi:10.1145/1057432.1057456

    Examples
    --------
    >>> from corporis.interfaces import Mesh
    >>> z, y, x = np.mgrid[:4, :4, :4]
    >>> block = np.stack([z.ravel(), y.ravel(), x.ravel()], axis=-1).astype(float)
    >>> body = LaplacianBody(Mesh(block[:4], np.array([[0, 1, 3]])), block)
    >>> q, n_rounds = body.fit(block[::5], 0.1 * block[::5])       # one tenth larger all over
    >>> (block + q)[-1].round(4).tolist()
    [3.3, 3.3, 3.3]
    """

    stiffness: float = 1.0
    noise: float = 0.3
    may_scale: bool = True
    n_rounds: int = 30

    def __post_init__(self):
        for name in ("stiffness", "noise"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if self.n_rounds < 1:
            raise ValueError(f"n_rounds must be >= 1, got {self.n_rounds}")
        super().__post_init__()

    def internal(self) -> QuadraticForm:
        """The energy of small motions: turns and, if they may, scales cost nothing.

        Similarities are those of the slopes of q, to first order.
        """
        slopes, coordinates = self._slopes, self.coordinates
        own = [sparse.diags_array(coordinates[:, j]) for j in range(3)]
        half = 0.5 * sum(own[j] @ slopes[j] for j in range(3))
        rows = sparse.csr_array((3 * len(self.particles),) * 2)
        for a in range(3):
            for c in range(3):
                block = 0.5 * own[c] @ slopes[a]
                if self.may_scale:
                    block = block - own[a] @ slopes[c] / 3
                if a == c:
                    block = block + self.laplacian - half
                place = sparse.csr_array(([1.0], ([a], [c])), shape=(3, 3))
                rows = rows + sparse.kron(block, place)
        matrix = (np.sqrt(self.stiffness) * rows).tocsr()
        return QuadraticForm(Matrix(matrix, self.shape, (matrix.shape[0],)))

    @cached_property
    def laplacian(self) -> sparse.csr_array:
        """``v_i - sum_j w_ij v_j``, (n, n): near neighbours through the wall weigh more."""
        near, distance = self.cloud._neighbours(self.particles)
        n, k = near.shape
        weight = (1 - (distance / (1.1 * distance.max(axis=1, keepdims=True))) ** 2) ** 2
        weight[near == np.arange(n)[:, None]] = 0
        weight /= weight.sum(axis=1, keepdims=True)
        rows = np.repeat(np.arange(n), k)
        mean = sparse.csr_array((weight.ravel(), (rows, near.ravel())), shape=(n, n))
        return (sparse.eye_array(n) - mean).tocsr()

    @cached_property
    def coordinates(self) -> np.ndarray:
        """Laplacian coordinates of the still body, (n, 3)."""
        return self.laplacian @ self.particles

    def fit(self, places: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, int]:
        """The motion that what was seen asks for.

        Parameters
        ----------
        places : array, (m, 3)
            Material places seen, such as crossings of the tags of three planes; at least 3, not
            on one line.
        seen : array, (m, 3)
            Their displacements.

        Returns
        -------
        q : array, (n_particles, 3)
        n_rounds : int
            Used; as many as allowed where similarities had not settled.

        Raises
        ------
        ValueError
            If shapes do not match, a number is not finite, or places lie on one line.
        """
        places, seen = np.asarray(places, dtype=float), np.asarray(seen, dtype=float)
        if places.ndim != 2 or places.shape != seen.shape or places.shape[1:] != (3,):
            raise ValueError(f"places and seen must be (m, 3), got {places.shape}, {seen.shape}")
        check_finite(places, "places")
        check_finite(seen, "seen")
        off = places - places.mean(axis=0)
        if np.linalg.matrix_rank(off, tol=1e-6 * max(float(np.abs(off).max()), 1e-12)) < 2:
            raise ValueError("places must not lie on one line: the body could turn about it")
        carry, trust = self.cloud.values(places), 1 / self.noise**2
        matrix = self.stiffness * self.laplacian.T @ self.laplacian + trust * carry.T @ carry
        factor = splu(sparse.csc_array(matrix))
        moved = seen - seen.mean(axis=0) + off
        turns = self._similarities((moved.T @ off)[None])
        # the whole's scale is what moves its points as far from their middle as they are
        scale = np.sum(moved * (off @ turns[0].T)) / np.sum(off**2) if self.may_scale else 1.0
        turns = np.broadcast_to(scale * turns, (len(self.particles), 3, 3))
        before, count = None, 0
        while True:
            count += 1
            kept = np.einsum("nij,nj->ni", turns, self.coordinates)
            right = self.stiffness * (self.laplacian.T @ kept) + trust * carry.T @ (places + seen)
            now = factor.solve(right)
            has_settled = count > 1 and np.abs(now - before).max() < 0.01 * self.noise
            if has_settled or count == self.n_rounds:
                return now - self.particles, count
            before = now
            F = np.stack([slope @ now for slope in self._slopes], axis=-1)
            turns = self._similarities(F)
            if self.may_scale:
                size = np.einsum("nij,nij->n", turns, F) / 3
                turns = np.maximum(size, 0.1)[:, None, None] * turns

    @staticmethod
    def _similarities(F):
        """Rotations nearest to matrices (n, 3, 3), by polar decomposition."""
        left, _, right = np.linalg.svd(F)
        sign = np.sign(np.linalg.det(left @ right))
        left = left * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)[:, None]
        return left @ right

    @cached_property
    def _slopes(self):
        return self.cloud.slopes(self.particles)
