"""Laws of deformable models."""

import math

import numpy as np

from corporis.arrays import norm
from corporis.interfaces import Array, DeformableModel
from corporis.laws.breach import LawBroken, check_shape_of, normal_like
from corporis.laws.functional import check_smooth
from corporis.laws.operator import check_operator


def check_deformable(
    model: DeformableModel,
    q: Array,
    rng: np.random.Generator,
    *,
    rest: Array | None = None,
    share: float = 1e-6,
) -> int:
    """The tangent is the derivative of the points; rigid motions it can make cost nothing.

    Parameters
    ----------
    model : DeformableModel
    q : array
        Numbers of a body at which to differentiate.
    rng : numpy.random.Generator
    rest : array or None
        Numbers of the body at rest, where rigid motions are tried; None tries none, for
        energies that fix the body in space.
    share : float
        Largest energy of a rigid motion, relative to random motions of the same size.

    Returns
    -------
    int
        How many of the six rigid motions the model can make (and was held to).

    Raises
    ------
    LawBroken
    """
    tangent = model.tangent(q)
    check_operator(tangent, rng, dtypes=("float64",))
    check_shape_of(model, model.points(q), tangent.codomain)
    for _ in range(5):
        direction = normal_like(rng, q)
        h = 1e-6 * max(norm(q), 1.0) / norm(direction)
        measured = (model.points(q + h * direction) - model.points(q - h * direction)) / (2 * h)
        stated = tangent.forward(direction)
        if norm(measured - stated) > 1e-5 * (norm(stated) + norm(direction)):
            raise LawBroken(f"{model}: tangent off by {norm(measured - stated):.3g}")
    check_smooth(model.internal(), q, rng)
    return 0 if rest is None else _check_rigid(model, rest, rng, share)


def _check_rigid(model, rest, rng, share) -> int:
    tangent, energy = model.tangent(rest), model.internal()
    matrix = np.stack(
        [
            tangent.forward(unit.reshape(tangent.domain)).reshape(-1)
            for unit in np.eye(math.prod(tangent.domain))
        ],
        axis=1,
    )
    points = model.points(rest)
    centred = points - points.reshape(-1, 3).mean(axis=0)
    axes = np.eye(3)
    velocities = [np.broadcast_to(a, points.shape) for a in axes]
    velocities += [np.cross(a, centred) for a in axes]
    zero, n_rigid = energy(rest), 0
    random = [normal_like(rng, rest) for _ in range(10)]
    for velocity in velocities:
        flat = velocity.reshape(-1)
        move = np.linalg.lstsq(matrix, flat, rcond=None)[0]
        if norm(matrix @ move - flat) > 1e-6 * norm(flat):
            continue
        n_rigid += 1
        # Small, because an energy of linear strain sees a rotation to second order.
        move = 1e-3 * move.reshape(rest.shape) / norm(move)
        ordinary = np.median([energy(rest + 1e-3 * r / norm(r)) - zero for r in random])
        if energy(rest + move) - zero > share * ordinary:
            raise LawBroken(
                f"{model}: a rigid motion costs {energy(rest + move) - zero:.3g}, a random one "
                f"{ordinary:.3g}"
            )
    return n_rigid
