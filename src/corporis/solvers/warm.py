"""Penalties whose prox is itself an iteration, started where the last call ended."""

from typing import Any, Protocol, runtime_checkable

from corporis.interfaces import Array, Proximable


@runtime_checkable
class WarmProximable(Protocol):
    """A penalty whose prox hands out what the next call can start from.

    A functional has no memory of its own; the solver keeps it.
    """

    def __call__(self, x: Array) -> float: ...

    def rest(self, x: Array) -> Any:
        """What the first call starts from."""

    def prox_from(self, x: Array, step: float, memory: Any) -> tuple[Array, Any]:
        """``argmin_z step f(z) + 1/2 ||z - x||^2``, and what to start the next call from."""


def rest(penalty: Proximable | WarmProximable, x: Array) -> Any:
    """The first memory of a penalty; None where its prox needs none."""
    return penalty.rest(x) if isinstance(penalty, WarmProximable) else None


def warm_prox(
    penalty: Proximable | WarmProximable, x: Array, step: float, memory: Any
) -> tuple[Array, Any]:
    """The prox of either kind of penalty, and its memory."""
    if isinstance(penalty, WarmProximable):
        return penalty.prox_from(x, step, memory)
    return penalty.prox(x, step), None
