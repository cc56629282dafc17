"""Pictures small enough to travel inside a page: crops, contrast, and one JPEG sheet a view."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corporis.workstation.panel import View

JPEG_QUALITIES = (90, 82, 72, 60, 45)
BLOCK = 8  # JPEG codes blocks of 8 x 8 pixels: aligned frames do not bleed into each other


@dataclass(frozen=True)
class SpriteSheet:
    """All frames of a view in one picture, row by row.

    Parameters
    ----------
    source : str
        ``data:`` address of the JPEG.
    columns, n_frames : int
        Frames in one row of the sheet, and in all.
    cell : (int, int)
        Rows and columns from one frame to the next.
    size : (int, int)
        Rows and columns of a frame.
    origin : (int, int)
        First row and column of the crop in the original image.
    scale : float
        Sheet pixels per original pixel.
    """

    source: str
    columns: int
    n_frames: int
    cell: tuple[int, int]
    size: tuple[int, int]
    origin: tuple[int, int]
    scale: float


def to_bytes(
    frames: np.ndarray,
    low: float = 1.0,
    high: float = 99.5,
    window: tuple[float, float] | None = None,
) -> np.ndarray:
    """Map intensities between two percentiles, or in a window, to 0..255.

    NaN and infinities become black.

    Examples
    --------
    >>> to_bytes(np.array([0.0, 5.0, 10.0]), 0, 100).tolist()
    [0, 128, 255]
    >>> to_bytes(np.array([0.0, 5.0, 10.0]), window=(5, 15)).tolist()
    [0, 0, 128]
    """
    frames = np.asarray(frames, dtype=np.float32)
    is_finite = np.isfinite(frames)
    if not is_finite.any():
        return np.zeros(frames.shape, dtype=np.uint8)
    bottom, top = np.percentile(frames[is_finite], [low, high]) if window is None else window
    span = top - bottom if top > bottom else 1.0
    grey = np.clip((np.where(is_finite, frames, bottom) - bottom) / span, 0, 1)
    return np.rint(255 * grey).astype(np.uint8)


def crop_box(views: Sequence[View], margin: float = 0.3) -> tuple[int, int, int, int]:
    """First and last (exclusive) row and column that hold all outlines of views of one shape.

    The box grows by `margin` of its larger side, at least 12 pixels; without any outline it is
    the whole image.
    """
    rows, columns = views[0].frames.shape[1:]
    points = [
        np.asarray(line, dtype=float)
        for view in views
        for frames in view.contours.values()
        for lines in frames
        for line in lines
        if len(line)
    ]
    if not points:
        return 0, rows, 0, columns
    stacked = np.concatenate(points)
    stacked = stacked[np.isfinite(stacked).all(axis=1)]
    if not len(stacked):
        return 0, rows, 0, columns
    first, last = stacked.min(axis=0), stacked.max(axis=0)
    # A square window: tiles of equal shape make a calm grid.
    half = (last - first).max() / 2
    half += max(12.0, 2 * margin * half)
    middle = (first + last) / 2
    low = np.floor(middle - half).astype(int)
    high = np.ceil(middle + half).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, [rows, columns])
    if np.any(low >= high):
        return 0, rows, 0, columns
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def pack_views(
    views: Sequence[View], budget_bytes: int = 7_000_000, longest_side: int = 320
) -> list[SpriteSheet]:
    """One sheet a view, together at most `budget_bytes` (before base64).

    The JPEG quality falls first, then the resolution, until the budget is kept.

    Parameters
    ----------
    views : sequence of View
    budget_bytes : int
    longest_side : int
        Frames larger than this many pixels are shrunk.

    Raises
    ------
    ValueError
        If even tiny pictures exceed the budget: too many frames for one page.
    """
    boxes: dict[tuple, tuple[int, int, int, int]] = {}
    for view in views:
        key = (view.group, view.frames.shape[1:])
        if key not in boxes:
            boxes[key] = crop_box([v for v in views if (v.group, v.frames.shape[1:]) == key])
    crops = []
    for view in views:
        top, bottom, left, right = boxes[view.group, view.frames.shape[1:]]
        shown = to_bytes(view.frames[:, top:bottom, left:right], window=view.window)
        crops.append((shown, (top, left)))
    side = longest_side
    while side >= 32:
        cells = [_shrink(frames, side) for frames, _ in crops]
        for quality in JPEG_QUALITIES:
            files = [_jpeg(_tile(frames), quality) for frames in cells]
            if sum(map(len, files)) <= budget_bytes:
                return [
                    _sheet(file, small, crop[0].shape, crop[1])
                    for file, small, crop in zip(files, cells, crops, strict=True)
                ]
        side = int(side / 1.5)
    raise ValueError(
        f"{sum(len(v.frames) for v in views)} frames do not fit into {budget_bytes} bytes: "
        "give fewer views or frames, or a larger budget"
    )


def encode_contours(
    view: View, sheet: SpriteSheet, tolerance: float = 0.06
) -> Mapping[str, list[list[list[int]]]]:
    """Outlines in tenths of a pixel of the crop, ``[column, row, column, row, ...]`` a line.

    Points that lie within `tolerance` pixels of the line through their neighbours are dropped,
    never two neighbours at once.
    Whole coordinates are pixel centres, so half a pixel is added: the picture's corner is 0.
    """
    encoded = {}
    for label, frames in view.contours.items():
        encoded[label] = [
            [
                _quantise(_thin(line, tolerance), sheet.origin)
                for line in (np.asarray(line, dtype=float).reshape(-1, 2) for line in lines)
                if len(line) > 1 and np.isfinite(line).all()
            ]
            for lines in frames
        ]
    return encoded


def _thin(line: np.ndarray, tolerance: float) -> np.ndarray:
    for _ in range(4):
        if len(line) < 8:
            break
        before, here, after = line[:-2:2], line[1:-1:2], line[2::2]
        chord, step = after - before, here - before
        length = np.linalg.norm(chord, axis=1) + 1e-12
        off = np.abs(chord[:, 0] * step[:, 1] - chord[:, 1] * step[:, 0]) / length
        keep = np.ones(len(line), dtype=bool)
        keep[1:-1:2] = (off > tolerance) | (length < 1e-6)
        line = line[keep]
    return line


def _quantise(line: np.ndarray, origin: tuple[int, int]) -> list[int]:
    shifted = line + 0.5 - np.asarray(origin)
    return np.rint(10 * shifted[:, ::-1]).astype(int).ravel().tolist()


def _shrink(frames: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image as Picture

    longest = max(frames.shape[1:])
    if longest <= side:
        return frames
    rows, columns = (max(1, round(n * side / longest)) for n in frames.shape[1:])
    pictures = [
        Picture.fromarray(f).resize((columns, rows), Picture.Resampling.BOX) for f in frames
    ]
    return np.stack([np.asarray(picture) for picture in pictures])


def _tile(frames: np.ndarray) -> np.ndarray:
    n, rows, columns = frames.shape
    across = math.isqrt(n - 1) + 1
    down = -(-n // across)
    padding = ((0, across * down - n), (0, -rows % BLOCK), (0, -columns % BLOCK))
    cells = np.pad(frames, padding, mode="edge")
    cells = cells.reshape(down, across, *cells.shape[1:]).swapaxes(1, 2)
    return cells.reshape(down * cells.shape[1], -1)


def _jpeg(picture: np.ndarray, quality: int) -> bytes:
    from PIL import Image as Picture

    stream = io.BytesIO()
    Picture.fromarray(picture).save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()


def _sheet(file: bytes, small: np.ndarray, full: tuple[int, ...], origin) -> SpriteSheet:
    n, rows, columns = small.shape
    return SpriteSheet(
        source="data:image/jpeg;base64," + base64.b64encode(file).decode("ascii"),
        columns=math.isqrt(n - 1) + 1,
        n_frames=n,
        cell=(rows + -rows % BLOCK, columns + -columns % BLOCK),
        size=(rows, columns),
        origin=origin,
        scale=rows / full[1],
    )
