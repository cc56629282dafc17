"""Weights from a folder of livers and kidneys."""

from dataclasses import replace

import numpy as np
import pytest

from apps.organs.trunk import hounsfield, labels
from corporis.apps.organs.ct_training import Schedule
from corporis.cohorts import trunks
from corporis.cohorts.organ_outliners import CT_SHAPES, how_to_make, load_ct
from corporis.cohorts.trunks import (
    kidney_pair,
    liver_field,
    organ_shapes,
    prior_shapes,
    rendered_scans,
    train_ct,
)
from corporis.errors import BadInput
from corporis.learning.networks import UNet
from corporis.shapes import sphere

MM = 6.0


def kidneys(seed, sides=(-60, 60)):
    """Both kidneys of a patient; axes up, forward, right; what is 2 is tumour."""
    random = np.random.default_rng(seed)
    up, forward, right = (np.indices((28, 20, 36)).T * MM - np.array([81, 57, 105])).T
    mask = np.zeros(up.shape, np.uint8)
    for side in sides:
        radii = np.array([48, 27, 29]) * random.uniform(0.9, 1.1, 3)
        away = (up / radii[0]) ** 2 + (forward / radii[1]) ** 2 + ((right - side) / radii[2]) ** 2
        mask[away < 1] = 1
    mask[(mask == 1) & (up > 30) & (right < 0)] = 2
    return mask


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten livers, ten pairs of kidneys and a patient with one."""
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "liver_meshes").mkdir()
    (folder / "kidney_masks").mkdir()
    ball = sphere(1.0, 3)
    for seed in range(10):
        radii = np.array([85, 60, 70]) * np.random.default_rng(seed).uniform(0.9, 1.1, 3)
        points = ball.points * radii
        path = folder / "liver_meshes" / f"liver_{seed}.npz"
        np.savez(path, vertices=points, faces=ball.cells)
        path = folder / "kidney_masks" / f"case_{seed}.npz"
        np.savez(path, mask=kidneys(seed), spacing=[MM] * 3)
    path = folder / "kidney_masks" / "case_single.npz"
    np.savez(path, mask=kidneys(0, (60,)), spacing=[MM] * 3)
    return folder


@pytest.fixture(scope="module")
def known(data):
    return organ_shapes(data)


def test_shapes_keep_volume_sides_and_tumours(data, known):
    livers, pairs = known
    assert (len(livers), len(pairs)) == (10, 10)  # one kidney is no pair
    one = liver_field(data / "liver_meshes" / "liver_3.npz")
    radii = np.array([85, 60, 70]) * np.random.default_rng(3).uniform(0.9, 1.1, 3)
    volume = np.count_nonzero(one.values < 0) * np.prod(one.spacing_mm)
    assert volume == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.03)
    pair = kidney_pair(data / "kidney_masks" / "case_3.npz")
    places = np.argwhere(pair.tumour)[:, 2] * MM
    assert len(places) and places.max() < pair.field.middle_mm[2]  # the left one is ill


def test_priors_are_of_one_side_each(known):
    shapes = prior_shapes(*known)
    assert list(shapes) == list(CT_SHAPES)
    assert all(one.n_training_ == 10 for one in shapes.values())
    mask = kidneys(0)[:, :, :18] > 0
    found = shapes["left kidney"].expect(np.pad(mask, 2), (MM,) * 3, np.ones(np.add(mask.shape, 4)))
    assert found.misfit < 3
    inside = np.count_nonzero(found.distance_mm < 0)
    assert inside == pytest.approx(np.count_nonzero(mask), rel=0.1)


def test_scans_are_rendered_alike_for_one_seed(known, monkeypatch):
    monkeypatch.setattr(trunks, "SHAPE", (40, 36, 48))
    seen = []
    first = rendered_scans(*known, 2, seed=5, progress=lambda text, done: seen.append(done))
    again = rendered_scans(*known, 2, seed=5)
    assert seen == [0.5, 1.0]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.hounsfield, b.hounsfield)
        np.testing.assert_array_equal(a.label, b.label)
    assert not np.array_equal(first[0].label, first[1].label)


def test_training_leaves_what_the_application_loads(data, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    network = UNet(2, 6, (4, 4), gives_probabilities=False, n_dims=3)
    small = replace(trunks.train_evidence, network=network)
    monkeypatch.setattr(trunks, "train_evidence", small)
    monkeypatch.setattr(trunks, "SHAPE", (40, 36, 48))
    said: dict = {}
    n = train_ct(data, tmp_path / "w", schedule=Schedule(2), n_scans=2, progress=said.__setitem__)
    assert n == 20 and said.pop("learning shapes") == 0
    assert said == {"reading shapes": 1, "rendering torsos": 1, "training": 1}
    assert {p.name for p in (tmp_path / "w").glob("ct*")} == {"ct.onnx", *CT_SHAPES.values()}
    application = load_ct(tmp_path / "w")
    assert {o: s.n_training_ for o, s in application.shapes.items()} == dict.fromkeys(CT_SHAPES, 10)
    label = labels()
    found = application.find(hounsfield(label), (4.0, 4.0, 4.0))
    assert all(one.mask.shape == label.shape for one in found.values())
    (tmp_path / "w" / "ct_liver.npz").write_bytes(b"no archive")
    with pytest.raises(BadInput, match="expected shapes"):
        load_ct(tmp_path / "w")


def test_too_few_damaged_and_missing_are_one_line(data, tmp_path):
    with pytest.raises(BadInput, match=r"at least 10 liver_meshes.* got 0 and 0"):
        train_ct(tmp_path, tmp_path / "w")
    few = tmp_path / "few"
    (few / "kidney_masks").mkdir(parents=True)
    (few / "liver_meshes").symlink_to(data / "liver_meshes")
    for seed in range(10):
        path = few / "kidney_masks" / f"case_{seed}.npz"
        np.savez(path, mask=kidneys(seed, (60,)), spacing=[MM] * 3)
    with pytest.raises(BadInput, match="got 10 and 0"):
        organ_shapes(few)
    np.savez(tmp_path / "odd.npz", label=np.zeros((3, 3, 3)))
    with pytest.raises(BadInput, match=r"odd\.npz: expected mask \(or label\) and spacing"):
        kidney_pair(tmp_path / "odd.npz")
    np.savez(tmp_path / "none.npz", mask=0 * kidneys(0), spacing=[MM] * 3)
    with pytest.raises(BadInput, match=r"^none\.npz: expected kidneys in the mask, got an empty"):
        kidney_pair(tmp_path / "none.npz")
    with pytest.raises(BadInput, match=r"ct\.onnx and ct_liver\.npz.* do not ship: make it with"):
        load_ct(tmp_path)
    assert "`corporis train organ --organ ct --data FOLDER -o WEIGHTS`" in how_to_make("ct")
    assert not (tmp_path / "w").exists()
