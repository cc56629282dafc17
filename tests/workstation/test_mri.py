"""`corporis mri`: what it leaves, what it says, and what it refuses."""

import json

import nibabel
import numpy as np
import pytest

from corporis.apps.mri import Method, Reconstruction
from corporis.cli import main
from corporis.errors import BadInput, Unsupported
from corporis.imaging import KSpace
from corporis.interfaces import Case
from corporis.phantoms import PlaneWaveCoils, beating_ellipses, shepp_logan
from corporis.workstation.mri import run_mri
from corporis.workstation.mri_page import render_mri_page
from corporis.workstation.mri_views import mri_page

SHAPE = (72, 64)


def leave(*words) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return leaving.value.code or 0


@pytest.fixture(scope="module")
def scan():
    """Analytic k-space of a head in four coils, with noise: (samples, mask, all samples' image)."""
    rng = np.random.default_rng(8)
    data = shepp_logan().kspace(SHAPE, PlaneWaveCoils.ring(4)).astype(np.complex64)
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(data, axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    truth = np.sqrt(np.sum(np.abs(images) ** 2, axis=0))
    level = 1e-3 * truth.max()
    data += level * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    mask = rng.random(SHAPE) < 0.4
    mask[24:48, 20:44] = True
    return (data * mask).astype(np.complex64), mask, truth


def test_files_report_and_error(scan, tmp_path, capsys):
    data, _, truth = scan
    np.save(tmp_path / "scan.npy", data)
    np.save(tmp_path / "truth.npy", truth)
    out = tmp_path / "out"
    words = ("mri", tmp_path / "scan.npy", "-o", out, "--reference", tmp_path / "truth.npy")
    assert leave(*words, "--name", "head-1") == 0
    assert "report:" in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert report["case"] == "head-1" and report["relative_error"] < 0.1
    assert report["planes"][0]["method"] == "patches"
    image = nibabel.load(out / "reconstruction.nii.gz").get_fdata().squeeze()
    assert sorted(image.shape) == sorted(SHAPE)
    page = (out / "report.html").read_text()
    assert "Reconstruction: head-1" in page and "Plug-and-play" in page
    assert str(tmp_path) not in page + json.dumps(report)


def test_a_convex_method_states_objective_and_gap(scan, tmp_path):
    data, _, _ = scan
    np.save(tmp_path / "scan.npy", data)
    words = ("mri", tmp_path / "scan.npy", "-o", tmp_path / "out", "--method", "tv")
    assert leave(*words, "--weight", "0.004", "--iterations", "60", "--noise-map") == 0
    factor = nibabel.load(tmp_path / "out" / "g_factor.nii.gz").get_fdata()
    assert 0.5 < np.median(factor[factor > 0]) < 5
    plane = json.loads((tmp_path / "out" / "report.json").read_text())["planes"][0]
    assert plane["weight"] == 0.004 and 0 <= plane["gap"] < 0.2
    assert "1/2 ||A x - b||^2 + 0.004 TV(x)" in plane["statement"]


def spoilt(scan, **parts):
    """The scan and its mask with something wrong."""
    data, mask, _ = scan
    return parts.get("data", lambda d: d)(data.copy()), parts.get("mask", lambda m: m)(mask)


@pytest.mark.parametrize(
    ("parts", "options", "message"),
    [
        ({"mask": lambda m: m[:-1]}, (), "mask"),
        ({"mask": lambda m: m * 0}, (), "mask"),
        ({"data": lambda d: d * np.array([1, 1, 0, 1])[:, None, None]}, (), "coil"),
        ({"data": lambda d: np.where(d == d[0, 30, 30], np.nan, d)}, (), "NaN"),
        ({"mask": lambda m: m & (np.arange(64) % 4 == 1)}, (), "calibration"),
        ({}, ("--method", "magic"), "patches"),
        ({}, ("--weight", "-1"), "--weight"),
        ({}, ("--sets", "3"), "--sets"),
        ({}, ("--coils", "9"), "n_coils"),
        ({}, ("--maps", "MAPS"), "maps"),
        ({}, ("--reference", "MASK"), "reference"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(scan, tmp_path, capsys, parts, options, message):
    data, mask = spoilt(scan, **parts)
    np.save(tmp_path / "scan.npy", data)
    np.save(tmp_path / "mask.npy", mask)
    np.save(tmp_path / "maps.npy", np.ones((4, 9, 9), np.complex64))
    np.save(tmp_path / "small.npy", np.ones((9, 9)))
    named = {"MAPS": tmp_path / "maps.npy", "MASK": tmp_path / "small.npy"}
    words = [named.get(word, word) for word in options]
    out = tmp_path / "out"
    code = leave("mri", tmp_path / "scan.npy", "-o", out, "--mask", tmp_path / "mask.npy", *words)
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("corporis:")]
    assert code == 2 and len(error) == 1 and message.lower() in error[0].lower()
    assert not (out / "report.html").exists()


@pytest.fixture(scope="module")
def series():
    """Six frames of beating ellipses in one coil, a new mask each, (samples, images)."""
    rng, frames, images = np.random.default_rng(2), [], []
    for phase in np.linspace(0, 0.4, 6):
        full = beating_ellipses(phase).kspace(SHAPE)
        images.append(np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(full), norm="ortho")))
        mask = rng.random(SHAPE) < 0.4
        mask[28:44, 24:40] = True
        frames.append(full * mask)
    return np.stack(frames).astype(np.complex64)[:, None], np.stack(images)


@pytest.mark.parametrize("method", ["causal", "low-rank", "joint"])
def test_planes_together(series, method, tmp_path):
    data, images = series
    axis = "contrast" if method == "joint" else "frame"
    kspace = KSpace(data, (axis, "coil", "row", "column"), mask=data[:, 0] != 0)
    report = Reconstruction(method)(Case("beat", {"kspace": kspace}))
    found = np.asarray(report.images["reconstruction"].data)
    zero_filled = np.stack([np.abs(e.image(e.start())) for e in report.facts["encodings"]])
    truth = np.abs(images)
    assert np.linalg.norm(found - truth) < 0.7 * np.linalg.norm(zero_filled - truth)
    page = render_mri_page(mri_page("beat", kspace, report, {}))
    assert ("contrast 6" if method == "joint" else "frame 6") in page.lower()


def test_methods_that_join_want_planes_and_say_which_take_coils(scan, series):
    data, mask, _ = scan
    coils = KSpace(np.stack([data, data]), ("frame", "coil", "row", "column"))
    for kspace, message in (
        (KSpace(data, ("coil", "row", "column"), mask=mask), "axis frame"),
        (coils, "got several: use low-rank"),
    ):
        with pytest.raises(Unsupported, match=message):
            Reconstruction("causal")(Case("a", {"kspace": kspace}))


def test_velocity_is_written_and_shown(tmp_path, data_dir):
    source = data_dir / "kspace" / "aorta_velocity_kspace_11frames.mat"
    words = ("mri", source, "-o", tmp_path / "out", "--method", "zero-fill")
    assert leave(*words, "--rad-s-per-cm", "1.0992") == 0
    found = nibabel.load(tmp_path / "out" / "velocity.nii.gz").get_fdata()
    assert np.isfinite(found).all() and np.abs(found).max() > 0.5
    measures = json.loads((tmp_path / "out" / "report.json").read_text())["measures"]
    peak = next(m for m in measures if m["name"] == "largest velocity")
    assert peak["unit"] == "cm/s" and 0 < peak["value"] < 20
    (curve,) = json.loads((tmp_path / "out" / "report.json").read_text())["curves"]
    assert curve["unit"] == "cm/s" and len(curve["values"]) == found.shape[-1] - 1
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Over the planes" in page and "Mean velocity in the vessel" in page
    assert leave(*words, "--rad-s-per-cm", "0") == 2


def test_help_shows_examples(capsys):
    assert leave("mri", "--help") == 0
    assert "corporis mri scan.h5 -o out/" in capsys.readouterr().out


def test_the_real_undersampled_brain(data_dir, tmp_path):
    source = data_dir / "kspace" / "brain_8ch_cartesian_undersampled.npy"
    assert leave("mri", source, "-o", tmp_path / "out", "--method", "least-squares") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    measures = {m["name"]: m["value"] for m in report["measures"]}
    assert measures["coils"] == 8
    assert measures["sampled share of k-space"] == pytest.approx(12.4, abs=0.1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.full((64, 64), np.nan), "expected finite numbers that are not all zero"),
        (np.zeros((64, 64)), "not all zero"),
        (np.ones((40, 64)), r"expected a reference of the shape"),
        (None, "expected an array of numbers as numpy.save writes it"),
    ],
)
def test_a_reference_that_says_nothing_is_refused(tmp_path, content, words):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((1, 64, 64)) + 1j * rng.standard_normal((1, 64, 64))
    np.save(tmp_path / "k.npy", data)
    if content is None:
        (tmp_path / "r.npy").write_text("text")
    else:
        np.save(tmp_path / "r.npy", content)
    how = Reconstruction(Method.ZERO_FILL)
    with pytest.raises(BadInput, match=words):
        run_mri(tmp_path / "k.npy", tmp_path / "o", how, reference=tmp_path / "r.npy")
    with pytest.raises(BadInput, match=r"absent.npy does not exist"):
        run_mri(tmp_path / "k.npy", tmp_path / "o", how, reference=tmp_path / "absent.npy")
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "zero-fill", "--weight", "1"], "--weight is for tv, tv-wavelet, tree"),
        (["--method", "tv", "--noise", "1"], "--noise is for patches, dictionary"),
    ],
)
def test_options_of_another_method_are_not_ignored(tmp_path, capsys, arguments, words):
    np.save(tmp_path / "k.npy", np.ones((1, 16, 16), complex))
    with pytest.raises(SystemExit) as leaving:
        main(["mri", str(tmp_path / "k.npy"), "-o", str(tmp_path / "o"), *arguments])
    assert leaving.value.code == 2
    assert words in capsys.readouterr().err


