"""The command line: what is said, where, and with which exit code."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import corporis
from corporis.cli import main
from corporis.errors import BadInput, CorporisError, NotFound, OutputError


def leave(*arguments: str) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in arguments])
    return int(leaving.value.code or 0)


@pytest.fixture
def volume(tmp_path) -> Path:
    """A small NIfTI file with 2 mm voxels."""
    import nibabel

    path = tmp_path / "volume.nii.gz"
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nibabel.save(nibabel.Nifti1Image(data, np.diag([2.0, 2.0, 2.0, 1.0])), path)
    return path


def raising(error):
    """A stand-in for the reader that fails."""

    def read(*_, **__):
        raise error

    return read


def test_version(capsys):
    assert leave("--version") == 0
    assert leave("version") == 0
    assert capsys.readouterr().out == f"corporis {corporis.__version__}\n" * 2


@pytest.mark.parametrize(
    "command",
    [[], ["heart"], ["mri"], ["demo"], ["info"], ["train"], ["nuclei"], ["organ"], ["repair"]],
)
def test_help_has_an_example(command, capsys):
    assert leave(*command, "--help") == 0
    assert "corporis" in capsys.readouterr().out


def test_help_lists_every_command(capsys):
    assert leave("-h") == 0
    out = capsys.readouterr().out
    assert all(
        word in out
        for word in ("heart", "mri", "demo", "info", "train", "version", "device", "nuclei")
    )


def test_info_says_what_is_there(volume, capsys):
    assert leave("info", volume) == 0
    out = capsys.readouterr().out
    assert "NIfTI" in out and "pixel 2 x 2 mm" in out and "int16" in out


@pytest.mark.parametrize("command", [["info"], ["heart", "-o", "OUT"], ["mri", "-o", "OUT"]])
def test_bad_input_is_one_line_and_exit_code_2(command, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    words = tmp_path / "words.txt"
    words.write_text("not an image")
    out = tmp_path / "out"
    command = [str(out) if word == "OUT" else word for word in command]
    for bad in (empty, words, tmp_path / "nowhere"):
        assert leave(*command, bad) == 2
        said = capsys.readouterr()
        last = said.err.splitlines()[-1]
        assert last.startswith("corporis: error: ") and bad.name in last
        assert not said.out
        assert not out.exists()


def test_wrong_usage_is_exit_code_2(capsys):
    assert leave("heart") == 2
    assert leave("hart", "somewhere") == 2
    assert leave("info", "--nothing") == 2
    assert leave("mri", "scan.npy", "-o", "out", "--coils", "many") == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4 and all(line.startswith("corporis: error: ") for line in said)
    assert "see corporis heart --help" in said[0] and "--coils" in said[3]


def test_no_words_at_all_show_the_help(capsys):
    assert leave() == 2
    said = capsys.readouterr()
    assert "heart" in said.out + said.err and "corporis:" not in said.err


@pytest.mark.parametrize(
    "error", [OSError(36, "File name too long", "a" * 300), OSError(28, "Full")]
)
def test_what_the_file_system_refuses_is_bad_input(error, monkeypatch, capsys):
    monkeypatch.setattr("corporis.imaging.read", raising(error))
    assert leave("info", "study") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("corporis: error: ") and len(line) < 200


@pytest.mark.parametrize("error", [BadInput, NotFound, OutputError, CorporisError])
def test_errors_of_ours_keep_their_exit_code(error, monkeypatch, capsys):
    monkeypatch.setattr("corporis.imaging.read", raising(error("a\nb")))
    assert leave("info", "study") == error.exit_code
    assert capsys.readouterr().err == "corporis: error: a b\n"


def test_interruption_is_said_and_exit_code_130(monkeypatch, capsys):
    monkeypatch.setattr("corporis.imaging.read", raising(KeyboardInterrupt()))
    assert leave("info", "study") == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("corporis: interrupted")


@pytest.mark.parametrize(("before", "code"), [("SIG_DFL", 130), ("SIG_IGN", 0)])
def test_a_closed_terminal_is_an_interruption_unless_it_is_ignored(before, code):
    program = (
        "import os, signal, sys, corporis.imaging as i; from corporis.cli import main; "
        f"signal.signal(signal.SIGHUP, signal.{before}); i.describe = lambda case: [('a', 'b')]; "
        "i.read = lambda *_, **__: os.kill(os.getpid(), signal.SIGHUP); "
        "sys.argv[1:] = ['info', 'x']; main()"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == code
    assert ("interrupted; nothing half-written" in run.stderr) == (code == 130)


def test_a_defect_is_one_line_unless_asked(monkeypatch, capsys):
    monkeypatch.setattr("corporis.imaging.read", raising(ZeroDivisionError("by zero")))
    assert leave("info", "study") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError: by zero" in line and "--debug" in line


@pytest.mark.parametrize("words", [["--debug", "info", "study"], ["info", "study", "--debug"]])
def test_debug_shows_the_traceback(words, monkeypatch):
    monkeypatch.setattr("corporis.imaging.read", raising(ZeroDivisionError("by zero")))
    with pytest.raises(ZeroDivisionError):
        main(words)


def test_as_a_program(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "corporis", "info", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1 and "Traceback" not in run.stderr
