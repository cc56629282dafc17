"""Training: patients read and dealt out, nobody measured by what has seen them, and determinism."""

import csv
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid
from corporis.apps.heart_shape import Border, PixelEvidence, Rigidity, ShapePrior
from corporis.apps.heart_shape.evidence import RIGHT_FILE
from corporis.apps.heart_shape.measure import ejection_fraction, find_phases, volume_curve
from corporis.apps.heart_shape.polar import CAVITY
from corporis.apps.heart_shape.training import Example, Schedule
from corporis.cohorts import examples as learned_from
from corporis.cohorts import training
from corporis.cohorts.contoured import DISPLACED, contoured_patients, moved
from corporis.cohorts.examples import examples, virtual_examples, weighted
from corporis.cohorts.gallery import Gallery, drawn_maps, outline_contoured, plain_stack
from corporis.cohorts.training import (
    N_FOLDS,
    Trained,
    folds,
    train_beside,
    train_folds,
    train_networks,
)
from corporis.errors import BadInput, NotFound

HEART = Ellipsoid(squeeze=(1.0, 0.4))
SIDE = 56


def masks(heart=HEART, n_slices=6, centre=(27, 28)):
    """Expert's cavities (n_slices, 2, rows, columns), and images that show them."""
    inner, outer = heart.radii(4 + 10 * np.arange(n_slices))
    away = np.hypot(*(np.indices((SIDE, SIDE)) - np.array(centre)[:, None, None])) * 2.0
    cavity = away < inner[..., None, None]
    whole = away < outer[..., None, None]
    return cavity, np.where(cavity, 200, np.where(whole, 80, 30)).astype(np.uint8)


def write_patient(path, *, es_slices=slice(None), heart=HEART):
    """A file in the layout of the Sunnybrook set."""
    cavity, image = masks(heart)
    number = np.arange(1, 7)
    np.savez(
        path,
        ed_image=image[:, 0],
        es_image=image[es_slices, 1],
        ed_endo=cavity[:, 0],
        es_endo=cavity[es_slices, 1],
        ed_slice=number,
        es_slice=number[es_slices],
    )


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Eleven patients of three groups and one displaced."""
    folder = tmp_path_factory.mktemp("patients")
    (folder / "more").mkdir()
    names = [f"SC-HF-I-0{k}" for k in range(1, 6)] + [f"SC-HYP-0{k}" for k in range(1, 4)]
    names += ["SC-N-02", "SC-N-05", DISPLACED[0]]
    for k, name in enumerate(names):
        heart = replace(HEART, radius=22.0 + k, squeeze=(1.0, 0.3 + 0.05 * k))
        write_patient((folder / "more" if k % 2 else folder) / f"{name}.npz", heart=heart)
    np.savez(folder / "other.npz", image=np.zeros((3, 3)))
    return contoured_patients(folder)


def test_patients_are_read_with_groups_masks_and_ejection_fraction(patients):
    assert len(patients) == 11
    groups = {p.name: p.group for p in patients}
    assert groups["SC-HF-I-02"] == "heart failure" and groups["SC-HYP-01"] == "hypertrophy"
    assert groups["SC-N-02"] == "normal"
    first = next(p for p in patients if p.name == "SC-HF-I-01")
    cavity, image = masks(replace(HEART, radius=22.0, squeeze=(1.0, 0.3)))
    np.testing.assert_array_equal(first.drawn, cavity)
    np.testing.assert_array_equal(first.stack.frames, image)
    # Contours count from 1: the masks belong one pixel further up and to the left.
    np.testing.assert_array_equal(first.cavity[..., :-1, :-1], cavity[..., 1:, 1:])
    assert first.cavity.sum() == cavity.sum()
    share = 100 * (1 - cavity[:, 1].sum() / cavity[:, 0].sum())
    assert first.ejection_fraction == pytest.approx(share)
    assert share == pytest.approx(70, abs=1)
    assert first.stack.length_unit == "pixel" and not first.stack.missing.any()


def test_slices_contoured_in_one_phase_only_count_there(tmp_path):
    write_patient(tmp_path / "plain.npz", es_slices=slice(0, 5))
    (patient,) = contoured_patients(tmp_path)
    assert patient.group == ""  # a name that tells no group
    assert patient.stack.missing.sum() == 1 and patient.stack.missing[5, 1]
    cavity, _ = masks()
    expected = 100 * (1 - cavity[:5, 1].sum() / cavity[:, 0].sum())
    assert patient.ejection_fraction == pytest.approx(expected)


def test_moved_masks_leave_nothing_behind():
    mask = np.arange(12).reshape(1, 3, 4)
    assert moved(mask, 1).tolist() == [[[0, 0, 0, 0], [0, 0, 1, 2], [0, 4, 5, 6]]]
    assert moved(mask, -1).tolist() == [[[5, 6, 7, 0], [9, 10, 11, 0], [0, 0, 0, 0]]]
    np.testing.assert_array_equal(moved(mask, 0), mask)


def test_a_folder_without_patients_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", image=np.zeros((3, 3)))
    with pytest.raises(BadInput, match="Sunnybrook") as refused:
        contoured_patients(tmp_path)
    assert str(tmp_path.parent) not in str(refused.value)


def test_folds_are_patient_wise_and_spread_the_groups(patients):
    for seed in range(4):
        parts = folds(patients, seed)
        assert len(parts) == N_FOLDS
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
        sizes = [len(p) for p in parts]
        assert max(sizes) - min(sizes) <= 1
        for group in {p.group for p in patients}:
            counts = [sum(patients[i].group == group for i in part) for part in parts]
            assert max(counts) - min(counts) <= 1
    again, other = folds(patients, 3), folds(patients, 4)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(parts, other, strict=True))
    assert [len(p) for p in folds(patients[:3])] == [1, 1, 1]


class Inline(Executor):
    """Runs at once, in this process."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        future.set_result(function(*args, **kwargs))
        return future


