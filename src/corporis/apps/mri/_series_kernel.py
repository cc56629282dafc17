"""Compiled nonlocal mean over frames: weights one a cell of 2 x 2 pixels, values one a pixel."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def gather(image, frames, reach, least, total, weights):
    """Add up what in `frames` looks like `image`: ``total``, and its ``weights``, one a cell.

    `image` is (2 m, 2 n, 2), `frames` (k, 2 m + 2 reach, 2 n + 2 reach, 2), real pairs, `least`
    the mean square distance at which the weight ``(1 - d / least)^4`` has fallen to zero. The
    distance is that of 6 x 6 pixels around the cell.
    """
    rows, columns = weights.shape
    square = np.zeros((rows + 2, columns + 2), np.float32)
    across = np.zeros((rows + 2, columns + 2), np.float32)
    scale = np.float32(1.0 / (36.0 * least))
    one = np.float32(1.0)
    for frame in frames:
        for dy in range(2 * reach + 1):
            for dx in range(2 * reach + 1):
                _squares(image, frame, dy, dx, square)
                _mirrored(square)
                for i in range(rows + 2):
                    for j in range(1, columns + 1):
                        across[i, j] = square[i, j - 1] + square[i, j] + square[i, j + 1]
                for i in range(rows):
                    for j in range(columns):
                        near = across[i, j + 1] + across[i + 1, j + 1] + across[i + 2, j + 1]
                        share = one - near * scale
                        if share > 0:
                            share = share * share
                            share = share * share
                            weights[i, j] += share
                            for a in range(2):
                                for b in range(2):
                                    y, z = 2 * i + a, 2 * j + b
                                    for c in range(2):
                                        total[y, z, c] += share * frame[y + dy, z + dx, c]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _squares(image, frame, dy, dx, square):
    """Squared distance of every cell, inside a border of one cell."""
    rows, columns = square.shape[0] - 2, square.shape[1] - 2
    for i in range(rows):
        for j in range(columns):
            found = np.float32(0)
            for a in range(2):
                for b in range(2):
                    for c in range(2):
                        here = image[2 * i + a, 2 * j + b, c]
                        apart = here - frame[2 * i + a + dy, 2 * j + b + dx, c]
                        found += apart * apart
            square[i + 1, j + 1] = found


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _mirrored(square):
    """Repeat the outermost cells in the border."""
    square[0, :] = square[1, :]
    square[-1, :] = square[-2, :]
    square[:, 0] = square[:, 1]
    square[:, -1] = square[:, -2]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def shrink_slopes(image, reference, dual, cut, field, pulled):
    """Slopes of ``image - reference`` split off and shrunk; ``pulled += D^H (2 z - g + D ref)``.

    With ``g = D (image - reference) + dual`` and ``z`` its vectors shortened by `cut`, `dual`
    becomes ``g - z``. Borders are periodic. All are real pairs (rows, columns, 2), `dual` and
    `field` with a leading axis of two directions.
    """
    rows, columns, _ = image.shape
    one = np.float32(1.0)
    two = np.float32(2.0)
    for i in range(rows):
        down = i + 1 if i + 1 < rows else 0
        for j in range(columns):
            right = j + 1 if j + 1 < columns else 0
            square = np.float32(0)
            for c in range(2):
                a = reference[down, j, c] - reference[i, j, c]
                b = reference[i, right, c] - reference[i, j, c]
                field[0, i, j, c] = a
                field[1, i, j, c] = b
                a = image[down, j, c] - image[i, j, c] - a + dual[0, i, j, c]
                b = image[i, right, c] - image[i, j, c] - b + dual[1, i, j, c]
                dual[0, i, j, c] = a
                dual[1, i, j, c] = b
                square += a * a + b * b
            length = np.sqrt(square)
            keep = one - cut / length if length > cut else np.float32(0)
            for d in range(2):
                for c in range(2):
                    g = dual[d, i, j, c]
                    field[d, i, j, c] += (two * keep - one) * g
                    dual[d, i, j, c] = (one - keep) * g
    for i in range(rows):
        up = i - 1 if i > 0 else rows - 1
        for j in range(columns):
            left = j - 1 if j > 0 else columns - 1
            for c in range(2):
                pulled[i, j, c] += (
                    field[0, up, j, c]
                    - field[0, i, j, c]
                    + field[1, i, left, c]
                    - field[1, i, j, c]
                )
