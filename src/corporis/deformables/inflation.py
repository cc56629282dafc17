"""A wall under the pressure of blood: loads that follow the surface, and where they balance.

Blood pushes along the normal of the wall as it is *now*, so that its force depends on the motion.
Newton's steps find where it balances the elastic forces; pressure is raised in steps, which are
halved where Newton's method fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from corporis.deformables.finite_element import TWICE, ElasticSolid, cofactor
from corporis.interfaces import Iterate
from corporis.solvers import run

N_STEPS = 15
"""Newton's steps at one pressure, at most."""
SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)
SHORTEST = 1 / 64
"""A step of pressure is not made shorter than this share of the whole."""


@dataclass(frozen=True, eq=False)
class FollowingPressure:
    """Pressure on faces of a solid that turn and stretch with it.

    Parameters
    ----------
    solid : ElasticSolid
    facets : int array, (n_faces,)
        Faces that blood touches (``solid.body.facets``).

    Raises
    ------
    ValueError
        If there are none.
    """

    solid: ElasticSolid
    facets: np.ndarray

    def __post_init__(self):
        if not len(self.facets):
            raise ValueError("no face of the body is under pressure")

    def force(self, q, pressure_kpa: float) -> np.ndarray:
        """Forces on the nodes (n_nodes, 3) in mN."""
        faces = self._faces
        area = np.einsum("fqiJ,fqJ->fqi", cofactor(self._gradient(q)), faces.normals)
        parts = np.einsum("fq,fqa,fqi->fai", faces.weights, faces.values, area, optimize=True)
        out = np.zeros(self.solid.shape)
        np.add.at(out, faces.members, -pressure_kpa * parts)
        return out

    def slope(self, q, pressure_kpa: float) -> sparse.csr_array:
        """Derivative of `force`, (3 n_nodes, 3 n_nodes), in mN/mm."""
        faces = self._faces
        bend = np.einsum(
            "iJkLrs,fqrs,fqJ->fqikL", TWICE, self._gradient(q), faces.normals, optimize=True
        )
        blocks = np.einsum(
            "fq,fqa,fqikL,fqbL->faibk",
            faces.weights,
            faces.values,
            bend,
            faces.slopes,
            optimize=True,
        )
        dofs = (3 * faces.members[..., None] + np.arange(3)).reshape(len(faces.members), 81)
        rows, columns = np.repeat(dofs, 81, axis=1).ravel(), np.tile(dofs, (1, 81)).ravel()
        size = int(np.prod(self.solid.shape))
        values = -pressure_kpa * blocks.ravel()
        return sparse.coo_array((values, (rows, columns)), shape=(size, size)).tocsr()

    def _gradient(self, q):
        faces = self._faces
        moved = np.asarray(q, dtype=float)[faces.members]
        return np.eye(3) + np.einsum("fai,fqaJ->fqiJ", moved, faces.slopes, optimize=True)

    @cached_property
    def _faces(self):
        return self.solid.body.on_facets(self.facets)


@dataclass(frozen=True, eq=False)
class Inflation:
    """What `inflate` found.

    Parameters
    ----------
    q : array, (n_nodes, 3)
        Displacements in mm.
    pressure_kpa : float
        That balances them: less than was asked for where `reason` is not ``"tolerance"``.
    residual : float
        Length of the forces that are out of balance, in the measure of `inflate`'s tolerance.
    count : int
        Newton's steps in all.
    volume_change : float
        Largest change of volume of a hexahedron, relative.
    reason : str
        ``"tolerance"``, or ``"stuck"`` where steps became too short.
    """

    q: np.ndarray
    pressure_kpa: float
    residual: float
    count: int
    volume_change: float
    reason: str


