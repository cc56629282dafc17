"""Laws of constitutive laws: stress is the slope of energy, the tangent that of stress."""

import numpy as np

from corporis.arrays import norm
from corporis.laws.breach import LawBroken

STEP = 1e-6


def check_constitutive(law, strains: np.ndarray, rng: np.random.Generator) -> None:
    """Stress and tangent are derivatives of the energy, symmetric as derivatives are.

    Parameters
    ----------
    law : corporis.deformables.ConstitutiveLaw
    strains : array, (n, 3, 3)
        Symmetric, double precision.
    rng : numpy.random.Generator

    Raises
    ------
    LawBroken
    """
    before = strains.copy()
    stress, tangent = law.stress(strains), law.tangent(strains)
    if not np.array_equal(before, strains):
        raise LawBroken(f"{law} changed its input")
    if stress.shape != strains.shape or tangent.shape != (*strains.shape, 3, 3):
        raise LawBroken(f"{law}: shapes {stress.shape} and {tangent.shape}")
    if norm(stress - np.swapaxes(stress, -1, -2)) > 1e-12 * norm(stress):
        raise LawBroken(f"{law}: stress is not symmetric")
    for turned in ("nklij", "njikl", "nijlk"):
        if norm(tangent - np.einsum(f"nijkl->{turned}", tangent)) > 1e-12 * norm(tangent):
            raise LawBroken(f"{law}: the tangent does not have the symmetry {turned[1:]}")
    for _ in range(5):
        move = rng.standard_normal(strains.shape)
        move = move + np.swapaxes(move, -1, -2)
        up, down = strains + STEP * move, strains - STEP * move
        slope = (law.energy(up) - law.energy(down)) / (2 * STEP)
        stated = np.sum(stress * move, axis=(-2, -1))
        scale = norm(stated) + 1e-3 * norm(tangent)
        if norm(slope - stated) > 1e-6 * scale:
            raise LawBroken(f"{law}: stress is off the energy's slope by {norm(slope - stated)}")
        bend = (law.stress(up) - law.stress(down)) / (2 * STEP)
        stated = np.einsum("nijkl,nkl->nij", tangent, move)
        if norm(bend - stated) > 1e-6 * (norm(stated) + 1e-3 * norm(stress)):
            raise LawBroken(f"{law}: the tangent is off by {norm(bend - stated)}")
