"""Point processes: what can be said of each sample; their K is in shapes/test_point_pattern.py."""

import numpy as np
import pytest

from corporis.phantoms.point_process import HardCoreProcess, PoissonProcess, ThomasProcess
from corporis.shapes.point_pattern import nearest_distances

SHAPE = (200, 150)


def test_points_are_in_their_window_and_keep_their_distance():
    rng = np.random.default_rng(0)
    process = HardCoreProcess(0.05, 5.0)
    points = process.sample(SHAPE, rng)
    assert nearest_distances(points).min() >= 5
    for other in (PoissonProcess(0.01), ThomasProcess(0.001, 6, 4.0), process):
        points = other.sample(SHAPE, rng)
        assert ((points >= 0) & (points < SHAPE)).all()


def test_pair_density_tends_to_independence():
    process = HardCoreProcess(0.05, 5.0)
    assert process.pair_density([0.0, 4.9]).tolist() == [0, 0]
    np.testing.assert_allclose(process.pair_density([10.0, 40.0]), process.density**2, rtol=1e-9)
    rare = HardCoreProcess(1e-6, 5.0)  # almost nobody is removed
    assert rare.density == pytest.approx(1e-6, rel=1e-4)


def test_numbers_out_of_range_are_refused():
    for wrong in (
        lambda: PoissonProcess(0),
        lambda: ThomasProcess(1, 0, 1),
        lambda: HardCoreProcess(1, -1),
    ):
        with pytest.raises(ValueError, match="> 0"):
            wrong()
