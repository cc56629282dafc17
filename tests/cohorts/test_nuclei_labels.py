"""The image of numbers: each pixel its nucleus, at any size, and memory that does not grow."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts import nuclei_labels
from corporis.cohorts.nuclei_labels import write_labels
from corporis.cohorts.nuclei_shown import Facts, Shown
from corporis.shapes import mask_contour


def facts(shape, factor=1.0, um_per_px=0.25):
    return Facts("case", shape, um_per_px, factor, "he", False, "abc", (1, 1))


def shown(numbers, outlines):
    nuclei = TileNuclei(np.zeros((len(outlines), 2)), tuple(outlines), (), np.zeros((0, 0)))
    return Shown(np.array(numbers, int), nuclei, ("",) * len(outlines))


def blobs(shape, seed=0):
    """Touching labels 1..n without gaps."""
    rng = np.random.default_rng(seed)
    seeds = rng.random(shape) > 0.998
    centres = ndimage.label(seeds)[0]
    away, (rows, columns) = ndimage.distance_transform_edt(~seeds, return_indices=True)
    labels = np.where(away < 9, centres[rows, columns], 0)
    return labels


def outlined(labels):
    numbers = np.unique(labels[labels > 0])
    boxes = ndimage.find_objects(labels)
    corners = {n: [s.start for s in boxes[n - 1]] for n in numbers}
    return numbers, [mask_contour(labels[boxes[n - 1]] == n)[:-1] + corners[n] for n in numbers]


def test_the_image_gives_back_what_was_found(tmp_path):
    labels = blobs((540, 600))
    numbers, outlines = outlined(labels)
    half = len(numbers) // 2
    tiles = [shown(numbers[:half], outlines[:half]), shown(numbers[half:], outlines[half:])]
    write_labels(tmp_path / "labels.tif", tiles, facts(labels.shape))
    found = tifffile.imread(tmp_path / "labels.tif")
    assert found.dtype == np.uint16 and found.shape == labels.shape
    assert np.array_equal(np.unique(found), np.unique(labels))
    differs = found != labels
    assert differs.mean() < 0.002  # single pixels that only touch by a corner
    assert [p.name for p in tmp_path.iterdir()] == ["labels.tif"]


def test_levels_halve_and_the_scale_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(nuclei_labels, "SIDE", 64)
    monkeypatch.setitem(nuclei_labels.LAYOUT, "tile", (64, 64))
    labels = blobs((300, 410), seed=1)
    numbers, outlines = outlined(labels)
    write_labels(tmp_path / "labels.tif", [shown(numbers, outlines)], facts(labels.shape))
    with tifffile.TiffFile(tmp_path / "labels.tif") as file:
        levels = [level.asarray() for level in file.series[0].levels]
        page = file.pages[0]
        per_cm = [page.tags[name].value for name in ("XResolution", "YResolution")]
        assert page.is_tiled and page.tags["ResolutionUnit"].value == 3
    assert per_cm[0] == per_cm[1] and per_cm[0][0] / per_cm[0][1] == pytest.approx(40_000)
    assert [level.shape for level in levels] == [(300, 410), (150, 205), (75, 103)]
    for fine, coarse in pairwise(levels):
        np.testing.assert_array_equal(coarse, fine[::2, ::2])


def test_every_nucleus_is_there_however_the_slide_was_searched(tmp_path):
    square = np.array([[0.0, 0.0], [0.0, 10.0], [10.0, 10.0], [10.0, 0.0]])
    outlines = [square + 4, square + np.array([4, 20]), square / 50 + 30.2, square + 36]
    tiles = [shown([1, 2, 3, 4], outlines)]
    for factor, area in ((0.5, 25), (1.0, 100), (2.0, 400)):
        shape = (round(44 * factor), round(44 * factor))
        write_labels(tmp_path / "labels.tif", tiles, facts(shape, factor))
        count = np.bincount(tifffile.imread(tmp_path / "labels.tif").ravel(), minlength=5)
        assert count[1] == count[2] == area and count[3] >= 1
        assert 0 < count[4] < area  # it goes on beyond the slide


def test_the_smaller_lies_on_top(tmp_path):
    large = np.array([[0.0, 0.0], [0.0, 20.0], [20.0, 20.0], [20.0, 0.0]]) + 2
    tiles = [shown([7, 90_000], [large / 2 + 4, large])]
    write_labels(tmp_path / "labels.tif", tiles, facts((30, 30), um_per_px=None))
    found = tifffile.imread(tmp_path / "labels.tif")
    assert found.dtype == np.uint32
    assert np.count_nonzero(found == 7) == 100 and np.count_nonzero(found == 90_000) == 300


def test_memory_does_not_grow_with_the_slide(tmp_path):
    square = np.array([[0.0, 0.0], [0.0, 12.0], [12.0, 12.0], [12.0, 0.0]])
    peaks = []
    for side in (1024, 4096):
        rows = range(0, side - 20, 256)
        tiles = (
            shown(
                range(1 + n * len(rows), 1 + (n + 1) * len(rows)),
                [square + np.array([r, c]) for c in rows],
            )
            for n, r in enumerate(rows)
        )
        tracemalloc.start()
        write_labels(tmp_path / "labels.tif", tiles, facts((side, side)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] and peaks[1] < 4096**2 / 2
