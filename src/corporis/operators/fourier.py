"""The unitary Fourier transform."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft

from corporis.arrays import check_shape, n_threads, namespace
from corporis.interfaces import LinearOperator, Shape


@dataclass(frozen=True)
class Fourier(LinearOperator):
    """Discrete Fourier transform over some axes, scaled so that lengths are kept.

    ``A.H`` is the inverse. The result is complex, in the precision of the input.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays.
    axes : tuple of int or None
        Axes to transform; None takes all.
    is_centred : bool
        Whether position 0 and frequency 0 lie at index ``n // 2``, as scanners store k-space,
        and not at index 0.

    Raises
    ------
    ValueError
        If an axis is missing or repeated.

    Examples
    --------
    >>> import numpy as np
    >>> (Fourier((4,)) @ np.ones(4)).real.tolist()
    [2.0, 0.0, 0.0, 0.0]
    >>> (Fourier((4,), is_centred=True) @ np.ones(4)).real.tolist()
    [0.0, 0.0, 2.0, 0.0]
    """

    shape: Shape
    axes: Sequence[int] | None = None
    is_centred: bool = False

    def __post_init__(self):
        n_axes = len(self.shape)
        axes = tuple(range(n_axes)) if self.axes is None else tuple(self.axes)
        if not axes or any(not -n_axes <= a < n_axes for a in axes):
            raise ValueError(f"axes must be among the {n_axes} of the array, got {axes}")
        axes = tuple(a % n_axes for a in axes)
        if len(set(axes)) != len(axes):
            raise ValueError(f"axes must differ, got {axes}")
        object.__setattr__(self, "axes", axes)

    domain = property(lambda self: tuple(self.shape))
    codomain = property(lambda self: tuple(self.shape))

    def forward(self, x):
        """Spectrum of `x`."""
        check_shape(x, self.domain)
        return self._between(x, is_inverse=False)

    def adjoint(self, y):
        """The array whose spectrum is `y`; complex."""
        check_shape(y, self.codomain, "y")
        return self._between(y, is_inverse=True)

    def _between(self, x, is_inverse):
        if not self.is_centred:
            return unitary_fft(x, self.axes, is_inverse=is_inverse)
        xp = namespace(x)
        moved = xp.fft.ifftshift(x, axes=self.axes)
        spectrum = unitary_fft(moved, self.axes, is_inverse=is_inverse, is_free=True)
        return xp.fft.fftshift(spectrum, axes=self.axes)


def unitary_fft(x, axes, *, is_inverse=False, is_free=False):
    """Unitary transform over some axes: by SciPy for NumPy arrays, else by the array's library.

    Parameters
    ----------
    x : array
        Real or complex.
    axes : tuple of int
    is_inverse : bool
    is_free : bool
        Whether `x` is nobody's, so that its memory may be used for the result.

    Returns
    -------
    array
        Complex, in the precision of `x`.

    Examples
    --------
    >>> unitary_fft(np.ones(4, dtype=np.complex64), (0,)).tolist()
    [(2+0j), 0j, 0j, 0j]
    """
    if isinstance(x, np.ndarray):
        transform = scipy.fft.ifftn if is_inverse else scipy.fft.fftn
        return transform(x, axes=axes, norm="ortho", overwrite_x=is_free, workers=n_threads())
    xp = namespace(x)
    if not xp.isdtype(x.dtype, "complex floating"):
        x = xp.astype(x, xp.complex64 if x.dtype == xp.float32 else xp.complex128)
    transform = xp.fft.ifftn if is_inverse else xp.fft.fftn
    return transform(x, axes=axes, norm="ortho")
