"""Several penalties on the parts of one array."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corporis.arrays import namespace
from corporis.interfaces import Proximable, Shape


@dataclass(frozen=True, eq=False)
class Separable:
    """``f(x) = sum_i f_i(part_i)``, the parts following each other in C order.

    The partner of `corporis.operators.Stack`: with it, several norms behind several operators
    become one norm behind one operator.

    Parameters
    ----------
    penalties : sequence of Proximable
        At least one.
    shapes : sequence of tuple of int
        Shape of the part that each penalty sees. `x` has any shape of as many numbers.

    Raises
    ------
    ValueError
        If there are no penalties or another number of shapes, `x` has another size than the
        parts together, or, in `prox`, if ``step <= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, SquaredL2
    >>> f = Separable([L1(), SquaredL2()], [(2,), (1,)])
    >>> f(np.array([1.0, -2.0, 4.0]))    # 1 + 2 + 16 / 2
    11.0
    >>> f.prox(np.array([1.5, -2.0, 4.0]), step=1.0).tolist()
    [0.5, -1.0, 2.0]
    """

    penalties: Sequence[Proximable]
    shapes: Sequence[Shape]

    def __post_init__(self):
        object.__setattr__(self, "penalties", tuple(self.penalties))
        shapes = tuple(tuple(int(n) for n in shape) for shape in self.shapes)
        object.__setattr__(self, "shapes", shapes)
        if not self.penalties or len(self.penalties) != len(shapes):
            raise ValueError(
                f"as many shapes as penalties needed, and at least one, got {len(shapes)} and "
                f"{len(self.penalties)}"
            )

    def __call__(self, x) -> float:
        return float(sum(f(part) for f, part in zip(self.penalties, self._parts(x))))

    def prox(self, x, step):
        """The prox of every penalty on its part; shape of `x` kept."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        parts = [f.prox(part, step) for f, part in zip(self.penalties, self._parts(x))]
        return xp.reshape(xp.concat([xp.reshape(part, (-1,)) for part in parts]), x.shape)

    def _parts(self, x):
        xp, sizes = namespace(x), [math.prod(shape) for shape in self.shapes]
        flat = xp.reshape(x, (-1,))
        if flat.shape[0] != sum(sizes):
            raise ValueError(f"x must hold {sum(sizes)} numbers, got {tuple(x.shape)}")
        start = 0
        for size, shape in zip(sizes, self.shapes):
            yield xp.reshape(flat[start : start + size], shape)
            start += size