def test_two_pixels_are_no_image(tmp_path, capsys):
    np.save(tmp_path / "k.npy", np.ones((1, 2, 2), complex))
    with pytest.raises(SystemExit) as leaving:
        main(["mri", str(tmp_path / "k.npy"), "-o", str(tmp_path / "o")])
    assert leaving.value.code == 2
    assert "at least 8 rows and columns, got (2, 2)" in capsys.readouterr().err


def test_a_half_scan_on_a_finer_raster_is_shown_and_kept(scan, tmp_path):
    data, mask, _ = scan
    half = mask & (np.arange(mask.shape[1]) >= mask.shape[1] * 3 // 8)
    np.save(tmp_path / "half.npy", data * half)
    words = ("mri", tmp_path / "half.npy", "-o", tmp_path / "out", "--matrix", 150, 160)
    assert leave(*words, "--shift", 0.5, 0.5, "--iterations", 5) == 0
    shape = nibabel.load(tmp_path / "out" / "reconstruction.nii.gz").shape
    assert sorted(shape) == [1, 150, 160]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert "One side of k-space is missing" in report["planes"][0]["statement"]
    assert leave(*words[:-3], "--matrix", 0, 3) == 2


def test_velocity_of_several_coils_is_that_of_one(rng):
    """Still tissue at 0 cm/s and a vessel at 40, whose phase the coils' own must not touch."""
    r, c = np.mgrid[:64, :64] - 32.0
    body, vessel = np.hypot(r, c) < 24, np.hypot(r - 6, c) < 5
    speed = np.array([0.0, 40.0])[:, None, None] * vessel
    images = body * np.exp(0.03j * speed)
    coils = PlaneWaveCoils.ring(4).maps((64, 64))
    seen = images[:, None] * coils
    data = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(seen, axes=(2, 3)), norm="ortho"), axes=(2, 3)
    )
    data = data + 1e-3 * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    kspace = KSpace(data, ("frame", "coil", "row", "column"))
    how = Reconstruction("least-squares", rad_s_per_cm=0.03)
    report = how(Case("a", {"kspace": kspace}))
    found = np.asarray(report.images["velocity"].data)[1]
    inside = np.hypot(r - 6, c) < 4
    still = (np.hypot(r, c) < 22) & (np.hypot(r - 6, c) > 7)
    assert np.abs(found[inside] - 40).mean() < 1.5
    assert np.abs(found[still]).mean() < 1.5
    assert any("rad s/cm" in sentence for sentence in report.methods)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--weight", 1e-40, "--method", "tv"), "1e-07 to 1"),
        (("--noise", 1e9), "share of the brightest"),
        (("--iterations", 5, "--method", "zero-fill"), "--iterations is for"),
        (("--shift", 1e300, 0), "at most 16384 pixels"),
        (("--sets", 2, "--noise-map", "--method", "zero-fill"), "one set of coil maps"),
        (("--axes", "frame,row,column", "--method", "zero-fill", "--reference", "WORDS"), "finite"),
    ],
)
def test_what_would_be_ignored_or_wrong_is_refused(scan, tmp_path, capsys, options, message):
    data, mask, _ = scan
    np.save(tmp_path / "scan.npy", data)
    np.save(tmp_path / "mask.npy", mask)
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    words = [tmp_path / "words.npy" if word == "WORDS" else word for word in options]
    out = tmp_path / "out"
    code = leave("mri", tmp_path / "scan.npy", "-o", out, "--mask", tmp_path / "mask.npy", *words)
    assert code == 2 and message in capsys.readouterr().err
    assert not out.exists() or not any(out.iterdir())


