"""A penalty on the coefficients of an orthonormal transform."""

from dataclasses import dataclass

from corporis.interfaces import LinearOperator, Proximable


@dataclass(frozen=True, eq=False)
class Transformed:
    r"""``f(x) = g(W x)``, with ``prox = W^H prox_g(W x)``: few wavelets, few frequencies.

    Parameters
    ----------
    penalty : Proximable
        ``g``.
    operator : LinearOperator
        ``W``, which must be orthonormal, ``W.H W = W W.H = I``, such as `Wavelet` or `Fourier`;
        with another operator `prox` is not the prox. A Parseval frame such as
        `UndecimatedWavelet` is not enough, because ``W W.H`` is then a projection.

    Raises
    ------
    ValueError
        If the domain and the codomain differ in size.

    References
    ----------
    Combettes & Pesquet (2007), IEEE J. Sel. Top. Signal Process. 1, 564-574,
    doi:10.1109/JSTSP.2007.910264 (Proposition 11)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1
    >>> from corporis.operators import Wavelet
    >>> f = Transformed(L1(), Wavelet((2,), "haar", levels=1))
    >>> f.prox(np.array([4.0, 4.0]), step=np.sqrt(2)).round(6).tolist()    # the mean shrinks
    [3.0, 3.0]
    """

    penalty: Proximable
    operator: LinearOperator

    def __post_init__(self):
        operator = self.operator
        if _size(operator.domain) != _size(operator.codomain):
            raise ValueError(
                f"an orthonormal operator keeps the size, this one has {operator.domain} and "
                f"{operator.codomain}"
            )

    def __call__(self, x) -> float:
        return self.penalty(self.operator.forward(x))

    def prox(self, x, step):
        """Forth, the prox of the penalty, and back."""
        return self.operator.adjoint(self.penalty.prox(self.operator.forward(x), step))


def _size(shape):
    size = 1
    for n in shape:
        size *= n
    return size
