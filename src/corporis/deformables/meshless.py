r"""A meshless body: particles whose neighbourhoods, not elements, say how it is stretched.

The displacement at a place x is ``u(x) = sum_I phi_I(x) q_I`` with moving-least-squares shape
functions ``phi_I(x) = p(0)^T A^-1 w_I p((x_I - x)/h)``, ``A = sum_I w_I p p^T``,
``p = (1, x, y, z)``: the value at x of the affine map that its neighbours agree on best. They sum
to 1 and repeat affine fields exactly; they do not interpolate, so that an observation enters as a
force, never by overwriting a particle.

Neighbours are counted *through the material*: along a graph of short edges, so that two walls
that face each other across a cavity do not hold each other.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from corporis.arrays import check_finite
from corporis.functionals import QuadraticForm
from corporis.interfaces import LinearOperator, Mesh
from corporis.operators import Matrix

N_SHORT = 10
"""Nearest particles that a path may step to."""
ROUND_ABOUT = 1.6
"""A path through the material may be this much longer than the straight line."""
RIDGE = 1e-9
"""Smallest relative eigenvalue of a neighbourhood: below it, it lies on a plane or a line."""


@dataclass(frozen=True, eq=False)
class MovingLeastSquares:
    """Shape functions of a cloud of particles.

    Parameters
    ----------
    particles : array, (n, d)
        Places at rest, d 2 or 3.
    n_neighbours : int
        Particles that say what happens at a place, more than d + 1.

    Raises
    ------
    ValueError
        If shapes do not match, a number is not finite, or there are too few particles; in use, if
        the neighbours of a place lie on a line or plane.

    References
    ----------
    Lancaster & Salkauskas (1981), Math. Comput. 37, 141-158, doi:10.2307/2007507; Belytschko, Lu &
    Gu (1994), doi:10.1002/nme.1620370205

    Examples
    --------
    >>> y, x = np.mgrid[:4, :4]
    >>> cloud = MovingLeastSquares(np.stack([y.ravel(), x.ravel()], axis=-1), n_neighbours=6)
    >>> values = cloud.values(np.array([[1.3, 2.2]]))
    >>> (values @ cloud.particles).round(9).tolist(), round(float(values.sum()), 9)
    ([[1.3, 2.2]], 1.0)
    """

    particles: np.ndarray
    n_neighbours: int = 16

    def __post_init__(self):
        particles = np.asarray(self.particles, dtype=float)
        object.__setattr__(self, "particles", particles)
        if particles.ndim != 2 or particles.shape[1] not in (2, 3):
            raise ValueError(f"particles must be (n, 2) or (n, 3), got {particles.shape}")
        check_finite(particles, "particles")
        n, d = particles.shape
        if not d + 1 < self.n_neighbours <= n:
            raise ValueError(
                f"n_neighbours must be more than {d + 1} and at most the {n} particles, got "
                f"{self.n_neighbours}"
            )

    def values(self, at: np.ndarray) -> sparse.csr_array:
        """``phi_I`` at places (m, d): a sparse matrix (m, n)."""
        near, coefficients = self._moments(at)
        return self._sparse(near, coefficients[:, 0])

    def slopes(self, at: np.ndarray) -> list[sparse.csr_array]:
        """Slopes of the local affine map at places (m, d): d sparse matrices (m, n).

        The *diffuse* derivative, exact for affine fields and of first order otherwise.
        """
        near, coefficients = self._moments(at)
        return [self._sparse(near, coefficients[:, 1 + j]) for j in range(self.particles.shape[1])]

    def gradient(self, moved: np.ndarray, at: np.ndarray) -> np.ndarray:
        """F (m, d, d) at material places (m, d), for particles that moved to (n, d)."""
        return np.stack([slope @ np.asarray(moved, float) for slope in self.slopes(at)], axis=-1)

    @cached_property
    def _tree(self):
        return cKDTree(self.particles)

    @cached_property
    def _paths(self):
        """Lengths through the material between particles, infinite beyond reach."""
        n = len(self.particles)
        k = min(N_SHORT + 1, n)
        distance, near = self._tree.query(self.particles, k=k)
        rows = np.repeat(np.arange(n), k - 1)
        graph = sparse.csr_array(
            (distance[:, 1:].ravel(), (rows, near[:, 1:].ravel())), shape=(n, n)
        )
        reach = self._tree.query(self.particles, k=self._n_asked)[0][:, -1].max()
        return dijkstra(graph, directed=False, limit=ROUND_ABOUT * reach)

    @property
    def _n_asked(self):
        return min(3 * self.n_neighbours, len(self.particles))

    def _neighbours(self, at):
        """Indices and distances (m, k) of neighbours through the material."""
        distance, near = self._tree.query(at, k=self._n_asked)
        # from the particle nearest to the place: straight, or little longer through the material
        path = self._paths[near[:, :1], near]
        straight = np.linalg.norm(self.particles[near] - self.particles[near[:, :1]], axis=-1)
        is_held = path <= ROUND_ABOUT * straight + 1e-12
        if np.any(is_held.sum(axis=1) < self.n_neighbours):
            # the thin ends of a body: what is nearest along the path
            is_held |= np.argsort(np.argsort(path, axis=1), axis=1) < self.n_neighbours
        rank = np.where(is_held, distance, distance + 2 * distance.max())
        order = np.argsort(rank, axis=1, kind="stable")[:, : self.n_neighbours]
        return np.take_along_axis(near, order, 1), np.take_along_axis(distance, order, 1)

    def _moments(self, at):
        at = np.asarray(at, dtype=float)
        near, distance = self._neighbours(at)
        reach = 1.1 * distance.max(axis=1)
        weight = (1 - (distance / reach[:, None]) ** 2) ** 2
        off = (self.particles[near] - at[:, None]) / reach[:, None, None]
        basis = np.concatenate([np.ones_like(off[..., :1]), off], axis=-1)
        moment = np.einsum("mk,mki,mkj->mij", weight, basis, basis)
        spread = np.linalg.eigvalsh(moment)
        if np.any(spread[:, 0] < RIDGE * spread[:, -1]):
            raise ValueError(
                "the neighbours of a place lie on a line or plane: give more n_neighbours"
            )
        right = np.swapaxes(weight[..., None] * basis, 1, 2)
        coefficients = np.linalg.solve(moment, right)
        coefficients[:, 1:] /= reach[:, None, None]
        return near, coefficients

    def _sparse(self, near, values):
        m, k = near.shape
        rows = np.repeat(np.arange(m), k)
        return sparse.csr_array(
            (values.ravel(), (rows, near.ravel())), shape=(m, len(self.particles))
        )


@dataclass(frozen=True, eq=False)
class ParticleBody:
    """Particles that carry a surface, ``points(q) = rest + phi q``: what such bodies share.

    Parameters
    ----------
    rest : Mesh
        Still surface of m points, which the particles carry.
    particles : array, (n, 3)
        Material points in and around the wall, in the unit of `rest`, not all on one plane.
    n_neighbours : int
        Of the shape functions.

    Raises
    ------
    ValueError
        If particles are not points in space.
    """

    rest: Mesh
    particles: np.ndarray
    n_neighbours: int = field(default=16, kw_only=True)

    def __post_init__(self):
        object.__setattr__(self, "particles", np.asarray(self.particles, dtype=float))
        if self.particles.ndim != 2 or self.particles.shape[1] != 3:
            raise ValueError(f"particles must be (n, 3), got {self.particles.shape}")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of q at one time: displacements (n_particles, 3)."""
        return len(self.particles), 3

    @cached_property
    def cloud(self) -> MovingLeastSquares:
        """The shape functions."""
        return MovingLeastSquares(self.particles, self.n_neighbours)

    @cached_property
    def carrier(self) -> sparse.csr_array:
        """Shape functions at the vertices, (m, n_particles)."""
        return self.cloud.values(self.rest.points)

    def points(self, q) -> np.ndarray:
        """Vertices (..., m, 3) for displacements q (..., n_particles, 3)."""
        q = np.asarray(q, dtype=float)
        if q.shape[-2:] != self.shape:
            raise ValueError(
                f"q must have shape {self.shape}, or that at several times, got {q.shape}"
            )
        flat = np.moveaxis(q, -2, 0)
        moved = self.carrier @ flat.reshape(len(flat), -1)
        return self.rest.points + np.moveaxis(moved.reshape(-1, *flat.shape[1:]), 0, -2)

    def tangent(self, q) -> LinearOperator:
        """Derivative of `points`, the same for every q: (n_particles, 3) to (m, 3)."""
        matrix = sparse.kron(self.carrier, sparse.eye_array(3)).tocsr()
        return Matrix(matrix, self.shape, (len(self.rest.points), 3))


