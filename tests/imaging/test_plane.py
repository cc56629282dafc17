"""Planes: how they are placed and when they are a stack."""

import numpy as np
import pytest

from corporis.imaging.plane import AXIAL, Plane, assemble, is_orthonormal


def plane(z, **changes):
    values = {
        "data": np.full((2, 3, 4), z, np.float32),
        "position": np.array([0.0, 0.0, z]),
        "orientation": np.array(AXIAL),
        "spacing": (1.0, 1.0),
        "thickness": 5.0,
        "times_ms": np.array([0.0, 10.0]),
        **changes,
    }
    return Plane(**values)


def test_tolerance_of_one_per_cent():
    images, _ = assemble([plane(z) for z in (0.0, 10.0, 20.05)])
    assert list(images) == ["series_1"]
    images, warnings = assemble([plane(z) for z in (0.0, 10.0, 20.9)])
    assert len(images) == 3
    assert "unevenly" in warnings[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": np.zeros((3, 3, 4), np.float32)},
        {"spacing": (1.0, 1.1)},
        {"orientation": np.array([1.0, 0, 0, 0, 0, 1])},
        {"facts": {"kind": "P"}},
    ],
)
def test_what_differs_is_not_stacked(changes):
    images, _ = assemble([plane(0.0), plane(10.0), plane(20.0, **changes)])
    assert images["series_1_1"].size("slice") == 2
    assert "slice" not in images["series_1_2"].axes


def test_pixels_keep_no_position():
    (image,) = assemble([plane(z, spacing=None) for z in (0.0, 7.0)])[0].values()
    assert image.length_unit == "pixel"
    # slice to the head, row to the back, column to the left, each one pixel long
    assert np.allclose(image.affine[:3], [[0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]])
    assert image.facts["slice_gap_mm"] == pytest.approx(7)


def test_orthonormality():
    assert is_orthonormal(AXIAL)
    assert not is_orthonormal((1, 0, 0, 0.1, 1, 0))
    assert not is_orthonormal((2, 0, 0, 0, 1, 0))
