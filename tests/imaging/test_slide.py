"""Slides: windows are the image, whatever the file's layout; tiles cover it once."""

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.slide import Slide, files_of
from imaging.dicom_slides import write_dicom_slide


def picture(shape=(150, 210), seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (shape[0] // 30, shape[1] // 30, 3))
    return np.kron(coarse, np.ones((30, 30, 1))).astype(np.uint8)


def written(path, image, **options):
    tifffile.imwrite(path, image, photometric="rgb", **options)
    return path


@pytest.fixture(params=["tiled", "strips", "deflate", "png", "pyramid", "ome", "dicom"])
def slide(request, tmp_path):
    image, kind = picture(), request.param
    if kind == "png":
        Pillow.fromarray(image).save(tmp_path / "a.png")
        return Slide.open(tmp_path / "a.png"), image, None
    if kind == "dicom":
        return Slide.open(write_dicom_slide(tmp_path / "slide", image, 0.25)), image, 0.25
    resolution = {"resolution": (40000, 40000), "resolutionunit": "CENTIMETER"}
    path, scale = tmp_path / "a.tif", 0.25
    if kind == "pyramid":
        with tifffile.TiffWriter(path) as file:
            options = {"tile": (32, 32), "photometric": "rgb"}
            file.write(image, subifds=1, **options, **resolution)
            file.write(image[::2, ::2], subfiletype=1, **options)
    elif kind == "ome":
        path, scale = tmp_path / "a.ome.tif", 0.5
        data = {"axes": "YXS", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm"}
        tifffile.imwrite(path, image, photometric="rgb", tile=(32, 48), metadata=data)
    else:
        options = {
            "tiled": {"tile": (32, 48)},
            "strips": {"rowsperstrip": 7},
            "deflate": {"tile": (64, 64), "compression": "zlib"},
        }[kind]
        written(path, image, **options, **resolution)
    return Slide.open(path), image, scale


def test_any_window_is_that_of_the_image(slide):
    opened, image, scale = slide
    assert opened.shape == image.shape[:2]
    assert opened.um_per_px == (None if scale is None else pytest.approx(scale))
    for top, left, height, width in ((0, 0, 150, 210), (31, 47, 2, 2), (40, 100, 77, 60)):
        expected = image[top : top + height, left : left + width]
        np.testing.assert_array_equal(opened.read(top, left, height, width), expected)
    beyond = opened.read(-10, 200, 30, 40)
    assert (beyond[:10] == 255).all() and (beyond[:, 10:] == 255).all()
    np.testing.assert_array_equal(beyond[10:, :10], image[:20, 200:])


@pytest.mark.parametrize(("side", "halo", "multiple", "offset"), [
    (64, 0, 1, (0, 0)), (50, 20, 1, (13, 7)), (64, 20, 32, (32, 0)), (500, 10, 32, (0, 0)),
])  # fmt: skip
def test_cores_cover_the_slide_once(slide, side, halo, multiple, offset):
    opened, image, _ = slide
    seen = np.zeros(opened.shape, int)
    for tile in opened.tiles(side, halo, multiple=multiple, offset=offset):
        r, c = tile.origin
        h, w = tile.image.shape[:2]
        np.testing.assert_array_equal(tile.image, image[r : r + h, c : c + w])
        assert r % multiple == c % multiple == 0
        core = np.zeros((h, w), bool)
        core[tile.core] = True
        seen[r : r + h, c : c + w] += core
        places = np.argwhere(np.ones((h, w)))
        np.testing.assert_array_equal(tile.owns(places).reshape(h, w), core)
    assert (seen == 1).all()


def test_tiles_are_made_one_at_a_time(slide, monkeypatch):
    opened, _, _ = slide
    tiles = opened.tiles(50, 5)
    calls = []
    monkeypatch.setattr(Slide, "read", lambda self, *a: calls.append(a) or np.zeros((*a[2:], 3)))
    next(tiles)
    assert len(calls) == 1


def test_another_scale_shows_the_same_places(tmp_path):
    rows, columns = np.indices((700, 620))
    ramp = np.stack([rows / 4, columns / 4, (rows + columns) / 8], axis=-1)
    path = written(
        tmp_path / "a.tif", np.uint8(np.rint(ramp)), tile=(64, 64),
        resolution=(20000, 20000), resolutionunit="CENTIMETER",
    )  # fmt: skip
    slide = Slide.open(path)
    assert slide.at_scale(0.5) is slide
    for scale in (0.25, 0.37, 1.3):
        other = slide.at_scale(scale)
        factor = scale / 0.5
        assert other.shape == (round(700 / factor), round(620 / factor))
        h, w = (n - 4 for n in other.shape)
        seen = other.read(2, 2, h - 2, w - 2).astype(float)
        r, c = np.indices((h - 2, w - 2)) + 2
        expected = [((r + 0.5) * factor - 0.5) / 4, ((c + 0.5) * factor - 0.5) / 4]
        np.testing.assert_allclose(seen[..., 0], expected[0], atol=1.1)  # two roundings
        np.testing.assert_allclose(seen[..., 1], expected[1], atol=1.1)
        whole = other.read(0, 0, *other.shape)  # the window below spans several pieces
        middle = [max(0, min(n // 2, 512) - 10) for n in other.shape]
        cut = np.s_[middle[0] : middle[0] + 20, middle[1] : middle[1] + 25]
        np.testing.assert_array_equal(other.read(*middle, 20, 25), whole[cut])


def test_a_slide_without_scale_cannot_be_rescaled(tmp_path):
    Pillow.fromarray(picture()).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="known scale"):
        Slide.open(tmp_path / "a.png").at_scale(0.25)


def test_grey_slides_become_grey_colours(tmp_path):
    grey = picture()[..., 0]
    tifffile.imwrite(tmp_path / "g.tif", grey, tile=(32, 32))
    seen = Slide.open(tmp_path / "g.tif").read(3, 4, 20, 30)
    np.testing.assert_array_equal(seen, np.repeat(grey[3:23, 4:34, None], 3, axis=2))


def test_what_is_no_slide_is_named(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"not a slide")
    (tmp_path / "b.png").write_bytes(b"nor an image")
    for name in ("a.tif", "b.png"):
        with pytest.raises(Unreadable, match=name):
            Slide.open(tmp_path / name)
    with pytest.raises(BadInput, match="got another folder: give one file"):
        Slide.open(tmp_path)
    with pytest.raises(BadInput, match=r"d\.tif: expected a TIFF or DICOM slide .* got nothing"):
        Slide.open(tmp_path / "d.tif")
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((40, 40), np.float32))
    with pytest.raises(Unsupported, match="8 bits"):
        Slide.open(tmp_path / "c.tif")


def test_a_truncated_slide_is_one_line(tmp_path, caplog):
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(32, 32))
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:60])
    with pytest.raises(Unreadable, match="truncated: copy it again"):
        Slide.open(tmp_path / "a.tif")
    assert not caplog.records


def test_images_too_large_to_be_held_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("corporis.imaging.slide.MOST_PIXELS", 30)
    Pillow.fromarray(picture()).save(tmp_path / "a.png")
    with pytest.raises(Unsupported, match="megapixels"):
        Slide.open(tmp_path / "a.png")


def test_a_corrupt_piece_is_named_and_others_are_read(tmp_path):
    image = picture()
    path = written(tmp_path / "a.tif", image, tile=(64, 64), compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[1]
    data = bytearray(path.read_bytes())
    data[offset : offset + 12] = b"\0" * 12
    path.write_bytes(data)
    slide = Slide.open(path)
    np.testing.assert_array_equal(slide.read(0, 0, 64, 64), image[:64, :64])
    with pytest.raises(Unreadable, match="row 0, column 64 is corrupt"):
        slide.read(0, 60, 10, 10)


def test_numbers_out_of_range_are_refused(slide):
    opened, _, _ = slide
    with pytest.raises(ValueError, match="height and width"):
        opened.read(0, 0, 0, 5)
    with pytest.raises(ValueError, match="offsets"):
        next(opened.tiles(32, 0, offset=(32, 0)))


@pytest.mark.data
def test_an_aperio_slide_has_its_colours_and_scale(data_dir):
    slide = Slide.open(data_dir / "histology" / "CMU-1-Small-Region.svs")
    assert slide.shape == (2967, 2220) and slide.um_per_px == 0.499
    glass = slide.read(750, 520, 100, 100).reshape(-1, 3)
    assert (np.median(glass, axis=0) > 225).all()
    tissue = slide.read(1100, 1200, 200, 150).reshape(-1, 3).mean(axis=0)
    assert tissue[1] < tissue[0] and tissue[1] < tissue[2]  # eosin and haematoxylin take green


def test_tiles_that_are_done_are_not_read(slide):
    opened, _, _ = slide
    every = list(opened.tiles(64, 8))
    assert opened.grid(64) == (3, 4) and len(every) == 12
    some = list(opened.tiles(64, 8, but={0, 5, 11}))
    for one, other in zip(some, [t for n, t in enumerate(every) if n not in (0, 5, 11)]):
        np.testing.assert_array_equal(one.image, other.image)
        assert one.origin == other.origin
    assert len(some) == 9


def test_files_of_a_slide(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").write_bytes(b"")
    assert [p.name for p in files_of(tmp_path)] == ["a", "b"]
    assert files_of(tmp_path / "b") == [tmp_path / "b"]


def test_inks_and_inverted_grey_become_colours(tmp_path):
    image = picture()
    inks = np.asarray(Pillow.fromarray(image).convert("CMYK"))
    tifffile.imwrite(tmp_path / "c.tif", inks, photometric="separated", tile=(32, 48))
    Pillow.fromarray(inks, "CMYK").save(tmp_path / "c.jpg", quality=100, subsampling=0)
    for name, least in (("c.tif", 0), ("c.jpg", 8)):
        seen = Slide.open(tmp_path / name).read(0, 0, 150, 210).astype(int)
        assert np.abs(seen - image).max() <= least
    grey = image[..., 0]
    tifffile.imwrite(tmp_path / "w.tif", 255 - grey, photometric="miniswhite", tile=(32, 48))
    np.testing.assert_array_equal(Slide.open(tmp_path / "w.tif").read(0, 0, 150, 210)[..., 1], grey)


def test_what_would_be_cut_off_or_misread_is_refused(tmp_path):
    deep = np.arange(90 * 80, dtype=np.uint16).reshape(90, 80)
    Pillow.fromarray(deep).save(tmp_path / "deep.png")
    with pytest.raises(Unsupported, match="expected 8 bits a pixel"):
        Slide.open(tmp_path / "deep.png")
    tifffile.imwrite(tmp_path / "deep.tif", deep)
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", picture()[..., 0], photometric="palette", colormap=colours)
    for name, said in (("deep.tif", "uint16"), ("p.tif", "palette")):
        with pytest.raises(Unsupported, match=said):
            Slide.open(tmp_path / name)
