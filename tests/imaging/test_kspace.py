"""The noun: axes, masks, maps, parts of a scan, and where its image lies."""

import numpy as np
import pytest

from corporis.imaging import KSpace
from imaging.kspace_files import some_kspace

PLANE = ("coil", "row", "column")


def test_shapes_that_do_not_fit_are_refused():
    data = some_kspace((3, 12, 10))
    for wrong, words in (
        ({"axes": ("row", "column")}, "name the 3 axes"),
        ({"axes": ("row", "coil", "column")}, "in this order"),
        ({"axes": ("coil", "row", "row")}, "in this order"),
        ({"axes": ("coil", "shot", "sample")}, "without a trajectory"),
        ({"data": data.real}, "complex"),
        ({"mask": np.ones((3, 12, 10), bool)}, r"mask must have the shape \(12, 10\)"),
        ({"maps": data[:2]}, "maps must have"),
        ({"maps": np.ones((1, 1, 3, 12, 10))}, "maps must have"),
        ({"noise": np.ones((2, 9), complex)}, r"noise must be \(3, n"),
        ({"matrix": (10, 12)}, "matrix must be"),
        ({"field_of_view_mm": (100.0,)}, "2 lengths"),
        ({"field_of_view_mm": (100.0, 0.0)}, "2 lengths"),
        ({"affine": np.eye(3)}, "affine"),
        ({"is_volume": True}, "slice"),
    ):
        with pytest.raises(ValueError, match=words):
            KSpace(**{"data": data, "axes": PLANE, **wrong})
    with pytest.raises(ValueError, match="matrix"):
        KSpace(
            np.ones((1, 2, 3), complex), ("coil", "shot", "sample"), trajectory=np.zeros((2, 3, 2))
        )


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        (np.arange(10) % 2, 0.5),
        (np.arange(12) % 3 == 0, 1 / 3),
        (np.arange(12)[:, None] < 6, 0.5),
        (np.eye(12, 10, dtype=np.uint8) * 255, 10 / 120),
        (np.eye(12, 10)[None, None], 10 / 120),
        (np.repeat(np.eye(12, 10)[None], 3, axis=0), 10 / 120),
    ],
    ids=["columns", "rows", "row column", "grey", "single axes", "coils"],
)
def test_masks_of_many_shapes(mask, kept):
    kspace = KSpace(some_kspace(), PLANE)
    fewer = kspace.with_mask(mask)
    assert fewer.share == pytest.approx(kept)
    assert fewer.mask.dtype == bool
    assert np.array_equal(fewer.data != 0, np.broadcast_to(fewer.mask, (3, 12, 10)))
    assert np.all(fewer.data[:, fewer.mask] == kspace.data[:, fewer.mask])
    assert kspace.mask is None
    assert kspace.share == 1


def test_masks_of_frames():
    rng = np.random.default_rng(1)
    kspace = KSpace(some_kspace((2, 3, 12, 10)), ("frame", *PLANE))
    mask = rng.random((2, 12, 10)) < 0.5
    fewer = kspace.with_mask(mask)
    assert np.array_equal(fewer.at("frame", 1).mask, mask[1])
    assert np.array_equal(kspace.with_mask(mask[0]).mask, mask[[0, 0]])
    again = fewer.with_mask(np.ones((12, 10)))
    assert np.array_equal(again.mask, mask)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.ones((10, 12)), "12 rows, 10 columns, got the shape .10, 12"),
        (np.ones(7), "got the shape .7,"),
        (np.arange(10), "0 and one other value"),
        (np.full(10, np.nan), "0 and one other value"),
        (np.zeros(10), "at least one"),
        (np.ones(1), "got the shape .1,"),
        (
            np.stack([np.eye(12, 10), np.ones((12, 10)), np.ones((12, 10))]),
            "the same for all coils",
        ),
    ],
)
def test_bad_masks(mask, words):
    with pytest.raises(ValueError, match=words):
        KSpace(some_kspace(), PLANE).with_mask(mask)


def test_maps():
    kspace = KSpace(some_kspace(), PLANE)
    maps = some_kspace(seed=1).astype(complex)
    assert kspace.with_maps(maps).maps.dtype == np.complex64
    assert kspace.with_maps(maps[None]).maps.shape == (3, 12, 10)
    assert kspace.with_maps(np.stack([maps, maps])).maps.shape == (2, 3, 12, 10)
    assert kspace.at("coil", 0).with_maps(maps[0]).maps.shape == (1, 12, 10)


