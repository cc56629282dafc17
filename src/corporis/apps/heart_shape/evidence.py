"""Learned pixel evidence: where the left ventricle is, and what each pixel near it shows.

A *locator* looks at whole images and finds the left cavity anywhere, at any angle and size; the
slices and frames of a stack vote for one axis through the slices and one size. A *segmenter* then
looks at a window around that axis, scaled so that the ventricle has a standard size, and gives
each pixel a probability of four classes. Papillary muscles count as cavity throughout.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.location import (
    WIDE_RADIUS,
    WINDOW_SIDE,
    Location,
    cells,
    vote,
    whole_channels,
    whole_image,
    window_channels,
)
from corporis.errors import BadInput, Unreadable
from corporis.learning.networks import Network

BACKGROUND, CAVITY, MUSCLE, RIGHT_CAVITY = range(4)
LOCATOR_CHANNELS, SEGMENTER_CHANNELS = (3, 2), (5, 4)  # in and out
RIGHT_FILE = "segmenter_right.onnx"
N_GLANCES = 8  # frames of a cine that suffice to find the ventricle
LOCATOR_VIEWS = 4  # turned and mirrored looks: no place looks like a ventricle from all sides


class Border(StrEnum):
    """Where the border of the left cavity is drawn.

    ``EXPERT`` is where the experts of the Sunnybrook set draw it, about a millimetre outside of
    ``BLOOD``, where blood meets muscle. Papillary muscles count as cavity for both.
    """

    EXPERT = "expert"
    BLOOD = "blood"

    @property
    def file_name(self) -> str:
        """Of the segmenter that draws it."""
        return f"segmenter_{self}.onnx"


@dataclass(frozen=True)
class EvidenceMaps:
    """Class probabilities on a square window per slice, aligned with the image's axes.

    Map pixel ``[i, j]`` of slice ``s`` lies at source pixel ``origin[s] + step * (i, j)``.

    Parameters
    ----------
    probability : ndarray, shape (S, T, 4, N, N), float32
        Probabilities of background, left cavity, left muscle and right cavity; they sum to 1.
    origin : ndarray, shape (S, 2)
        Source row and column of the centre of map pixel [0, 0] in each slice.
    step : float
        Source pixels per map pixel.
    wide : EvidenceMaps, optional
        The same on wider and coarser windows, where the right cavity is seen whole; without it
        what is known of the right cavity is in `probability`.
    """

    probability: np.ndarray
    origin: np.ndarray
    step: float
    wide: "EvidenceMaps | None" = None


@dataclass(frozen=True)
class PixelEvidence:
    """The networks, and how they are asked.

    Parameters
    ----------
    locator, segmenter : Network
        Trained by `corporis.apps.heart_shape.training.train`.
    n_views : int
        Quarter turns and reflections of each window that are averaged, 1 to 8.
    border : Border
        Where the segmenter draws the cavity's border.
    right : Network, optional
        A segmenter of wider windows, asked about the right cavity.
    """

    locator: Network
    segmenter: Network
    n_views: int = 4
    border: Border = Border.EXPERT
    right: Network | None = None

    @classmethod
    def load(cls, folder=None, border: Border = Border.EXPERT) -> "PixelEvidence":
        """Read locator and segmenters from `folder`, or those shipped with the package.

        A folder without a segmenter for the right cavity has none.

        Raises
        ------
        BadInput
            If a network is missing there, or is damaged or not such a network.
        """
        folder = Path(folder) if folder else Path(__file__).with_name("weights")
        for name in ("locator.onnx", border.file_name):
            if not (folder / name).is_file():
                raise BadInput(
                    f"{folder.name}: no {name} there: give the folder that corporis train wrote"
                )
        locator = _network(folder / "locator.onnx", LOCATOR_CHANNELS)
        segmenter = _network(folder / border.file_name, SEGMENTER_CHANNELS)
        is_right = (folder / RIGHT_FILE).is_file()
        right = _network(folder / RIGHT_FILE, SEGMENTER_CHANNELS) if is_right else None
        return cls(locator, segmenter, border=border, right=right)

    def save(self, folder) -> None:
        """Write ``locator.onnx`` and the segmenters into `folder`, created if missing."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.locator.save(folder / "locator.onnx")
        self.segmenter.save(folder / self.border.file_name)
        if self.right is not None:
            self.right.save(folder / RIGHT_FILE)

    def __call__(self, stack, *, progress=None) -> EvidenceMaps:
        """Locate the ventricle and give every pixel around it its class probabilities.

        Parameters
        ----------
        stack : array_like, shape (S, T, H, W)
            Short-axis cine, any real type and intensity scale, finite; apex or base first;
            a single slice or frame is allowed.
        progress : callable, optional
            Called as ``progress(n_done, n_slices)`` after each slice.

        Returns
        -------
        EvidenceMaps

        Raises
        ------
        ValueError
            If `stack` has not four axes or is not finite.
        corporis.errors.NotFound
            If no ventricle is found.
        """
        stack = _checked(stack)
        location = self.locate(stack)
        far = replace(location, window_radius=WIDE_RADIUS)
        frames = range(stack.shape[1])
        maps = np.empty((*stack.shape[:2], 4, WINDOW_SIDE, WINDOW_SIDE), np.float32)
        wide = np.empty_like(maps) if self.right is not None else None
        for s in range(len(stack)):
            maps[s] = self.segment(stack, s, frames, location, self.n_views)
            if wide is not None:
                wide[s] = _views(self.right, window_channels(stack, s, frames, far), 1)
            if progress is not None:
                progress(s + 1, len(stack))
        of_right = None if wide is None else EvidenceMaps(wide, far.origin, far.step)
        return EvidenceMaps(maps, location.origin, location.step, of_right)

    def locate(self, stack) -> Location:
        """Where the ventricle is: the locator's vote, then centred and sized by the segmenter.

        Parameters and errors are those of `__call__`.
        """
        stack = _checked(stack)
        n_slices, n_frames = stack.shape[:2]
        glances = np.unique(np.linspace(0, n_frames - 1, N_GLANCES).round().astype(int))
        origin, step = whole_image(stack.shape[2:])
        seen = np.stack(
            [
                _views(self.locator, whole_channels(stack, s, glances), LOCATOR_VIEWS)[:, 1]
                for s in range(n_slices)
            ]
        )
        location = vote(seen, np.broadcast_to(origin, (n_slices, 2)), step)
        for _ in range(2):
            seen = np.stack(
                [self.segment(stack, s, glances, location, 1)[:, CAVITY] for s in range(n_slices)]
            )
            location = vote(seen, location.origin, location.step)
        return location

    def segment(self, stack, s, frames, location, n_views) -> np.ndarray:
        """Class probabilities (n, 4, N, N) of some frames of slice `s` in the window there."""
        return _views(self.segmenter, window_channels(stack, s, frames, location), n_views)


