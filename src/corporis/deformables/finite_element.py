r"""Elastic bodies of finite elements: curved hexahedra with quadratic displacements.

The energy of a displacement ``u = sum_a phi_a q_a`` is that of a `ConstitutiveLaw`, integrated
over the still body. Muscle keeps its volume: with ``c = det F - 1``,
``bulk/2 (P c)^2 + local/2 (c - P c)^2`` is added, where `P` projects on linear functions of place
within each hexahedron. That leaves quadratic displacements free enough not to lock (the Q2/P1
element); what of the change of volume lies between is held loosely, so that coarse hexahedra are
not turned inside out. Its slope by `c` is a tension, the negative of the pressure.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from corporis.deformables.constitutive import ConstitutiveLaw, SaintVenantKirchhoff
from corporis.deformables.hexahedra import Hexahedra
from corporis.functionals import QuadraticForm
from corporis.interfaces import Array, LinearOperator, Mesh
from corporis.operators import Matrix

EPSILON = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    EPSILON[_i, _j, _k], EPSILON[_i, _k, _j] = 1, -1
TWICE = np.einsum("ikm,JLM->iJkLmM", EPSILON, EPSILON)
"""Second derivative of a determinant: ``d2 det F / dF_iJ dF_kL = TWICE_iJkLmM F_mM``."""


class _Solid:
    """What solids share: q are the displacements of the nodes."""

    body: Hexahedra

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of q: displacements of the nodes, (n_nodes, 3), in mm."""
        return self.body.nodes.shape

    @cached_property
    def rest(self) -> Mesh:
        """All nodes of the still body; the triangles are its surface."""
        return Mesh(self.body.nodes, self.body.surface)

    def points(self, q) -> np.ndarray:
        """Places of the nodes (n_nodes, 3) for their displacements (n_nodes, 3)."""
        return self.body.nodes + _checked(self, q)

    def tangent(self, q) -> LinearOperator:
        """Derivative of `points`: the identity."""
        return Matrix(sparse.eye_array(q.size).tocsr(), self.shape, self.shape)


@dataclass(frozen=True, eq=False)
class ElasticSolid(_Solid):
    """A body of hexahedra that may stretch and turn by any amount.

    Parameters
    ----------
    body : Hexahedra
        In mm.
    law : ConstitutiveLaw
    bulk_kpa : float
        Resistance to a change of volume beside that of the law, >= 0, in kPa.
    local_kpa : float
        Resistance to changes of volume that are finer than linear in a hexahedron, >= 0 and at
        most `bulk_kpa`: a few times the stiffness of the law; vanishes under refinement.
    axes : array, (m, 27, 3, 3), or None
        Fibre axes as columns at ``body.places``; None are the axes of space.

    Raises
    ------
    ValueError
        If a number is out of range or shapes do not match.

    References
    ----------
    Simo & Taylor (1991), Comput. Methods Appl. Mech. Eng. 85, 273-310,
    doi:10.1016/0045-7825(91)90100-K; Land, Niederer, Lamata & Smith (2015), IEEE Trans. Biomed.
    Eng. 62, 939-947, doi:10.1109/TBME.2014.2373399 (volume held loosely in each place)

    Examples
    --------
    >>> from corporis.deformables import SaintVenantKirchhoff, brick
    >>> line = np.linspace(0, 1, 2)
    >>> solid = ElasticSolid(brick((line, line, line)), SaintVenantKirchhoff(3.0, 1.0))
    >>> round(solid.internal()(0.01 * solid.body.nodes), 7)    # (27/2 + 3) 0.01005^2 kPa mm^3
    0.0016665
    """

    body: Hexahedra
    law: ConstitutiveLaw
    bulk_kpa: float = 0.0
    local_kpa: float = 0.0
    axes: np.ndarray | None = None

    def __post_init__(self):
        if not 0 <= self.local_kpa <= self.bulk_kpa < np.inf:
            raise ValueError(
                "expected 0 <= local_kpa <= bulk_kpa, finite, got "
                f"{self.local_kpa} and {self.bulk_kpa}"
            )
        expected = (*self.body.weights.shape, 3, 3)
        if self.axes is not None and np.shape(self.axes) != expected:
            raise ValueError(f"axes must have shape {expected}, got {np.shape(self.axes)}")

    def internal(self) -> "SolidEnergy":
        """The elastic energy in mN mm; motions of the whole, of any size, cost nothing."""
        return SolidEnergy(self)

    def gradient(self, q) -> np.ndarray:
        """F (m, 27, 3, 3) at ``body.places``."""
        return np.eye(3) + np.einsum(
            "mai,mqaJ->mqiJ", _checked(self, q)[self.body.members], self.body.slopes, optimize=True
        )

    def stress(self, q) -> np.ndarray:
        """Cauchy stress (m, 27, 3, 3) in kPa at ``body.places``, with its pressure."""
        F = self.gradient(q)
        S = self._turned(self.law.stress(self._strain(F)))
        J = np.linalg.det(F)[..., None, None]
        return F @ S @ np.swapaxes(F, -1, -2) / J + self._pull(J[..., 0, 0] - 1) * np.eye(3)

    def _strain(self, F):
        """Green strain in fibre axes."""
        E = 0.5 * (np.swapaxes(F, -1, -2) @ F - np.eye(3))
        return E if self.axes is None else np.swapaxes(self.axes, -1, -2) @ E @ self.axes

    def _turned(self, S):
        """From fibre axes to those of space."""
        return S if self.axes is None else self.axes @ S @ np.swapaxes(self.axes, -1, -2)

    def _pull(self, change):
        """``bulk P c + local (c - P c)`` at the quadrature points, (m, 27, 1, 1)."""
        linear, root = self._projection
        sums = np.einsum("mqh,mq->mh", linear * self.body.weights[..., None], change)
        mean = np.einsum("mqh,mhg,mg->mq", linear, root, sums, optimize=True)
        pull = self.local_kpa * change + (self.bulk_kpa - self.local_kpa) * mean
        return pull[..., None, None]

    @cached_property
    def _projection(self):
        """Linear functions of place (m, 27, 4), and the inverse of their products (m, 4, 4)."""
        places, weights = self.body.places, self.body.weights
        volume = weights.sum(axis=1)[:, None]
        centre = np.einsum("mq,mqi->mi", weights, places) / volume
        size = np.cbrt(volume)[..., None]
        off = (places - centre[:, None]) / size
        linear = np.concatenate([np.ones_like(off[..., :1]), off], axis=-1)
        products = np.einsum("mq,mqh,mqg->mhg", weights, linear, linear, optimize=True)
        return linear, np.linalg.inv(products)

    @cached_property
    def _places_in_matrix(self):
        """Rows and columns of the entries of all matrices of elements."""
        dofs = (3 * self.body.members[..., None] + np.arange(3)).reshape(len(self.body.cells), 81)
        return np.repeat(dofs, 81, axis=1).ravel(), np.tile(dofs, (1, 81)).ravel()