def test_parts_of_a_scan():
    data = some_kspace((2, 4, 3, 5, 12, 10))
    axes = ("frame", "contrast", "coil", "slice", "row", "column")
    affine = np.diag([8.0, 2.0, 1.0, 1.0])
    maps = some_kspace((2, 3, 5, 12, 10), seed=2)
    kspace = KSpace(
        data,
        axes,
        mask=data[:, :, 0].real > 0,
        maps=maps,
        noise=some_kspace((3, 4, 5))[..., 0],
        affine=affine,
    )
    assert kspace.grid == (2, 4, 5, 12, 10)
    assert kspace.map_shape == (5, 12, 10)
    part = kspace.at("slice", -1).at("frame", 1).at("contrast", 0)
    assert part.axes == PLANE
    assert np.array_equal(part.data, data[1, 0, :, 4])
    assert np.array_equal(part.mask, data[1, 0, 0, 4].real > 0)
    assert np.array_equal(part.maps, maps[:, :, 4])
    assert part.affine[0, 3] == 32
    coil = kspace.at("coil", -1)
    assert np.array_equal(coil.data, data[:, :, 2:])
    assert np.array_equal(coil.maps, maps[:, 2:])
    assert len(coil.noise) == 1
    for axis in ("row", "set", "shot"):
        with pytest.raises(ValueError, match="at"):
            kspace.at(axis, 0)
    volume = KSpace(data[0, 0], axes[2:], is_volume=True)
    assert volume.matrix == (5, 12, 10)
    assert volume.map_shape == (5, 12, 10)
    with pytest.raises(ValueError, match="encoded together"):
        volume.at("slice", 0)


def test_image_lies_where_the_scan_lay():
    affine = np.array([[0, 0, -2.0, 30], [0, -3.0, 0, 40], [7.0, 0, 0, 50], [0, 0, 0, 1]])
    kspace = KSpace(
        some_kspace((2, 3, 12, 10)),
        ("frame", *PLANE),
        field_of_view_mm=(36.0, 20.0),
        affine=affine,
        facts={
            "reconstructed_matrix": (12, 16),
            "reconstructed_field_of_view_mm": (24.0, 20.0),
            "times_ms": np.array([0.0, 40.0]),
            "slice_thickness_mm": 7.0,
        },
    )
    image = kspace.image(np.zeros((2, 12, 10)))
    assert image.axes == ("time", "row", "column")
    assert np.array_equal(image.affine, affine)
    assert image.times_ms.tolist() == [0, 40]
    assert (image.slice_thickness_mm, image.facts["modality"]) == (7.0, "MR")
    # another matrix of another extent: position 0 lies at index n // 2 in both
    other = kspace.image(np.zeros((12, 16)), ("row", "column"), {"kind": "M"})
    assert other.facts["kind"] == "M"
    assert np.allclose(other.spacing[1:], (2.0, 1.25))
    assert np.allclose(other.to_world([0, 6, 8]), image.to_world([0, 6, 5]))
    assert other.times_ms is None
    with pytest.raises(ValueError, match="matrix"):
        kspace.image(np.zeros((2, 10, 12)))
    with pytest.raises(ValueError, match="axes"):
        kspace.image(np.zeros((12, 10)))


def test_image_without_geometry():
    kspace = KSpace(some_kspace(), PLANE)
    assert kspace.image(np.zeros((12, 10))).length_unit == "pixel"
    known = KSpace(some_kspace(), PLANE, field_of_view_mm=(24.0, 30.0))
    image = known.image(np.zeros((12, 10)))
    assert image.length_unit == "mm"
    assert np.allclose(image.spacing[1:], (2.0, 3.0))


def test_samples_along_a_trajectory():
    points = np.zeros((5, 8, 2), np.float32)
    kspace = KSpace(
        np.ones((3, 5, 8), np.complex64),
        ("coil", "shot", "sample"),
        trajectory=points,
        matrix=(12, 10),
        density=np.ones((5, 8)),
        field_of_view_mm=(12.0, 10.0),
        maps=some_kspace(),
    )
    assert not kspace.is_cartesian
    assert kspace.map_shape == (12, 10)
    assert kspace.image(np.zeros((12, 10))).spacing[1:] == (1.0, 1.0)
    with pytest.raises(ValueError, match="density"):
        KSpace(kspace.data, kspace.axes, trajectory=points, matrix=(9, 9), density=np.ones((5, 7)))
