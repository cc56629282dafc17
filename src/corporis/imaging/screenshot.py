"""Pictures (PNG, JPEG) without any spacing: a stack of grey pictures, only when asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput
from corporis.imaging.guard import check_size, parsing, shown
from corporis.imaging.image import Image
from corporis.imaging.plane import AXIAL, Plane


def read_pictures(paths: Sequence[Path]) -> tuple[dict[str, Image], dict[str, Any]]:
    """Pictures of one size, in the order of their names, as (slice, row, column) in pixels.

    Colours are averaged to grey; grey values of 16 bits are kept. Where the patient lies and how
    large a pixel is stays unknown.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    images : dict of str to Image
        One image, ``pictures``.
    facts : dict
        ``warnings``.

    Raises
    ------
    BadInput
        If the pictures are of different sizes or depths, or damaged.
    """
    from PIL import Image as Picture

    pages: list[np.ndarray] = []
    for path in sorted(paths):
        with parsing(path, "a PNG or JPEG picture"), Picture.open(path) as picture:
            check_size((len(paths), picture.height, picture.width), path)
            page = grey_values(picture)
        if pages and page.shape != pages[0].shape:
            raise BadInput(
                f"{shown(path)}: expected {pages[0].shape} pixels like the pictures before it, got "
                f"{page.shape}: give pictures of one size"
            )
        if pages and page.dtype != pages[0].dtype:
            raise BadInput(
                f"{shown(path)}: expected grey values of {8 * pages[0].itemsize} bits like the "
                f"pictures before it, got {8 * page.itemsize}: give pictures of one depth"
            )
        pages.append(page)
    plane = Plane(pages[0][None], np.zeros(3), np.array(AXIAL), None)
    image = Image(
        np.stack(pages),
        ("slice", "row", "column"),
        plane.affine(),
        length_unit="pixel",
        facts={"modality": ""},
    )
    depth = f"{8 * pages[0].itemsize}-bit pictures"
    warnings = [f"{depth} without spacing or position: lengths are in pixels"]
    return {"pictures": image}, {"warnings": warnings}


def grey_values(picture) -> np.ndarray:
    """Grey values (rows, columns) of a picture as Pillow opens it: uint8, or of 16 bits uint16.

    Examples
    --------
    >>> from PIL import Image as Picture
    >>> grey_values(Picture.fromarray(np.array([[0, 65535]], np.uint16))).tolist()
    [[0, 65535]]
    """
    if not picture.mode.startswith("I"):
        return np.asarray(picture.convert("L"))
    # converted by Pillow, all that is above 255 would be 255
    return np.clip(np.asarray(picture), 0, 2**16 - 1).astype(np.uint16)
