"""Splitting: touching nuclei come apart, none overlap, whatever the maps say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.nuclei.painted import discs, true_maps
from corporis.apps.nuclei.evidence import NucleusMaps
from corporis.apps.nuclei.splitting import CentreVoting, joined, tidy
from corporis.shapes import instance_overlap


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25])
def test_a_row_of_touching_nuclei_comes_apart(noise):
    centres = [(30, 20 + 15 * k) for k in range(6)] + [(46, 27), (60, 90)]
    truth = discs(centres, [9] * 7 + [14], (80, 130))
    found = CentreVoting()(true_maps(truth, noise))
    table = instance_overlap(truth, found)
    assert len(table.found_area) == 8
    assert table.f1(0.75) == 1


def test_labels_count_up_without_gaps_and_small_ones_are_dropped():
    truth = discs([(20, 20), (20, 60), (50, 40)], [9, 2, 8], (70, 80))
    found = CentreVoting(least_area_px=30)(true_maps(truth))
    assert np.unique(found).tolist() == [0, 1, 2]
    assert CentreVoting()(true_maps(0 * truth)).max() == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_any_maps_give_whole_separate_nuclei(seed):
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    inside = ndimage.gaussian_filter(rng.standard_normal((60, 50)), 3)
    offset = rng.normal(0, 6, (2, 60, 50)).astype(np.float32)
    inside = (1 / (1 + np.exp(-20 * inside))).astype(np.float32)
    labels = CentreVoting(least_area_px=5)(NucleusMaps(inside, inside, offset))
    for k in range(1, labels.max() + 1):
        assert ndimage.label(labels == k)[1] == 1
        assert np.count_nonzero(labels == k) >= 5


def test_peaks_are_joined_by_the_height_of_their_ridge():
    votes = np.array([[5.0, 4.0, 3.0, 4.0, 1.0, 8.0, 0.5, 2.0]])
    basins = np.array([[1, 1, 2, 2, 2, 3, 4, 4]])
    # ridges: 3 between 5 and 4, 1 between 4 and 8, 0.5 between 8 and 2
    assert joined(votes, basins, 1.0).tolist() == basins.tolist()
    assert joined(votes, basins, 0.6).tolist() == [[1, 1, 1, 1, 1, 3, 4, 4]]
    assert joined(votes, basins, 0.22).tolist() == [[1, 1, 1, 1, 1, 3, 3, 3]]
    assert len(np.unique(joined(votes, basins, 0.0))) == 1


def test_of_many_meeting_places_the_highest_is_the_ridge():
    votes = np.array([[9.0, 9.0], [1.0, 1.0], [9.0, 7.0], [9.0, 9.0]])
    basins = np.array([[1, 2], [1, 2], [1, 2], [1, 2]])
    assert joined(votes, basins, 0.9).max() == 1
    votes[[0, 2, 3], 1] = 5.0, 2.0, 4.0
    assert len(np.unique(joined(votes, basins, 0.999))) == 1  # the ridge is the lower peak itself


def test_tidy_fills_holes_but_not_with_others():
    labels = np.zeros((12, 12), int)
    labels[1:11, 1:11] = 1
    labels[3, 3] = 0
    labels[5:9, 5:9] = 2
    labels[0, 11] = 1  # a crumb
    found = tidy(labels, 10)
    assert found[3, 3] == 1 and (found[5:9, 5:9] == 2).all() and found[0, 11] == 0


def test_numbers_out_of_range_are_refused():
    for wrong in ({"threshold": 1.0}, {"spread_px": 0}, {"least_votes": -1}, {"deepest_saddle": 2}):
        with pytest.raises(ValueError, match="got"):
            CentreVoting(**wrong)
