"""Driving a solver: how long, how exact, who watches."""

import math
from collections.abc import Callable, Iterable, Sequence

from corporis.interfaces import Array, Iterate, Result


def run(
    iterates: Iterable[Iterate],
    *,
    at_most: int,
    tolerance: float = 0.0,
    watch: Sequence[Callable[[Iterate], None]] = (),
    certificate: Callable[[Array], float] | None = None,
    audit: Callable[[Iterate], float] | None = None,
    every: int = 10,
) -> Result:
    """Draw iterates until one is exact enough or `at_most` have come.

    Parameters
    ----------
    iterates : iterable of Iterate
        A solver; ``Result.last`` goes back into the same solver to continue.
    at_most : int
        Number of iterations of this run, >= 1.
    tolerance : float
        With a certificate, stop when the gap is at most this (unit of the objective);
        without, when ``Iterate.change`` is. 0 never stops early on a change that is not zero.
    watch : callables
        Each is called with every iterate: progress, figures, interruption by an exception.
    certificate : callable or None
        Upper bound of ``objective(x) - minimum``, for instance a duality gap.
    audit : callable or None
        The same for certificates that read the whole iterate, such as `CompositeGap`.
    every : int
        The certificate is evaluated each `every` iterations and at the end, >= 1.

    Returns
    -------
    Result
        `reason` is ``"tolerance"``, ``"at_most"``, ``"ended"`` (the solver stopped itself) or
        ``"diverged"``; `trace` holds the gaps where there is a certificate, else the changes.

    Raises
    ------
    ValueError
        If ``at_most < 1`` or ``every < 1``, if both `certificate` and `audit` are given, or if
        the solver gave no iterate at all.

    Examples
    --------
    >>> from corporis.interfaces import Iterate
    >>> halves = (Iterate(x=2.0**-k, count=k, change=2.0**-k) for k in range(1, 99))
    >>> result = run(halves, at_most=50, tolerance=0.1)
    >>> result.x, result.count, result.reason
    (0.0625, 4, 'tolerance')
    """
    if at_most < 1 or every < 1:
        raise ValueError(f"at_most and every must be >= 1, got {at_most} and {every}")
    if certificate is not None and audit is not None:
        raise ValueError("give certificate or audit, not both")
    if certificate is not None:
        plain = certificate

        def audit(iterate):
            return plain(iterate.x)

    trace: list[float] = []
    gap, reason, drawn, last = None, "ended", 0, None
    for last in iterates:
        drawn += 1
        for observer in watch:
            observer(last)
        is_due = drawn % every == 0 or drawn == at_most
        gap = audit(last) if audit is not None and is_due else None
        measured = last.change if audit is None else gap
        if measured is not None:
            trace.append(measured)
        if not math.isfinite(last.change):
            reason = "diverged"
        elif measured is not None and measured <= tolerance:
            reason = "tolerance"
        elif drawn == at_most:
            reason = "at_most"
        else:
            continue
        break
    if last is None:
        raise ValueError("the solver gave no iterate")
    if audit is not None and gap is None:
        gap = audit(last)
        trace.append(gap)
    return Result(last.x, last.count, reason, gap, tuple(trace), last)
