"""The application: labels, volumes with intervals, doubt where due, and clear refusals."""

import numpy as np
import pytest

from apps.organs.seahorse import MM, Known, crop, labels
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.hippocampus import HippocampusMR
from corporis.apps.organs.upright import steps_of, upright, upright_affine
from corporis.errors import BadInput, NotFound
from corporis.imaging import Image
from corporis.interfaces import Case
from corporis.shapes import dice

AXES = ("slice", "row", "column")
UPRIGHT = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def learned():
    return DistanceShapes().fit([labels(k) > 0 for k in range(30)], [MM] * 30)


def case(volume, affine=UPRIGHT, **facts):
    return Case("case-1", {"crop": Image(volume, AXES, affine, facts=facts)})


def measured(report):
    return {measure.name: measure for measure in report.measures}


def test_a_hippocampus_is_outlined_and_measured_in_true_units(learned):
    truth = labels(100)
    report = HippocampusMR(Known(truth), learned)(case(crop(100)))
    found = report.images["hippocampus"]
    assert found.length_unit == "mm"
    assert dice(found.data > 0, truth > 0) > 0.97 and dice(found.data == 1, truth == 1) > 0.95
    values = measured(report)
    for name, part in (("hippocampus", truth > 0), ("anterior part", truth == 1)):
        volume = values[f"{name}: volume"]
        assert volume.unit == "mm^3" and volume.low < part.sum() < volume.high
        assert volume.value == pytest.approx(part.sum(), rel=0.05)
    assert not report.warnings and values["misfit"].value < 2


def test_labels_lie_where_the_input_does(learned):
    """The same crop stored in another order of axes and directions gives the same labels."""
    truth = labels(101)
    turned = np.ascontiguousarray(crop(101).transpose(2, 0, 1)[::-1])
    affine = UPRIGHT[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 0] * (len(turned) - 1)
    affine[:3, 0] *= -1
    found = HippocampusMR(Known(truth), learned)(case(turned, affine)).images["hippocampus"]
    np.testing.assert_array_equal(found.affine, affine)
    assert dice(found.data.transpose(1, 2, 0)[..., ::-1] > 0, truth > 0) > 0.97


def test_other_steps_give_the_same_volume(learned):
    truth = labels(102)
    affine = UPRIGHT * [2.0, 1.0, 1.0, 1.0]
    report = HippocampusMR(Known(truth), learned)(case(crop(102)[::2], affine))
    assert report.images["hippocampus"].data.shape == (18, 50, 34)
    volume = measured(report)["hippocampus: volume"].value
    assert volume == pytest.approx(np.count_nonzero(truth), rel=0.06)


def test_a_lost_part_is_filled_widens_intervals_and_is_said(learned):
    truth = labels(103)
    clear = HippocampusMR(Known(truth), learned)(case(crop(103)))
    report = HippocampusMR(Known(truth, slice(20, 32)), learned)(case(crop(103)))
    found, alone = report.images["hippocampus"].data, report.images["evidence_alone"].data
    assert dice(found > 0, truth > 0) > dice(alone > 0, truth > 0) + 0.02
    changed = report.images["overruled"].data > 0
    np.testing.assert_array_equal(changed, (found > 0) != (alone > 0))
    reasons = report.facts["overruled"]
    assert reasons[0]["change"] == "added" and "undecided" in reasons[0]["why"]
    assert 20 <= reasons[0]["middle_mm"][1] <= 32
    wide, narrow = (measured(r)["hippocampus: volume"] for r in (report, clear))
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)
    overlap = "expected overlap (Dice)"
    assert measured(report)[overlap].value < measured(clear)[overlap].value


def test_the_other_side_is_seen_in_the_mirror(learned):
    class OneSided:
        """Sees only crops that are brighter to the right."""

        def __call__(self, volume):
            known = Known(labels(104))(volume)
            is_own = volume[..., -5:].mean() > volume[..., :5].mean()
            return known if is_own else np.log(np.full_like(known, 1 / 3))

    image = crop(104)
    report = HippocampusMR(OneSided(), learned)(case(image[..., ::-1].copy()))
    assert dice(report.images["hippocampus"].data[..., ::-1] > 0, labels(104) > 0) > 0.95
    assert any("in the mirror" in text for text in report.warnings)


def test_nothing_like_a_hippocampus_is_refused(learned):
    nothing = Known(labels(0), slice(0, 99))
    with pytest.raises(NotFound, match="nothing like one"):
        HippocampusMR(nothing, learned)(case(crop(0)))


@pytest.mark.parametrize(
    ("volume", "affine", "facts", "words"),
    [
        (crop(0)[:, :, 0][None], UPRIGHT, {}, "one MR volume"),
        (crop(0), UPRIGHT, {"modality": "CT"}, "expected an MR image, got CT"),
        (1000 * crop(0) - 900, UPRIGHT, {}, "grey values as in CT"),
        (np.ones((36, 50, 34)), UPRIGHT, {}, "contrast"),
        (np.repeat(crop(0), 5, axis=0), UPRIGHT, {}, "crop it"),
        (crop(0), UPRIGHT * [0.1, 0.1, 0.1, 1], {}, "24 to 90 mm a side"),
        (crop(0)[::6], UPRIGHT * [6, 1, 1, 1], {}, "steps of at most 2.5 mm"),
    ],
)
def test_other_images_are_refused(learned, volume, affine, facts, words):
    with pytest.raises(BadInput, match=words):
        HippocampusMR(Known(labels(0)), learned)(case(volume, affine, **facts))


def test_unknown_spacing_and_several_images_are_refused(learned):
    application = HippocampusMR(Known(labels(0)), learned)
    bare = Image(crop(0), AXES, UPRIGHT, "pixel")
    with pytest.raises(BadInput, match="steps in mm"):
        application(Case("case-2", {"crop": bare}))
    with pytest.raises(BadInput, match="got 2 images"):
        application(Case("case-3", {"a": bare, "b": bare}))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_upright_affine_knows_where_voxels_are(order, rng):
    volume = rng.random((5, 6, 7))
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, -2.0, 3.0])[:, list(order)]
    affine[:3, 3] = [10, 20, 30]
    turned, _ = upright(volume, affine)
    there = upright_affine(affine, volume.shape)
    assert steps_of(affine) == pytest.approx((3.0, 2.0, 1.0))
    for index in ((0, 0, 0), (4, 5, 6), (1, 3, 2)):
        world = affine @ [*index, 1.0]
        back = np.linalg.solve(there, world)[:3].round().astype(int)
        assert turned[tuple(back)] == volume[index]


def test_a_small_shear_changes_no_volume_and_a_large_one_is_refused(learned):
    truth, application = labels(103), HippocampusMR(Known(labels(103)), learned)
    volumes, shear = [], np.eye(4)
    for degrees in (0.0, 2.5):
        shear[0, 1] = shear[0, 2] = np.tan(np.radians(degrees))
        report = application(case(crop(103), shear @ UPRIGHT))
        volumes.append(measured(report)["hippocampus: volume"].value)
        assert volumes[-1] == np.count_nonzero(report.images["hippocampus"].data)
    assert volumes[0] == pytest.approx(np.count_nonzero(truth), rel=0.05)
    shear[0, 1] = shear[0, 2] = 0.9
    with pytest.raises(BadInput, match="expected axes at right angles, got"):
        application(case(crop(103), shear @ UPRIGHT))
