"""Mixtures of atoms: shapes, patches or signals written with few numbers."""

from dataclasses import dataclass

from corporis.arrays import check_shape, matched, namespace
from corporis.interfaces import Array, LinearOperator, Shape


@dataclass(frozen=True, eq=False)
class Dictionary(LinearOperator):
    """Synthesis ``D x``: the sum of atoms weighted with `x`.

    Parameters
    ----------
    atoms : array, (*features, n_atoms)
        The last axis counts the atoms; the others have any shape (landmarks x 3, a patch).
    columns : tuple of int
        Shape of a family of mixtures made at once: `x` is (n_atoms, *columns).

    Raises
    ------
    ValueError
        If `atoms` has fewer than two axes.

    Examples
    --------
    >>> import numpy as np
    >>> D = Dictionary(np.array([[1.0, 0.0], [1.0, 2.0]]))
    >>> (D @ np.array([3.0, 1.0])).tolist(), (D.H @ np.array([1.0, 1.0])).tolist()
    ([3.0, 5.0], [2.0, 2.0])
    """

    atoms: Array
    columns: Shape = ()

    def __post_init__(self):
        if len(self.atoms.shape) < 2:
            raise ValueError(f"atoms must be (*features, n_atoms), got {tuple(self.atoms.shape)}")

    domain = property(lambda self: (int(self.atoms.shape[-1]), *self.columns))
    codomain = property(lambda self: (*(int(n) for n in self.atoms.shape[:-1]), *self.columns))

    def forward(self, x):
        """The mixture, (*features, *columns)."""
        check_shape(x, self.domain)
        return _contract(matched(self.atoms, x), x, 1)

    def adjoint(self, y):
        """Correlation of `y` with every atom, (n_atoms, *columns)."""
        check_shape(y, self.codomain, "y")
        xp, atoms = namespace(y), matched(self.atoms, y)
        if xp.isdtype(atoms.dtype, "complex floating"):
            atoms = xp.conj(atoms)
        n_axes = atoms.ndim - 1
        return _contract(xp.permute_dims(atoms, (n_axes, *range(n_axes))), y, n_axes)


def _contract(atoms, x, n_axes):
    """``tensordot`` of arrays that may be real and complex."""
    xp = namespace(atoms, x)
    dtype = xp.result_type(atoms, x)
    atoms, x = xp.astype(atoms, dtype, copy=False), xp.astype(x, dtype, copy=False)
    return xp.tensordot(atoms, x, axes=n_axes)
