"""Nuclei in layers: parted where shape, votes and light say so, and else left alone."""

from dataclasses import replace

import numpy as np

from apps.nuclei.painted import discs, true_maps
from corporis.apps.nuclei.overlapping import OverlapSplitting
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.shapes import instance_overlap

SHAPE = (60, 70)
CENTRES = ((30, 27), (30, 41))


def layered(share=1.0):
    """Two discs that overlap, found as one; votes that go `share` of the way to their own."""
    masks = [discs([centre], [11], SHAPE) > 0 for centre in CENTRES]
    truth = np.where(masks[1], 2, masks[0].astype(int)).astype(np.int32)
    both = (masks[0] | masks[1]).astype(np.int32)
    one, two = true_maps(both), true_maps(truth)
    density = (0.1 + 0.5 * masks[0] + 0.5 * masks[1]).astype(np.float32)
    offset = share * two.offset + (1 - share) * one.offset
    return replace(one, offset=offset.astype(np.float32), density=density), both, truth


def test_votes_that_part_clearly_need_no_light():
    maps, both, truth = layered(0.8)
    found = OverlapSplitting()(replace(maps, density=None), both)
    assert len(instance_overlap(truth, found).matched()) == found.max() == 2
    assert ((found > 0) == (both > 0)).all()


def test_light_decides_where_votes_hardly_do():
    maps, both, _ = layered(0.35)
    assert OverlapSplitting(least_spread=0.9)(maps, both).max() == 2
    dim = replace(maps, density=np.full(SHAPE, 0.5, np.float32))
    assert OverlapSplitting(least_spread=0.9)(dim, both).max() == 1
    assert OverlapSplitting(least_spread=0.9)(replace(maps, density=None), both).max() == 1


def test_votes_for_one_centre_and_round_nuclei_stay_one():
    maps, both, _ = layered(0.0)
    assert OverlapSplitting()(maps, both).max() == 1
    single = discs([(30, 30), (20, 56)], [11, 8], SHAPE)
    np.testing.assert_array_equal(OverlapSplitting()(true_maps(single), single), single)


def test_voting_parts_layers_only_when_asked():
    maps, _, truth = layered(0.6)
    tight = CentreVoting(spread_px=4.0, deepest_saddle=0.05)
    assert tight(maps).max() == 1
    found = replace(tight, overlaps=OverlapSplitting())(maps)
    assert len(instance_overlap(truth, found).matched()) == 2
    empty = replace(maps, inside=np.zeros(SHAPE, np.float32))
    assert replace(tight, overlaps=OverlapSplitting())(empty).max() == 0