@dataclass(frozen=True)
class Taught:
    """In place of networks: the hearts that they would have been trained on."""

    hearts: list
    right: list | None = None


@pytest.fixture
def trained(patients, monkeypatch):
    """A training that remembers which hearts it was given instead of learning from them."""
    tiny = (np.ones((2, 2, 8, 8), np.float32), np.zeros((2, 2, 8, 8), np.int8))
    monkeypatch.setattr(learned_from, "virtual_hearts", lambda n, *_: [tiny] * n)
    monkeypatch.setattr(training, "train_networks", lambda hearts, *_: Taught(hearts))
    monkeypatch.setattr(training, "train_beside", lambda hearts, *_: hearts)
    monkeypatch.setattr(training, "train_locator", lambda hearts, **_: "locator")
    said = []
    found = train_folds(
        patients,
        n_virtual=2,
        executor=Inline(),
        progress=lambda text, share: said.append((text, share)),
    )
    assert said[-1][1] == 1.0 and len(said) == N_FOLDS + 3
    return found


def stacks_in(hearts):
    return {heart.images.tobytes() for heart in hearts}


def test_nobody_is_measured_by_networks_that_saw_them(patients, trained):
    kept = [p for p in patients if p.name not in DISPLACED]
    own = {p.name: p.stack.frames.tobytes() for p in patients}
    assert set(trained.fold_of) == set(trained.members) == {p.name for p in kept}
    for patient in kept:
        seen = stacks_in(trained.fold_of[patient.name].hearts)
        members = trained.members[patient.name]
        assert patient.name in members
        for other in kept:
            assert (own[other.name] in seen) == (other.name not in members)
    # the networks for use have seen everybody but the displaced
    everybody = stacks_in(trained.evidence.hearts)
    assert {own[p.name] for p in kept} <= everybody
    for name in DISPLACED:
        assert own[name] not in everybody
        assert all(own[name] not in stacks_in(h.hearts) for h in trained.fold_of.values())
    # virtual hearts teach the blood's border, and not the experts'
    shares = [
        sum(h.weight for h in taught.hearts if h.border is Border.BLOOD)
        for taught in (trained.evidence, trained.blood, *trained.fold_of.values())
    ]
    assert shares[1] == pytest.approx(500) and not any(shares[:1] + shares[2:])
    # the right cavity's network serves both borders, and no fold: it has seen everybody
    assert trained.evidence.right is trained.blood.right and everybody <= stacks_in(
        trained.blood.right
    )
    assert not any(taught.right for taught in trained.fold_of.values())


