"""The way to SciPy's solvers."""

import numpy as np
from scipy.sparse.linalg import LinearOperator as SciPyOperator

from corporis.interfaces import LinearOperator


def to_scipy(operator: LinearOperator, dtype=np.float64) -> SciPyOperator:
    """The operator between flattened arrays, for `scipy.sparse.linalg`. NumPy only.

    Parameters
    ----------
    operator : LinearOperator
    dtype : dtype
        Precision, and whether complex.

    Returns
    -------
    scipy.sparse.linalg.LinearOperator, (prod(codomain), prod(domain))

    Examples
    --------
    >>> from corporis.operators import FiniteDifference
    >>> A = to_scipy(FiniteDifference((3,)))
    >>> A.shape, (A @ np.array([1.0, 3.0, 4.0])).tolist()
    ((3, 3), [2.0, 1.0, 0.0])
    """
    shape = int(np.prod(operator.codomain)), int(np.prod(operator.domain))
    return SciPyOperator(
        shape,
        matvec=lambda x: operator.forward(x.reshape(operator.domain)).reshape(-1),
        rmatvec=lambda y: operator.adjoint(y.reshape(operator.codomain)).reshape(-1),
        dtype=np.dtype(dtype),
    )
