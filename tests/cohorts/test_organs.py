"""Weights from a folder of radiographs, and masks to learn a repair from."""

from dataclasses import replace

import numpy as np
import pytest

from apps.organs.chest import shapes
from apps.organs.test_repair import SPACING, organ
from cohorts.test_radiographs import written
from corporis.apps.organs.radiograph_training import Schedule
from corporis.cohorts.organ_outliners import CHEST_SHAPES, load_chest
from corporis.cohorts.organs import learn_repair, train_chest
from corporis.errors import BadInput


def test_training_leaves_what_the_application_loads(tmp_path, monkeypatch):
    from corporis.apps.organs.chest_shape import ORGANS
    from corporis.cohorts import organs, radiographs

    folder, known = written(tmp_path / "data"), shapes(12)
    one = radiographs.outlined_radiographs(folder)[0]
    many = [replace(one, landmarks={o: known[o][k] for o in ORGANS}) for k in range(12)]
    monkeypatch.setattr(organs, "outlined_radiographs", lambda data: many)
    seen = []
    n = train_chest(
        folder, tmp_path / "w", schedule=Schedule(2, 1), progress=lambda _, done: seen.append(done)
    )
    assert n == 12 and seen == [0.5, 1.0]
    application = load_chest(tmp_path / "w")
    assert application.shapes.n_training_ == 12
    found = application.find(one.radiograph.image)
    assert found.chances.shape == (5, 256, 256)
    (tmp_path / "w" / CHEST_SHAPES).write_bytes(b"no archive")
    with pytest.raises(BadInput, match="outlines of five organs"):
        load_chest(tmp_path / "w")


def test_too_few_subjects_and_missing_weights_are_one_line(tmp_path):
    with pytest.raises(BadInput, match="at least 10 subjects with landmarks"):
        train_chest(written(tmp_path / "data"), tmp_path / "w")
    assert not (tmp_path / "w").exists()
    with pytest.raises(BadInput, match="do not ship: make it with `corporis train organ"):
        load_chest(tmp_path)


def test_a_pair_of_organs_is_two_shapes(tmp_path):
    for seed in range(10):
        pair = np.concatenate([organ(seed), np.zeros_like(organ(0)), organ(seed + 50)], axis=2)
        np.savez(tmp_path / f"{seed}.npz", mask=pair, spacing=np.array(SPACING))
    assert learn_repair(tmp_path)[1] == 20


@pytest.mark.parametrize("kind", ["full", "dot"])
def test_masks_that_are_no_whole_organ_are_named(tmp_path, kind):
    for seed in range(10):
        mask = organ(seed)
        if seed == 4:
            mask = (
                np.ones_like(mask)
                if kind == "full"
                else mask & (np.cumsum(mask).reshape(mask.shape) == 1)
            )
        np.savez(tmp_path / f"{seed}.npz", mask=mask, spacing=np.array(SPACING))
    words = {"full": "reaches all borders of its", "dot": "too small to be an organ: 1 voxels"}
    with pytest.raises(BadInput, match=rf"^4\.npz: .*{words[kind]}"):
        learn_repair(tmp_path)


def test_too_few_masks_to_learn_from_are_one_line(tmp_path):
    with pytest.raises(BadInput, match="at least 10 masks"):
        learn_repair(tmp_path)