def test_nobody_is_measured_with_a_dictionary_that_holds_them(patients, monkeypatch):
    bodies = {p.name: k for k, p in enumerate(patients)}
    asked = []
    monkeypatch.setattr(ShapePrior, "of", lambda kept: tuple(kept))
    monkeypatch.setattr(
        training,
        "outline_contoured",
        lambda stack, maps, prior: asked.append((maps, prior)) or (stack, maps),
    )
    monkeypatch.setattr(training, "heart_features", lambda stack, found: {"ef": found[1]})
    gallery = Gallery({n: k for n, k in bodies.items() if n not in DISPLACED}, ("v1", "v2"))
    kept = [p for p in patients if p.name not in DISPLACED]
    members = {p.name: (p.name, kept[(k + 1) % len(kept)].name) for k, p in enumerate(kept)}

    def unseeing(frames):
        raise NotFound("no left ventricle was found")

    evidence = {p.name: (lambda frames, name=p.name: name) for p in kept}
    lost = kept.pop(2)
    evidence[lost.name] = unseeing  # left out, and the others go on
    table, groups = training.out_of_fold_features(
        patients, Trained(None, None, evidence, members), gallery
    )
    assert groups == [p.group for p in kept]
    assert [row["ef"] for row in table] == [p.name for p in kept]
    for name, prior in asked:
        assert bodies[name] not in prior
        assert not {bodies[n] for n in members[name]} & set(prior)
        assert len(prior) == len(kept) + 1 - 2 + 2 and {"v1", "v2"} <= set(prior)


def test_patients_as_examples_know_the_cavity_only(patients):
    (example,) = examples(patients[:1])
    cavity = patients[0].cavity
    assert np.all(example.labels[cavity] == 1 << CAVITY)
    assert np.all(example.labels[~cavity] & (1 << CAVITY) == 0)
    missing = replace(patients[0].stack, missing=np.arange(12).reshape(6, 2) == 3)
    (example,) = examples([replace(patients[0], stack=missing)])
    assert np.all(example.labels[1, 1] == 15) and not np.any(example.labels[1, 0] == 15)


def test_virtual_examples_are_certain_and_weigh_what_they_shall_together(monkeypatch):
    drawn = []

    def sample(rng):
        drawn.append(rng.integers(1000))
        return np.ones((2, 2, 8, 8), np.float32), np.arange(256).reshape(2, 2, 8, 8) % 4

    monkeypatch.setattr(learned_from, "sample_training_heart", sample)
    found = virtual_examples(5, seed=1)
    assert len(found) == 5 and all(e.border is Border.BLOOD for e in found)
    assert sum(e.weight for e in weighted(found, 7)) == pytest.approx(7)
    assert set(np.unique(found[0].labels)) == {1, 2, 4, 8}
    first = drawn.copy()
    virtual_examples(5, seed=1)
    assert drawn[5:] == first and len(set(first)) == 5
    virtual_examples(5, seed=2)
    assert drawn[10:] != first


def test_drawn_masks_are_evidence_without_doubt():
    cavity, image = masks(centre=(24, 33))
    maps = drawn_maps(cavity)
    stack = plain_stack(image)
    assert maps.step == 1.0 and set(np.unique(maps.probability)) == {0.0, 1.0}
    np.testing.assert_allclose(maps.probability.sum(axis=2), 1)
    rows, columns = np.nonzero(maps.probability[0, 0, CAVITY])
    where = maps.origin[0] + np.stack([rows, columns], axis=1)
    np.testing.assert_array_equal(where, np.argwhere(cavity[0, 0]))
    body = outline_contoured(stack, maps).body
    curve = volume_curve(body.cavity, body.grid, body.frame, body.ends, 1.0)
    drawn = cavity.sum(axis=(0, 2, 3))
    np.testing.assert_allclose(curve.volume, drawn, rtol=0.06)
    assert body.ends.base[0] == pytest.approx(-0.5)
    value, _ = ejection_fraction(curve, find_phases(curve.volume))
    assert value == pytest.approx(60, abs=1.5)


def test_a_plain_stack_is_in_pixels_and_slices():
    stack = plain_stack(np.zeros((4, 2, 10, 12)))
    np.testing.assert_allclose(stack.world(2, 3.0, 5.0), [5, 3, 2])
    assert stack.pixel == (1, 1) and stack.length_unit == "pixel"
    np.testing.assert_allclose(stack.phases[0], [0, 0.5])


