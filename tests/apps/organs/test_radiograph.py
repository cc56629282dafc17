"""The application: masks, numbers with intervals, and doubt where the evidence fails."""

import numpy as np
import pytest

from apps.organs.chest import Known, masks, radiograph, shapes
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.errors import BadInput
from corporis.imaging import Image
from corporis.interfaces import Case
from corporis.shapes import dice


@pytest.fixture(scope="module")
def learned():
    return ChestShapes().fit(shapes(40))


def case(pixels, pixel_mm=1.4):
    affine = np.diag([1.0, pixel_mm, pixel_mm, 1.0])
    return Case("case-1", {"chest": Image(pixels[None], ("slice", "row", "column"), affine)})


def measured(report):
    return {measure.name: measure for measure in report.measures}


def test_organs_are_outlined_and_measured_in_true_units(learned):
    truth = masks(100)
    report = ChestRadiograph(Known(truth), learned)(case(radiograph(100)))
    for organ, mask in zip(ORGANS, truth):
        found = report.images[organ.replace(" ", "_")]
        assert found.length_unit == "mm" and dice(found.data[0], mask) > 0.93
    values = measured(report)
    columns = [np.flatnonzero(m.any(axis=0)) for m in (truth[2], truth[0] | truth[1])]
    ratio = np.ptp(columns[0]) / np.ptp(columns[1])
    found = values["cardiothoracic ratio"]
    assert found.low < ratio < found.high and found.value == pytest.approx(ratio, abs=0.02)
    area = values["left lung: area"]
    assert area.unit == "cm^2"
    assert area.low < truth[0].sum() * 1.4**2 / 100 < area.high
    assert not any("uncertain" in text for text in report.warnings)


def test_a_lost_part_widens_intervals_and_is_said(learned):
    truth = masks(101)
    clear = measured(ChestRadiograph(Known(truth), learned)(case(radiograph(101))))
    report = ChestRadiograph(Known(truth, slice(150, 256)), learned)(case(radiograph(101)))
    lost = measured(report)
    name = "left lung: area"
    assert lost[name].high - lost[name].low > 1.2 * (clear[name].high - clear[name].low)
    overlap = "left lung: expected overlap"
    assert lost[overlap].value < clear[overlap].value
    assert report.images["overruled"].data.sum() > 500


def test_nothing_found_is_uncertain_and_no_error(learned):
    nothing = np.zeros((5, 256, 256), bool)
    report = ChestRadiograph(Known(nothing), learned)(case(radiograph(102)))
    assert "does not look like a whole chest" in report.warnings[0]
    assert sum("not found" in text for text in report.warnings) == 5
    values = measured(report)
    assert values["cardiothoracic ratio"].value is None and values["left lung: area"].value is None


def test_inverted_grey_and_cut_lungs_are_noticed(learned):
    truth = masks(103)
    report = ChestRadiograph(Known(truth), learned)(case(1 - radiograph(103)))
    assert any("inverted" in text for text in report.warnings)
    moved = np.roll(truth, -60, axis=2)
    moved[:, :, -60:] = False
    report = ChestRadiograph(Known(moved), learned)(case(np.roll(radiograph(103), -60, axis=1)))
    assert any("cut off" in text for text in report.warnings)


class Sided:
    """Evidence that shows a chest in the mirror of an image, and its mirror in the image."""

    def __init__(self, truth, pixels):
        self.truth, self.pixels = truth, pixels

    def __call__(self, seen):
        is_given = np.allclose(seen, self.pixels)
        return Known(self.truth[..., ::-1] if is_given else self.truth)(seen)


def test_a_mirror_image_is_said_and_nothing_in_it_is_sure(learned):
    pixels = radiograph(104)
    report = ChestRadiograph(Sided(masks(104), pixels), learned)(case(pixels))
    assert "looks like the mirror image of a chest" in report.warnings[0]
    assert report.facts["found_organs"].is_uncertain.all()
    assert measured(report)["cardiothoracic ratio"].value is None


@pytest.mark.parametrize(("columns", "what"), [(50, "cut off"), (110, "not found")])
def test_an_organ_beyond_the_border_has_no_number(learned, columns, what):
    truth = np.zeros((5, 256, 256), bool)  # the image fills columns 28 to 228 of it
    truth[:, :, columns:] = masks(105)[:, :, :-columns]
    report = ChestRadiograph(Known(truth), learned)(case(radiograph(105)[:, :200]))
    assert any(what in text for text in report.warnings)
    values = measured(report)
    assert what in values["left lung: area"].note
    ratio = values["cardiothoracic ratio"]
    assert ratio.value is None and "cut off" in ratio.note


def test_a_flat_patch_over_the_organs_is_said(learned):
    pixels = radiograph(106).copy()
    pixels[100:150, 60:110] = 0.5
    report = ChestRadiograph(Known(masks(106)), learned)(case(pixels))
    assert any("lie under one flat grey" in text for text in report.warnings)


def test_other_images_are_refused(learned):
    application = ChestRadiograph(Known(masks(0)), learned)
    for pixels in (np.zeros((256, 256)), np.ones((20, 20)) * np.arange(20)):
        with pytest.raises(BadInput, match="64 x 64"):
            application(case(pixels))
    volume = Image(np.zeros((3, 80, 80)), ("slice", "row", "column"), np.eye(4))
    with pytest.raises(BadInput, match="one radiograph"):
        application(Case("case-2", {"ct": volume}))