@dataclass(frozen=True, eq=False)
class SolidEnergy:
    """The elastic energy of an `ElasticSolid`: values, slopes and curvature.

    Parameters
    ----------
    solid : ElasticSolid
    """

    solid: ElasticSolid

    lipschitz = np.inf
    """No bound of the slopes holds everywhere: go by Newton's steps (`inflate`)."""

    def __call__(self, q) -> float:
        """Energy in mN mm of displacements (n_nodes, 3)."""
        solid = self.solid
        F = solid.gradient(q)
        change = np.linalg.det(F) - 1
        density = solid.law.energy(solid._strain(F))
        # P is a projection: (P c, P c) = (c, P c)
        density = density + 0.5 * solid._pull(change)[..., 0, 0] * change
        return float(np.sum(solid.body.weights * density))

    def gradient(self, q) -> np.ndarray:
        """Forces (n_nodes, 3) in mN that hold the body at q."""
        solid = self.solid
        F = solid.gradient(q)
        stress = F @ solid._turned(solid.law.stress(solid._strain(F)))
        stress = stress + solid._pull(np.linalg.det(F) - 1) * cofactor(F)
        parts = np.einsum(
            "mq,mqiJ,mqaJ->mai", solid.body.weights, stress, solid.body.slopes, optimize=True
        )
        out = np.zeros(solid.shape)
        np.add.at(out, solid.body.members, parts)
        return out

    def pull(self, q, step=None) -> np.ndarray:
        """Tension of volume in kPa, (m, 27), at q, or as its slope foretells it at ``q + step``."""
        F = self.solid.gradient(q)
        change = np.linalg.det(F) - 1
        if step is not None:
            change = change + np.sum(
                cofactor(F) * (self.solid.gradient(step) - np.eye(3)), axis=(-2, -1)
            )
        return self.solid._pull(change)[..., 0, 0]

    def hessian(self, q, pull: np.ndarray | None = None) -> sparse.csr_array:
        """Second derivatives (3 n_nodes, 3 n_nodes), q flattened in C order, in mN/mm.

        Parameters
        ----------
        q : array, (n_nodes, 3)
        pull : array, (m, 27), or None
            In place of `pull` at q, for Newton's steps with a pressure of their own.
        """
        solid, body = self.solid, self.solid.body
        F = solid.gradient(q)
        E = solid._strain(F)
        tangent = solid.law.tangent(E)
        if solid.axes is not None:
            Q = solid.axes
            tangent = np.einsum(
                "mqIi,mqJj,mqijkl,mqKk,mqLl->mqIJKL", Q, Q, tangent, Q, Q, optimize=True
            )
        moduli = np.einsum("mqiI,mqIJKL,mqkK->mqiJkL", F, tangent, F, optimize=True)
        S = solid._turned(solid.law.stress(E))
        moduli += np.einsum("ik,mqJL->mqiJkL", np.eye(3), S)
        pull = (self.pull(q) if pull is None else pull)[..., None, None]
        moduli += np.einsum("iJkLrs,mqrs->mqiJkL", TWICE, pull * F, optimize=True)
        turned = cofactor(F)
        moduli += solid.local_kpa * np.einsum("mqiJ,mqkL->mqiJkL", turned, turned)
        blocks = products(body.slopes, moduli * body.weights[..., None, None, None, None])
        blocks += self._stiff_volume(F)
        rows, columns = solid._places_in_matrix
        size = 3 * len(body.nodes)
        return sparse.coo_array((blocks.ravel(), (rows, columns)), shape=(size, size)).tocsr()

    def _stiff_volume(self, F):
        """``(bulk - local) B^T P B`` of every element, with B the slope of J, (m, 81, 81)."""
        solid, body = self.solid, self.solid.body
        linear, root = solid._projection
        slope = np.einsum("mqiJ,mqaJ->mqai", cofactor(F), body.slopes, optimize=True)
        weighted = linear * body.weights[..., None]
        rows = np.swapaxes(weighted, 1, 2) @ slope.reshape(*slope.shape[:2], 81)
        return (solid.bulk_kpa - solid.local_kpa) * np.swapaxes(rows, 1, 2) @ root @ rows


