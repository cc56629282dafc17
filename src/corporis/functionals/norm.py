"""What a norm can do beyond a prox: measure dual vectors, which certifies a minimum."""

from typing import Protocol, runtime_checkable

from corporis.interfaces import Array, Proximable


@runtime_checkable
class Norm(Proximable, Protocol):
    r"""A penalty that is a (weighted) norm, with its dual norm.

    ``polar(u) = inf {t >= 0 : Re<u, z> <= t f(z) for all z}``: where it is at most 1, `u` is a
    subgradient of `f` at zero. Solvers turn this into a duality gap.
    """

    def polar(self, u: Array) -> float: ...
