"""Whether coil maps that were given belong to the scan."""

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.operators import Fourier

LEAST_EXPLAINED = 0.6
"""Share of the central signal below which given maps are doubted; right ones explain 0.9."""


def explained_by_maps(encoding: Encoding) -> float:
    """Share of the central samples' signal that any image seen through the maps can have, 0 to 1.

    The coils' low-resolution images are projected on the span of the sets of maps, pixel by pixel.
    """
    shape = encoding.mask.shape
    window = np.ones(())
    for n in shape:
        distance = np.abs(np.arange(n) - n // 2) / min(12, max(n // 2, 1))
        window = window[..., None] * np.where(distance < 1, np.cos(np.pi / 2 * distance) ** 2, 0)
    n_coils = encoding.data.shape[0]
    whole = Fourier((n_coils, *shape), axes=(1, 2), is_centred=True)
    seen = whole.adjoint(encoding.data * encoding.mask * window).reshape(n_coils, -1)
    maps = np.asarray(encoding.operator.maps).reshape(-1, n_coils, seen.shape[-1])
    basis, _ = np.linalg.qr(np.moveaxis(maps, (0, 1, 2), (2, 1, 0)))
    signal = np.moveaxis(seen, 0, 1)
    heard = np.einsum("pcs,pc->ps", np.conj(basis), signal)
    # where the maps are zero no coil is said to hear anything
    heard *= np.abs(maps).sum(axis=1).T > 0
    total = float(np.sum(np.abs(signal) ** 2))
    return float(np.sum(np.abs(heard) ** 2)) / total if total > 0 else 1.0