def inflate(
    solid: ElasticSolid,
    facets: np.ndarray,
    pressure_kpa: float,
    held: np.ndarray,
    *,
    start: np.ndarray | None = None,
    n_steps: int = 8,
    tolerance: float = 1e-8,
) -> Inflation:
    """Displacements at which the elastic forces balance the pressure of blood.

    Parameters
    ----------
    solid : ElasticSolid
    facets : int array, (n_faces,)
        Faces that blood touches.
    pressure_kpa : float
        Of any sign, finite.
    held : bool array, (n_nodes, 3)
        What does not move from `start`; enough to hold the body in space.
    start : array, (n_nodes, 3), or None
        Displacements to begin from, such as those of a law with less tension; None is the body at
        rest.
    n_steps : int
        Steps of pressure tried first, >= 1.
    tolerance : float
        Of the unbalanced forces, relative to the load, or, where it is larger, to the force that
        moves a node by a hundred-thousandth of the body's size.

    Raises
    ------
    ValueError
        If a shape does not match, a number is out of range, or too little is held.
    """
    if np.shape(held) != solid.shape or not np.isfinite(pressure_kpa) or n_steps < 1:
        raise ValueError(
            f"expected held of shape {solid.shape}, a finite pressure and n_steps >= 1, got "
            f"{np.shape(held)}, {pressure_kpa} and {n_steps}"
        )
    load, free = FollowingPressure(solid, facets), ~np.asarray(held, dtype=bool).ravel()
    q = np.zeros(solid.shape) if start is None else np.array(start, dtype=float)
    share, step, count, reason, left = 0.0, 1 / n_steps, 0, "stuck", 0.0
    before = q, 0.0
    while share < 1 and step >= SHORTEST / n_steps:
        to = min(share + step, 1.0)
        # where the last two states point to
        guess = q if share == 0 else q + (q - before[0]) * (to - share) / (share - before[1])
        for begin in (guess, q) if share else (q,):
            steps = _newton(solid, load, to * pressure_kpa, free, begin)
            with np.errstate(over="ignore", invalid="ignore"):
                result = run(steps, at_most=N_STEPS, tolerance=tolerance)
            count += result.count
            if result.reason == "tolerance":
                break
        if result.reason == "tolerance":
            before, q, share, left = (q, share), result.x, to, result.trace[-1]
            step = min(1.5 * step, 1.0) if result.count <= 4 else step
        else:
            step /= 2
    if share == 1:
        reason = "tolerance"
    return Inflation(q, share * pressure_kpa, left, count, _volume_change(solid, q), reason)


def _newton(solid, load, pressure, free, q) -> Iterator[Iterate]:
    """Newton's steps; `change` is the unbalanced force over a usual one, infinite where inside out.

    The pressure within the wall is an unknown of its own, eliminated from each step: its curvature
    is that of the pressure foretold by the last step, not that of volumes not yet right, which
    would be wrong by the bulk modulus. A step that turns a hexahedron inside out is shortened.
    """
    kept, count, energy = np.flatnonzero(free), 0, solid.internal()
    usual = _usual_force(solid)
    off, change = _unbalanced(solid, load, pressure, kept, usual, q)
    pull = energy.pull(q)
    while True:
        yield Iterate(q.copy(), count, change)
        matrix = (energy.hessian(q, pull) - load.slope(q, pressure)).tocsc()
        try:
            factor = splu(
                matrix[kept][:, kept],
                permc_spec="MMD_AT_PLUS_A",
                options={"SymmetricMode": True},
                diag_pivot_thresh=1e-3,
            )
        except RuntimeError:
            raise ValueError("the body is free to move as a whole: hold more of it") from None
        step = np.zeros(q.size)
        step[kept] = -factor.solve(off)
        step = step.reshape(q.shape)
        for share in SHARES:
            tried = _unbalanced(solid, load, pressure, kept, usual, q + share * step)
            if np.isfinite(tried[1]):
                break
        pull = (1 - share) * pull + share * energy.pull(q, step)
        q, count, (off, change) = q + share * step, count + 1, tried


def _unbalanced(solid, load, pressure, kept, usual, q):
    """Forces out of balance where nodes are free; their length over the load's or a usual one."""
    if not np.all(np.linalg.det(solid.gradient(q)) > 0):
        return np.zeros(len(kept)), np.inf
    force = load.force(q, pressure)
    off = (solid.internal().gradient(q) - force).ravel()[kept]
    return off, float(np.linalg.norm(off)) / max(float(np.linalg.norm(force)), usual)


def _usual_force(solid):
    """What it takes to move one node by a hundred-thousandth of the body's size."""
    stiffness = solid.internal().hessian(np.zeros(solid.shape)).diagonal()
    return 1e-5 * float(np.cbrt(solid.body.weights.sum()) * np.median(stiffness))


def _volume_change(solid, q):
    weights = solid.body.weights
    now = np.sum(weights * np.linalg.det(solid.gradient(q)), axis=1)
    return float(np.abs(now / weights.sum(axis=1) - 1).max())
