r"""Constitutive laws: the energy that stretched muscle stores, and the stress that follows from it.

A law is a function of Green strain `E` *in fibre axes* (first axis along the fibre, second across
it in the wall, third across the wall), so that rotations of the body cannot enter it. Its stress is
``S = dW/dE`` (second Piola-Kirchhoff) and its tangent ``dS/dE``; `W` and `S` are in kPa. Muscle
keeps its volume: what of the stress is a pressure is not in the law but follows from equilibrium.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

STEEPEST = 40.0
"""Exponents beyond this go on by a parabola, so that no search along a line meets infinity.

Muscle tears long before: there the stress is 10^17 times that of small strains.
"""


class ConstitutiveLaw(Protocol):
    """Energy of a piece of tissue as a function of its strain in fibre axes."""

    def energy(self, E: np.ndarray) -> np.ndarray:
        """Energy density ``W`` (...) in kPa of strains (..., 3, 3)."""

    def stress(self, E: np.ndarray) -> np.ndarray:
        """Second Piola-Kirchhoff stress ``dW/dE`` (..., 3, 3) in kPa."""

    def tangent(self, E: np.ndarray) -> np.ndarray:
        """``dS/dE`` (..., 3, 3, 3, 3) in kPa, symmetric in both pairs and between them."""


@dataclass(frozen=True)
class Guccione:
    r"""Passive muscle, transversely isotropic and exponential: ``W = C/2 (exp Q - 1)``,

    ``Q = b_f E_ff^2 + b_t (E_ss^2 + E_nn^2 + 2 E_sn^2) + 2 b_fs (E_fs^2 + E_fn^2)``.

    Stiff along fibres (`b_f`), softer across (`b_t`), and in shear along them (`b_fs`). The numbers
    given are those of dog hearts at rest; with equal `b` the law is isotropic.

    Parameters
    ----------
    c_kpa : float
        Scale of stress, > 0, in kPa.
    b_f, b_t, b_fs : float
        No unit, >= 0, one of them > 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Guccione, McCulloch & Waldman (1991), J. Biomech. Eng. 113, 42-55, doi:10.1115/1.2894084

    Examples
    --------
    >>> law = Guccione(c_kpa=2.0, b_f=8.0, b_t=2.0, b_fs=4.0)
    >>> law.stress(np.diag([0.1, 0.0, 0.0]))[0, 0].round(4).item()   # C b_f E_ff exp(b_f E_ff^2)
    1.7333
    """

    c_kpa: float = 0.876
    b_f: float = 18.48
    b_t: float = 3.58
    b_fs: float = 1.627

    def __post_init__(self):
        if not 0 < self.c_kpa < np.inf:
            raise ValueError(f"c_kpa must be finite and > 0, got {self.c_kpa}")
        b = (self.b_f, self.b_t, self.b_fs)
        if not (0 <= min(b) and 0 < max(b) < np.inf):
            raise ValueError(f"b_f, b_t and b_fs must be finite, >= 0 and not all 0, got {b}")

    @cached_property
    def weights(self) -> np.ndarray:
        """Factors of the squares of strain in Q, (3, 3)."""
        f, t, s = self.b_f, self.b_t, self.b_fs
        return np.array([[f, s, s], [s, t, t], [s, t, t]])

    def energy(self, E: np.ndarray) -> np.ndarray:
        """Energy density (...) in kPa of strains (..., 3, 3)."""
        return 0.5 * self.c_kpa * (self._exponential(E)[0] - 1)

    def stress(self, E: np.ndarray) -> np.ndarray:
        """Second Piola-Kirchhoff stress (..., 3, 3) in kPa."""
        _, slope, _ = self._exponential(E)
        return self.c_kpa * slope[..., None, None] * self.weights * E

    def tangent(self, E: np.ndarray) -> np.ndarray:
        """``dS/dE`` (..., 3, 3, 3, 3) in kPa."""
        _, slope, bend = self._exponential(E)
        pull = self.weights * E
        rise = slope[..., None, None, None, None] * (self.weights[..., None, None] * SYMMETRIC)
        outer = pull[..., :, :, None, None] * pull[..., None, None, :, :]
        return self.c_kpa * (rise + 2 * bend[..., None, None, None, None] * outer)

    def _exponential(self, E):
        """``exp Q`` and its first two derivatives by Q."""
        Q = np.sum(self.weights * np.asarray(E, dtype=float) ** 2, axis=(-2, -1))
        curve = np.exp(np.minimum(Q, STEEPEST))
        beyond = np.maximum(Q - STEEPEST, 0)
        return curve * (1 + beyond + 0.5 * beyond**2), curve * (1 + beyond), curve


@dataclass(frozen=True)
class SaintVenantKirchhoff:
    """An isotropic law, quadratic in Green strain: ``W = lame/2 (tr E)^2 + shear E:E``.

    Hooke's law where strains are small. It softens under strong compression.

    Parameters
    ----------
    lame_kpa, shear_kpa : float
        Lame's constants in kPa: resistance to a change of volume, >= 0, and of shape, > 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> SaintVenantKirchhoff(3.0, 1.0).stress(0.01 * np.eye(3))[0].round(3).tolist()
    [0.11, 0.0, 0.0]
    """

    lame_kpa: float = 10.0
    shear_kpa: float = 5.0

    def __post_init__(self):
        if not (0 <= self.lame_kpa < np.inf and 0 < self.shear_kpa < np.inf):
            raise ValueError(
                "lame_kpa must be >= 0 and shear_kpa > 0, both finite, got "
                f"{self.lame_kpa} and {self.shear_kpa}"
            )

    def energy(self, E: np.ndarray) -> np.ndarray:
        """Energy density (...) in kPa of strains (..., 3, 3)."""
        trace = np.trace(E, axis1=-2, axis2=-1)
        return 0.5 * self.lame_kpa * trace**2 + self.shear_kpa * np.sum(E**2, axis=(-2, -1))

    def stress(self, E: np.ndarray) -> np.ndarray:
        """Second Piola-Kirchhoff stress (..., 3, 3) in kPa."""
        trace = np.trace(E, axis1=-2, axis2=-1)[..., None, None]
        return self.lame_kpa * trace * np.eye(3) + 2 * self.shear_kpa * E

    def tangent(self, E: np.ndarray) -> np.ndarray:
        """``dS/dE`` (..., 3, 3, 3, 3) in kPa, the same for all strains."""
        volume = np.einsum("ij,kl->ijkl", np.eye(3), np.eye(3))
        one = self.lame_kpa * volume + 2 * self.shear_kpa * SYMMETRIC
        return np.broadcast_to(one, (*np.shape(E)[:-2], 3, 3, 3, 3))


@dataclass(frozen=True)
class ActiveTension:
    """What contracting fibres pull with: ``W = tension E_ff``, so that ``S = tension f f^T``.

    The Cauchy stress along a fibre that is stretched by `l` is ``tension l^2 / det F``.

    Parameters
    ----------
    tension_kpa : float
        >= 0; 60 to 130 kPa at the height of systole.

    Raises
    ------
    ValueError
        If the tension is negative or not finite.

    References
    ----------
    Land et al. (2015), Proc. R. Soc. A 471, 20150641, doi:10.1098/rspa.2015.0641 (problem 3)

    Examples
    --------
    >>> ActiveTension(60.0).stress(np.zeros((3, 3)))[0].tolist()
    [60.0, 0.0, 0.0]
    """

    tension_kpa: float

    def __post_init__(self):
        if not 0 <= self.tension_kpa < np.inf:
            raise ValueError(f"tension_kpa must be finite and >= 0, got {self.tension_kpa}")

    def energy(self, E: np.ndarray) -> np.ndarray:
        """Energy density (...) in kPa of strains (..., 3, 3); falls where fibres shorten."""
        return self.tension_kpa * np.asarray(E)[..., 0, 0]

    def stress(self, E: np.ndarray) -> np.ndarray:
        """Second Piola-Kirchhoff stress (..., 3, 3) in kPa, the same for all strains."""
        one = np.zeros((3, 3))
        one[0, 0] = self.tension_kpa
        return np.broadcast_to(one, np.shape(E))

    def tangent(self, E: np.ndarray) -> np.ndarray:
        """Zero, (..., 3, 3, 3, 3)."""
        return np.zeros((*np.shape(E)[:-2], 3, 3, 3, 3))


@dataclass(frozen=True)
class Together:
    """Laws whose energies add up: passive muscle and the tension of its fibres.

    Parameters
    ----------
    laws : tuple of ConstitutiveLaw
        At least one.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> law = Together((SaintVenantKirchhoff(3.0, 1.0), ActiveTension(60.0)))
    >>> law.stress(np.zeros((3, 3)))[0].tolist()
    [60.0, 0.0, 0.0]
    """

    laws: tuple[ConstitutiveLaw, ...]

    def __post_init__(self):
        if not self.laws:
            raise ValueError("give at least one law")

    def energy(self, E: np.ndarray) -> np.ndarray:
        """Energy density (...) in kPa of strains (..., 3, 3)."""
        return np.sum([law.energy(E) for law in self.laws], axis=0)

    def stress(self, E: np.ndarray) -> np.ndarray:
        """Second Piola-Kirchhoff stress (..., 3, 3) in kPa."""
        return np.sum([law.stress(E) for law in self.laws], axis=0)

    def tangent(self, E: np.ndarray) -> np.ndarray:
        """``dS/dE`` (..., 3, 3, 3, 3) in kPa."""
        return np.sum([law.tangent(E) for law in self.laws], axis=0)


SYMMETRIC = 0.5 * (
    np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3)) + np.einsum("il,jk->ijkl", np.eye(3), np.eye(3))
)
"""The identity of symmetric matrices, (3, 3, 3, 3)."""
