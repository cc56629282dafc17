"""The application: organs on their sides, volumes with intervals, doubt, and what was overruled."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from apps.organs.trunk import MM, SHAPE, Known, hounsfield, labels, shapes
from corporis.apps.organs.ct import TrunkCT
from corporis.apps.organs.ct_evidence import ORGANS
from corporis.apps.organs.ct_overruled import overruled_parts
from corporis.apps.organs.straight import StraightGrid
from corporis.errors import BadInput, NotFound
from corporis.imaging import Image
from corporis.interfaces import Case
from corporis.shapes import dice

AXES = ("slice", "row", "column")
UPRIGHT = np.array([[0, 0, 4.0, 0], [0, 4.0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def learned():
    return shapes()


def case(volume, affine=UPRIGHT, unit="mm", **facts):
    return Case("case-1", {"scan": Image(volume, AXES, affine, unit, facts=facts)})


def measured(report):
    return {measure.name: measure for measure in report.measures}


def test_organs_are_outlined_measured_and_told_to_be_cut(learned):
    truth = labels()
    report = TrunkCT(Known(truth), learned)(case(hounsfield(truth)))
    found, values = report.images["organs"].data, measured(report)
    for number, organ in enumerate(ORGANS, 1):
        assert dice(found == number, truth == number) > 0.93
        volume = values[f"{organ}: volume"]
        true_ml = np.count_nonzero(truth == number) * 0.064
        assert volume.unit == "ml" and volume.low < volume.value < volume.high
        assert volume.value == pytest.approx(true_ml, rel=0.1)
        assert ("cut" in volume.note) == organ.endswith("lung")
    assert any("left lung: reaches the end" in text for text in report.warnings)


def test_labels_lie_where_the_input_does(learned):
    """The same scan stored in another order of axes and directions gives the same labels."""
    truth = labels(1)
    turned = np.ascontiguousarray(hounsfield(truth).transpose(2, 0, 1)[::-1])
    affine = UPRIGHT[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 0] * (len(turned) - 1)
    affine[:3, 0] *= -1
    application = TrunkCT(Known(truth), learned)
    found = application(case(turned, affine)).images["organs"]
    straight = application(case(hounsfield(truth))).images["organs"]
    np.testing.assert_array_equal(found.affine, affine)
    np.testing.assert_array_equal(found.data[::-1].transpose(1, 2, 0), straight.data)


TILT = np.array([[1, 0, 0], [0, 1, 0.12], [0, 0, 1]])
"""Of a gantry: slices shifted to the front on the way up."""


@pytest.mark.parametrize(
    "turn", [Rotation.from_euler("xyz", (12, -7, 9), degrees=True).as_matrix(), TILT]
)
def test_a_scan_at_a_slant_is_straightened_and_labels_come_back(turn):
    truth = labels(5)
    slant, middle = UPRIGHT.copy(), np.array(SHAPE) / 2
    slant[:3, :3] = turn @ UPRIGHT[:3, :3]
    slant[:3, 3] = UPRIGHT[:3, :3] @ middle - slant[:3, :3] @ middle
    way = np.linalg.inv(UPRIGHT) @ slant
    rule = {"matrix": way[:3, :3], "offset": way[:3, 3], "order": 0}
    own = ndimage.affine_transform(truth, **rule)
    scan = ndimage.affine_transform(hounsfield(truth), cval=-1000.0, **rule)
    grid = StraightGrid.of(SHAPE, slant)
    straight = ndimage.affine_transform(
        truth, np.eye(3), (np.linalg.inv(UPRIGHT) @ grid.affine)[:3, 3], grid.sides, order=0
    )
    report = TrunkCT(Known(straight), {})(case(scan, slant))
    found, liver = report.images["organs"], measured(report)["liver: volume"].value
    assert liver == pytest.approx(np.count_nonzero(truth == 1) * 0.064, rel=0.05)
    np.testing.assert_allclose(found.affine, slant)
    for number in range(1, 5):  # one kidney is so small that it may fall below the least volume
        assert dice(found.data == number, own == number) > 0.85


def test_a_part_that_the_scan_cuts_off_may_be_small(learned):
    truth, scan = labels(7)[:32], hounsfield(labels(7))[:32]
    ml = np.count_nonzero(truth == 2) * 0.064
    assert 10 < ml < 100  # of a whole lung too little
    found = TrunkCT(Known(truth), learned).find(scan, MM)["left lung"]
    assert found.is_cut and dice(found.mask, truth == 2) > 0.8
    whole = np.pad(truth, [(0, 4), (0, 0), (0, 0)])
    scan = np.pad(scan, [(0, 4), (0, 0), (0, 0)], mode="edge")
    assert not TrunkCT(Known(whole), learned).find(scan, MM)["left lung"].mask.any()


def test_slices_that_show_nothing_are_left_to_the_shapes(learned):
    truth = labels(6)
    scan = hounsfield(truth)
    scan[18:21] = -1000
    found = TrunkCT(Known(truth), learned).find(scan, MM)["liver"]
    assert dice(found.mask, truth == 1) > 0.9
    # the evidence alone is the network's own word, there too
    assert np.array_equal(found.alone[18:21], (truth == 1)[18:21])


def test_a_lost_part_is_filled_by_the_shape_and_told(learned):
    truth, lost = labels(), np.zeros(SHAPE, bool)
    lost[20:23] = labels()[20:23] == 1
    report = TrunkCT(Known(truth, lost), learned)(case(hounsfield(truth)))
    found, alone = report.images["organs"].data, report.images["evidence_alone"].data
    assert dice(found == 1, truth == 1) > dice(alone == 1, truth == 1) + 0.1
    assert report.images["overruled"].data.any()
    first = overruled_parts(report.facts["found"], MM)[0]
    assert (first["organ"], first["change"]) == ("liver", "added")
    assert "the expected shape holds it" in first["why"] and first["reach_mm"] > 8
    changed = np.count_nonzero((found == 1) & (alone != 1)) * 0.064
    assert 1 < first["volume_ml"] <= changed + 0.1
    up, forward, right = np.array(first["middle_mm"]) / 4
    assert 18 <= up <= 28 and 16 <= forward <= 26 and 26 <= right <= 36


def test_without_shapes_the_evidence_stands():
    truth = labels(3)
    report = TrunkCT(Known(truth), {})(case(hounsfield(truth)))
    assert overruled_parts(report.facts["found"], MM) == []
    assert all(one.misfit is None for one in report.facts["found"].values())


def test_a_scan_without_organs_is_refused(learned):
    with pytest.raises(NotFound, match="found none of them"):
        TrunkCT(Known(np.zeros(SHAPE, np.uint8)), learned)(case(hounsfield(labels())))


@pytest.mark.parametrize(
    ("volume", "affine", "facts", "words"),
    [
        (hounsfield(labels())[:1], UPRIGHT, {}, "one CT volume"),
        (hounsfield(labels()), UPRIGHT, {"modality": "MR"}, "expected CT, got MR"),
        (hounsfield(labels()) + 1024, UPRIGHT, {}, "Hounsfield units.* rescale slope"),
        (np.zeros(SHAPE), UPRIGHT, {}, "Hounsfield units"),
        (hounsfield(labels()), UPRIGHT * [0.2, 0.2, 0.2, 1], {}, "60 mm a side.*whole series"),
        (hounsfield(labels()), UPRIGHT * [4, 1, 1, 1], {}, "at most 12 mm"),
    ],
)
def test_other_images_are_refused(volume, affine, facts, words):
    with pytest.raises(BadInput, match=words):
        TrunkCT(Known(labels()), {})(case(volume, affine, **facts))


def test_unknown_spacing_and_several_images_are_refused():
    application = TrunkCT(Known(labels()), {})
    bare = case(hounsfield(labels()), unit="pixel")
    with pytest.raises(BadInput, match="steps in mm"):
        application(bare)
    image = bare.images["scan"]
    with pytest.raises(BadInput, match="got 2 images"):
        application(Case("case-2", {"a": image, "b": image}))
