"""What ``corporis train`` offers, and what it says where it cannot."""

import pytest

from corporis.cli import main


def leave(*words):
    with pytest.raises(SystemExit) as leaving:
        main(list(map(str, words)))
    return leaving.value.code


@pytest.mark.parametrize("study", ["heart", "nuclei", "organ"])
def test_every_training_has_help_with_an_example(study, capsys):
    assert leave("train", study, "--help") == 0
    assert f"corporis train {study} " in capsys.readouterr().out


@pytest.mark.parametrize("study", ["heart", "nuclei", "organ"])
def test_a_folder_without_data_is_named_and_nothing_is_left(study, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    code = leave("train", study, "--data", tmp_path / "empty", "-o", tmp_path / "out")
    said = [x for x in capsys.readouterr().err.splitlines() if x.startswith("corporis:")]
    assert code == 2 and len(said) == 1 and "empty" in said[0]
    assert not (tmp_path / "out").exists()


def test_organs_that_cannot_be_trained_are_refused(tmp_path, capsys):
    words = ("train", "organ", "--organ", "spleen", "--data", tmp_path, "-o", tmp_path / "out")
    assert leave(*words) == 2
    assert "expected chest, hippocampus or ct, got 'spleen'" in capsys.readouterr().err


def test_ct_names_the_shapes_it_needs_and_keeps_no_radiographs(tmp_path, capsys):
    words = ("train", "organ", "--organ", "ct", "--data", tmp_path, "-o", tmp_path / "out")
    assert leave(*words) == 2
    assert "liver_meshes/*.npz and pairs of kidney_masks/*.npz" in capsys.readouterr().err
    assert leave(*words, "--replay", 3) == 2
    assert "--replay: expected with --organ chest" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
