"""The sparse deformable model: closed limits, its certificate, and planted errors."""

import numpy as np
import pytest
from scipy import sparse

from corporis.deformables import Sightings, SparseBody
from corporis.interfaces import Mesh

N_TIMES, NOISE = 6, 0.3


def tube():
    """Particles of a thick tube, in mm."""
    radius, angle = np.array([25.0, 30.0, 35.0]), 2 * np.pi * np.arange(24) / 24
    g = np.stack(np.meshgrid(radius, angle, np.linspace(0, 60, 9), indexing="ij"), axis=-1)
    r, a, z = g.reshape(-1, 3).T
    return np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1)


def moved(rest, activity):
    """The incompressible, twisting tube of the textbooks."""
    r, a, z = np.hypot(*rest[:, :2].T), np.arctan2(rest[:, 1], rest[:, 0]), rest[:, 2]
    stretch = 1 - 0.13 * activity
    now = np.sqrt((25 - 7 * activity) ** 2 + (r**2 - 25**2) / stretch)
    turned = a + activity * (0.1 + 0.003 * z)
    return np.stack([now * np.cos(turned), now * np.sin(turned), stretch * z], axis=-1)


REST = tube()
TRUTH = np.stack([moved(REST, a) - REST for a in np.sin(np.pi * np.arange(N_TIMES) / N_TIMES) ** 2])


def model(**change):
    return SparseBody(Mesh(REST[:3], np.array([[0, 1, 2]])), REST, **{"noise": NOISE, **change})


def observed(rng, case):
    """300 places with noise, and which of them are wrong."""
    which = rng.choice(len(REST), 300, replace=False)
    seen = TRUTH[:, which] + NOISE * rng.standard_normal((N_TIMES, 300, 3))
    wrong = np.arange(300) < (0 if case == "clean" else 90)
    if case == "random":
        vectors = rng.standard_normal((90, 3))
        length = rng.uniform(2, 6, (90, 1))
        seen[:, wrong] += length * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    if case == "coherent":
        seen[:, wrong] += [2.4, 3.2, 0.0]
    return which, seen, wrong


def rms(fit):
    return float(np.sqrt(np.mean(np.sum((fit.q - TRUTH) ** 2, axis=-1))))


def test_errors_of_thirty_percent_cost_little(rng):
    found = {}
    for case in ("clean", "random", "coherent"):
        which, seen, wrong = observed(np.random.default_rng(3), case)
        fit = model().fit(Sightings(REST[which], seen))
        found[case] = rms(fit)
        assert np.all(fit.trust[wrong] < 0.2) and np.mean(fit.trust[~wrong]) > 0.97
    blind = model(believed=1e6).fit(Sightings(REST[which], seen))
    assert max(found["random"], found["coherent"]) <= 1.3 * found["clean"]
    assert rms(blind) >= 3 * found["clean"]


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_gap_certifies_the_convex_minimum(rng, is_whole):
    which, seen, _ = observed(rng, "random")
    directions = None if is_whole else np.broadcast_to(np.eye(3), (300, 3, 3))
    sightings = Sightings(REST[which], seen, directions)
    rough = model(is_graduated=False).fit(sightings, at_most=5, tolerance=0)
    fine = model(is_graduated=False).fit(sightings, at_most=400, tolerance=1e-7)
    assert 0 <= fine.gap <= 1e-7 * 10 * fine.objective
    assert fine.objective <= rough.objective
    assert rough.objective - fine.objective <= rough.gap * (1 + 1e-6)


def test_directions_of_all_axes_are_whole_displacements(rng):
    which, seen, _ = observed(rng, "random")
    directions = np.broadcast_to(np.linalg.qr(rng.standard_normal((3, 3)))[0], (300, 3, 3))
    whole = model().fit(Sightings(REST[which], seen))
    parts = np.einsum("tmd,mcd->tmc", seen, directions)
    turned = model().fit(Sightings(REST[which], parts, directions))
    np.testing.assert_allclose(turned.q, whole.q, atol=1e-5)


def test_without_errors_it_is_least_squares(rng):
    which, seen, _ = observed(rng, "clean")
    body = model(believed=1e6)
    fit = body.fit(Sightings(REST[which], seen))
    carrier = body.cloud.values(REST[which])
    matrix = body.root.T @ body.root + carrier.T @ carrier / NOISE**2
    expected = sparse.linalg.spsolve(matrix.tocsc(), carrier.T @ seen[2] / NOISE**2)
    np.testing.assert_allclose(fit.q[2], expected, atol=1e-5)


def test_confidence_weighs_and_order_does_not_matter(rng):
    which, seen, _ = observed(rng, "random")
    trust = rng.uniform(0.2, 1.0, 300)
    turn = rng.permutation(300)
    one = model().fit(Sightings(REST[which], seen, confidence=trust))
    other = model().fit(Sightings(REST[which][turn], seen[:, turn], confidence=trust[turn]))
    np.testing.assert_allclose(one.q, other.q, atol=1e-6)
    np.testing.assert_allclose(one.error[:, turn], other.error, atol=1e-5)


def test_courses_bind_the_times(rng):
    which, seen, _ = observed(rng, "clean")
    course = np.sin(np.pi * np.arange(N_TIMES) / N_TIMES)[:, None] ** 2
    fit = model().fit(Sightings(REST[which], seen), courses=course)
    flat = fit.q.reshape(N_TIMES, -1)
    assert np.linalg.matrix_rank(flat, tol=1e-8 * np.abs(flat).max()) == 1


def test_places_on_one_plane_are_refused():
    flat = REST[REST[:, 2] == 0]
    with pytest.raises(ValueError, match="one plane"):
        model().fit(Sightings(flat, np.zeros((1, len(flat), 3))))


def test_bad_sightings_are_refused():
    with pytest.raises(ValueError, match="seen"):
        Sightings(REST, np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match="confidence"):
        Sightings(REST, np.zeros((2, len(REST), 3)), confidence=np.zeros(len(REST)))
