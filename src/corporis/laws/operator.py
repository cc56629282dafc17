"""Laws of linear operators."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from corporis.arrays import inner, norm
from corporis.interfaces import LinearOperator
from corporis.laws.breach import DTYPES, LawBroken, check_kind, draw, is_same


def check_operator(
    operator: LinearOperator,
    rng: np.random.Generator,
    *,
    library: Any = np,
    dtypes: Sequence[str] = DTYPES,
) -> None:
    """Adjoint, linearity, shapes, precision, and input untouched, in every dtype.

    Parameters
    ----------
    operator : LinearOperator
    rng : numpy.random.Generator
    library : module
        Array library to check with, such as `numpy` or `array_api_compat.torch`.
    dtypes : sequence of str
        Names of the dtypes to check.

    Raises
    ------
    LawBroken

    Examples
    --------
    >>> from corporis.operators import FiniteDifference
    >>> check_operator(FiniteDifference((3, 4)), np.random.default_rng(0))
    """
    for dtype in dtypes:
        tolerance = 2e-5 if dtype in ("float32", "complex64") else 1e-11
        u, other = (draw(rng, operator.domain, dtype, library) for _ in range(2))
        v = draw(rng, operator.codomain, dtype, library)
        before = [library.asarray(x, copy=True) for x in (u, v)]
        image, back = operator.forward(u), operator.adjoint(v)
        if not all(is_same(old, x) for old, x in zip(before, (u, v))):
            raise LawBroken(f"{operator} changed its input")
        for result, source, shape in (
            (image, u, operator.codomain),
            (back, v, operator.domain),
        ):
            check_kind(operator, result, source, shape)
        left, right = inner(image, v + 0 * image), inner(u + 0 * back, back)
        scale = norm(image) * norm(v) + norm(u) * norm(back)
        if abs(left - right) > tolerance * scale:
            raise LawBroken(f"{operator}: <A u, v> = {left}, <u, A.H v> = {right} ({dtype})")
        sums = operator.forward(2.5 * u - other) - (2.5 * image - operator.forward(other))
        if norm(sums) > tolerance * (1 + norm(image)):
            raise LawBroken(f"{operator} is not linear: off by {norm(sums):.3g} ({dtype})")
        if not is_same(operator.forward(u), image):
            raise LawBroken(f"{operator} gives two answers to one input")


def check_algebra(
    left: LinearOperator, right: LinearOperator, rng: np.random.Generator, *, library: Any = np
) -> None:
    """Products, sums, multiples and adjoints of two operators that fit each other.

    Parameters
    ----------
    left, right : LinearOperator
        With ``left.domain == right.codomain``.
    rng : numpy.random.Generator
    library : module
        Array library to check with.

    Raises
    ------
    LawBroken
    """
    scale = 0.5 - 2j
    for dtype in DTYPES:
        x = draw(rng, right.domain, dtype, library)
        image = left.forward(right.forward(x))
        pairs = {
            "(A @ B) @ x": ((left @ right) @ x, image),
            "(2 * A) @ x": ((2 * right) @ x, 2 * right.forward(x)),
            "(A * 2) @ x": ((right * 2) @ x, 2 * right.forward(x)),
            "(A + A) @ x": ((right + right) @ x, 2 * right.forward(x)),
            "A.H.H @ x": (right.H.H @ x, right.forward(x)),
        }
        if dtype.startswith("complex"):
            pairs["(a * A) @ x"] = ((scale * right) @ x, scale * right.forward(x))
        for name, (got, expected) in pairs.items():
            limit = (1e-5 if dtype in ("float32", "complex64") else 1e-12) * (1 + norm(expected))
            if got.dtype != expected.dtype or norm(got - expected) > limit:
                raise LawBroken(f"{name} of {left}, {right} is not what it says ({dtype})")
    complex_only = DTYPES[2:]
    check_operator(scale * right, rng, library=library, dtypes=complex_only)
    for composed in (left @ right, -1.5 * right, right + right, right.H, (left @ right).H):
        check_operator(composed, rng, library=library)
