"""Nuclei as they are shown, and what is known of the slide that they were found in."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.nuclei.whole_slide import TileNuclei


@dataclass(frozen=True)
class Shown:
    """A tile's nuclei as they are shown.

    Parameters
    ----------
    numbers : int array, (n,)
        By which a person names them; they stay when others are deleted.
    nuclei : TileNuclei
    labels : tuple of str
        Class of each; empty where it has none.
    """

    numbers: np.ndarray
    nuclei: TileNuclei
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What is known of a slide and of the search, and needed to write its nuclei again.

    Parameters
    ----------
    slide : str
        A neutral label.
    shape : (int, int)
        Rows and columns of the slide's own pixels.
    um_per_px : float or None
    factor : float
        Pixels of the slide in one pixel of the search.
    stain : str
        ``he``, ``ihc`` or ``fluorescence``.
    is_learned : bool
        Whether a network was asked.
    fingerprint : str
        Of the slide's file.
    grid : (int, int)
        Rows and columns of tiles.
    remarks : tuple of str
        What was seen of the slide that speaks against its numbers: ink, blur, hardly any tissue.
    """

    slide: str
    shape: tuple[int, int]
    um_per_px: float | None
    factor: float
    stain: str
    is_learned: bool
    fingerprint: str
    grid: tuple[int, int]
    remarks: tuple[str, ...] = ()
