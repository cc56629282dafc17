"""The whole application on the virtual heart, painted in greys that its evidence knows."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import GREYS, ByGrey, Ellipsoid, in_pixels, painted
from corporis.apps.heart_shape import HeartShape, ShapePrior
from corporis.errors import BadInput, NotFound
from corporis.imaging.image import Image
from corporis.interfaces import Application, Case
from corporis.phantoms import Scanner, VirtualHeart, render
from corporis.shapes import dice, is_closed, volume

# End-systole is half way, so that two frames hold both phases.
HEART = VirtualHeart(systole=0.5)
SCANNER = Scanner(
    n_slices=10, n_frames=2, side=80, pixel_mm=2.2, in_plane_rad=0.5, tilt_rad=(0.05, -0.03)
)
SURFACES = {"left_endocardium", "left_epicardium", "right_endocardium"}


@pytest.fixture(scope="module")
def case():
    return painted(render(HEART, SCANNER, seed=1))


@pytest.fixture(scope="module")
def left(case):
    """The same without a right cavity."""
    return painted(case, right=False)


@pytest.fixture(scope="module")
def report(case):
    return HeartShape(ByGrey())(case)


def values(report):
    return {m.name: m.value for m in report.measures}


def short_axis(case, **parts):
    """The short axis alone, cut to some slices and frames."""
    sax = case.images["sax"]
    index = tuple(parts.get(axis, slice(None)) for axis in ("slice", "time"))
    affine = sax.affine.copy()
    affine[:3, 3] += (index[0].start or 0) * affine[:3, 0]
    times = None if sax.times_ms is None else sax.times_ms[index[1]]
    cut = Image(sax.data[index], sax.axes, affine, times_ms=times)
    return Case("cut", {"sax": cut})


def test_it_is_an_application_and_the_report_is_whole(report, case):
    assert isinstance(HeartShape(ByGrey()), Application)
    assert report.application == "heart shape"
    assert set(report.meshes) == SURFACES and set(report.images) == {"heart_labels"}
    assert set(report.facts) == {
        "heart_features",
        "heart_numbers",
        "short_axis",
        "long_axis",
        "contours",
        "long_axis_contours",
        "overruled",
    }
    assert [v.name for v in report.facts["long_axis"]] == ["lax_4ch", "lax_2ch"]
    assert set(report.facts["long_axis_contours"]["lax_4ch"]) == SURFACES
    assert report.methods and report.references
    after = case.with_report(report)
    assert "heart_labels" in after.images and "left_epicardium" in after.meshes


def test_measures_are_near_the_truth(report):
    found = values(report)
    truth = [HEART.left_volume_ml(p) for p in (0.0, 0.5)]
    assert found["end-diastolic volume"] == pytest.approx(truth[0], rel=0.08)
    assert found["end-systolic volume"] == pytest.approx(truth[1], rel=0.12)
    assert found["ejection fraction"] == pytest.approx(60, abs=6)
    assert found["left ventricular mass"] == pytest.approx(1.05 * HEART.muscle_volume_ml(), rel=0.1)
    assert found["mean wall thickness at end-diastole"] == pytest.approx(HEART.wall_mm, abs=0.6)
    assert found["long axis at end-diastole"] == pytest.approx(HEART.length_mm, rel=0.06)
    right = [HEART.right_volume_ml(p) for p in (0.0, 0.5)]
    assert found["right ventricular end-diastolic volume"] == pytest.approx(right[0], rel=0.12)
    assert found["right ventricular ejection fraction"] == pytest.approx(55, abs=8)
    assert (found["end-diastolic frame"], found["end-systolic frame"]) == (1, 2)


def test_labels_agree_with_those_of_the_heart(report, case):
    labels, truth = report.images["heart_labels"], case.images["expert_labels"]
    np.testing.assert_allclose(labels.affine, truth.affine, atol=1e-9)
    assert labels.unit == "label" and labels.data.shape == truth.data.shape
    for t, middle in ((0, slice(2, 7)), (1, slice(3, 7))):
        for kind, least in ((1, 0.95), (2, 0.93), (3, 0.88)):
            found, wanted = labels.data[middle, t] == kind, truth.data[middle, t] == kind
            assert dice(found, wanted) > least


def test_surfaces_are_closed_at_all_times_and_lie_in_the_patient(report, case):
    for mesh in report.meshes.values():
        assert is_closed(mesh.at(0)) and mesh.points.shape[0] == 2
        assert np.all(volume(mesh) > 0) and mesh.length_unit == "mm"
    to_ras = case.facts["heart_to_ras"]
    local = (report.meshes["left_endocardium"].points[0] - to_ras[:3, 3]) @ to_ras[:3, :3]
    # In the heart's own frame: on the axis, the apex at its depth.
    assert np.abs(local[:, :2].mean(axis=0)).max() < 2.5
    assert local[-2, 2] == pytest.approx(HEART.length_mm, abs=5)
    away = np.hypot(local[:, 0], local[:, 1])
    middle = np.abs(local[:, 2] - 40) < 10
    assert np.median(away[middle]) == pytest.approx(
        np.sqrt(2 * HEART.inner(local[middle, 2], 0.8).mean()), abs=1
    )
    painted_on = report.meshes["left_epicardium"].point_data
    assert set(painted_on) == {"wall_thickness_mm", "thickening_percent"}


def test_the_prior_and_the_progress_are_used(left):
    gallery = [Ellipsoid(r, 80.0).body(8) for r in (20, 25, 30)]
    said = []
    application = HeartShape(
        ByGrey(),
        prior=ShapePrior.of(gallery),
        progress=lambda text, share: said.append((text, share)),
    )
    small = short_axis(left, slice=slice(1, 8))
    found = values(application(small))
    shares = [share for _, share in said]
    assert shares == sorted(shares) and 0 <= shares[0] < shares[-1] <= 1 and len(said) >= 3
    without = values(HeartShape(ByGrey())(small))
    assert found["ejection fraction"] != without["ejection fraction"]
    assert found["ejection fraction"] == pytest.approx(without["ejection fraction"], abs=5)


@pytest.mark.parametrize(("segment", "turn"), [(11, 0.0), (4, 2.0), (8, 4.0)])
def test_segments_are_numbered_from_the_insertion_however_the_stack_is_turned(segment, turn):
    """The thick segment is the one that was made thick."""
    heart = VirtualHeart(scaled_wall={segment: 1.8})
    scanner = Scanner(
        n_slices=8, n_frames=1, side=64, pixel_mm=2.6, gap_mm=12.0, first_mm=-5.0, in_plane_rad=turn
    )
    report = HeartShape(ByGrey())(painted(render(heart, scanner, long_axis=False)))
    thickness = [values(report)[f"wall thickness, segment {k}"] for k in range(1, 18)]
    assert np.argmax(thickness) + 1 == segment
    assert thickness[segment - 1] > 1.15 * np.median(thickness)


def test_neither_the_order_of_slices_nor_the_side_they_are_seen_from_matters():
    heart = VirtualHeart(scaled_wall={9: 1.8})
    scanner = Scanner(n_slices=7, n_frames=1, side=64, pixel_mm=2.6, gap_mm=13.0, first_mm=-5.0)
    sax = painted(render(heart, scanner, long_axis=False)).images["sax"]
    turned, mirrored = sax.affine.copy(), sax.affine.copy()
    turned[:3, 3] += 6 * turned[:3, 0]
    turned[:3, 0] *= -1
    mirrored[:3, 3] += 63 * mirrored[:3, 2]
    mirrored[:3, 2] *= -1  # from the base instead of the apex
    for image in (
        sax,
        Image(sax.data[::-1], sax.axes, turned),
        Image(sax.data[..., ::-1], sax.axes, mirrored),
    ):
        found = values(HeartShape(ByGrey())(Case("one", {"sax": image})))
        thickness = [found[f"wall thickness, segment {k}"] for k in range(1, 18)]
        assert np.argmax(thickness) + 1 == 9


def test_one_slice(left):
    report = HeartShape(ByGrey())(short_axis(left, slice=slice(4, 5)))
    found = values(report)
    assert found["left ventricular volume"] is None
    change = 100 * (
        1 - np.divide(*[np.sum(left.images["expert_labels"].data[4, t] == 1) for t in (1, 0)])
    )
    assert found["fractional area change"] == pytest.approx(change, abs=4)
    assert any(w.startswith("One slice only") for w in report.warnings)
    for mesh in report.meshes.values():
        assert is_closed(mesh.at(0)) and np.all(volume(mesh) > 0)


def test_one_frame(left):
    report = HeartShape(ByGrey())(short_axis(left, slice=slice(1, 9), time=slice(0, 1)))
    found = values(report)
    assert found["end-diastolic volume"] == pytest.approx(HEART.left_volume_ml(0.0), rel=0.1)
    assert found["ejection fraction"] is None
    assert any(w.startswith("One frame only") for w in report.warnings)
    assert all(len(mesh.points) == 1 for mesh in report.meshes.values())


def test_one_image(left):
    """A single picture: one slice and one frame."""
    image = left.images["sax"]
    single = Image(image.data[4, 0], ("row", "column"), image.affine)
    report = HeartShape(ByGrey())(Case("one", {"only": single}))
    found = values(report)
    assert found["fractional area change"] is None and found["largest cavity area"] > 0
    labels = report.images["heart_labels"].data
    assert labels.shape == (1, 1, 80, 80)
    assert dice(labels[0, 0] == 1, left.images["expert_labels"].data[4, 0] == 1) > 0.96


def test_no_spacing(case):
    images = {"sax": in_pixels(case.images["sax"])}
    report = HeartShape(ByGrey())(Case("plain", images))
    found = {m.name: m for m in report.measures}
    assert found["ejection fraction"].value == pytest.approx(60, abs=6)
    assert found["end-diastolic volume"].unit == "pixel^2 slices"
    counted = np.sum(case.images["expert_labels"].data[:, 0] == 1)
    assert found["end-diastolic volume"].value == pytest.approx(counted, rel=0.08)
    assert not report.meshes and any("No 3-D surfaces" in w for w in report.warnings)
    assert report.images["heart_labels"].length_unit == "pixel"
    assert any("no pixel spacing" in w for w in report.warnings)


def test_images_need_not_be_square(left):
    image = short_axis(left, slice=slice(1, 8)).images["sax"]
    cut = replace(image, data=image.data[:, :1, :, 6:76], times_ms=None)
    affine = cut.affine.copy()
    affine[:3, 3] += 6 * affine[:3, 2]
    report = HeartShape(ByGrey())(Case("cut", {"sax": replace(cut, affine=affine)}))
    assert report.images["heart_labels"].data.shape == (7, 1, 80, 70)
    whole = HeartShape(ByGrey())(short_axis(left, slice=slice(1, 8), time=slice(0, 1)))
    for name in ("end-diastolic volume", "left ventricular mass"):
        assert values(report)[name] == pytest.approx(values(whole)[name], rel=1e-6)


def test_what_cannot_be_used_is_refused(case):
    with pytest.raises(BadInput, match="no series named"):
        HeartShape(ByGrey(), series="other")(case)
    with pytest.raises(BadInput, match="at least one cine"):
        HeartShape(ByGrey())(Case("empty"))
    sax = case.images["sax"]
    empty = Case("nothing", {"sax": sax.with_data(np.full_like(sax.data, GREYS[0]))})
    with pytest.raises(NotFound, match="no left ventricle"):
        HeartShape(ByGrey())(empty)
