"""The whole encoding of a Cartesian scan: coils, Fourier transform and sampling in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import Constant, check_shape, namespace
from corporis.interfaces import Array, LinearOperator, Shape
from corporis.operators.coils import Coils, combine, spread
from corporis.operators.fourier import Fourier, unitary_fft


@dataclass(frozen=True, eq=False)
class Cartesian(LinearOperator):
    r"""``A x = mask * F (maps * x)``: the k-space that a scanner measures of an image.

    The result has the full size, with zeros off the mask. Equal to `Fourier` after `Coils`, then
    times the mask, but without their intermediate copies: the shifts of a centred transform are
    signs (phases at odd sizes) that multiply the image once and are folded into the mask. The
    norm is at most `bound`, which is 1 where the maps are scaled to ``sum_c |maps_c|^2 <= 1``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the pixels, without coils, sets or frames.
    mask : bool array or None
        True where k-space was sampled: of a shape that broadcasts to `shape`, or to
        ``(frames, *shape)`` where every frame has a pattern of its own. None samples everything.
    maps : array, (n_coils, *shape) or (n_sets, n_coils, *shape), or None
        Coil sensitivities as in `Coils`; None is one coil that hears everything alike, without
        an axis of its own.
    axes : tuple of int or None
        Axes of `shape` that are transformed; None takes all. A readout that was already
        transformed is left out.
    is_centred : bool
        As in `Fourier`; scanners store k-space centred.
    frames : int or None
        Number of frames, contrasts or echoes, a leading axis of image and k-space; None is no
        such axis.

    Raises
    ------
    ValueError
        If the mask is not boolean, is false everywhere or does not broadcast; if the maps do not
        end in `shape` or are not finite; if an axis is missing or repeated; if ``frames < 1``.

    Examples
    --------
    >>> A = Cartesian((4,), np.array([False, True, True, False]))
    >>> abs(A @ np.ones(4)).tolist()
    [0.0, 0.0, 2.0, 0.0]
    >>> Cartesian((4, 4), None, maps=np.ones((8, 4, 4)), frames=5).codomain
    (5, 8, 4, 4)
    """

    shape: Shape
    mask: Array | None
    maps: Array | None = None
    axes: Sequence[int] | None = None
    is_centred: bool = True
    frames: int | None = None

    def __post_init__(self):
        shape = tuple(int(n) for n in self.shape)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "axes", Fourier(shape, self.axes).axes)
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"frames must be >= 1 or None, got {self.frames}")
        if self.maps is not None:
            n_leading = self.maps.ndim - len(shape)
            if n_leading not in (1, 2) or tuple(self.maps.shape[n_leading:]) != shape:
                raise ValueError(
                    f"maps must be (n_coils, *shape) or (n_sets, n_coils, *shape) with shape "
                    f"{shape}, got {tuple(self.maps.shape)}"
                )
            self._coils  # noqa: B018  (maps that are not finite are refused at birth)
        if self.mask is not None:
            object.__setattr__(self, "mask", self._valid_mask())

    @property
    def domain(self):
        """``(frames, n_sets, *shape)``, without the axes that there are not."""
        return self._coils.domain if self.maps is not None else (*self._frames, *self.shape)

    @property
    def codomain(self):
        """``(frames, n_coils, *shape)``, without the axes that there are not."""
        return self._coils.codomain if self.maps is not None else (*self._frames, *self.shape)

    @property
    def bound(self) -> float:
        """An upper bound of the norm, exact for full sampling: that of the maps."""
        return 1.0 if self.maps is None else self._coils.bound

    def forward(self, x):
        """K-space, zero off the mask, `codomain`; complex."""
        check_shape(x, self.domain)
        seen, is_free = self._signed(x, is_adjoint=False)
        if self.maps is not None:
            seen, is_free = self._spread(seen), True
        spectrum = unitary_fft(seen, self._fft_axes(), is_free=is_free)
        if self._weights is not None:
            spectrum *= self._with_coils(self._weights[0].like(spectrum))
        return spectrum

    def adjoint(self, y):
        """Zero-filled image, coils combined, `domain`; complex."""
        check_shape(y, self.codomain, "y")
        is_free = self._weights is not None
        kept = y * self._with_coils(self._weights[1].like(y)) if is_free else y
        image = unitary_fft(kept, self._fft_axes(), is_inverse=True, is_free=is_free)
        if self.maps is not None:
            image = self._combine(image)
        return self._signed(image, is_adjoint=True)[0]

    def normal(self, x):
        """``A^H A x``, one coil at a time and without transforms that cancel.

        Along an axis on which the mask is constant, such as a fully sampled readout, the
        transform and its inverse are the identity and are left out.
        """
        check_shape(x, self.domain)
        axes = self._fft_axes(self._masked_axes)
        x, is_free = self._signed(_as_complex(x), is_adjoint=False)
        total = None
        for coils in self._batches(x):
            seen = x if self.maps is None else self._spread(x, coils)
            seen = self._filtered(seen, axes, is_free or self.maps is not None)
            part = seen if self.maps is None else self._combine(seen, coils)
            total = part if total is None else total + part
        return self._signed(total, is_adjoint=True)[0]

    def _filtered(self, seen, axes, is_free):
        """``F^H mask F`` over some axes."""
        if self.mask is None:
            return seen
        mask = self._with_coils(self._pattern.like(seen))
        if not axes:
            return seen * mask
        spectrum = unitary_fft(seen, axes, is_free=is_free)
        spectrum *= mask
        return unitary_fft(spectrum, axes, is_inverse=True, is_free=True)

    def _valid_mask(self):
        mask, target = np.asarray(self.mask), (*self._frames, *self.shape)
        if mask.dtype != bool or not mask.any():
            raise ValueError("mask must be boolean and true somewhere")
        try:
            np.broadcast_to(mask, target)
        except ValueError:
            message = f"mask must broadcast to {target}, got {mask.shape}"
            raise ValueError(message) from None
        return mask

    @property
    def _frames(self):
        return () if self.frames is None else (self.frames,)

    @cached_property
    def _coils(self):
        return Coils(self.maps, self.maps.ndim == len(self.shape) + 2, self.frames)

    def _fft_axes(self, axes=None):
        # Counted from the end, because coils and frames come first.
        return tuple(axis - len(self.shape) for axis in (self.axes if axes is None else axes))

    def _with_coils(self, array):
        """Frames-by-grid weights with an axis of coils where the data have one."""
        is_per_frame = self.maps is not None and array.ndim > len(self.shape)
        return array[:, None, ...] if is_per_frame else array

    def _batches(self, x):
        """Coils that are treated at once: singly on a CPU, whose caches hold one image."""
        if self.maps is None:
            return (slice(None),)
        n_coils = self.codomain[len(self._frames)]
        if isinstance(x, np.ndarray):
            return tuple(slice(c, c + 1) for c in range(n_coils))
        return (slice(0, n_coils),)

    def _signed(self, x, *, is_adjoint):
        """The image times the signs of a centred transform, and whether that is a new array."""
        if self._signs is None:
            return x, False
        return x * self._sign_constants[is_adjoint].like(x), True

    def _spread(self, x, coils=slice(None)):
        return spread(self._chosen(x, coils), x, self.frames is not None, self._coils.has_sets)

    def _combine(self, y, coils=slice(None)):
        return combine(self._chosen(y, coils), y, self.frames is not None, self._coils.has_sets)

    def _chosen(self, x, coils):
        maps = self._coils.constant.like(x)
        return maps[:, coils, ...] if self._coils.has_sets else maps[coils, ...]

    @cached_property
    def _sign_constants(self):
        return _with_conjugate(self._signs)

    @cached_property
    def _weights(self):
        """Mask times the signs of k-space, and its conjugate; None where both are 1."""
        if self._signs is None:
            return None if self.mask is None else _with_conjugate(self.mask.astype(np.float32))
        scale = np.prod([_centre_phase(self.shape[axis]) for axis in self.axes])
        signs = self._signs * (scale if np.iscomplexobj(self._signs) else scale.real)
        return _with_conjugate(signs if self.mask is None else np.where(self.mask, signs, 0))

    @cached_property
    def _signs(self):
        """``prod exp(2 pi i (n // 2) k / n)``, +1 and -1 on even axes, `shape`; None is 1."""
        if not self.is_centred:
            return None
        product = np.ones(self.shape, dtype=np.float64)
        for axis in self.axes:
            n = self.shape[axis]
            line = 1.0 - 2.0 * (np.arange(n) % 2)
            if n % 2:
                line = np.exp(2j * np.pi * (n // 2) * np.arange(n) / n)
            product = product * line.reshape((-1,) + (1,) * (len(self.shape) - axis - 1))
        return product

    @cached_property
    def _pattern(self):
        return None if self.mask is None else Constant(self.mask.astype(np.float32))

    @cached_property
    def _masked_axes(self):
        """Transformed axes along which the mask varies."""
        if self.mask is None:
            return ()
        mask = np.broadcast_to(self.mask, (*self._frames, *self.shape))
        mask = mask.reshape(-1, *self.shape)
        return tuple(
            axis
            for axis in self.axes
            if not np.array_equal(mask, np.broadcast_to(mask.take([0], axis + 1), mask.shape))
        )


def _as_complex(x):
    xp = namespace(x)
    if xp.isdtype(x.dtype, "complex floating"):
        return x
    return xp.astype(x, xp.complex64 if x.dtype == xp.float32 else xp.complex128)


def _with_conjugate(factor):
    return Constant(factor), Constant(np.conj(factor) if np.iscomplexobj(factor) else factor)


def _centre_phase(n):
    """The constant ``exp(-2 pi i c^2 / n)`` of a centred transform, ``c = n // 2``."""
    if n % 2 == 0:
        return complex((-1) ** (n // 2))
    return np.exp(-2j * np.pi * (n // 2) ** 2 / n)
