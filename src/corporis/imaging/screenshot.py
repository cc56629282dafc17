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

    Colours are averaged to grey. Where the patient lies and how large a pixel is stays unknown.

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
        If the pictures are of different sizes or damaged.
    """
    from PIL import Image as Picture

    pages: list[np.ndarray] = []
    for path in sorted(paths):
        with parsing(path, "a PNG or JPEG picture"), Picture.open(path) as picture:
            check_size((len(paths), picture.height, picture.width), path)
            page = np.asarray(picture.convert("L"))
        if pages and page.shape != pages[0].shape:
            raise BadInput(
                f"{shown(path)}: expected {pages[0].shape} pixels like the pictures before it, got "
                f"{page.shape}: give pictures of one size"
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
    warnings = ["8-bit pictures without spacing or position: lengths are in pixels"]
    return {"pictures": image}, {"warnings": warnings}
