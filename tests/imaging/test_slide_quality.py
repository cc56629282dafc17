"""What is no tissue is told from it: ink, glass and blur, on real slides."""

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw
from scipy import ndimage

from corporis.imaging.slide import Slide
from corporis.imaging.slide_quality import detail, look_over, pen_marks

INKS = {"blue": (35, 65, 165), "green": (30, 130, 80), "black": (25, 25, 30)}


def drawn(image, colour, width=40):
    """The image under a pen's stroke, and where that is."""
    stroke = Image.new("L", image.shape[1::-1])
    ends = [(60, 60), (image.shape[1] - 60, image.shape[0] - 80)]
    ImageDraw.Draw(stroke).line(ends, fill=255, width=width)
    mask = np.asarray(stroke) > 0
    return np.where(mask[..., None], np.uint8(colour), image), mask


@pytest.fixture
def tissue(data_dir):
    slide = Slide.open(data_dir / "histology" / "CMU-1-Small-Region.svs")
    return slide.read(1000, 700, 700, 640)


@pytest.mark.parametrize("colour", INKS)
def test_strokes_are_found_on_tissue_and_on_glass(colour, tissue):
    for ground in (tissue, np.full((400, 500, 3), 243, np.uint8)):
        image, truth = drawn(ground, INKS[colour])
        found = pen_marks(image)
        assert found[truth].mean() > 0.85
        assert found[ndimage.distance_transform_edt(~truth) > 14].mean() < 0.001


def test_there_is_no_ink_on_slides_without(tissue, data_dir):
    folders = [data_dir / "nuclei" / "monuseg", data_dir / "histology" / "glas"]
    images = [p for folder in folders for p in sorted(folder.glob("*.jpg"))[::11]]
    assert len(images) > 8
    shares = [pen_marks(np.asarray(Image.open(p).convert("RGB"))).mean() for p in images]
    assert max(*shares, pen_marks(tissue).mean()) < 0.002
    assert not pen_marks(np.full((9, 7, 3), 243, np.uint8)).any()


def test_blur_takes_the_detail(tissue):
    blurred = np.rint(ndimage.gaussian_filter(tissue.astype(float), (3, 3, 0))).astype(np.uint8)
    assert detail(tissue) > 3 * detail(blurred)
    assert detail(np.full((90, 90, 3), 243, np.uint8)) is None


def test_a_slide_is_judged_square_by_square(tissue, tmp_path):
    blurred = np.rint(ndimage.gaussian_filter(tissue.astype(float), (3, 3, 0))).astype(np.uint8)
    glass = np.full_like(tissue, 243)
    sheet, _ = drawn(np.concatenate([tissue[:512, :512], glass[:512, :512]]), INKS["green"])
    sheet = np.concatenate([sheet, np.tile(blurred[:512, :512], (2, 1, 1))], axis=1)
    tifffile.imwrite(tmp_path / "a.tif", sheet, tile=(128, 128), photometric="rgb")
    found = look_over(Slide.open(tmp_path / "a.tif"))
    assert (found.n_tissue, found.n_blurred) == (3, 2)
    assert 0.2 < found.glass < 0.5 and 0.02 < found.ink < 0.1
    ink, blur = found.sentences()
    assert "covers about" in ink and "2 of 3 squares of tissue" in blur
    for image, said in ((glass, ["Hardly any tissue was seen"]), (tissue, [])):
        Image.fromarray(image).save(tmp_path / "b.png")
        lines = look_over(Slide.open(tmp_path / "b.png")).sentences()
        assert len(lines) == len(said) and all(s in line for s, line in zip(said, lines))
