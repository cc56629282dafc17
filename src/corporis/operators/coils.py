"""Coil sensitivities: how strongly every receiver coil hears every place."""

import math
from dataclasses import dataclass
from functools import cached_property

from corporis.arrays import Constant, check_shape, namespace
from corporis.interfaces import Array, LinearOperator


@dataclass(frozen=True, eq=False)
class Coils(LinearOperator):
    r"""``(A x)_c = sum_s maps_{s,c} x_s``: the image seen through every coil of the scanner.

    With maps scaled so that ``sum_c |maps_c|^2 = 1`` inside the body, the adjoint combines the
    coil images in the way that is best for white noise. Several sets of maps are needed where
    the field of view is smaller than the body, so that two places fall on one pixel.

    Parameters
    ----------
    maps : array, (n_coils, *grid) or, with `has_sets`, (n_sets, n_coils, *grid)
        Complex or real sensitivities.
    has_sets : bool
        Whether `maps` begins with an axis of sets; the image then has one part a set.
    frames : int or None
        Number of frames, contrasts or echoes that share the maps, as a leading axis of image
        and coil images; None is no such axis.

    Raises
    ------
    ValueError
        If `maps` has no coil axis or no grid, is not finite, or if ``frames < 1``.

    References
    ----------
    Pruessmann, Weiger, Scheidegger & Boesiger (1999), Magn. Reson. Med. 42, 952-962

    Examples
    --------
    >>> import numpy as np
    >>> A = Coils(np.array([[1.0, 0.5], [0.0, 2j]]))    # two coils, two pixels
    >>> (A @ np.array([3.0, 4.0])).tolist()
    [[(3+0j), (2+0j)], [0j, 8j]]
    >>> (A.H @ np.array([[3.0, 2.0], [0.0, 8j]])).tolist()
    [(3+0j), (17+0j)]
    """

    maps: Array
    has_sets: bool = False
    frames: int | None = None

    def __post_init__(self):
        xp, n_leading = namespace(self.maps), 1 + int(self.has_sets)
        if self.maps.ndim <= n_leading:
            expected = "(n_sets, n_coils, *grid)" if self.has_sets else "(n_coils, *grid)"
            raise ValueError(f"maps must be {expected}, got {tuple(self.maps.shape)}")
        if not bool(xp.all(xp.isfinite(self.maps))):
            raise ValueError("maps must be finite; set them to 0 where they are unknown")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"frames must be >= 1 or None, got {self.frames}")

    @property
    def grid(self):
        """Shape of the pixels."""
        return tuple(int(n) for n in self.maps.shape[1 + int(self.has_sets) :])

    @property
    def domain(self):
        """``(frames, n_sets, *grid)``, without the axes that there are not."""
        return (*self._frames, *self.maps.shape[: int(self.has_sets)], *self.grid)

    @property
    def codomain(self):
        """``(frames, n_coils, *grid)``, without frames where there are none."""
        return (*self._frames, int(self.maps.shape[int(self.has_sets)]), *self.grid)

    @cached_property
    def bound(self) -> float:
        """The exact norm: the largest of all pixels' norms, ``sqrt(sum_c |maps_c|^2)``."""
        xp = namespace(self.maps)
        if not self.has_sets:
            return math.sqrt(float(xp.max(xp.sum(xp.abs(self.maps) ** 2, axis=0))))
        pixels = xp.reshape(self.maps, (*self.maps.shape[:2], -1))
        return float(xp.max(xp.linalg.svdvals(xp.permute_dims(pixels, (2, 0, 1)))))

    def forward(self, x):
        """Coil images, `codomain`."""
        check_shape(x, self.domain)
        return spread(self.constant.like(x), x, self.frames is not None, self.has_sets)

    def adjoint(self, y):
        """Coil images combined, `domain`."""
        check_shape(y, self.codomain, "y")
        return combine(self.constant.like(y), y, self.frames is not None, self.has_sets)

    @cached_property
    def constant(self) -> Constant:
        """The maps, for arrays of any library and precision."""
        return Constant(self.maps)

    @property
    def _frames(self):
        return () if self.frames is None else (self.frames,)


def spread(maps, x, has_frames, has_sets):
    """Coil images (frames, n_coils, *grid) of an image, by maps of its library and precision."""
    if not has_sets:
        return maps * (x[:, None, ...] if has_frames else x)
    total = None
    for number in range(maps.shape[0]):
        part = x[:, number, None, ...] if has_frames else x[number, ...]
        total = _add(total, maps[number, ...] * part)
    return total


def combine(maps, y, has_frames, has_sets):
    """The image of coil images: conjugate maps times them, added over the coils."""
    if has_sets:
        sets = range(maps.shape[0])
        parts = [combine(maps[number, ...], y, has_frames, False) for number in sets]
        return namespace(y).stack(parts, axis=int(has_frames))
    xp, total = namespace(y), None
    is_complex = xp.isdtype(maps.dtype, "complex floating")
    # One coil at a time: the products of all coils at once would be the largest array of a run.
    for number in range(maps.shape[0]):
        seen = y[:, number, ...] if has_frames else y[number, ...]
        heard = maps[number, ...]
        total = _add(total, (xp.conj(heard) if is_complex else heard) * seen)
    return total


def _add(total, part):
    if total is None:
        return part
    total += part
    return total
