"""Output appears complete or not at all."""

import json

import pytest

from corporis.errors import OutputError
from corporis.imaging.output import LIST, OutputFolder, atomic_path, write_bytes


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def run(path, **files):
    with OutputFolder(path) as folder:
        for name, text in files.items():
            target = folder / name.replace("__", "/")
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_file_leaves_the_old_one(tmp_path, error):
    path = write_bytes(tmp_path / "a.txt", b"old")
    with pytest.raises(error), atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_run_leaves_nothing(tmp_path, error):
    with pytest.raises(error), OutputFolder(tmp_path / "deep" / "out") as folder:
        (folder / "half.json").write_text("{")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_interrupted_second_run_changes_nothing(tmp_path):
    run(tmp_path / "out", a="1")
    with pytest.raises(KeyboardInterrupt), OutputFolder(tmp_path / "out") as folder:
        (folder / "a").write_text("2")
        raise KeyboardInterrupt
    assert (tmp_path / "out" / "a").read_text() == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_second_run_replaces_only_our_files(tmp_path):
    out = tmp_path / "out"
    run(out, a="1", b="1", meshes__x="1")
    (out / "notes.txt").write_text("mine")
    run(out, a="2", c="2")
    assert names(out) == [LIST, "a", "c", "notes.txt"]
    assert (out / "a").read_text() == "2"
    assert (out / "notes.txt").read_text() == "mine"
    assert json.loads((out / LIST).read_text()) == ["a", "c"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_foreign_files_are_never_replaced(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        run(out, **{"report.html": "ours"})
    (out / "report.html").unlink()
    run(out, a="1")
    (out / "b").write_text("mine")
    with pytest.raises(OutputError, match="would be replaced"):
        run(out, a="2", b="2")
    assert (out / "a").read_text() == "1"
    assert (out / "b").read_text() == "mine"


def test_list_that_leads_elsewhere_is_not_believed(tmp_path):
    out = tmp_path / "out"
    run(out, a="1")
    (tmp_path / "precious").write_text("keep")
    (out / LIST).write_text('["a", "../precious", 7]')
    run(out, c="2")
    assert (tmp_path / "precious").read_text() == "keep"
    assert names(out) == [LIST, "c"]


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for bad in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match="file"):
            run(bad, a="1")
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "a.txt", b"")
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path, b"a folder is there")
    assert names(tmp_path) == ["file"]
