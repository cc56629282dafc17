"""Low rank: the sum of singular values."""

from dataclasses import dataclass

from corporis.arrays import namespace

# Matrices whose shorter side is 2 have a closed form; it costs one product a pair of columns.
MOST_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Nuclear:
    r"""Weighted sum of singular values of two axes, ``f(X) = weight * sum_i s_i(X)``.

    Images of a beating heart as columns: what is still or moves alike has low rank. All further
    axes count matrices, whose values are added.

    Parameters
    ----------
    weight : float
        Strength, >= 0.
    axes : tuple of two int
        The axes that make up a matrix.

    Raises
    ------
    ValueError
        If `weight` is negative or not finite, if there are not two different axes, or, in
        `prox`, if ``step <= 0``.

    References
    ----------
    Cai, Candes & Shen (2010), SIAM J. Optim. 20, 1956-1982, doi:10.1137/080738970

    Examples
    --------
    >>> import numpy as np
    >>> round(Nuclear(2.0)(np.diag([3.0, -1.0])), 6)
    8.0
    >>> (Nuclear().prox(np.diag([3.0, 0.5]), step=1.0) + 0).round(6).tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """

    weight: float = 1.0
    axes: tuple[int, int] = (-2, -1)

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")
        if len(self.axes) != 2 or self.axes[0] == self.axes[1]:
            raise ValueError(f"axes must be two that differ, got {self.axes}")

    def __call__(self, x) -> float:
        return float(self.weight) * float(namespace(x).sum(singular_values(self._matrices(x))))

    def prox(self, x, step):
        """Shorten every singular value by ``step * weight``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        shrunk = shrink_singular_values(self._matrices(x), float(step * self.weight))
        return namespace(x).moveaxis(shrunk, (-2, -1), self.axes)

    def polar(self, u) -> float:
        """The largest singular value of `u`, in units of `weight`."""
        largest = float(namespace(u).max(singular_values(self._matrices(u))))
        if self.weight == 0:
            return float("inf") if largest > 0 else 0.0
        return largest / self.weight

    def _matrices(self, x):
        return namespace(x).moveaxis(x, self.axes, (-2, -1))


def singular_values(x):
    """Singular values of the last two axes, largest first, (..., min(m, n)).

    Examples
    --------
    >>> import numpy as np
    >>> singular_values(np.diag([3.0, -4.0])).tolist()
    [4.0, 3.0]
    """
    xp = namespace(x)
    if _is_narrow(x):
        large, small, _ = _closed_form(_as_two_rows(x))
        return xp.stack([large, small], axis=-1)
    if not _is_single(x):
        return xp.linalg.svdvals(x)
    squares = xp.flip(xp.linalg.eigvalsh(_gram(x)), axis=-1)
    return xp.astype(xp.sqrt(xp.where(squares > 0, squares, 0)), xp.float32)


def shrink_singular_values(x, cut):
    """Matrices of the last two axes with every singular value shortened by `cut`, not below 0.

    Examples
    --------
    >>> import numpy as np
    >>> (shrink_singular_values(np.diag([3.0, -4.0]), 2.0) + 0).round(6).tolist()
    [[1.0, 0.0], [0.0, -2.0]]
    """
    if _is_narrow(x):
        return _shrink_narrow(x, cut)
    if _is_single(x):
        return _shrink_by_gram(x, cut)
    xp = namespace(x)
    left, values, right = xp.linalg.svd(x, full_matrices=False)
    kept = xp.where(values > cut, values - cut, 0)
    return (left * xp.astype(kept, left.dtype)[..., None, :]) @ right


def _shrink_by_gram(x, cut):
    """Twice as fast as the decomposition; in double precision, single loses nothing by it."""
    xp = namespace(x)
    squares, vectors = xp.linalg.eigh(_gram(x))
    values = xp.sqrt(xp.where(squares > 0, squares, 0))
    is_alive = values > cut
    keep = xp.where(is_alive, 1 - cut / xp.where(is_alive, values, 1), 0)
    scaled = vectors * xp.astype(keep, vectors.dtype)[..., None, :]
    filtered = xp.astype(scaled @ _adjoint(vectors), x.dtype)
    return filtered @ x if x.shape[-2] <= x.shape[-1] else x @ filtered


def _shrink_narrow(x, cut):
    """For matrices whose shorter side is 2, without any decomposition."""
    xp, rows = namespace(x), _as_two_rows(x)
    large, small, (first, second, mixed) = _closed_form(rows)
    keep = [xp.where(s > cut, 1 - cut / xp.where(s > cut, s, 1), 0) for s in (large, small)]
    # The 2 x 2 matrix k2 I + (k1 - k2) (G - s2^2 I) / (s1^2 - s2^2), G the Gram matrix.
    spread = (large - small) * (large + small)
    is_wide = spread > 0
    slope = xp.where(is_wide, (keep[0] - keep[1]) / xp.where(is_wide, spread, 1), 0)
    a = keep[1] + slope * (first - small**2)
    b = keep[1] + slope * (second - small**2)
    c = slope * mixed
    conjugate = xp.conj(c) if xp.isdtype(c.dtype, "complex floating") else c
    upper, lower = rows[..., 0, :], rows[..., 1, :]
    shrunk = xp.stack(
        [
            a[..., None] * upper + c[..., None] * lower,
            conjugate[..., None] * upper + b[..., None] * lower,
        ],
        axis=-2,
    )
    return shrunk if x.shape[-2] == 2 else xp.matrix_transpose(shrunk)


def _is_narrow(x):
    m, n = x.shape[-2:]
    return min(m, n) == 2 and max(m, n) <= MOST_COLUMNS


def _is_single(x):
    xp = namespace(x)
    return x.dtype in (xp.float32, xp.complex64)


def _gram(x):
    """The smaller of ``X X^H`` and ``X^H X``, in double precision."""
    xp = namespace(x)
    is_complex = xp.isdtype(x.dtype, "complex floating")
    x = xp.astype(x, xp.complex128 if is_complex else xp.float64)
    return x @ _adjoint(x) if x.shape[-2] <= x.shape[-1] else _adjoint(x) @ x


def _adjoint(x):
    xp = namespace(x)
    turned = xp.matrix_transpose(x)
    return xp.conj(turned) if xp.isdtype(x.dtype, "complex floating") else turned


def _as_two_rows(x):
    return x if x.shape[-2] == 2 else namespace(x).matrix_transpose(x)


def _closed_form(rows):
    """Both singular values of 2 x n matrices, and the Gram matrix ``(g11, g22, g12)``."""
    xp = namespace(rows)
    upper, lower = rows[..., 0, :], rows[..., 1, :]
    first, second = (xp.sum(xp.abs(row) ** 2, axis=-1) for row in (upper, lower))
    is_complex = xp.isdtype(rows.dtype, "complex floating")
    mixed = xp.sum(upper * (xp.conj(lower) if is_complex else lower), axis=-1)
    # Lagrange's identity: the determinant as a sum of squares, so that nothing cancels.
    determinant = 0.0
    for i in range(rows.shape[-1]):
        for j in range(i):
            minor = upper[..., i] * lower[..., j] - upper[..., j] * lower[..., i]
            determinant = determinant + xp.abs(minor) ** 2
    mean, apart = (first + second) / 2, (first - second) / 2
    large = xp.sqrt(mean + xp.sqrt(apart**2 + xp.abs(mixed) ** 2))
    is_any = large > 0
    small = xp.where(is_any, xp.sqrt(determinant) / xp.where(is_any, large, 1), 0)
    return large, small, (first, second, mixed)
