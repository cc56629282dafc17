"""Several operators of one input, seen as one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator


@dataclass(frozen=True)
class Stack(LinearOperator):
    """``A x = (A_1 x, ..., A_n x)``, flattened into one vector; `split` gives the parts back.

    Parameters
    ----------
    operators : sequence of LinearOperator
        At least one, all of the same domain.

    Raises
    ------
    ValueError
        If there is none, or the domains differ.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import FiniteDifference, Identity
    >>> A = Stack((Identity((2,)), FiniteDifference((2,))))
    >>> y = A @ np.array([1.0, 4.0])
    >>> y.tolist(), A.split(y)[1].tolist()
    ([1.0, 4.0, 3.0, 0.0], [[3.0, 0.0]])
    """

    operators: Sequence[LinearOperator]

    def __post_init__(self):
        object.__setattr__(self, "operators", tuple(self.operators))
        domains = {operator.domain for operator in self.operators}
        if len(domains) != 1:
            raise ValueError(f"operators of one domain needed, got the domains {sorted(domains)}")

    domain = property(lambda self: self.operators[0].domain)
    codomain = property(lambda self: (sum(math.prod(o.codomain) for o in self.operators),))

    def forward(self, x):
        """All parts, flattened and joined."""
        return self.join([operator.forward(x) for operator in self.operators])

    def adjoint(self, y):
        """The sum of all parts' adjoints."""
        parts = self.split(y)
        total = self.operators[0].adjoint(parts[0])
        for operator, part in zip(self.operators[1:], parts[1:]):
            total = total + operator.adjoint(part)
        return total

    def split(self, y):
        """Parts of a joined vector, each in the shape of its operator's codomain."""
        check_shape(y, self.codomain, "y")
        parts, start = [], 0
        for operator in self.operators:
            stop = start + math.prod(operator.codomain)
            parts.append(namespace(y).reshape(y[start:stop], operator.codomain))
            start = stop
        return parts

    def join(self, parts):
        """One vector of arrays in the shapes of the codomains."""
        xp = namespace(*parts)
        dtype = xp.result_type(*parts)
        return xp.concat([xp.astype(xp.reshape(part, (-1,)), dtype) for part in parts])
