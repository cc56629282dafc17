"""ISMRMRD: each readout where its header says, and every lie of a header in one line."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corporis.errors import BadInput, CorporisError, Unreadable, Unsupported
from corporis.imaging import KSpace, read_kspace, write_ismrmrd
from corporis.imaging.kspace_writer import HEAD
from imaging.kspace_files import lines, readout, some_kspace, to_image, to_kspace, write_raw, xml


@pytest.fixture
def scan(tmp_path):
    """Writes readouts and a header, ``scan(readouts, **header)``, and reads them."""

    def make(readouts, *, read=True, options=None, **header):
        path = write_raw(tmp_path / "scan.h5", readouts, xml(**header))
        return read_kspace(path, **(options or {})) if read else path

    return make


def test_the_header_of_a_readout_has_the_length_of_the_format():
    assert HEAD.itemsize == 340
    assert HEAD.fields["idx"][1] == 242


def test_a_plain_scan(scan):
    data = some_kspace((3, 6, 8))
    kspace = scan(lines(data))
    assert kspace.axes == ("coil", "row", "column")
    assert np.array_equal(kspace.data, data)
    assert kspace.data.dtype == np.complex64
    assert kspace.mask is None
    assert kspace.noise is None
    assert kspace.field_of_view_mm == (120.0, 160.0)
    assert kspace.facts["format"] == "ISMRMRD"
    assert kspace.facts["frequency_hz"] == 63870000
    assert kspace.facts["slice_thickness_mm"] == 5
    assert "Vesalius" not in repr(kspace.facts)


def test_position_and_directions(scan):
    across, down = np.array([0.6, 0, 0.8]), np.array([0.0, 1, 0])
    kspace = scan(
        lines(
            some_kspace((1, 6, 8)),
            read_dir=across,
            phase_dir=down,
            slice_dir=np.cross(across, down),
            position=[10, 20, 30],
        )
    )
    image = kspace.image(np.zeros((6, 8)))
    assert np.allclose(image.to_world([0, 3, 4]), [-10, -20, 30], atol=1e-4)
    lps = np.array([10, 20, 30]) + 2 * 20 * across - 3 * 20 * down
    assert np.allclose(image.to_world([0, 0, 6]), lps * [-1, -1, 1], atol=1e-4)
    axial = scan(lines(some_kspace((1, 6, 8)), read_dir=0))
    assert any("axial assumed" in line for line in axial.facts["warnings"])


def test_readout_oversampling_is_removed(scan):
    rng = np.random.default_rng(0)
    image = np.zeros((2, 6, 16), complex)
    image[..., 4:12] = rng.standard_normal((2, 6, 8)) + 1
    readouts = lines(to_kspace(image))
    spaces = {"encoded": (16, 6, 1), "extent": (320, 120, 5), "wanted": (8, 6, 1)}
    spaces["wanted_mm"] = (160, 120, 5)
    kspace = scan(readouts, **spaces)
    assert np.allclose(to_image(kspace.data), image[..., 4:12], atol=1e-5)
    assert kspace.facts["readout_oversampling"] == 2
    assert kspace.field_of_view_mm == (120.0, 160.0)
    assert kspace.mask is None
    kept = scan(readouts, options={"keep_oversampling": True}, **spaces)
    assert kept.data.shape == (2, 6, 16)
    assert kept.facts["oversampling"] == {"column": 2.0}
    assert kept.facts["reconstructed_matrix"] == (6, 8)
    # both know where the same point lies
    small, large = kspace.image(np.zeros((6, 8))), kept.image(np.zeros((6, 16)))
    assert np.allclose(small.to_world([0, 2, 3]), large.to_world([0, 2, 7]))
    # a mask in the length of the scanner's readouts still fits
    lines_kept = np.repeat(np.arange(6)[:, None] > 1, 16, axis=1)
    assert scan(readouts, options={"mask": lines_kept}, **spaces).share == pytest.approx(4 / 6)


def test_noise_keeps_its_variance_without_oversampling(scan):
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((2, 1, 64, 128))
    kspace = scan(
        lines((noise[0] + 1j * noise[1]).astype(np.complex64)),
        encoded=(128, 64, 1),
        extent=(256, 64, 5),
        wanted=(64, 64, 1),
        wanted_mm=(128, 64, 5),
    )
    assert kspace.data.shape == (1, 64, 64)
    assert np.var(kspace.data) == pytest.approx(2, rel=0.05)


def test_partial_echo_and_partial_fourier(scan):
    full = some_kspace((2, 32, 48))
    readouts = [
        readout(full[:, r, 12:], idx={"kspace_encode_step_1": r - 8}, center_sample=12)
        for r in range(8, 32)
    ]
    kspace = scan(readouts, encoded=(48, 32, 1), centre=8)
    assert np.array_equal(kspace.data[:, 8:, 12:], full[:, 8:, 12:])
    assert not kspace.data[:, :8].any()
    assert not kspace.data[..., :12].any()
    assert np.array_equal(kspace.mask[8:, 12:], np.ones((24, 36), bool))
    assert kspace.facts["partial_fourier"] == {"row": 0.75, "column": 0.75}
    assert kspace.facts["zero_filled"] == {}


def test_partial_echo_with_oversampling(scan):
    # what the image shows outside the wanted half is nothing: shortening loses nothing but a margin
    image = np.zeros((1, 8, 128))
    image[:, :, 40:88] = np.hanning(48) * np.random.default_rng(0).standard_normal((8, 1))
    full = to_kspace(image)
    readouts = [
        readout(full[:, r, 40:], idx={"kspace_encode_step_1": r}, center_sample=24)
        for r in range(8)
    ]
    kspace = scan(
        readouts,
        encoded=(128, 8, 1),
        extent=(256, 80, 5),
        wanted=(64, 8, 1),
        wanted_mm=(128, 80, 5),
    )
    assert np.flatnonzero(kspace.mask[0]).tolist() == list(range(20, 64))
    expected = to_kspace(image[:, :, 32:96])
    assert np.allclose(kspace.data[..., 24:], expected[..., 24:], atol=1e-3)


def test_zero_filling_and_interpolation(scan):
    full = some_kspace((2, 64, 32))
    kspace = scan(
        lines(full)[12:53],
        encoded=(32, 64, 1),
        extent=(160, 160, 5),
        wanted=(64, 64, 1),
        wanted_mm=(160, 160, 5),
    )
    assert kspace.facts["zero_filled"] == {"row": 42 / 64}
    assert kspace.facts["partial_fourier"] == {}
    assert kspace.facts["interpolation"] == {"column": 2.0}
    image = kspace.image(np.zeros((64, 64)))
    assert np.allclose(image.spacing[1:], 2.5)


def test_reversed_readouts_are_turned(scan):
    data = some_kspace((2, 6, 8))
    readouts = lines(data)
    for r in (1, 3, 5):
        readouts[r] = readout(
            data[:, r, ::-1], idx={"kspace_encode_step_1": r}, flags=[22], center_sample=4
        )
    assert np.array_equal(scan(readouts).data, data)
    # two bad samples at the beginning of each readout, in the order of time
    readouts = [
        readout(data[:, r], idx={"kspace_encode_step_1": r}, discard_pre=2) for r in (0, 2, 3, 4, 5)
    ]
    readouts.append(
        readout(data[:, 1, ::-1], idx={"kspace_encode_step_1": 1}, flags=[22], discard_pre=2)
    )
    mask = scan(readouts).mask
    assert mask[0].tolist() == [False] * 2 + [True] * 6
    assert mask[1].tolist() == [True] * 6 + [False] * 2


def test_noise_readouts_are_kept_apart(scan):
    data = some_kspace((2, 6, 8))
    rng = np.random.default_rng(2)
    noise = (rng.standard_normal((2, 50)) + 1j * rng.standard_normal((2, 50))).astype(np.complex64)
    readouts = [readout(noise, flags=[19], sample_time_us=16.0), *lines(data)]
    kspace = scan(readouts)
    assert np.array_equal(kspace.data, data)
    # four times the dwell time of the data: a quarter of their bandwidth, half their deviation
    assert np.allclose(kspace.noise, 2 * noise)
    twice = scan([*readouts, *lines(3 * data)])
    assert np.allclose(twice.data, 2 * data, atol=1e-6)
    assert twice.facts["n_averages"] == 2
    assert np.allclose(twice.noise, np.sqrt(2) * noise)
    other = scan([readout(noise[:1], flags=[19]), *lines(data)])
    assert other.noise is None
    assert "noise readouts of other coils were left out" in other.facts["warnings"]


def test_frames_contrasts_and_slices(scan):
    data = some_kspace((2, 3, 2, 4, 2, 6, 8))  # repetition, phase, contrast, slice, coil
    height = [0.0, 20.0, 10.0, 30.0]  # interleaved
    readouts = [
        readout(
            data[a, b, c, s, :, r],
            idx={
                "repetition": a,
                "phase": 5 * b,
                "contrast": c,
                "slice": s,
                "kspace_encode_step_1": r,
            },
            position=[1, 2, height[s]],
        )
        for a, b, c, s, r in np.ndindex(2, 3, 2, 4, 6)
    ]
    kspace = scan(readouts)
    assert kspace.axes == ("frame", "contrast", "coil", "slice", "row", "column")
    sorted_slices = data[:, :, :, [0, 2, 1, 3]]
    expected = sorted_slices.reshape(6, 2, 4, 2, 6, 8).transpose(0, 1, 3, 2, 4, 5)
    assert np.array_equal(kspace.data, expected)
    image = kspace.image(np.zeros((4, 6, 8)), ("slice", "row", "column"))
    assert np.allclose(image.to_world([3, 3, 4]), [-1, -2, 30])
    assert kspace.facts["slice_thickness_mm"] == 5
    for r, (head, _, _) in enumerate(readouts):
        if head["idx"]["slice"] == 2:
            readouts[r][0]["position"][2] = 17
    assert any("unevenly" in line for line in scan(readouts).facts["warnings"])


def test_velocity_encodings_are_contrasts(scan):
    data = some_kspace((2, 1, 6, 8))
    readouts = [
        readout(data[v, :, r], idx={"set": v, "kspace_encode_step_1": r})
        for v, r in np.ndindex(2, 6)
    ]
    kspace = scan(readouts)
    assert kspace.axes == ("contrast", "coil", "row", "column")
    assert np.array_equal(kspace.data, data)


def test_volumes(scan):
    data = some_kspace((2, 4, 6, 8))
    readouts = [
        readout(
            data[:, p, r],
            idx={"kspace_encode_step_1": r, "kspace_encode_step_2": p},
            position=[0, 0, 50],
        )
        for p, r in np.ndindex(4, 6)
    ]
    spaces = {"encoded": (8, 6, 4), "extent": (160, 120, 40)}
    kspace = scan(readouts, **spaces)
    assert kspace.is_volume
    assert kspace.matrix == (4, 6, 8)
    assert np.array_equal(kspace.data, data)
    image = kspace.image(np.zeros((4, 6, 8)))
    assert image.spacing == (10.0, 20.0, 20.0)
    assert np.allclose(image.to_world([2, 3, 4]), [0, 0, 50])
    readouts.append(readout(data[:, 0, 0], idx={"slice": 1}))
    with pytest.raises(Unsupported, match="one volume, got 2 slabs"):
        scan(readouts, **spaces)


def test_what_is_not_the_image_is_left_out(scan):
    data = some_kspace((2, 6, 8))
    extra = [readout(100 * data[:, 0], flags=[flag]) for flag in (23, 24, 26, 27, 28)]
    kspace = scan([*extra, *lines(data)])
    assert np.array_equal(kspace.data, data)
    assert "5 navigation or correction readouts" in kspace.facts["warnings"][0]
    calibration = [*lines(data), readout(5 * data[:, 3], flags=[20])]
    inside = "<parallelImaging><accelerationFactor><kspace_encoding_step_1>2"
    inside += "</kspace_encoding_step_1><kspace_encoding_step_2>1</kspace_encoding_step_2>"
    inside += "</accelerationFactor><calibrationMode>{}</calibrationMode></parallelImaging>"
    separate = scan(calibration, inside=inside.format("separate"))
    assert np.array_equal(separate.data, data)
    assert separate.facts["acceleration"] == (2.0, 1.0)
    assert separate.facts["calibration_mode"] == "separate"
    embedded = [*lines(data)[:3], readout(data[:, 3], flags=[20], idx={"kspace_encode_step_1": 3})]
    assert scan(embedded, inside=inside.format("embedded")).mask[3].all()
    other = scan([*lines(data), readout(data[:, 0], encoding_space_ref=1)])
    assert np.array_equal(other.data, data)
    assert "further encodings" in other.facts["warnings"][0]
    with pytest.raises(BadInput, match="imaging readouts, got 5 others"):
        scan(extra)


def radial(n_shots=7, n=16, scale=1.0):
    angle = np.pi * np.arange(n_shots)[:, None] / n_shots
    radius = scale * (np.arange(n) - n // 2) / n
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)  # x, y


def test_trajectories(scan):
    points = radial()
    data = some_kspace((3, 7, 16))
    readouts = [readout(data[:, k], traj=points[k]) for k in range(7)]
    spaces = {"encoded": (16, 16, 1), "extent": (160, 160, 5), "trajectory": "radial"}
    kspace = scan(readouts, **spaces)
    assert kspace.axes == ("coil", "shot", "sample")
    assert not kspace.is_cartesian
    assert kspace.matrix == (16, 16)
    assert np.array_equal(kspace.data, data)
    assert np.allclose(kspace.trajectory, 2 * np.pi * points[..., ::-1], atol=1e-6)
    assert kspace.density is None
    # the same in cycles a field of view
    other = scan([readout(data[:, k], traj=16 * points[k]) for k in range(7)], **spaces)
    assert np.allclose(other.trajectory, kspace.trajectory, atol=1e-6)
    assert other.facts["trajectory_unit"] == "cycles/field of view"
    # density weights as a third dimension, samples to be discarded, two frames
    weighted = np.concatenate([points, np.abs(points[..., :1])], axis=-1)
    readouts = [
        readout(data[:, k], traj=weighted[k], discard_pre=2, idx={"repetition": f})
        for k in range(7)
        for f in (0, 1)
    ]
    both = scan(readouts, **spaces)
    assert both.axes == ("frame", "coil", "shot", "sample")
    assert np.array_equal(both.at("frame", 1).data, data[..., 2:])
    assert np.allclose(both.at("frame", 0).density, np.abs(points[:, 2:, 0]), atol=1e-6)


def test_bad_trajectories(scan):
    points = radial()
    data = some_kspace((1, 7, 16))
    spaces = {"encoded": (16, 16, 1), "extent": (160, 160, 5), "trajectory": "radial"}
    readouts = [readout(data[:, k], traj=points[k]) for k in range(7)]
    with pytest.raises(Unsupported, match="trajectory with every readout of a radial scan"):
        scan([readout(data[:, k]) for k in range(7)], **spaces)
    with pytest.raises(Unsupported, match="same number of samples in every shot, got 9 to 16"):
        scan([*readouts[:-1], readout(data[:, 0, :9], traj=points[0, :9])], **spaces)
    ragged = [*readouts, readout(data[:, 0], traj=points[0], idx={"phase": 1})]
    with pytest.raises(Unsupported, match=r"same number of shots .* got 1 to 7"):
        scan(ragged, **spaces)
    with pytest.raises(Unreadable, match=r"up to 0\.5 cycles a pixel or half the matrix"):
        scan([readout(data[:, k], traj=99 * points[k]) for k in range(7)], **spaces)
    with pytest.raises(BadInput, match="trajectories must be finite"):
        scan([readout(data[:, k], traj=points[k] * np.nan) for k in range(7)], **spaces)
    with pytest.raises(Unsupported, match="2 or 3 dimensions"):
        scan([readout(data[:, k], traj=points[k, :, :1]) for k in range(7)], **spaces)


def test_headers_that_lie(scan):
    data = some_kspace((2, 6, 8))

    def changed(k=0, **values):
        readouts = lines(data)
        for name, value in values.items():
            readouts[k][0][name] = value
        return readouts

    for readouts, header, error, words in (
        (changed(number_of_samples=60000), {}, Unreadable, "claims 2 coils of 60000 samples"),
        (changed(active_channels=4), {}, Unreadable, "same coils in every readout"),
        (changed(trajectory_dimensions=3), {}, Unsupported, "dimensions of the trajectory"),
        (lines(data), {"encoded": (6, 6, 1)}, Unreadable, "does not fit the 6 columns"),
        (lines(data), {"encoded": (8, 4, 1)}, Unreadable, "within the 4 rows of the header"),
        (lines(data), {"centre": 0}, Unreadable, "within the 6 rows"),
        (
            lines(data),
            {"encoded": (4000, 60000, 1)},
            Unreadable,
            "only 48 samples a coil are there",
        ),
        (lines(data), {"encoded": (60000, 60000, 1)}, Unsupported, "voxels"),
        (lines(data), {"encoded": (0, 6, 1)}, Unreadable, "1 to 65535"),
        (lines(np.full_like(data, np.nan)), {}, BadInput, "must be finite, but 96 of 96"),
        (lines(data * [[[1]], [[0]]]), {}, BadInput, "all zero in coil 1"),
        (lines(0 * data), {}, BadInput, "zero everywhere"),
        (lines(data * np.float32(1e25)), {}, Unreadable, "byte order or type"),
    ):
        with pytest.raises(error, match=words) as caught:
            scan(readouts, **header)
        assert "\n" not in str(caught.value)
        assert "scan.h5" in str(caught.value)


def test_missing_header(tmp_path):
    path = write_raw(tmp_path / "a.h5", lines(some_kspace((2, 6, 8))), None)
    with pytest.raises(Unreadable, match="expected the XML header 'xml' beside"):
        read_kspace(path)


def test_other_readout_headers(tmp_path):
    kind = np.dtype([d for d in HEAD.descr if d[0] != "center_sample"])
    path = write_raw(tmp_path / "a.h5", lines(some_kspace((2, 6, 8))), xml(), kind=kind)
    with pytest.raises(Unreadable, match="without center_sample"):
        read_kspace(path)


def test_links_out_of_the_file_are_not_followed(tmp_path, scan):
    inner = scan(lines(some_kspace((2, 6, 8))), read=False)
    outer = tmp_path / "outer.h5"
    with h5py.File(outer, "w") as file:
        file["dataset"] = h5py.ExternalLink(str(inner), "/dataset")
    with pytest.raises(CorporisError):
        read_kspace(outer)
    with h5py.File(inner, "r+") as file:
        del file["dataset/xml"]
        file["dataset/xml"] = h5py.ExternalLink(str(outer), "/xml")
    with pytest.raises(Unreadable, match="got none"):
        read_kspace(inner)


def test_readouts_that_are_not_there(tmp_path):
    path = tmp_path / "a.h5"
    numbers = h5py.vlen_dtype(np.dtype("<f4"))
    kind = np.dtype([("head", HEAD), ("traj", numbers), ("data", numbers)])
    with h5py.File(path, "w") as file:
        file.create_dataset("dataset/data", (2**40,), kind, maxshape=(None,), chunks=(64,))
        file.create_dataset("dataset/xml", data=[xml()], dtype=h5py.string_dtype())
    with pytest.raises(Unreadable, match="truncated or damaged"):
        read_kspace(path)


@settings(max_examples=60)
@given(st.data())
def test_truncated_and_damaged_files(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    path = write_raw(folder / "a.h5", lines(some_kspace((2, 6, 8))), xml())
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[: data.draw(st.integers(1, 600))] = data.draw(st.binary(max_size=600))
    path.write_bytes(content)
    try:
        kspace = read_kspace(path)
    except CorporisError as error:
        assert "\n" not in str(error)
    else:
        assert kspace.data.shape == (2, 6, 8)


@pytest.mark.parametrize("seed", range(3))
def test_there_and_back(tmp_path, seed):
    rng = np.random.default_rng(seed)
    axes, shape, is_volume = (
        (("coil", "row", "column"), (3, 12, 10), False),
        (("frame", "contrast", "coil", "slice", "row", "column"), (2, 3, 2, 4, 12, 10), False),
        (("coil", "slice", "row", "column"), (3, 4, 12, 10), True),
    )[seed]
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    turn[:, 0] = np.cross(turn[:, 1], turn[:, 2])
    affine = np.eye(4)
    affine[:3] = np.column_stack([turn * [6.0, 2.0, 3.0], [10, -20, 30]])
    extent = (24.0, 24.0, 30.0) if is_volume else (24.0, 30.0)
    kspace = KSpace(
        some_kspace(shape),
        axes,
        noise=some_kspace((shape[axes.index("coil")], 5, 4))[..., 0],
        field_of_view_mm=extent,
        affine=affine,
        is_volume=is_volume,
        facts={"te_ms": (2.0, 4.0), "tr_ms": 9.0, "slice_thickness_mm": 6.0},
    ).with_mask(rng.random(12) < 0.7)
    again = read_kspace(write_ismrmrd(kspace, tmp_path / "a.h5"))
    assert again.axes == axes
    assert np.array_equal(again.data, kspace.data)
    assert np.array_equal(again.mask, kspace.mask)
    assert np.array_equal(again.noise, kspace.noise)
    assert again.is_volume == is_volume
    assert np.allclose(again.field_of_view_mm, extent)
    assert np.allclose(again.affine, affine, atol=1e-4)
    assert (again.facts["te_ms"], again.facts["tr_ms"]) == ((2.0, 4.0), 9.0)
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_trajectory_there_and_back(tmp_path):
    points = 2 * np.pi * radial()[..., ::-1].astype(np.float32)
    kspace = KSpace(
        some_kspace((2, 7, 16)),
        ("coil", "shot", "sample"),
        trajectory=points,
        density=np.abs(points[..., 0]),
        matrix=(16, 16),
        facts={"trajectory": "radial"},
    )
    again = read_kspace(write_ismrmrd(kspace, tmp_path / "a.h5"))
    assert np.array_equal(again.data, kspace.data)
    assert np.allclose(again.trajectory, points, atol=1e-6)
    assert np.allclose(again.density, kspace.density)
    assert again.matrix == (16, 16)
    assert again.field_of_view_mm is None
    assert again.facts["trajectory"] == "radial"


def test_long_noise_and_too_long_readouts(tmp_path):
    noise = some_kspace((1, 1, 40000))[0]
    kspace = KSpace(some_kspace((1, 6, 8)), ("coil", "row", "column"), noise=noise)
    assert np.array_equal(read_kspace(write_ismrmrd(kspace, tmp_path / "a.h5")).noise, noise)
    long = KSpace(np.ones((1, 1, 70000), np.complex64), ("coil", "row", "column"))
    with pytest.raises(ValueError, match="65535"):
        write_ismrmrd(long, tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


def test_a_real_brain_there_and_back(data_dir, tmp_path):
    kspace = read_kspace(data_dir / "kspace" / "brain_8ch_full.cfl")
    assert kspace.data.shape == (8, 230, 180)
    again = read_kspace(write_ismrmrd(kspace, tmp_path / "brain.h5"))
    assert np.array_equal(again.data, kspace.data)
    assert again.field_of_view_mm is None
    picture = np.sqrt(np.sum(np.abs(to_image(again.data)) ** 2, axis=0))
    # a head in the middle, air at the border
    assert picture[80:150, 60:120].mean() > 10 * picture[:10, :10].mean()
