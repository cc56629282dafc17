"""Plug and play: a denoiser in the place of a penalty's prox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from corporis.interfaces import Array, Iterate, Proximable
from corporis.solvers.proximal import relative_change
from corporis.solvers.warm import WarmProximable, rest, warm_prox


@runtime_checkable
class Denoiser(Protocol):
    """What takes noise of a known level away, with a memory that the solver keeps."""

    def rest(self, x: Array) -> Any:
        """What the first call starts from."""

    def denoise(self, x: Array, sigma: float, memory: Any) -> tuple[Array, Any]:
        """The image without noise of deviation `sigma`, and the memory of the next call."""


@dataclass(frozen=True)
class PlugAndPlayMemory:
    """The anchor ``v``, the denoised image, and the memories of data term and denoiser."""

    v: Array
    clean: Array
    data: Any
    denoiser: Any


def plug_and_play(
    data: Proximable | WarmProximable,
    denoiser: Denoiser,
    start: Array | Iterate,
    sigmas: Sequence[float],
    *,
    step_of: Callable[[float], float],
    is_reflected: bool = True,
) -> Iterator[Iterate]:
    r"""Douglas-Rachford splitting with a denoiser whose noise level falls.

    ``p = prox_{step(sigma)}(data)(v)``, ``v += denoise(2 p - v, sigma) - p``. With the prox of a
    penalty as denoiser and a constant level it minimises data plus penalty; with a patch
    denoiser there is no objective, so there is no certificate either: the falling schedule ends
    the run. Reflection matters: the plain alternation of denoiser and data stops 3 to 4 dB lower.

    Parameters
    ----------
    data : Proximable or WarmProximable
        The misfit, such as `QuadraticProx`.
    denoiser : Denoiser
        Such as `corporis.learning.BlockMatching`.
    start : array or Iterate
        First guess, or an iterate to continue from, bit for bit.
    sigmas : sequence of float
        Noise level of every iteration, >= 0; the run ends with them.
    step_of : callable
        Step of the data's prox at a level. For noise of deviation s in the data it is
        ``(sigma / s)^2``: the data are believed as far as they are better than the image.
    is_reflected : bool
        False alternates plainly, ``p = prox(data)(v)``, ``v = denoise(p, sigma)``: worse, but what
        the denoiser takes away is not brought back by data that were never taken.

    Yields
    ------
    Iterate
        `x` is the point that fits the data; `memory` a `PlugAndPlayMemory`.

    Raises
    ------
    ValueError
        If there is no level.

    References
    ----------
    Venkatakrishnan, Bouman & Wohlberg (2013), IEEE GlobalSIP, 945-948,
    doi:10.1109/GlobalSIP.2013.6737048; Eckstein & Bertsekas (1992), Math. Program. 55, 293-318

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import SquaredL2
    >>> class Shrink:
    ...     def rest(self, x):
    ...         return None
    ...     def denoise(self, x, sigma, memory):
    ...         return x / (1 + sigma), memory
    >>> iterates = plug_and_play(
    ...     SquaredL2(), Shrink(), np.array([4.0]), [1.0, 1.0], step_of=lambda s: 1.0
    ... )
    >>> [float(iterate.x[0]) for iterate in iterates]    # each halves, both pull to zero
    [2.0, 1.0]
    """
    if not len(sigmas):
        raise ValueError("sigmas must hold at least one level, got none")
    if isinstance(start, Iterate):
        x, count, state = start.x, start.count, start.memory
    else:
        x, count = start, 0
        state = PlugAndPlayMemory(x, x, rest(data, x), denoiser.rest(x))
    for sigma in sigmas[count:]:
        near, held = warm_prox(data, state.v, step_of(sigma), state.data)
        seen = 2 * near - state.v if is_reflected else near
        clean, known = denoiser.denoise(seen, sigma, state.denoiser)
        v = state.v + (clean - near) if is_reflected else clean
        state = PlugAndPlayMemory(v, clean, held, known)
        count += 1
        change = relative_change(near, x)
        x = near
        yield Iterate(x, count, change, state)