@dataclass(frozen=True, eq=False)
class MeshlessBody(ParticleBody):
    r"""An elastic body of particles that carries a surface: ``points(q) = rest + phi q``.

    The energy is that of small strains ``e = (grad u + grad u^T)/2``, summed over the particles,

    ``volume_I (lame/2 (tr e)^2 + shear e:e) + steady shear h sum_J w |d_IJ|^2``,
    ``d_IJ = u_J - u_I - grad u (x_J - x_I)``,

    where the last term, zero for affine motions, holds what the local maps do not see.

    Parameters
    ----------
    rest : Mesh
        Still surface of m points, which the particles carry.
    particles : array, (n, 3)
        Material points in the wall, in the unit of `rest`, not all on one plane.
    lame, shear : float
        Lame's constants: resistance to a change of volume, >= 0, and of shape, > 0, in kPa.
    steady : float
        Share of the energy that holds particles to their neighbours, > 0.
    n_neighbours : int
        Of the shape functions.

    Raises
    ------
    ValueError
        If a number is out of range or `MovingLeastSquares` finds the particles unfit.

    References
    ----------
    Wang, Chen, Zhang, Metaxas & Axel (2008), Meshless deformable models for LV motion analysis,
    CVPR; Chen, Hillman & Chi (2017), doi:10.1061/(ASCE)EM.1943-7889.0001176

    Examples
    --------
    >>> z, y, x = np.mgrid[:3, :3, :3]
    >>> block = np.stack([z.ravel(), y.ravel(), x.ravel()], axis=-1).astype(float)
    >>> body = MeshlessBody(Mesh(block[:4] + 0.2, np.array([[0, 1, 3]])), block)
    >>> q = 0.1 * block                                  # one tenth larger all over
    >>> body.points(q).round(6)[0].tolist()
    [0.22, 0.22, 0.22]
    """

    lame: float = 10.0
    shear: float = 5.0
    steady: float = 0.1

    def __post_init__(self):
        if not (0 <= self.lame < np.inf and 0 < self.shear < np.inf and 0 < self.steady < np.inf):
            raise ValueError("lame must be >= 0, shear and steady > 0, all finite")
        super().__post_init__()
        if not np.ptp(self.particles, axis=0).max() > 0:
            raise ValueError("particles must not all coincide")

    def internal(self) -> QuadraticForm:
        """The elastic energy; rigid velocities cost nothing."""
        return QuadraticForm(Matrix(self.root, self.shape, (self.root.shape[0],)))

    @cached_property
    def root(self) -> sparse.csr_array:
        """Rows R with energy ``1/2 ||R q||^2``, q flattened in C order."""
        unit = np.sqrt(self.volumes)
        slopes = self.cloud.slopes(self.particles)
        place = [sparse.csr_array(np.eye(3)[i : i + 1]) for i in range(3)]

        def strain(i, j):
            return 0.5 * (sparse.kron(slopes[j], place[i]) + sparse.kron(slopes[i], place[j]))

        rows = [np.sqrt(self.lame) * sum(strain(i, i) for i in range(3))]
        for i in range(3):
            for j in range(i, 3):
                share = 2 * self.shear * (1 if i == j else 2)
                rows.append(np.sqrt(share) * strain(i, j))
        weighted = [sparse.diags_array(unit) @ row for row in rows]
        loose = np.sqrt(2 * self.steady * self.shear) * affine_residuals(self.cloud, power=1)
        return sparse.vstack([*weighted, sparse.kron(loose, sparse.eye_array(3))]).tocsr()

    @cached_property
    def volumes(self) -> np.ndarray:
        """What each particle stands for, in cubed units: from the distance of its neighbours."""
        distance, _ = cKDTree(self.particles).query(self.particles, k=7)
        return np.mean(distance[:, 1:], axis=1) ** 3


