"""Repair of masks: damage found and undone, detail kept, the wrong organ noticed."""

import numpy as np
import pytest

from corporis.apps.organs import OrganRepair, judge, repair
from corporis.apps.organs.damage import spoilt
from corporis.errors import BadInput
from corporis.shapes import dice

SPACING = (2.0, 2.5, 2.0)
POINTS = np.stack(np.indices((34, 30, 36)), axis=-1) * SPACING


def organ(seed, turn=0.0):
    """An ellipsoid about 44 x 36 x 50 mm with a notch and a waist of its own."""
    rng = np.random.default_rng(seed)
    half = np.array([22, 18, 25]) * (1 + 0.12 * rng.standard_normal(3))
    x = POINTS - (np.array([34, 37, 36]) + rng.uniform(-3, 3, 3))
    c, s = np.cos(turn), np.sin(turn)
    x = x @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    radius = np.linalg.norm(x / half, axis=-1)
    waist = 1 - 0.15 * (1 + 0.3 * rng.standard_normal()) * np.exp(-((x[..., 2] / 8) ** 2))
    notch = np.linalg.norm(x - [half[0], 0, 0], axis=-1) < 8 + rng.standard_normal()
    return (radius < waist) & ~notch


def damaged(mask, seed, *, is_added):
    """A ball of a tenth of the volume put onto the organ or taken out of it."""
    rng = np.random.default_rng(seed)
    edge = np.argwhere(mask & ~np.roll(mask, 1, 0) | (mask & ~np.roll(mask, -1, 1)))
    away = np.linalg.norm(POINTS - edge[rng.integers(len(edge))] * SPACING, axis=-1)
    pool = ~mask if is_added else mask
    ball = pool & (away <= np.sort(away[pool])[mask.sum() // 10])
    return (mask | ball) if is_added else (mask & ~ball)


@pytest.fixture(scope="module")
def trained():
    return OrganRepair(n_spoilt=30).fit([organ(k) for k in range(30)], [SPACING] * 30)


def test_what_has_no_form_of_an_organ_is_refused_in_one_line(trained):
    dot, line = np.zeros((20, 8, 8), bool), np.zeros((120, 8, 8), bool)
    dot[4, 4, 4], line[10:110, 4, 4] = True, True
    with pytest.raises(BadInput, match="too small to be an organ: 1 voxels, expected at least 64"):
        trained.repair(dot, SPACING)
    with pytest.raises(BadInput, match="one of 100 voxels onto which no organ can be brought"):
        trained.repair(line, (1.0, 1.0, 1.0))
    with pytest.raises(BadInput, match="too small"):
        OrganRepair().fit([dot] * 10, [SPACING] * 10)


@pytest.mark.parametrize("is_added", [True, False])
def test_damage_is_undone_and_said(trained, is_added):
    before, after, said, changed = [], [], [], []
    for seed in range(100, 105):
        truth = organ(seed)
        seen = damaged(truth, seed, is_added=is_added)
        found = trained.repair(seen, SPACING)
        before.append(1 - dice(seen, truth))
        after.append(1 - dice(found.mask, truth))
        said.append(found.overruled[seen != truth].mean())
        changed.append(found.overruled[found.mask != seen])
    # what was changed is said to be overruled, all but filled holes and islands; of a mask that is
    # believed as it is nothing changes
    assert np.concatenate(changed).mean() > 0.95
    assert np.mean(after) < 0.5 * np.mean(before)
    assert np.mean(said) > 0.7  # the thin rim of a ball is within what organs vary


def test_a_sound_mask_stays_to_the_voxel_where_it_is_believed(trained):
    for seed in range(200, 203):
        truth = organ(seed, turn=0.1)
        found = trained.repair(truth, SPACING)
        assert dice(found.mask, truth) > 0.985
        np.testing.assert_array_equal(found.mask[~found.overruled], truth[~found.overruled])
        assert found.misfit < 3


def test_holes_and_islands_go(trained):
    truth = organ(300)
    seen = truth.copy()
    seen[16:18, 14:16, 21:23] = False
    seen[1:4, 1:4, 1:4] = True
    found = trained.repair(seen, SPACING)
    assert found.mask[16:18, 14:16, 21:23].all()
    assert not found.mask[1:4, 1:4, 1:4].any()


def test_place_and_size_do_not_matter(trained):
    seen = damaged(organ(400), 5, is_added=False)
    here = trained.repair(seen, SPACING).mask
    moved = trained.repair(np.roll(seen, (2, -1, 3), axis=(0, 1, 2)), SPACING).mask
    assert dice(np.roll(here, (2, -1, 3), axis=(0, 1, 2)), moved) > 0.995
    larger = trained.repair(seen, tuple(1.5 * s for s in SPACING)).mask
    assert dice(here, larger) > 0.995


def test_half_the_masks_repair_nearly_as_well(trained):
    few = OrganRepair(n_atoms=15, n_spoilt=6).fit([organ(k) for k in range(30)], [SPACING] * 30)
    assert len(few._known.fields) == 15
    truth = organ(600)
    seen = damaged(truth, 3, is_added=True)
    errors = [1 - dice(m.repair(seen, SPACING).mask, truth) for m in (few, trained)]
    assert errors[0] < 1 - dice(seen, truth)
    assert errors[0] < errors[1] + 0.02


def test_the_judge_hears_masks_explained_by_others_and_few_spoilt_several_times(monkeypatch):
    heard = []

    def recorded(distances, shapes):
        heard.append((distances.values, shapes.fields))
        return judge.testimony(distances, shapes)

    monkeypatch.setattr(repair, "testimony", recorded)
    known = OrganRepair(n_spoilt=12).fit([organ(k) for k in range(6)], [SPACING] * 6)._known.fields
    assert len(heard) == 12
    for number, (seen, others) in enumerate(heard):
        own = known[number * 5 // 11]
        assert 4 <= len(others) < 6 and not (others == own).all(axis=1).any()
        for again, _ in heard[:number]:
            assert again.shape != seen.shape or (again != seen).any()


def test_another_organ_does_not_look_like_this_one(trained):
    rod = (np.abs(POINTS - [34, 37, 36]) < [5, 5, 33]).all(axis=-1)
    assert trained.repair(rod, SPACING).misfit > 3 * trained.repair(organ(500), SPACING).misfit


def test_chances_say_how_good_the_result_is(trained):
    truth = organ(700)
    sound, spoilt = (trained.repair(m, SPACING) for m in (truth, damaged(truth, 2, is_added=False)))
    for found in (sound, spoilt):
        assert found.chance.shape == truth.shape and 0 <= found.chance.min() <= found.chance.max()
        assert abs(found.expected_overlap - dice(found.mask, truth)) < 0.06
    unsure = [np.sum((f.chance > 0.1) & (f.chance < 0.9)) for f in (sound, spoilt)]
    assert unsure[0] < unsure[1]


def test_thick_slices_are_mended_too(trained):
    truth = organ(800)[:, :, ::3]
    seen = damaged(organ(800), 4, is_added=False)[:, :, ::3]
    found = trained.repair(seen, (2.0, 2.5, 6.0))
    assert found.mask.shape == truth.shape and found.misfit < 4
    assert dice(found.mask, truth) > dice(seen, truth) - 0.005  # eight slices tell little


def test_a_bulge_that_the_image_shows_is_kept(trained):
    truth = organ(900)
    bulge = damaged(truth, 6, is_added=True) & ~truth
    rng = np.random.default_rng(0)
    image = np.where(bulge, 70.0, np.where(truth, 150.0, -90.0)) + rng.normal(0, 15, truth.shape)
    nothing = np.where(truth, 150.0, -90.0) + rng.normal(0, 15, truth.shape)
    alone = trained.repair(truth | bulge, SPACING).mask[bulge].mean()
    kept = trained.repair(truth | bulge, SPACING, image).mask[bulge].mean()
    refuted = trained.repair(truth | bulge, SPACING, nothing).mask[bulge].mean()
    assert kept > 0.75 > 0.5 > alone and refuted < 0.1  # a voxel wide edge is lost
    with pytest.raises(BadInput, match="image must have"):
        trained.repair(truth, SPACING, image[1:])


def test_an_image_without_contrast_changes_nothing(trained):
    seen = damaged(organ(950), 1, is_added=False)
    alone = trained.repair(seen, SPACING).mask
    np.testing.assert_array_equal(trained.repair(seen, SPACING, np.zeros(seen.shape)).mask, alone)


def test_spoilt_masks_differ_by_what_was_asked():
    truth, seen = organ(0), set()
    for seed in range(40):
        out = spoilt(truth, SPACING, np.random.default_rng(seed))
        lost, added = (truth & ~out).sum() / truth.sum(), (out & ~truth).sum() / truth.sum()
        assert lost == 0 or added == 0
        assert lost + added < 0.36
        seen.add((lost > 0.05, added > 0.05))
    assert seen == {(False, False), (True, False), (False, True)}


def test_an_organ_of_another_size_is_said(trained):
    truth = organ(500)
    assert abs(trained.repair(truth, SPACING).size_deviation) < 3
    half = trained.repair(truth, tuple(s / 2 for s in SPACING))
    double = trained.repair(truth, tuple(2 * s for s in SPACING))
    assert half.size_deviation < -5 and double.size_deviation > 5


def test_wrong_input_is_named(trained):
    with pytest.raises(BadInput, match="voxel inside"):
        trained.repair(np.zeros((5, 5, 5)), SPACING)
    with pytest.raises(BadInput, match="volume"):
        trained.repair(np.ones((5, 5)), SPACING)
    with pytest.raises(ValueError, match="at least 5"):
        OrganRepair().fit([organ(0)], [SPACING])
    with pytest.raises(ValueError, match="depth"):
        OrganRepair(depth=-1).fit([organ(0)] * 5, [SPACING] * 5)
