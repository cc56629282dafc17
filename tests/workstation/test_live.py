"""The command of the chain inside the scan: what it leaves, and what it refuses."""

import json

import nibabel
import numpy as np
import pytest

from corporis.cli import main
from corporis.errors import Unsupported
from corporis.phantoms import PlaneWaveCoils
from corporis.phantoms.beating_kspace import BeatingKSpace
from corporis.phantoms.scanner import Scanner
from corporis.workstation.live import run_live


def written(folder, n_coils=1, n_frames=3):
    """k-space (frame, coil, row, column) in a file."""
    uniform = PlaneWaveCoils(np.zeros((1, 2)), np.ones((n_coils, 1)))
    scanner = Scanner(side=96, pixel_mm=3.0, n_frames=n_frames, snr=30)
    frames = BeatingKSpace(scanner=scanner, coils=uniform).frames()
    np.save(folder / "cine.npy", np.stack([f.data for f in frames]))
    return folder / "cine.npy"


def test_outlines_motion_and_latency_of_every_frame_are_left(tmp_path):
    seen = []
    source, out = written(tmp_path), tmp_path / "out"
    found = run_live(source, out, progress=lambda text, _: seen.append(text))
    assert sum(" ms" in text for text in seen) == 3
    labels = nibabel.load(out / "outlines.nii.gz").get_fdata()
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    assert (out / "motion_down.nii.gz").is_file() and (out / "motion_across.nii.gz").is_file()
    content = json.loads((out / "report.json").read_text())
    assert len(content["seconds"]) == len(found.moments) == 3
    assert content["warnings"] == []
    page = (out / "report.html").read_text()
    assert "Left cavity" in page and "Over the beat" in page and "latency" in page


def test_other_scans_are_refused_in_one_line(tmp_path, capsys):
    with pytest.raises(Unsupported, match=r"one slice and one coil, got 3 frames, 2 coils"):
        run_live(written(tmp_path, n_coils=2), tmp_path / "out")
    with pytest.raises(SystemExit) as leaving:
        main(["live", str(written(tmp_path, n_frames=1)), "-o", str(tmp_path / "out")])
    assert leaving.value.code == 2
    assert "expected frames of one slice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("shape", "silent", "words"),
    [
        ((3, 1, 3, 9), None, r"at least 8 rows and columns, got \(3, 9\)"),
        ((3, 1, 16, 16), 1, "samples in every frame, got none in frame 2"),
    ],
)
def test_too_small_or_silent_frames_are_refused(tmp_path, shape, silent, words):
    rng = np.random.default_rng(0)
    data = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    if silent is not None:
        data[silent] = 0
    np.save(tmp_path / "k.npy", data)
    with pytest.raises(Unsupported, match=words):
        run_live(tmp_path / "k.npy", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_heart_is_doubted(tmp_path, data_dir):
    out = tmp_path / "out"
    source = data_dir / "kspace" / "aorta_velocity_kspace_11frames.mat"
    found = run_live(source, out)
    (warning,) = found.result.warnings
    assert "this may be no short-axis view of a heart" in warning
    assert warning in (out / "report.html").read_text()