def affine_residuals(cloud: MovingLeastSquares, power: float) -> sparse.csr_array:
    """What the best affine map of a neighbourhood leaves of each neighbour, (n k, n).

    Row (I, J) holds ``sqrt(w h^power) (u_J - u_I - grad u (x_J - x_I))``, h the distance of
    neighbours: its square is an energy in which every affine motion, so every rotation of any
    size, is free. In d dimensions, with power ``d - 4`` it is one of second derivatives, the
    same for coarse and fine clouds; with ``d - 2`` it vanishes as the cloud becomes fine.
    """
    rest = cloud.particles
    n, d = rest.shape
    near, distance = cloud._neighbours(rest)
    slopes = cloud.slopes(rest)
    k = near.shape[1]
    home = np.repeat(np.arange(n), k)
    beside = near.ravel()
    rows = np.arange(n * k)
    ones = np.ones(n * k)
    pick = sparse.csr_array((ones, (rows, beside)), shape=(n * k, n))
    own = sparse.csr_array((ones, (rows, home)), shape=(n * k, n))
    left = pick - own
    for j in range(d):
        left = left - sparse.diags_array(rest[beside, j] - rest[home, j]) @ (slopes[j][home])
    step = np.median(distance[:, 1 : d + 2], axis=1)
    reach = 1.1 * distance[:, -1:]
    weight = (1 - (distance / reach) ** 2) ** 2 / k
    scale = np.sqrt(weight * step[:, None] ** power).ravel()
    return (sparse.diags_array(scale) @ left).tocsr()
