"""Glands that touch are told apart, and nothing else is."""

import numpy as np
import pytest

from apps.histopathology.stained import perfect, region
from corporis.apps.histopathology.evidence import GlandMaps
from corporis.apps.histopathology.glands import GlandSplitting
from corporis.shapes import instance_overlap


def test_perfect_maps_give_the_glands_back():
    _, labels = region(False, 0)
    table = instance_overlap(labels, GlandSplitting()(perfect(labels, False)))
    assert table.f1() == 1.0 and table.dice() > 0.99


def test_two_halves_of_one_disc_are_parted_by_the_border_between_them():
    rows, columns = np.indices((80, 80))
    disc = np.hypot(rows - 40, columns - 40) < 30
    truth = np.where(disc, 1 + (columns >= 40), 0)
    maps = perfect(truth, False)
    found = GlandSplitting()(maps)
    assert instance_overlap(truth, found).f1(0.9) == 1.0
    without = GlandMaps(maps.inside, np.zeros_like(maps.border), maps.malignant)
    assert GlandSplitting()(without).max() == 1


def test_a_neck_of_which_the_network_is_less_sure_parts_two_glands():
    inside = np.zeros((60, 120), np.float32)
    inside[15:45, 10:50] = inside[15:45, 70:110] = 0.95
    inside[25:35, 50:70] = 0.6
    flat = np.zeros_like(inside)
    found = GlandSplitting()(GlandMaps(inside, flat, flat))
    assert found.max() == 2 and found[30, 20] != found[30, 100]
    assert ((found > 0) == (found[::-1] > 0)).all() and found[30, 60] > 0
    joined = GlandSplitting(core=0.5)(GlandMaps(inside, flat, flat))
    assert joined.max() == 1


def test_a_gland_of_which_the_network_is_nowhere_sure_stays_one():
    inside = np.zeros((60, 80), np.float32)
    inside[15:45, 20:60] = 0.6
    flat = np.zeros_like(inside)
    found = GlandSplitting()(GlandMaps(inside, flat, flat))
    assert found.max() == 1 and found[30, 40] == 1


def test_specks_go_holes_close_and_large_lumina_stay():
    inside = np.zeros((160, 160), np.float32)
    inside[10:150, 10:120] = 1
    inside[50:110, 40:100] = 0  # 3600 pixels
    inside[20:24, 20:24] = 0
    inside[3:6, 140:143] = 1
    flat = np.zeros_like(inside)
    found = GlandSplitting()(GlandMaps(inside, flat, flat))
    assert found.max() == 1
    assert found[22, 22] == 1 and found[80, 70] == 0 and found[4, 141] == 0


def test_nothing_gives_nothing():
    flat = np.zeros((20, 30), np.float32)
    found = GlandSplitting()(GlandMaps(flat, flat, flat))
    assert found.shape == (20, 30) and found.dtype == np.int32 and not found.any()


@pytest.mark.parametrize(
    "given", [{"threshold": 0.0}, {"threshold": 1.0}, {"border": 0.0}, {"core": 1.0}]
)
def test_thresholds_out_of_range_are_refused(given):
    with pytest.raises(ValueError, match="threshold"):
        GlandSplitting(**given)