def _views(network, x, n_views) -> np.ndarray:
    """Mean of what a network says of turned and mirrored images (n, channels, N, N)."""
    total: np.ndarray | float = 0.0
    for view in range(n_views):
        # views 0, 2, 4, 6 are the quarter turns, odd ones their mirror images: any first
        # few are well spread, and none needs interpolation
        turns, mirrored = (view * 2 + view // 2) % 4, view % 2
        seen = np.rot90(x[..., ::-1] if mirrored else x, turns, (-2, -1))
        seen = np.rot90(network(seen), -turns, (-2, -1))
        total = total + (seen[..., ::-1] if mirrored else seen)
    return np.asarray(total / n_views, np.float32)


def _network(path: Path, channels: tuple[int, int]) -> Network:
    """A network, opened at once so that a damaged file is refused before any work."""
    try:
        network = Network.load(path)
        found = network.channels()
    except (OSError, ValueError) as error:
        raise Unreadable(
            f"{path.name}: expected a network that corporis train wrote, but it is damaged or of "
            "another kind: train it anew or give another folder"
        ) from error
    if found != channels:
        raise Unreadable(
            f"{path.name}: expected a network of {channels[0]} channels in and {channels[1]} out, "
            f"got {found[0]} and {found[1]}: give the folder that corporis train wrote"
        )
    return network


def evidence_labels(maps) -> np.ndarray:
    """What the evidence alone says: the likeliest class, one solid cavity an image.

    Returns
    -------
    ndarray, shape (S, T, N, N), int8
        Classes on the map grid. Of the left cavity the largest piece is kept and its holes are
        filled; muscle keeps the piece that touches it, the right cavity its largest.
    """
    likely = maps.probability.argmax(2).astype(np.int8)
    labels = np.zeros_like(likely)
    for index in np.ndindex(*likely.shape[:2]):
        one = likely[index]
        labels[index][_largest(one == RIGHT_CAVITY)] = RIGHT_CAVITY
        labels[index][_largest(one == MUSCLE)] = MUSCLE
        labels[index][ndimage.binary_fill_holes(_largest(one == CAVITY))] = CAVITY
    return labels


def _largest(mask):
    pieces, n_pieces = ndimage.label(mask)
    if n_pieces < 2:
        return mask
    return pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()


def to_source(values, maps, shape) -> np.ndarray:
    """Bring masks or values from the map grid to source pixels.

    Parameters
    ----------
    values : ndarray, shape (S, T, N, N)
        Masks (bool) or numbers on the grid of `maps`.
    maps : EvidenceMaps
        Where that grid lies.
    shape : tuple of int
        Rows and columns (H, W) of the source images.

    Returns
    -------
    ndarray, shape (S, T, H, W)
        Interpolated linearly, zero outside the window; a mask stays a mask, cut at one half.
    """
    values = np.asarray(values)
    flat = values.astype(np.float32)
    result = np.zeros((*values.shape[:2], *shape), np.float32)
    for s in range(len(values)):
        (i, di), (j, dj) = (
            cells((np.arange(size) - start) / maps.step, values.shape[-1])
            for start, size in zip(maps.origin[s], shape, strict=True)
        )
        padded = np.pad(flat[s], ((0, 0), (1, 2), (1, 2)))
        rows = padded[:, i] * (1 - di[:, None]) + padded[:, i + 1] * di[:, None]
        result[s] = rows[:, :, j] * (1 - dj) + rows[:, :, j + 1] * dj
    return result >= 0.5 if values.dtype == bool else result


def _checked(stack):
    stack = np.asarray(stack)
    if stack.ndim != 4 or not stack.size:
        raise ValueError(f"expected a stack (slices, frames, rows, columns), got {stack.shape}")
    stack = stack.astype(np.float32)
    if not np.isfinite(stack).all():
        raise ValueError("stack must be finite, got NaN or infinite pixels")
    return stack - stack.min()  # what lies outside the image is 0: as dark as its darkest
