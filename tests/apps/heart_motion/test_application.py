"""The study of slices: strain of known rings, and what is not known stays unknown."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_motion.known import ring_of
from corporis.apps.heart_motion import Given, HeartMotion, Insertion
from corporis.apps.heart_motion.plane_wall import LAYERS
from corporis.apps.heart_motion.regions import ACROSS_TAGS, select
from corporis.errors import BadInput, NotFound, Unsupported
from corporis.imaging import Image
from corporis.interfaces import Application, Case
from corporis.phantoms import TaggedWall

WALL = TaggedWall(outer_twist_rad=0.05, loss=0.7, weak_at_rad=1.0)


def case_of(wall, snr=10.0, **facts):
    affine = np.diag([8.0, wall.pixel_mm, wall.pixel_mm, 1.0])
    axes = ("time", "row", "column")
    image = Image(wall.images(snr, 3), axes, affine, times_ms=wall.times_ms, facts=facts)
    ring = ring_of(wall)
    given = Given([(*ring.centre, ring.inner, ring.outer)], [Insertion((12.0, 20.0))], ["mid"])
    return Case("a", {"slice": image}), given


def truth_of(film, wall, layer=None):
    """True strain in per cent of the sectors, (n_sectors, n_frames, 2)."""
    rest = (film.wall.places + film.corner - (wall.side - 1) / 2) * wall.pixel_mm
    green = np.stack([wall.strain(rest, t) for t in wall.times_ms])
    stretch = 100 * (np.sqrt(1 + 2 * np.einsum("tnii->tni", green)) - 1)
    label = film.sectors.labels(film.wall.angle, film.wall.centre)
    if layer is not None:
        label = np.where(film.wall.layer == layer, label, -1)
    area = film.wall.area
    rows = [np.average(stretch[:, label == k], axis=1, weights=area[label == k]) for k in range(6)]
    return np.array(rows)


@pytest.fixture(scope="module")
def report():
    case, given = case_of(WALL)
    assert isinstance(HeartMotion(given), Application)
    return HeartMotion(given)(case)


def test_tags_are_found_and_strain_is_right(report):
    (film,) = report.facts["motion"].films
    assert film.source == "tags" and film.n_reported == 20
    assert [r.segment for r in select(film.regions)] == [7, 8, 9, 10, 11, 12]
    truth = truth_of(film, WALL)
    for region, true in zip(select(film.regions), truth):
        off = region.strain["circumferential"] - true[:, 1]
        assert np.abs(off).max() < 2.0
        assert np.abs(region.strain["radial"] - true[:, 0]).max() < 5.0
        spread = region.deviation["circumferential"][2:]
        assert np.mean(np.abs(off[2:]) < 1.96 * spread) > 0.8 and spread.max() < 2
    inner = select(film.regions, layer=LAYERS[0])
    for region, true in zip(inner, truth_of(film, WALL, 0)):
        assert np.abs(region.strain["circumferential"] - true[:, 1]).max() < 4


def test_end_systole_rotation_and_measures(report):
    summary = report.facts["motion"]
    (film,) = summary.films
    assert abs(summary.end_systole[0] - 10) <= 1
    # what is turned outwards in the frame of the phantom is anticlockwise as displayed
    truth = 0.5 * (WALL.twist_rad + WALL.outer_twist_rad)
    assert film.rotation.max() == pytest.approx(np.rad2deg(truth), abs=1.0)
    measures = {m.name: m for m in report.measures}
    assert measures["slice, circumferential strain, peak"].value < -10
    assert measures["peak twist"].value is None and "two slices" in measures["peak twist"].note
    assert measures["dyssynchrony"].value < 60
    assert measures["slice, circumferential strain rate, systolic"].value < 0


def test_faded_tags_are_not_reported():
    case, given = case_of(replace(WALL, t1_ms=150.0))
    report = HeartMotion(given)(case)
    (film,) = report.facts["motion"].films
    n = film.n_reported
    assert 3 <= n <= 9
    assert np.isnan(film.whole.strain["circumferential"][n:]).all()
    assert np.isfinite(film.whole.strain["circumferential"][:n]).all()
    assert any(f"from frame {n + 1} of 20 on the tags have faded" in w for w in report.warnings)
    measures = {m.name: m for m in report.measures}
    assert measures["slice, circumferential strain, peak"].value is None
    assert "not reached" in measures["slice, circumferential strain, peak"].note


def test_one_family_of_tags_leaves_strain_unknown():
    wall = TaggedWall(angles_rad=(0.3,))
    case, given = case_of(wall)
    report = HeartMotion(given)(case)
    (film,) = report.facts["motion"].films
    assert film.source == "one family of tags" and list(film.whole.strain) == [ACROSS_TAGS]
    measures = {m.name: m for m in report.measures}
    for word in ("circumferential", "radial"):
        assert measures[f"slice, {word} strain"].value is None
        assert measures[f"global {word} strain, peak"].value is None
    assert any("circumferential and radial strain are unknown" in w for w in report.warnings)
    # across the lines it is known: of sectors, at the time of most contraction
    k = np.array([np.cos(0.3), np.sin(0.3)])
    rest = (film.wall.places + film.corner - (wall.side - 1) / 2) * wall.pixel_mm
    ends = [wall.forward(rest + s * 1e-4 * e, 400.0) for e in np.eye(2) for s in (1, -1)]
    F = np.stack([(ends[0] - ends[1]) / 2e-4, (ends[2] - ends[3]) / 2e-4], axis=-1)
    normal = np.linalg.solve(np.swapaxes(F, -1, -2), k[:, None])[..., 0]
    true = 100 * (1 / np.linalg.norm(normal, axis=-1) - 1)
    label = film.sectors.labels(film.wall.angle, film.wall.centre)
    for number, region in enumerate(select(film.regions)):
        mine = label == number
        wanted = np.average(true[mine], weights=film.wall.area[mine])
        course = region.strain[ACROSS_TAGS]
        assert course[10] == pytest.approx(wanted, abs=6.0)
        peak = report.facts["motion"].clinical(region, ACROSS_TAGS).peak
        assert peak == course[np.nanargmax(np.abs(course))]  # also where it stretches


def test_a_film_said_to_be_tagged_must_have_tags(rng):
    case, given = case_of(WALL, contrast="tagged")
    image = case.images["slice"]
    plain = image.with_data(1 + 0.01 * rng.standard_normal(image.data.shape))
    with pytest.raises(NotFound, match="slice: no tags between"):
        HeartMotion(given)(Case("a", {"slice": plain}))


def test_plain_cine_is_followed_by_registration():
    """A ring whose tags were taken off: only its borders move."""
    case, given = case_of(replace(WALL, loss=0.0, twist_rad=0.0, outer_twist_rad=0.0), np.inf)
    image = case.images["slice"]
    wall = replace(WALL, loss=0.0, twist_rad=0.0, outer_twist_rad=0.0)
    frames = np.stack([wall.wall(t) for t in wall.times_ms]).astype(float)
    rng = np.random.default_rng(0)
    shown = image.with_data(frames + 0.02 * rng.standard_normal(frames.shape))
    report = HeartMotion(given)(Case("a", {"slice": shown}))
    (film,) = report.facts["motion"].films
    assert film.source == "cine" and any("no tags" in w for w in report.warnings)
    rest = (film.wall.places + film.corner - (wall.side - 1) / 2) * wall.pixel_mm
    true = np.stack([wall.strain(rest, t)[:, 1, 1].mean() for t in wall.times_ms])
    found = film.whole.green["circumferential"]
    assert np.abs(found - true).max() < 0.05 and found.min() < -0.1


def displacements(factor=-0.2, order=1):
    """A ring of pixels that moves towards its centre and back."""
    y, x = np.indices((48, 48)) - 23.5
    radius = np.hypot(y, x)
    inside = (radius > 10) & (radius < 15)
    share = np.sin(np.pi * np.arange(9) / 8)[:, None, None, None]
    moved = share * factor * np.stack([y, x])[::order] * inside
    return Image(moved, ("time", "channel", "row", "column"), np.eye(4), "pixel",
                 facts={"contrast": "displacement"})  # fmt: skip


def test_displacements_become_strain_and_wrong_ones_are_set_aside(rng):
    image = displacements()
    spoilt = image.data.copy()
    valid = np.argwhere(np.any(spoilt != 0, axis=(0, 1)))
    wrong = valid[rng.choice(len(valid), 30, replace=False)]
    spoilt[:, :, wrong[:, 0], wrong[:, 1]] += rng.choice([-2.0, 2.0], (1, 2, 30))
    report = HeartMotion(Given(frame_ms=50.0))(Case("a", {"d": image.with_data(spoilt)}))
    (film,) = report.facts["motion"].films
    assert film.source == "displacements"
    for region in film.regions:
        assert region.strain["circumferential"][4] == pytest.approx(-20, abs=0.5)
        assert region.strain["radial"][4] == pytest.approx(-20, abs=0.5)
    places = film.observations.places.astype(int)
    is_wrong = (places[:, None] == wrong).all(axis=2).any(axis=1)
    assert film.observations.rejected[4, is_wrong].mean() > 0.95
    assert film.observations.rejected[4, ~is_wrong].mean() < 0.02
    assert report.facts["motion"].dyssynchrony_ms == 0


def test_components_in_the_wrong_order_are_doubted():
    report = HeartMotion()(Case("a", {"d": displacements(order=-1)}))
    assert any("check their order" in w for w in report.warnings)
    with pytest.raises(BadInput, match="d: the wall has a hole"):
        image = displacements()
        HeartMotion()(Case("a", {"d": image.with_data(image.data * (np.arange(48) > 20))}))


def test_a_case_without_films_is_refused():
    with pytest.raises(Unsupported, match="expected a film"):
        HeartMotion()(Case("a"))
    still = Image(np.ones((2, 30, 30)), ("time", "row", "column"), np.eye(4))
    with pytest.raises(Unsupported, match="at least 4 frames, got a with 2 frames"):
        HeartMotion()(Case("a", {"a": still}))


def test_one_frame_of_displacements_is_refused():
    image = displacements()
    image = image.with_data(image.data[:1])
    with pytest.raises(BadInput, match="d: expected displacements of at least 2 frames, got 1"):
        HeartMotion()(Case("a", {"d": image}))


def test_three_slices_of_a_person(data_dir):
    from corporis.imaging import read

    report = HeartMotion()(read(data_dir / "cardiac" / "tagged_mri_cmac_subjectA.npz"))
    summary = report.facts["motion"]
    strain = {f.name: f.whole.strain["circumferential"].min() for f in summary.films}
    assert -30 < strain["mid"] < -15 and -25 < strain["apical"] < -10
    assert any(w.startswith("basal: tissue leaves through the plane") for w in report.warnings)
    assert not any(w.startswith(("mid: tissue", "apical: tissue")) for w in report.warnings)
    assert summary.twist.peak > 5 and summary.twist.distance_mm is None
    assert all(f.pixel_mm is None and f.times_ms is None for f in summary.films)
    measures = {m.name: m for m in report.measures}
    assert measures["peak torsion"].value is None and measures["dyssynchrony"].value is None
