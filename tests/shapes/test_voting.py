"""Voting: discs elect their centres, also those that touch, and dark ones do not."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.shapes.voting import ConeVoting

VOTING = ConeVoting((5.0, 14.0))


def discs(centres, radius, shape=(90, 120)):
    places = np.indices(shape)
    image = sum((np.hypot(*(places - np.array(c)[:, None, None])) < radius) for c in centres)
    return ndimage.gaussian_filter(np.minimum(image, 1.0), 1.0)


@pytest.mark.parametrize("radius", [8, 10, 12])
def test_touching_discs_elect_one_centre_each(radius):
    centres = [(30, 30), (30, 30 + 2 * radius), (65, 90)]
    image = discs(centres, radius)
    found = VOTING.peaks(VOTING(image), image > 0.5)
    assert len(found) == 3
    found = found[np.argsort(found[:, 1])]
    np.testing.assert_allclose(found, sorted(centres, key=lambda c: c[1]), atol=2)


def test_noise_moves_no_centre():
    image = discs([(40, 60)], 10) + np.random.default_rng(0).normal(0, 0.1, (90, 120))
    found = VOTING.peaks(VOTING(ndimage.gaussian_filter(image, 1.5)), discs([(40, 60)], 10) > 0.5)
    assert len(found) == 1 and np.abs(found[0] - (40, 60)).max() <= 2


def test_votes_follow_a_quarter_turn():
    image = discs([(30, 30), (50, 85)], 9)
    votes, turned = VOTING(image), VOTING(np.rot90(image))
    # half pixels are rounded to even numbers, which a turn may change
    assert np.abs(np.rot90(votes) - turned).max() < 0.02 * votes.max()


def test_holes_get_no_votes():
    image = 1 - discs([(45, 60)], 9)
    inside = discs([(45, 60)], 9) > 0.5
    votes = VOTING(image)
    assert votes[45, 60] < 0.2 * VOTING(1 - image)[45, 60]
    assert not VOTING.peaks(np.zeros_like(votes), inside).size


def test_numbers_out_of_range_are_refused():
    for wrong in (
        {"radius_px": (5, 3)},
        {"openings_deg": ()},
        {"share": 0},
        {"least": 1.0},
        {"spread_px": 0},
    ):
        with pytest.raises(ValueError, match="got"):
            ConeVoting(**wrong)
