"""What a repair has learned is kept, used again, and learned anew where the shapes changed."""

import numpy as np
import pytest

from apps.organs.test_repair import SPACING, damaged, organ
from corporis.cohorts import kept_repair
from corporis.cohorts.kept_repair import fingerprint, known_repair
from corporis.errors import BadInput


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    for seed in range(12):
        np.savez(folder / f"{seed}.npz", mask=organ(seed), spacing=np.array(SPACING))
    return folder


@pytest.fixture(scope="module")
def first(sound):
    model = sound.parent / f"{sound.name}.npz"
    return model, known_repair(sound, model, "bean")


@pytest.fixture
def no_learning(monkeypatch):
    monkeypatch.setattr(kept_repair, "learn_repair", lambda *_: pytest.fail("learned again"))


def test_the_second_time_nothing_is_learned_and_all_is_as_before(sound, first, no_learning):
    model, (learned, said) = first
    assert said.endswith("learned from 12 shapes and kept")
    seen = damaged(organ(300), 5, is_added=True)
    before = learned.model.repair(seen, SPACING)
    for shapes in (sound, None):
        again, said = known_repair(shapes, model, "bean")
        assert said.endswith("knows 12 shapes") and again.notes == learned.notes
        after = again.model.repair(seen, SPACING)
        for name in ("mask", "overruled", "expected_mm", "chance"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert (after.misfit, after.size_deviation) == (before.misfit, before.size_deviation)


def test_changed_shapes_are_learned_anew(sound, first, monkeypatch):
    model, (learned, _) = first
    old, content = model.read_bytes(), (sound / "3.npz").read_bytes()
    digest = fingerprint(sound)
    monkeypatch.setattr(kept_repair, "learn_repair", lambda *_: learned)
    try:
        np.savez(sound / "3.npz", mask=organ(99), spacing=np.array(SPACING))
        assert fingerprint(sound) != digest
        said = known_repair(sound, model, "bean").said
        assert "the shapes have changed, learned anew from 12" in said
        assert known_repair(sound, model, "bean").said.endswith("knows 12 shapes")
        monkeypatch.setattr(kept_repair, "VERSION", kept_repair.VERSION + 1)
        assert "of another version, learned anew" in known_repair(sound, model, "bean").said
    finally:
        model.write_bytes(old)
        (sound / "3.npz").write_bytes(content)


def test_what_is_no_such_model_is_refused_and_left_alone(sound, first, tmp_path, no_learning):
    model, _ = first
    with pytest.raises(BadInput, match="knows a bean, got --organ kidney"):
        known_repair(sound, model, "kidney")
    with pytest.raises(BadInput, match="expected --shapes FOLDER to learn from, or --model"):
        known_repair(None, None, "bean")
    with pytest.raises(BadInput, match=r"none\.npz: expected a model, got no file"):
        known_repair(None, tmp_path / "none.npz", "bean")
    (tmp_path / "other.npz").write_bytes(b"a letter")
    with pytest.raises(BadInput, match=r"other\.npz: expected what `corporis repair --model`"):
        known_repair(sound, tmp_path / "other.npz", "bean")
    assert (tmp_path / "other.npz").read_bytes() == b"a letter"
    with np.load(model) as held:
        kept = {name: held[name] for name in held.files if name != "fields"}
    np.savez(tmp_path / "less.npz", **kept)
    with pytest.raises(BadInput, match=r"less\.npz: expected what `corporis repair --model`"):
        known_repair(None, tmp_path / "less.npz", "bean")
    with np.load(model) as held:
        spoilt = {name: held[name].copy() for name in held.files}
    for name in ("fields", "columns"):
        content = spoilt[name].copy()
        spoilt[name][0, 0] = np.nan
        np.savez(tmp_path / "nan.npz", **spoilt)
        with pytest.raises(BadInput, match=r"nan\.npz: expected what `corporis repair --model`"):
            known_repair(None, tmp_path / "nan.npz", "bean")
        spoilt[name] = content
    np.savez(tmp_path / "none.npz", **{**spoilt, "usual": np.array(0.0)})
    with pytest.raises(BadInput, match=r"none\.npz: expected what `corporis repair --model`"):
        known_repair(None, tmp_path / "none.npz", "bean")
    kept["version"] = np.array(kept_repair.VERSION + 1)
    np.savez(tmp_path / "later.npz", **kept)
    with pytest.raises(BadInput, match="another version of corporis: give --shapes"):
        known_repair(None, tmp_path / "later.npz", "bean")


def test_an_interrupted_learning_leaves_no_model(sound, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_repair, "learn_repair", interrupted)
    with pytest.raises(KeyboardInterrupt):
        known_repair(sound, tmp_path / "m.npz", "bean")
    assert not list(tmp_path.iterdir())
