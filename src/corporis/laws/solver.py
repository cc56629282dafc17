"""Laws of solvers."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from corporis.arrays import norm
from corporis.interfaces import Array, Iterate
from corporis.laws.breach import LawBroken


def check_solver(
    solve: Callable[[Any], Iterator[Iterate]],
    start: Array,
    *,
    solution: Array | None = None,
    certificate: Callable[[Array], float] | None = None,
    tolerance: float = 1e-6,
    at_most: int = 2000,
    pieces: tuple[int, int] = (17, 23),
) -> None:
    """Resumes bit for bit, finds the known solution, and closes its gap.

    Parameters
    ----------
    solve : callable
        From a first guess, or an iterate, to the iterates that follow.
    start : array
    solution : array or None
        The answer in closed form.
    certificate : callable or None
        Bound of the distance to the minimum; it must reach `tolerance`.
    tolerance : float
        Largest accepted gap, and relative distance to `solution`.
    at_most : int
        Iterations until then.
    pieces : pair of int
        Iterations before and after the interruption.

    Raises
    ------
    LawBroken
    """
    before = np.asarray(start).copy()
    first, second = pieces
    whole = _advance(solve(start), first + second)
    broken = _advance(solve(_advance(solve(start), first)), second)
    if not np.array_equal(before, np.asarray(start)):
        raise LawBroken("the solver changed its start")
    same = np.array_equal(np.asarray(whole.x), np.asarray(broken.x))
    if not same or (whole.count, whole.change) != (broken.count, broken.change):
        raise LawBroken(
            f"{first} + {second} iterations differ from {first + second}: by "
            f"{norm(whole.x - broken.x):.3g}, counts {broken.count} and {whole.count}"
        )
    last = whole
    for last in itertools.islice(solve(whole), max(at_most - whole.count, 0)):
        if certificate is not None and last.count % 10 == 0 and certificate(last.x) <= tolerance:
            break
    if certificate is not None and not certificate(last.x) <= tolerance:
        raise LawBroken(f"gap {certificate(last.x):.3g} > {tolerance} after {last.count}")
    if solution is not None and norm(last.x - solution) > tolerance * max(norm(solution), 1.0):
        raise LawBroken(f"{norm(last.x - solution):.3g} away from the known solution")


def _advance(iterates, count) -> Iterate:
    drawn = list(itertools.islice(iterates, count))
    if not drawn:
        raise LawBroken("the solver gave no iterate")
    return drawn[-1]