def test_axes_can_be_named(series, tmp_path):
    data, _ = series
    np.save(tmp_path / "cine.npy", data[:, 0])
    words = ("mri", tmp_path / "cine.npy", "-o", tmp_path / "out", "--axes", "frame,row,column")
    assert leave(*words, "--method", "zero-fill") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    measures = {m["name"]: m["value"] for m in report["measures"]}
    assert len(report["planes"]) == 6 and measures["coils"] == 1


@pytest.mark.parametrize("method", ["joint", "zero-fill"])
def test_contrasts_from_the_command_line(method, tmp_path, rng):
    data = rng.standard_normal((2, 32, 32)) + 1j * rng.standard_normal((2, 32, 32))
    np.save(tmp_path / "k.npy", data.astype(np.complex64))
    words = ("mri", tmp_path / "k.npy", "-o", tmp_path / "out", "--axes", "contrast,row,column")
    assert leave(*words, "--method", method) == 0
    found = nibabel.load(tmp_path / "out" / "reconstruction.nii.gz")
    assert found.shape == (32, 32, 1, 2)


def test_contrasts_taken_for_coils_are_told_how_to_be_named(tmp_path, rng, capsys):
    np.save(tmp_path / "k.npy", rng.standard_normal((3, 32, 32)) + 0j)
    assert leave("mri", tmp_path / "k.npy", "-o", tmp_path / "out", "--method", "joint") == 2
    assert "--axes contrast,row,column" in capsys.readouterr().err


def test_a_series_says_how_long_a_frame_takes_and_what_its_weight_means(series):
    data, _ = series
    kspace = KSpace(data, ("frame", "coil", "row", "column"), mask=data[:, 0] != 0)
    causal = Reconstruction("causal")(Case("a", {"kspace": kspace}))
    assert "ms a frame (median)" in causal.methods[0]
    low_rank = Reconstruction("local-low-rank")(Case("a", {"kspace": kspace}))
    assert "F_t" not in low_rank.methods[0]
    (weight,) = (m for m in low_rank.measures if m.name == "weight of the penalty")
    assert "largest value" in weight.note
