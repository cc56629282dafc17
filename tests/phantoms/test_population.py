"""Random hearts: reproducible, of the group that was asked for, and different."""

import numpy as np
import pytest

from corporis.phantoms import random_heart
from corporis.phantoms.population import GROUPS


def draw(group, n=80):
    rng = np.random.default_rng(11)
    return [random_heart(rng, group) for _ in range(n)]


def test_a_seed_gives_one_heart():
    first, again, other = (random_heart(np.random.default_rng(s)) for s in (2, 2, 3))
    assert first == again != other


def test_groups_differ_as_their_names_say():
    normal, failing, thick = (draw(group) for group in GROUPS)
    assert GROUPS == ("normal", "failure", "hypertrophy")
    assert all(0.5 <= h.ejection <= 0.7 for h in normal)
    assert all(h.ejection <= 0.42 for h in failing)
    assert all(h.wall_mm >= 11 for h in thick)
    assert np.mean([h.radius_mm for h in failing]) > np.mean([h.radius_mm for h in normal]) + 4
    assert np.mean([h.shortening for h in failing]) < np.mean([h.shortening for h in normal]) - 0.04
    # Half of the failing hearts have a scar, of the others one in ten.
    scarred = [np.mean([bool(h.weak) for h in group]) for group in (failing, normal)]
    assert 0.35 < scarred[0] < 0.7 and scarred[1] < 0.25
    for heart in failing:
        assert set(heart.weak) == set(heart.scaled_wall)
        assert all(0.3 <= loss <= 0.95 for loss in heart.weak.values())


def test_a_scar_lowers_the_ejection_fraction():
    scarred = next(h for h in draw("failure") if len(h.weak) > 3)
    assert scarred.ejection_fraction < scarred.ejection
    assert scarred.without_disease().ejection_fraction == pytest.approx(scarred.ejection)


def test_without_a_group_all_are_drawn():
    hearts = draw(None, 60)
    walls = np.array([h.wall_mm for h in hearts])
    ejections = np.array([h.ejection for h in hearts])
    assert np.any(ejections < 0.42) and np.any(walls > 11)
    assert np.any((ejections > 0.5) & (walls < 10.5))
    assert len({h.length_mm for h in hearts}) > 40


def test_unknown_groups_are_refused(rng):
    with pytest.raises(ValueError, match="group must be one of"):
        random_heart(rng, "athlete")
