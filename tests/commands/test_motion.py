"""``corporis motion``: a walk, and one line for what is wrong."""

import numpy as np
import pytest

from corporis.imaging import Image, write_nifti
from corporis.phantoms import TaggedWall
from test_cli import leave


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("motion")
    wall = TaggedWall(n_frames=10)
    affine = np.diag([8.0, 1.5, 1.5, 1.0])
    axes = ("slice", "time", "row", "column")
    write_nifti(Image(wall.images(20.0)[None], axes, affine, times_ms=wall.times_ms),
                root / "wall.nii.gz")  # fmt: skip
    np.savez(root / "zero.npz", displacement_px=np.zeros((2, 9, 9, 5)))
    np.savez(root / "flat.npz", mid_tagged=np.random.default_rng(0).random((5, 40, 40)))
    return root


def test_a_tagged_series_with_its_wall(root, capsys):
    given = ("--wall", "31.5,31.5,16.7,23.3", "--insertion", "12,20", "--level", "mid")
    assert leave("motion", root / "wall.nii.gz", "-o", root / "out", *given) == 0
    assert "report:" in capsys.readouterr().out
    page = (root / "out" / "report.html").read_text()
    assert "segment 7, anterior" in page and "7 anterior" in page
    assert "Tagged images" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wall.nii.gz",), "got no mask, contour or landmark in the file: give --wall"),
        (("wall.nii.gz", "--wall", "1,2,3"), "--wall: expected ROW,COLUMN,INNER,OUTER in pixels"),
        (("wall.nii.gz", "--wall", "5,5,9,16"), "does not lie in the image of 64 x 64 pixels"),
        (("wall.nii.gz", "--level", "top"), "a level is one of basal, mid, apical"),
        (("wall.nii.gz", "--infarct", "7"), "--infarct is for the virtual patient"),
        (("zero.npz",), "expected displacements, got zeros"),
        (("flat.npz", "--wall", "20,20,8,13"), "flat.npz: mid: no tags between"),
        (("absent.npz",), "does not exist: check the path"),
        (("wall.nii.gz", "--snr", "20"), "--snr is for the virtual patient"),
        (("wall.nii.gz", "--frame-ms", "0"), "--frame-ms: the time between frames must be > 0"),
        (("virtual", "--level", "mid"), "--level is not for the virtual patient"),
        (("virtual", "--name", "a"), "--name is not for the virtual patient"),
        (("virtual", "--shift", "inf"), "--shift"),
        (("virtual", "--snr", "inf"), "--snr"),
        (("virtual", "--infarct", "17"), "--infarct: expected segments 1 to 16"),
    ],
)
def test_what_is_wrong_is_one_line(words, said, root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    assert leave("motion", *words, "-o", "o") == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("corporis:")]
    assert len(lines) == 1 and said in lines[0] and "Traceback" not in captured.err
    assert not (root / "o").exists()
