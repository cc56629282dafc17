"""A moving ventricle of tagged planes, small, beside its truth; and what its planes show."""

import numpy as np
import pytest

from corporis.apps.heart_motion import BodyInMotion, RestFit
from corporis.apps.heart_motion.body import body_truth, segments_of
from corporis.apps.heart_motion.fusion import Fusion
from corporis.apps.heart_motion.plane_check import check_plane
from corporis.apps.heart_motion.regions import COMPONENTS, select
from corporis.errors import Unsupported
from corporis.interfaces import Application, Case
from corporis.phantoms import VirtualHeart
from corporis.workstation.motion_virtual import tagged_planes, wall_at_rest

HEART = VirtualHeart(weak={7: 0.9, 12: 0.9, 8: 0.5})
N = 12
TIMES = 800.0 / N * np.arange(N)


@pytest.fixture(scope="module")
def planes():
    return tagged_planes(HEART, N, 20.0, 1)


@pytest.fixture(scope="module")
def report(planes):
    facts = {
        "tagged_planes": tuple(planes.values()),
        "wall_at_rest": wall_at_rest(HEART),
        "cavity_mm": HEART.length_mm,
        "times_ms": TIMES,
        "beat_ms": 800.0,
    }
    application = BodyInMotion(Fusion())
    assert isinstance(application, Application)
    return application(Case("a", facts=facts))


@pytest.fixture(scope="module")
def truth(report):
    return body_truth(
        report.facts["body"],
        lambda rest: np.stack([HEART.strain(rest, t / 800.0) for t in TIMES]),
    )


def test_strain_is_near_the_truth(report, truth):
    body = report.facts["body"]
    assert len(select(body.regions)) == 16
    for word, most in zip(COMPONENTS, (5.0, 1.0, 1.5)):
        off = body.whole.strain[word] - truth.whole.strain[word]
        assert np.abs(off).max() < most
    wrong = {
        r.segment: np.abs(r.strain["circumferential"] - t.strain["circumferential"]).max()
        for r, t in zip(select(body.regions), select(truth.regions))
    }
    assert np.median(list(wrong.values())) < 1.0
    # the body is smoother than the edge of an infarct: its middle seems to contract a little
    assert max(v for k, v in wrong.items() if k not in (7, 12)) < 4.0
    assert max(wrong.values()) < 8.0
    assert all(np.all(r.deviation["circumferential"][1:] > 0) for r in select(body.regions))


def test_the_infarct_is_found(report, truth):
    body = report.facts["body"]
    assert {7, 12} <= set(body.weak) <= {7, 12, 8, 1, 6, 13, 16}
    assert max(truth.scores, key=truth.scores.get) in (7, 12)
    found = np.array(list(body.scores.values()))
    assert np.corrcoef(found, list(truth.scores.values()))[0, 1] > 0.9


def test_torsion_volume_and_measures(report):
    body = report.facts["body"]
    phase = TIMES[body.end_systole] / 800
    wanted = np.rad2deg(HEART.twist_rad) * HEART.activity(phase) / HEART.outer_length_mm
    assert body.torsion[body.end_systole] == pytest.approx(wanted, abs=0.03)
    emptied = 1 - body.volume_ml.min() / body.volume_ml[0]
    true = 1 - HEART.left_volume_ml(phase) / HEART.left_volume_ml(0.0)
    assert emptied == pytest.approx(true, abs=0.03)
    measures = {m.name: m for m in report.measures}
    assert measures["global longitudinal strain, peak"].value < -8
    assert measures["weak segments"].value == len(body.weak)


def test_shells_move_and_are_coloured(report):
    assert set(report.meshes) == {"endocardium", "epicardium"}
    for mesh in report.meshes.values():
        assert mesh.is_moving and len(mesh.points) == N
        assert mesh.point_data["circumferential"].shape == mesh.points.shape[:2]
        assert np.abs(mesh.point_data["circumferential"][0]).max() < 1e-6


def test_planes_show_the_tags_where_the_motion_puts_them(planes, report):
    body = report.facts["body"]
    film = planes["short axis 3"]
    check = check_plane(film, body.motion, Fusion())
    assert check.phases.shape == (N, 2, 72, 72) and check.rejected_share < 0.12
    # bright where the phase is a whole turn, dark where it is half a turn
    for t in (0, 2):
        both = np.prod(1 + np.cos(check.phases[t]), axis=0)
        known = np.isfinite(check.trust[t])
        assert np.corrcoef(both[known], film.images[t][known])[0, 1] > 0.7
    assert check.n_compared[0] > 300
    still = check_plane(film, type(body.motion)(body.motion.wall, 0 * body.motion.q,
                                                body.motion.covariance, body.motion.noise_mm),
                        Fusion())  # fmt: skip
    assert still.rejected_share > 2 * check.rejected_share


def test_segments_and_missing_facts():
    places = np.array([[30 * np.cos(1.57), 30 * np.sin(1.57), 10.0]])
    assert segments_of(places, 85.0).tolist() == [3]
    with pytest.raises(Unsupported, match="needs the facts tagged_planes, wall_at_rest"):
        BodyInMotion()(Case("a"))
    facts = {"tagged_planes": (), "cavity_mm": 80.0, "times_ms": TIMES, "beat_ms": 800.0}
    for rest in (None, RestFit()):
        with pytest.raises(Unsupported, match="wall_at_rest"):
            BodyInMotion(rest=rest)(Case("a", facts=facts))
