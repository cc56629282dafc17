"""Whole slides: however they are cut, the same nuclei are found."""

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy import ndimage

from corporis.apps.nuclei.evidence import NucleusMaps
from corporis.apps.nuclei.whole_slide import WholeSlide
from corporis.imaging.slide import Slide
from corporis.phantoms import HardCoreProcess, NuclearTissue


def darkness(image):
    """Evidence without a network: what is dark is inside, and points to its piece's centre."""
    dark = ndimage.gaussian_filter(255.0 - image[..., 0], 1.5)
    inside = 1 / (1 + np.exp(-(dark - 65) / 6))
    pieces, n = ndimage.label(inside > 0.5)
    centres = np.array(ndimage.center_of_mass(pieces > 0, pieces, np.arange(1, n + 1)))
    centres = np.concatenate([[[0, 0]], centres.reshape(-1, 2)])
    offset = (centres[pieces].transpose(2, 0, 1) - np.indices(pieces.shape)) * (pieces > 0)
    return NucleusMaps(inside.astype(np.float32), inside, offset.astype(np.float32))


def by_place(tiles):
    """Centres and outlines of all tiles, in one order."""
    centres = np.concatenate([t.centres for t in tiles])
    outlines = [o for t in tiles for o in t.outlines]
    features = np.concatenate([t.features for t in tiles])
    order = np.lexsort(centres.T.round(3))
    return centres[order], [outlines[i] for i in order], features[order]


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0008, 26.0).sample((600, 740), rng)
    tissue = NuclearTissue(radius_px=(7.0, 9.0), elongation=1.3).at(points, (600, 740), rng)
    path = tmp_path_factory.mktemp("slide") / "a.png"
    Pillow.fromarray(tissue.image).save(path)
    return Slide.open(path), len(points)


@pytest.mark.parametrize(("side", "offset"), [(256, (0, 0)), (256, (100, 37)), (331, (5, 300))])
def test_seams_do_not_show(slide, side, offset):
    opened, n_true = slide
    whole, outlines, features = by_place(list(WholeSlide(darkness, side=4096)(opened)))
    assert abs(len(whole) - n_true) < 0.1 * n_true
    cut, others, more = by_place(list(WholeSlide(darkness, side=side)(opened, offset=offset)))
    np.testing.assert_allclose(cut, whole, atol=1e-9)
    for a, b in zip(outlines, others, strict=True):
        np.testing.assert_allclose(a, b)
    np.testing.assert_allclose(more, features, atol=1e-3, rtol=1e-3)


def test_progress_ends_at_one(slide):
    said = []
    list(WholeSlide(darkness, side=400, progress=said.append)(slide[0]))
    assert said == sorted(said) and said[-1] == pytest.approx(1) and len(said) == 4


def test_glass_is_not_searched(tmp_path):
    Pillow.fromarray(np.full((300, 300, 3), 240, np.uint8)).save(tmp_path / "a.png")

    def never(image):
        raise AssertionError("the network was asked about glass")

    (tile,) = WholeSlide(never)(Slide.open(tmp_path / "a.png"))
    assert not len(tile.centres) and tile.features.shape == (0, len(tile.names))


def test_a_lone_nucleus_on_glass_is_found(tmp_path):
    image = NuclearTissue(eosin=(0.0, 0.0)).at([[200, 260]], (400, 500), np.random.default_rng(2))
    Pillow.fromarray(image.image).save(tmp_path / "a.png")
    (tile,) = WholeSlide(darkness)(Slide.open(tmp_path / "a.png"))  # a thousandth of the pixels
    np.testing.assert_allclose(tile.centres, [[200, 260]], atol=1)


def test_a_slide_at_half_the_scale_is_enlarged(tmp_path):
    import tifffile

    rng = np.random.default_rng(1)
    points = HardCoreProcess(0.0008, 26.0).sample((500, 600), rng)
    image = NuclearTissue(radius_px=(7.0, 9.0), elongation=1.3).at(points, (500, 600), rng).image
    small = np.asarray(Pillow.fromarray(image).resize((300, 250), Pillow.Resampling.BOX))
    counts = []
    for name, pixels, per_cm in (("40x", image, 40000), ("20x", small, 20000)):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(
            path, pixels, photometric="rgb", resolution=(per_cm, per_cm),
            resolutionunit="CENTIMETER",
        )  # fmt: skip
        tiles = list(WholeSlide(darkness)(Slide.open(path)))
        counts.append(sum(len(t.centres) for t in tiles))
    assert abs(counts[0] - counts[1]) <= 0.05 * counts[0]
    with pytest.raises(ValueError, match="side"):
        WholeSlide(darkness, side=0)


def test_numbered_tiles_are_searched_alone(slide):
    opened, _ = slide
    search = WholeSlide(darkness, side=400)
    every, said = list(search(opened)), []
    again = WholeSlide(darkness, side=400, progress=said.append).numbered(opened, but={0, 2})
    for number, nuclei in again:
        np.testing.assert_array_equal(nuclei.centres, every[number].centres)
    assert said == [0.75, 1.0]


def test_memory_grows_with_the_tile_alone():
    small, large = (WholeSlide(darkness, side=side).memory_gb for side in (256, 2048))
    assert 0.5 < small < 1 < 3 < large
    assert WholeSlide(None, side=1024).memory_gb < 1.1
