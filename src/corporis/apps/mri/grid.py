"""The raster an image is shown on: finer than it was measured, or moved by parts of a pixel."""

from dataclasses import dataclass

import numpy as np

from corporis.operators import Fourier

MOST_SIDE = 16384


@dataclass(frozen=True)
class Grid:
    r"""Zero-fill interpolation and shifts, both exact for what was measured.

    The image is the sum of its measured frequencies. Zeros around them let it be read between its
    pixels; a phase that grows with frequency moves it. Neither adds detail. Position 0 stays at
    ``n // 2``, and the brightness stays.

    Parameters
    ----------
    matrix : (int, int) or None
        Rows and columns of the result, for the same field of view; None keeps those of the image.
        Fewer than the image has drop the outer frequencies.
    shift : (float, float)
        How far the image moves down and to the right, in pixels of its own.

    Raises
    ------
    ValueError
        If a side is not 1 to 16384, or the shift is larger than that.

    Examples
    --------
    >>> spot = np.zeros((4, 4), np.complex64)
    >>> spot[2, 2] = 1
    >>> abs(Grid(shift=(0, 1))(spot)).round(6).argmax()          # one pixel to the right: (2, 3)
    np.int64(11)
    >>> Grid(matrix=(8, 6))(np.ones((4, 4), np.complex64)).real.round(6).max()
    np.float32(1.0)
    """

    matrix: tuple[int, int] | None = None
    shift: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self):
        if self.matrix is not None and not all(1 <= n <= MOST_SIDE for n in self.matrix):
            raise ValueError(f"matrix must be 1 to {MOST_SIDE} rows and columns, got {self.matrix}")
        if not all(abs(pixels) <= MOST_SIDE for pixels in self.shift):
            raise ValueError(f"shift must be at most {MOST_SIDE} pixels, got {self.shift}")

    @property
    def is_own(self) -> bool:
        """Whether images stay as they are."""
        return self.matrix is None and not any(self.shift)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The image on this raster, complex64, `matrix`."""
        if self.is_own:
            return image
        matrix = image.shape if self.matrix is None else self.matrix
        spectrum = Fourier(image.shape, is_centred=True).forward(image)
        for new, shift in zip(matrix, self.shift, strict=True):
            spectrum = _resized(spectrum, new, shift).T
        found = Fourier(matrix, is_centred=True).adjoint(spectrum)
        return (found * np.sqrt(found.size / image.size)).astype(np.complex64)


def _resized(spectrum, new, shift):
    """Frequencies of the first axis turned by the shift and set into another number."""
    old = len(spectrum)
    frequency = np.arange(old) - old // 2
    turned = spectrum * np.exp(-2j * np.pi * frequency * shift / old)[:, None]
    if new == old:
        return turned
    if old % 2 == 0:
        # the highest frequency stands for both signs: half each, so that real images stay real
        turned = np.concatenate([turned, turned[:1] / 2])
        turned[0] /= 2
    first, last = -(old // 2), old // 2
    out = np.zeros((new, turned.shape[1]), turned.dtype)
    low, high = max(first, -(new // 2)), min(last, (new - 1) // 2)
    out[low + new // 2 : high + 1 + new // 2] = turned[low - first : high + 1 - first]
    return out