@dataclass(frozen=True, eq=False)
class LinearSolid(_Solid):
    """A body of hexahedra under Hooke's law of small strains, whose energy is quadratic.

    Parameters
    ----------
    body : Hexahedra
        In mm.
    lame_kpa, shear_kpa : float
        Lame's constants, >= 0 and > 0, in kPa.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from corporis.deformables import brick
    >>> line = np.linspace(0, 1, 2)
    >>> solid = LinearSolid(brick((line, line, line)), 3.0, 1.0)
    >>> round(solid.internal()(0.01 * solid.body.nodes), 7)
    0.00165
    """

    body: Hexahedra
    lame_kpa: float = 10.0
    shear_kpa: float = 5.0

    def __post_init__(self):
        SaintVenantKirchhoff(self.lame_kpa, self.shear_kpa)

    def internal(self) -> QuadraticForm:
        """The elastic energy in mN mm; small motions of the whole cost nothing."""
        return QuadraticForm(Matrix(self.root, self.shape, (self.root.shape[0],)))

    @cached_property
    def root(self) -> sparse.csr_array:
        """Rows R with energy ``1/2 ||R q||^2``, q flattened in C order."""
        body = self.body
        m, n_points = body.weights.shape
        slopes = body.slopes * np.sqrt(body.weights)[..., None, None]
        parts = np.zeros((m, n_points, 7, 27, 3))
        for i in range(3):
            parts[:, :, 0, :, i] = np.sqrt(self.lame_kpa) * slopes[..., i]
            parts[:, :, 1 + i, :, i] = np.sqrt(2 * self.shear_kpa) * slopes[..., i]
            j, k = (i + 1) % 3, (i + 2) % 3
            parts[:, :, 4 + i, :, j] = np.sqrt(self.shear_kpa) * slopes[..., k]
            parts[:, :, 4 + i, :, k] = np.sqrt(self.shear_kpa) * slopes[..., j]
        dofs = (3 * body.members[..., None] + np.arange(3)).reshape(m, 1, 81)
        columns = np.broadcast_to(dofs, (m, n_points * 7, 81)).ravel()
        rows = np.repeat(np.arange(m * n_points * 7), 81)
        shape = (m * n_points * 7, 3 * len(body.nodes))
        found = sparse.csr_array((parts.ravel(), (rows, columns)), shape=shape)
        found.eliminate_zeros()
        return found


def products(slopes: np.ndarray, moduli: np.ndarray) -> np.ndarray:
    """``sum_q slope_aJ moduli_iJkL slope_bL`` of every element, (m, 3 n, 3 n).

    Parameters
    ----------
    slopes : array, (m, n_points, n, 3)
    moduli : array, (m, n_points, 3, 3, 3, 3)
        With the weights of the points.
    """
    m, n_points, n, _ = slopes.shape
    by_second = moduli.transpose(0, 1, 3, 2, 4, 5).reshape(m, n_points, 3, 27)
    half = (slopes @ by_second).reshape(m, n_points, n, 3, 3, 3)  # a, i, k, L
    half = half.transpose(0, 2, 3, 4, 1, 5).reshape(m, n * 9, n_points * 3)
    other = slopes.transpose(0, 1, 3, 2).reshape(m, n_points * 3, n)
    return (half @ other).reshape(m, n, 3, 3, n).transpose(0, 1, 2, 4, 3).reshape(m, 3 * n, 3 * n)


def cofactor(F):
    """``d det F / dF``, also where it is 0."""
    rows = [np.cross(F[..., (i + 1) % 3, :], F[..., (i + 2) % 3, :]) for i in range(3)]
    return np.stack(rows, axis=-2)


def _checked(solid, q: Array) -> np.ndarray:
    if np.shape(q) != solid.shape:
        raise ValueError(f"q must have shape {solid.shape}, got {np.shape(q)}")
    return np.asarray(q, dtype=float)
