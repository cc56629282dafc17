"""A network over an image of any size: in tiles with a halo, averaged over turned views."""

from collections.abc import Callable

import numpy as np


def in_tiles(see: Callable, x, n_out: int, *, side: int, halo: int, multiple: int) -> np.ndarray:
    """Maps of a large image, each tile seen with its surroundings.

    Windows begin at multiples of what the network folds: where it does not look beyond the halo,
    cuts leave no trace.

    Parameters
    ----------
    see : callable
        ``see(window) -> maps``, (channels, h, w) to (n_out, h, w).
    x : array, (channels, rows, columns)
    n_out : int
        Maps that `see` gives.
    side, halo : int
        Pixels of a tile, and around it.
    multiple : int
        Of the first row and column of a window.

    Returns
    -------
    float32 array, (n_out, rows, columns)

    Examples
    --------
    >>> x = np.arange(12.0).reshape(1, 3, 4)
    >>> bool(np.all(in_tiles(lambda w: 2 * w, x, 1, side=2, halo=1, multiple=1) == 2 * x))
    True
    """
    height, width = x.shape[1:]
    maps = np.empty((n_out, height, width), np.float32)
    for top in range(0, height, side):
        for left in range(0, width, side):
            bottom, right = min(top + side, height), min(left + side, width)
            r, c = (max(a - halo, 0) // multiple * multiple for a in (top, left))
            window = x[:, r : min(bottom + halo, height), c : min(right + halo, width)]
            seen = see(window)[:, top - r :, left - c :]
            maps[:, top:bottom, left:right] = seen[:, : bottom - top, : right - left]
    return maps


def over_views(network: Callable, x, n_views: int, back: Callable, *, multiple: int) -> np.ndarray:
    """Mean over quarter turns and reflections of an image, each answer turned back.

    Parameters
    ----------
    network : callable
        ``network(batch) -> batch of maps``, whose image sides are multiples of `multiple`.
    x : array, (channels, rows, columns)
        Grown by reflection to such sides, and the maps cut back.
    n_views : int
        1 to 8; any first few are well spread, and none needs interpolation.
    back : callable
        ``back(maps, turns, is_mirrored)``, for which `upright` is the rule where maps are scalars.
    multiple : int

    Returns
    -------
    float32 array, (n_out, rows, columns)
    """
    height, width = x.shape[1:]
    side = [-(-n // multiple) * multiple for n in (height, width)]
    grown = [(0, 0), (0, side[0] - height), (0, side[1] - width)]
    x = np.pad(x, grown, mode="symmetric" if min(height, width) >= multiple else "edge")
    total = 0
    for view in range(n_views):
        turns, is_mirrored = (view * 2 + view // 2) % 4, bool(view % 2)
        seen = np.rot90(x[..., ::-1] if is_mirrored else x, turns, (1, 2))
        total = total + back(network(seen[None])[0], turns, is_mirrored)
    return np.asarray(total / np.float32(n_views))[:, :height, :width]


def upright(maps, turns: int, is_mirrored: bool) -> np.ndarray:
    """Maps (..., rows, columns) of a view, as maps of the image.

    Examples
    --------
    >>> maps = np.arange(6).reshape(1, 2, 3)
    >>> bool(np.all(upright(np.rot90(maps[..., ::-1], 3, (1, 2)), 3, True) == maps))
    True
    """
    maps = np.rot90(maps, -turns, (-2, -1))
    return maps[..., ::-1] if is_mirrored else maps
