"""``corporis slides``: a walk from a folder to a contact sheet; one line for what is wrong."""

import numpy as np
import pytest
from PIL import Image

from apps.histopathology.stained import region
from apps.histopathology.tiny_encoder import tiny_encoder
from cohorts.test_slides import write_folder
from test_cli import leave


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("slides")
    write_folder(root / "cases")
    image, _ = region(True, 90, (130, 170))
    Image.fromarray(image).save(root / "new.png")
    return root


def test_a_walk_through_all_commands(root, capsys):
    index, new = root / "cases.index", root / "new.png"
    assert leave("slides", "index", root / "cases", "-o", index, "--um-per-px", "1.24") == 0
    assert "8 cases added, 8 held" in capsys.readouterr().out
    given = ("slides", "search", new, "--index", index, "-o", root / "out")
    assert leave(*given, "--region", "0,0,150,120", "--cases", "3", "--name", "case 7") == 0
    out = capsys.readouterr().out
    assert "vote: malignant" in out and out.count("case") >= 4
    assert "Cases alike: case 7" in (root / "out" / "report.html").read_text()
    assert leave(*given, "--hide-labels") == 0
    assert "malignant" not in capsys.readouterr().out
    assert leave("slides", "add", new, "--index", index, "--label", "malignant") == 0
    assert "9 cases held" in capsys.readouterr().out
    assert leave("slides", "list", "--index", index, "--where", "organ=colon") == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert leave("slides", "delete", "new", "--index", index) == 0
    assert "8 cases held" in capsys.readouterr().out
    assert leave("slides", "examples", "benign", "--index", index, "-o", root / "ten") == 0
    assert "4 cases" in capsys.readouterr().out


def test_what_is_like_nothing_known_is_said(tmp_path, capsys):
    index = tmp_path / "cases.index"
    write_folder(tmp_path / "cases", 24)
    assert leave("slides", "index", tmp_path / "cases", "-o", index, "--um-per-px", "1.24") == 0
    odd = np.random.default_rng(0).integers(0, 255, (130, 170, 3), np.uint8)
    Image.fromarray(odd).save(tmp_path / "odd.png")
    given = ("--index", index, "-o", tmp_path / "far")
    assert leave("slides", "search", tmp_path / "odd.png", *given) == 0
    assert "nothing alike was found" in capsys.readouterr().out


def test_an_encoder_is_stated_kept_and_used(tmp_path, capsys):
    write_folder(tmp_path / "cases", 8)
    (tmp_path / "e.onnx").write_bytes(tiny_encoder())
    index = tmp_path / "cases.index"
    given = ("slides", "index", tmp_path / "cases", "-o", index, "--um-per-px", "1.24")
    assert leave(*given, "--encoder", tmp_path / "e.onnx") == 0
    out = capsys.readouterr().out
    assert "views of 139 um as 32 x 32 pixels (4.34 um/px)" in out and "8 cases added" in out
    (tmp_path / "e.onnx").write_bytes(tiny_encoder(n_features=5))
    assert leave(*given, "--encoder", tmp_path / "e.onnx") == 2
    assert "made with another encoder" in capsys.readouterr().err
    (tmp_path / "e.onnx").unlink()
    case = tmp_path / "cases" / "case5.png"
    assert leave("slides", "search", case, "--index", index, "-o", tmp_path / "out") == 0
    assert "vote: malignant" in capsys.readouterr().out
    assert "encoder: f" not in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("search", "new.png", "--index", "none", "-o", "o"), "none: no such index"),
        (("search", "absent.png", "--index", "none", "-o", "o"), "none: no such index"),
        (("index", ".", "-o", "i"), "no labels.csv there"),
        (("index", "cases", "-o", "i2"), "does not say its scale: give --um-per-px"),
        (("index", "cases", "-o", "i", "--weights", "cases"), "no glands.onnx there"),
        (("index", "cases", "-o", "i", "--encoder", "no.onnx"), "no.onnx does not exist"),
        (("index", "cases", "-o", "i", "--encoder", "new.png"), "expected an ONNX graph"),
        (
            ("index", "cases", "-o", "i", "--encoder", "new.png", "--encoder-mean", "1,2"),
            "--encoder-mean: expected three numbers, red,green,blue, got 1,2",
        ),
        (("search", "new.png", "--index", "new.png", "-o", "o"), "not an index that can be read"),
        (("search", "new.png", "--index", "x", "-o", "o", "--region", "1,2"), "expected x,y"),
        (("delete", "a", "--index", "none"), "none: no such index"),
        (("train", "--data", ".", "--um-per-px", "1", "-o", "w"), "no labels.csv there"),
    ],
)
def test_what_is_wrong_is_one_line(words, said, root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    assert leave("slides", *words) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("corporis:")]
    assert len(lines) == 1 and said in lines[0] and "Traceback" not in captured.err
    assert not (root / "o").exists() and not (root / "w").exists()
