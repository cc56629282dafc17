"""Point patterns against closed forms of known processes, and laws that hold exactly."""

import numpy as np
import pytest

from corporis.phantoms.point_process import HardCoreProcess, PoissonProcess, ThomasProcess
from corporis.shapes.point_pattern import (
    Rectangle,
    Region,
    clark_evans,
    delaunay_neighbours,
    kernel_density,
    nearest_distances,
    random_envelope,
    ripley_k,
    ripley_l,
)

SHAPE = (300, 240)
R = np.array([2.0, 5.0, 8.0, 12.0, 20.0])


@pytest.mark.parametrize(
    "process",
    [
        PoissonProcess(0.01),
        ThomasProcess(parents=0.002, children=5, spread=3.0),
        HardCoreProcess(intensity=0.02, distance=6.0),
    ],
    ids=["poisson", "thomas", "hard core"],
)
def test_k_is_that_of_the_process(process):
    rng = np.random.default_rng(0)
    window, found, counts = Rectangle(*SHAPE), [], []
    for _ in range(60):
        points = process.sample(SHAPE, rng)
        counts.append(len(points))
        found.append(ripley_k(points, window, R))
    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - process.k(R)) < 4 * error + 1e-12).all()
    spread = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - process.density * np.prod(SHAPE)) < 4 * spread


def test_without_correction_k_would_be_too_small():
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 1, (2000, 2)) * SHAPE
    d = np.linalg.norm(points[:, None] - points[None], axis=-1)
    plain = ((d <= 20).sum() - 2000) * np.prod(SHAPE) / 2000**2
    assert plain < 0.95 * np.pi * 400
    assert ripley_k(points, Rectangle(*SHAPE), R)[-1] == pytest.approx(np.pi * 400, rel=0.03)


def test_a_mask_is_a_window_like_its_rectangle():
    rng = np.random.default_rng(2)
    points = rng.uniform(0, 1, (150, 2)) * (60, 40)
    whole = ripley_k(points, Region(np.ones((60, 40), bool)), R)
    np.testing.assert_allclose(whole, ripley_k(points, Rectangle(60, 40), R), rtol=1e-9)


def test_holes_do_not_look_like_clusters():
    rows, columns = np.indices((200, 200))
    mask = (rows // 25 + columns // 25) % 2 == 0  # a chessboard
    window = Region(mask)
    points = window.uniform(1500, np.random.default_rng(3))
    assert mask[tuple(points.astype(int).T)].all()
    inside = ripley_l(points, window, R)
    np.testing.assert_allclose(inside, R, rtol=0.05)
    assert ripley_l(points, Rectangle(200, 200), R)[2] > 1.2 * R[2]


def test_covariance_counts_pixels():
    mask = np.random.default_rng(4).random((9, 7)) < 0.6
    steps = np.array([[0, 0], [2, -1], [-3, 4], [8, 6], [20, 0]])
    for step, area in zip(steps, Region(mask).covariance(steps)):
        moved = {tuple(p + step) for p in np.argwhere(mask)}
        assert area == pytest.approx(len(moved & {tuple(p) for p in np.argwhere(mask)}), abs=1e-9)


def test_density_sums_to_the_count_whatever_the_window():
    rng = np.random.default_rng(5)
    mask = np.hypot(*(np.indices((70, 90)) - 40)) < 33
    mask[30:38, 30:60] = False
    points = Region(mask).uniform(57, rng)
    for bandwidth in (0.5, 4.0, 30.0):
        density = kernel_density(points, mask, bandwidth)
        assert density.sum() == pytest.approx(57, rel=1e-12)
        assert density.min() >= 0 and not density[~mask].any()
    assert kernel_density(np.zeros((0, 2)), mask, 4.0).sum() == 0


def test_density_of_many_even_points_is_even():
    mask = np.hypot(*(np.indices((40, 40)) - 18)) < 19
    density = kernel_density(np.argwhere(mask) + 0.5, mask, 5.0)
    np.testing.assert_allclose(density[mask], 1, atol=1e-6)


def test_the_envelope_holds_random_points_and_not_clusters():
    window, rng = Rectangle(100, 80), np.random.default_rng(6)
    low, high = random_envelope(120, window, R, n_simulations=99)
    random = [ripley_k(window.uniform(120, rng), window, R) for _ in range(100)]
    outside = np.mean([(k < low) | (k > high) for k in random], axis=0)
    assert (outside < 0.07).all()  # two in a hundred are expected at each radius
    clusters = ripley_k(ThomasProcess(0.003, 5, 2.0).sample((100, 80), rng), window, R)
    assert (clusters > high)[:3].all()


def test_nearest_neighbours_of_a_lattice_and_of_noise():
    lattice = np.argwhere(np.ones((30, 30))) * 2.0 + 1
    assert set(nearest_distances(lattice)) == {2.0}
    assert clark_evans(lattice, Rectangle(60, 60)) == pytest.approx(2, rel=0.05)
    rng = np.random.default_rng(7)
    found = [clark_evans(rng.uniform(0, 50, (200, 2)), Rectangle(50, 50)) for _ in range(40)]
    assert np.mean(found) == pytest.approx(1, abs=0.02)
    assert nearest_distances([[1, 1]]).tolist() == [np.inf]


def test_delaunay_obeys_eulers_formula():
    points = np.random.default_rng(8).uniform(0, 1, (300, 2))
    found = delaunay_neighbours(points)
    from scipy.spatial import ConvexHull

    n_hull = len(ConvexHull(points).vertices)
    assert len(found.pairs) == 3 * 300 - 3 - n_hull
    assert found.degrees.sum() == 2 * len(found.pairs)
    nearest = nearest_distances(points)  # the nearest neighbour is always Delaunay's too
    best = np.full(300, np.inf)
    np.minimum.at(best, found.pairs.ravel(), np.repeat(found.lengths, 2))
    np.testing.assert_allclose(best, nearest)
    assert (delaunay_neighbours(points, at_most=0.05).lengths <= 0.05).all()


def test_points_on_a_line_have_neighbours_too():
    assert delaunay_neighbours([[0, 2], [0, 0], [0, 1]]).pairs.tolist() == [[1, 2], [0, 2]]
    assert delaunay_neighbours([[3, 4]]).degrees.tolist() == [0]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="within the mask"):
        kernel_density([[5, 50]], np.ones((9, 9), bool), 1.0)
    with pytest.raises(ValueError, match="bandwidth_px"):
        kernel_density([[5, 5]], np.ones((9, 9), bool), 0.0)
    with pytest.raises(ValueError, match="rising radii"):
        ripley_k([[1, 1], [2, 2]], Rectangle(5, 5), np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="sides"):
        Rectangle(0, 3)
    with pytest.raises(ValueError, match="not empty"):
        Region(np.zeros((3, 3), bool))
