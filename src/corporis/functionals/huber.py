"""Robust distances: quadratic for small numbers, linear for gross ones."""

from dataclasses import dataclass

from corporis.arrays import namespace


@dataclass(frozen=True, slots=True)
class Huber:
    r"""Sum of ``weight * h(|x_i|)``, ``h(t) = t^2 / (2 width)`` to `width`, ``t - width/2`` above.

    Noise is averaged, gross errors pull with bounded force. Smooth and proximable at once.

    Parameters
    ----------
    width : float
        Where the quadratic ends, > 0, in the unit of `x`.
    weight : float
        Largest slope, >= 0.

    Raises
    ------
    ValueError
        If `width` or `weight` is out of range, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Huber (1964), Ann. Math. Stat. 35, 73-101, doi:10.1214/aoms/1177703732

    Examples
    --------
    >>> import numpy as np
    >>> Huber(width=1.0)(np.array([1.0, -3.0]))    # 0.5 + 2.5
    3.0
    >>> Huber(width=1.0).prox(np.array([1.0, -3.0]), step=1.0).tolist()
    [0.5, -2.0]
    """

    width: float
    weight: float = 1.0

    def __post_init__(self):
        if not 0 < self.width < float("inf"):
            raise ValueError(f"width must be finite and > 0, got {self.width}")
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        xp, size = namespace(x), namespace(x).abs(x)
        small = xp.where(size <= self.width, size, 0)
        large = xp.where(size > self.width, size - self.width / 2, 0)
        return self.weight * float(xp.sum(small**2 / (2 * self.width) + large))

    def prox(self, x, step):
        """Entries shrunk like a ridge, large ones shortened by ``step * weight``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp, cut, width = namespace(x), float(step * self.weight), float(self.width)
        size = xp.abs(x)
        is_large = size > width + cut
        return x * xp.where(is_large, 1 - cut / xp.where(is_large, size, 1), width / (width + cut))

    def gradient(self, x):
        """``weight x / max(|x|, width)``."""
        xp, size = namespace(x), namespace(x).abs(x)
        width = float(self.width)
        return x * (float(self.weight) / xp.where(size > width, size, width))

    @property
    def lipschitz(self) -> float:
        """``weight / width``."""
        return self.weight / self.width
