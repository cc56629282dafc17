"""Evidence and prior together: detail kept where it is clear, the prior where it is not."""

import numpy as np
import pytest

from apps.organs.chest import logits, masks, shapes
from corporis.apps.organs.chest_shape import ChestShapes
from corporis.apps.organs.fusion import expected_overlap, fused, one_piece, organ_masks
from corporis.apps.organs.square import Square
from corporis.shapes import jaccard


@pytest.fixture(scope="module")
def learned():
    return ChestShapes().fit(shapes(40))


def both(learned, seen):
    alone = 1 / (1 + np.exp(-seen))
    return alone > 0.5, fused(seen, learned.outline(alone))


def test_a_clear_detail_of_its_own_is_kept(learned):
    truth = masks(100)
    truth[0, 118:124, 215:222] = False  # a notch that no training shape has
    truth[0, 118:124, 205:222] = False
    alone, found = both(learned, logits(truth))
    assert jaccard(found[0] > 0.5, truth[0]) > jaccard(alone[0], truth[0]) - 0.005


def test_a_lost_part_comes_back_and_is_less_certain(learned):
    truth = masks(101)
    seen = logits(truth)
    seen[:, 170:] = -0.5
    alone, found = both(learned, seen)
    assert jaccard(found[0] > 0.5, truth[0]) > jaccard(alone[0], truth[0]) + 0.05
    _, whole = both(learned, logits(truth))
    assert expected_overlap(found[0]) < expected_overlap(whole[0]) - 0.005


def test_an_island_far_away_goes(learned):
    seen = logits(masks(102))
    seen[0, 5:15, 5:15] = 4.0
    _, found = both(learned, seen)
    assert not (found[0, :20, :20] > 0.5).any()


def test_expected_overlap_is_that_of_draws(rng):
    chance = rng.random((60, 60)) ** 0.3
    drawn = [jaccard(rng.random(chance.shape) < chance, chance > 0.5) for _ in range(50)]
    assert expected_overlap(chance) == pytest.approx(np.mean(drawn), abs=0.01)
    assert expected_overlap(np.zeros((3, 3))) == 0


def test_one_piece_has_no_holes():
    mask = np.zeros((12, 12), bool)
    mask[2:9, 2:9], mask[4, 4], mask[10, 10] = True, False, True
    found = one_piece(mask)
    assert found[4, 4] and not found[10, 10] and found.sum() == 49
    assert not one_piece(np.zeros((4, 4), bool)).any()


def test_a_thin_organ_keeps_its_width_on_finer_pixels():
    square = Square((256, 256), 64)
    errors = {"odds": [], "chances": []}
    for width in (1.6, 2.0, 2.4, 2.8):
        away = np.abs(np.arange(64) - 31.3)
        odds = np.tile(6 * (width / 2 - away), (64, 1))
        chances = 1 / (1 + np.exp(-odds))
        found = organ_masks(chances[None], square)[0]
        errors["odds"].append(found[128].sum() / 4 - width)
        errors["chances"].append((square.back(chances)[128] > 0.5).sum() / 4 - width)
    assert np.abs(errors["odds"]).mean() < 0.25
    assert np.abs(errors["odds"]).mean() < np.abs(errors["chances"]).mean()
