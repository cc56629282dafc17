"""Films read back from a rendering: pixels were repeated to enlarge them, and discs drawn over.

The native pixels come back where their edges are: neighbouring rows (or columns) differ there and
nowhere else. What was drawn over the image is left out and filled from its surroundings.
"""

from dataclasses import dataclass

import numpy as np

REPEATED = 0.5
"""Share of equal neighbours above which pixels are taken to have been repeated."""
SMALLEST, LARGEST = 2.5, 8.0
"""Enlargements that are looked for."""
FEWEST = 4
"""Enlarged pixels not drawn over that make a native pixel known."""
SIZES = np.linspace(0.88, 1.12, 97)
"""Numbers of native pixels that are tried, over the number of edges counted."""


@dataclass(frozen=True, eq=False)
class NativeGrid:
    """The native pixels of an enlarged film.

    Parameters
    ----------
    edges : (array, array)
        First enlarged row, and column, of every native one.

    Examples
    --------
    >>> grid = NativeGrid((np.array([0, 4, 8, 12]), np.array([0, 4, 8, 12])))
    >>> grid.places(np.array([[5.5, 9.5]])).round(9).tolist()   # middles of the second and third
    [[1.0, 2.0]]
    """

    edges: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, film: np.ndarray, hidden: np.ndarray) -> "NativeGrid":
        """Find it in a film (n_frames, rows, columns), of which `hidden` was drawn over."""
        return cls((_edges(film, hidden, 1), _edges(film, hidden, 2)))

    @property
    def shape(self) -> tuple[int, int]:
        """Native rows and columns."""
        return len(self.edges[0]), len(self.edges[1])

    def film(self, film: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Native images (n_frames, rows, columns): means of what was not drawn over."""
        from scipy import ndimage

        sizes = zip(self.edges, film.shape[1:])
        labels = [np.searchsorted(e, np.arange(n), side="right") - 1 for e, n in sizes]
        n = int(np.prod(self.shape))
        cell = (labels[0][:, None] * self.shape[1] + labels[1]).ravel()
        images = []
        for image, over in zip(film.astype(float), hidden):
            seen = ~ndimage.binary_dilation(over).ravel()
            count = np.bincount(cell[seen], minlength=n)
            total = np.bincount(cell[seen], image.ravel()[seen], minlength=n)
            whole = count >= FEWEST
            value = np.where(whole, total / np.maximum(count, 1), 0).reshape(self.shape)
            images.append(_filled(value, whole.reshape(self.shape)))
        return np.stack(images)

    def places(self, enlarged: np.ndarray) -> np.ndarray:
        """Native (row, column) of enlarged ones (n, 2): whole numbers are centres of pixels."""
        found = []
        for axis, starts in enumerate(self.edges):
            line = np.polyfit(np.arange(1, len(starts)), starts[1:].astype(float), 1)
            found.append((enlarged[:, axis] + 0.5 - line[1]) / line[0] - 0.5)
        return np.stack(found, axis=-1)


def is_enlarged(film: np.ndarray) -> bool:
    """Whether most pixels of a film (n_frames, rows, columns) equal the one before, both ways.

    Examples
    --------
    >>> film = np.arange(48.0).reshape(3, 4, 4)
    >>> is_enlarged(film), is_enlarged(np.kron(film, np.ones((1, 3, 3))))
    (False, True)
    """
    lit = film > np.median(film)
    shares = []
    for axis in (1, 2):
        same = np.diff(film.astype(float), axis=axis) == 0
        shares.append(np.mean(same[np.take(lit, range(1, film.shape[axis]), axis=axis)]))
    return bool(min(shares) > REPEATED)


def _edges(film, hidden, axis):
    """First enlarged row or column of every native one."""
    from scipy import ndimage

    seen = ~(hidden | np.roll(hidden, 1, axis=axis))
    change = np.abs(np.diff(film.astype(float), axis=axis))
    seen = np.take(seen, np.arange(1, film.shape[axis]), axis=axis)
    others = tuple(i for i in range(3) if i != axis)
    jump = np.sum(change * seen, axis=others) / np.maximum(np.sum(seen, axis=others), 1)
    # against the neighbourhood: what is bright changes more everywhere
    jump = jump / np.maximum(ndimage.uniform_filter1d(jump, 15), 1e-9) - 1
    n = film.shape[axis]

    def gain(size, offset):
        edges = np.round(offset + size * np.arange(1, int(n / size) + 1)).astype(int)
        edges = edges[edges < n]
        return jump[edges - 1].sum() - 0.5 * jump.sum() * len(edges) / n, edges

    tried = [
        (gain(n / count, offset)[0], count, offset)
        for count in _counts(jump, n)
        for offset in np.arange(0, n / count, 0.1) - 0.5 * n / count
    ]
    _, count, offset = max(tried)
    edges = gain(n / count, offset)[1]
    # what is left at a border is no pixel of its own
    return np.concatenate([[0], edges[(edges > 1) & (edges < n - 1)]])


def _counts(jump, n):
    """Numbers of native pixels worth trying."""
    from scipy import signal

    peaks, _ = signal.find_peaks(jump, height=0.3 * np.quantile(jump, 0.95))
    about = np.clip(len(peaks) + 1, n / LARGEST, n / SMALLEST)
    return about * SIZES


def _filled(image, known):
    """Unknown pixels from the nearest known ones, smoothed."""
    if known.all():
        return image
    from scipy import ndimage

    weight = ndimage.gaussian_filter(known.astype(float), 1.0)
    smooth = ndimage.gaussian_filter(np.where(known, image, 0), 1.0) / np.maximum(weight, 1e-6)
    return np.where(known, image, smooth)
