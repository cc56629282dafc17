"""Sectors: by the clock without an insertion, by segments with one."""

import numpy as np
import pytest

from corporis.apps.heart_motion import Insertion, Sectors

CENTRE = np.array([30.0, 30.0])


def angle(place):
    return np.arctan2(place[1] - CENTRE[1], place[0] - CENTRE[0])


def test_the_clock_is_as_displayed():
    ring = Sectors()
    top, right, low_left = [10.0, 30.0], [30.0, 50.0], [40.0, 12.0]
    names = [ring.names[k] for k in ring.labels(np.array([angle(p) for p in (top, right)]), CENTRE)]
    assert names[0] == "12 o'clock" and names[1] in ("2 o'clock", "4 o'clock")
    assert ring.names[int(ring.labels(np.array(angle(low_left)), CENTRE))] == "8 o'clock"
    assert ring.segments == (None,) * 6


@pytest.mark.parametrize(
    ("level", "first", "count"), [("basal", 1, 6), ("mid", 7, 6), ("apical", 13, 4)]
)
def test_segments_follow_the_insertion(level, first, count):
    # anterior insertion above left, inferior below left: the septum is on the left
    anterior, inferior = (16.0, 18.0), (44.0, 18.0)
    ring = Sectors(level, Insertion(anterior, inferior))
    assert ring.segments == tuple(range(first, first + count))
    left, right = ring.labels(np.array([angle((30.0, 5.0)), angle((30.0, 55.0))]), CENTRE)
    assert "sept" in ring.names[left] and "later" in ring.names[right]
    mirrored = Sectors(level, Insertion((16.0, 42.0), (44.0, 42.0)))
    assert "sept" in mirrored.names[int(mirrored.labels(np.array(angle((30.0, 55.0))), CENTRE))]


def test_one_insertion_takes_the_septum_anticlockwise():
    alone, both = Insertion((16.0, 18.0)), Insertion((16.0, 18.0), (44.0, 18.0))
    fine = np.linspace(0, 2 * np.pi, 500)
    one, two = (Sectors("mid", i).labels(fine, CENTRE) for i in (alone, both))
    assert np.array_equal(one, two)


def test_without_a_level_walls_have_names_and_no_numbers():
    ring = Sectors(None, Insertion((16.0, 18.0)))
    assert ring.names[0] == "anterior" and ring.segments == (None,) * 6
    with pytest.raises(ValueError, match="level must be one of basal, mid, apical"):
        Sectors("top")


@pytest.mark.parametrize(
    "ring", [Sectors(), Sectors("apical"), Sectors("mid", Insertion((9.0, 12.0)))]
)
def test_edges_hold_their_sector(ring):
    edges = ring.edges(CENTRE)
    assert np.allclose(np.ptp(edges, axis=1), 2 * np.pi / ring.count)
    middle = edges.mean(axis=1)
    assert ring.labels(middle, CENTRE).tolist() == list(range(ring.count))
    inside = ring.labels(np.concatenate([edges[:, 0] + 0.02, edges[:, 1] - 0.02]), CENTRE)
    assert inside.tolist() == 2 * list(range(ring.count))