def test_a_gallery_holds_all_but_the_displaced(patients):
    some = [p for p in patients if p.name in (*DISPLACED, "SC-HF-I-01")]
    (body,) = Gallery.of(some, n_virtual=0).patients.values()
    assert len(some) == 2
    gallery = Gallery({"SC-HF-I-01": body, "SC-N-02": HEART.body()}, (HEART.body(),))
    assert len(gallery.prior().hearts) == 3
    without = gallery.prior(["SC-N-02"]).hearts
    np.testing.assert_array_equal(without, ShapePrior.of([body, HEART.body()]).hearts)


def test_features_of_a_drawn_heart(patients):
    maps = drawn_maps(patients[0].cavity)
    found = outline_contoured(patients[0].stack, maps, rigidity=Rigidity(lone=3.0))
    features = training.heart_features(patients[0].stack, found)
    drawn = patients[0].ejection_fraction
    assert features["ejection_fraction_percent"] == pytest.approx(drawn, abs=3)
    assert np.isnan(features["segment_thickening_percent"]).all()  # nobody drew the right one


def test_an_interrupted_training_of_the_right_cavity_goes_on(monkeypatch, tmp_path):
    asked = []

    def train(hearts, *, seed, schedule):
        asked.append(seed)
        return PixelEvidence.load().segmenter

    monkeypatch.setattr(training, "train_right", train)
    first, again = (train_beside([], 5, None, tmp_path) for _ in range(2))
    assert first == again and asked == [5]
    assert (tmp_path / "all" / RIGHT_FILE).is_file()
    train_beside([], 6, None)
    assert asked == [5, 6]


def test_an_interrupted_training_goes_on(monkeypatch, tmp_path):
    asked = []

    def train(hearts, *, border, locator, seed, schedule):
        asked.append(seed)
        return PixelEvidence.load(border=border)

    monkeypatch.setattr(training, "train", train)
    first = train_networks([], 5, None, tmp_path / "fold_0")
    again = train_networks([], 5, None, tmp_path / "fold_0")
    assert asked == [5] and first == again
    train_networks([], 6, None, tmp_path / "fold_1")
    train_networks([], 7)
    assert asked == [5, 6, 7]
    # the two borders of one folder do not stand for each other
    train_networks([], 8, None, tmp_path / "fold_0", Border.BLOOD)
    assert asked == [5, 6, 7, 8]


def test_a_schedule_and_a_seed_are_one_training():
    """Tiny, but the same to the last byte; another seed gives other networks."""
    cavity, image = masks(n_slices=3)
    labels = np.where(cavity, 2, 13).astype(np.uint8)
    hearts = [Example(image, labels)]
    short = Schedule(locator_steps=1, segmenter_steps=1, batch_size=2)
    first, again, other = (train_networks(hearts, seed, short) for seed in (3, 3, 4))
    assert first == again
    assert first.locator != other.locator and first.segmenter != other.segmenter
    seen = first.locator(np.zeros((1, 3, 96, 96), np.float32))
    np.testing.assert_allclose(seen.sum(axis=1), 1, atol=1e-5)


def test_the_sunnybrook_patients(data_dir):
    folder = data_dir / "cardiac" / "sunnybrook"
    patients = contoured_patients(folder)
    with (folder / "patients.csv").open(newline="") as stream:
        rows = {r["patient"]: r for r in csv.DictReader(stream)}
    assert {p.name for p in patients} == set(rows) and len(patients) == 30
    names = {"HF-I": "heart failure", "HF-NI": "heart failure", "HYP": "hypertrophy", "N": "normal"}
    for patient in patients:
        row = rows[patient.name]
        assert patient.group == names[row["group"]]
        share = float(row["ef_from_contours"])
        assert patient.ejection_fraction == pytest.approx(100 * share, abs=0.01)
        present = ~patient.stack.missing
        assert present.sum(axis=0).tolist() == [int(row["n_ed_slices"]), int(row["n_es_slices"])]
    kept = [p for p in patients if p.name not in DISPLACED]
    parts = folds(kept)
    assert sorted(len(p) for p in parts) == [5, 6, 6, 6, 6]
    for part in parts:
        assert {kept[i].group for i in part} == set(names.values())
