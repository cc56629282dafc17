"""Writing k-space: ISMRMRD readouts with headers that say where they belong, and BART's pairs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from corporis.errors import OutputError
from corporis.imaging.guard import one_line, shown
from corporis.imaging.kspace import KSpace
from corporis.imaging.kspace_cfl import COIL, CONTRAST, FRAME, N_DIMS, SLICE, pair
from corporis.imaging.kspace_header import IN_PIXELS, NUMBERS
from corporis.imaging.output import atomic_path
from corporis.imaging.plane import LPS_TO_RAS

NAMESPACE = "http://www.ismrm.org/ISMRMRD"
NOISE_FLAG = np.uint64(1) << np.uint64(18)
LONGEST_READOUT = 2**16 - 1
NOISE_READOUT = 2**14

_INDEX = np.dtype(
    [
        *(
            (name, "<u2")
            for name in (
                "kspace_encode_step_1",
                "kspace_encode_step_2",
                "average",
                "slice",
                "contrast",
                "phase",
                "repetition",
                "set",
                "segment",
            )
        ),
        ("user", "<u2", (8,)),
    ]
)
HEAD = np.dtype(
    [
        ("version", "<u2"),
        ("flags", "<u8"),
        ("measurement_uid", "<u4"),
        ("scan_counter", "<u4"),
        ("acquisition_time_stamp", "<u4"),
        ("physiology_time_stamp", "<u4", (3,)),
        ("number_of_samples", "<u2"),
        ("available_channels", "<u2"),
        ("active_channels", "<u2"),
        ("channel_mask", "<u8", (16,)),
        ("discard_pre", "<u2"),
        ("discard_post", "<u2"),
        ("center_sample", "<u2"),
        ("encoding_space_ref", "<u2"),
        ("trajectory_dimensions", "<u2"),
        ("sample_time_us", "<f4"),
        ("position", "<f4", (3,)),
        ("read_dir", "<f4", (3,)),
        ("phase_dir", "<f4", (3,)),
        ("slice_dir", "<f4", (3,)),
        ("patient_table_position", "<f4", (3,)),
        ("idx", _INDEX),
        ("user_int", "<i4", (8,)),
        ("user_float", "<f4", (8,)),
    ]
)
"""The header of one readout, as the format (version 1) lays it out."""


def write_ismrmrd(kspace: KSpace, path: Path | str) -> Path:
    """Write k-space as an ISMRMRD file, one readout along a row or shot.

    Rows without any measured sample are left out. Frames become repetitions, noise samples noise
    readouts; coil maps have no place in the format. Nothing names a patient.

    Parameters
    ----------
    kspace : KSpace
    path : path
        Usually ends with ``.h5``. The file appears complete or not at all.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If a length is beyond what the format can count, 65535.
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from corporis.imaging.kspace_reader import read_kspace
    >>> data = np.random.default_rng(0).normal(size=(2, 6, 4, 2)).astype(np.float32)
    >>> kspace = KSpace(data.view(np.complex64)[..., 0], ("coil", "row", "column"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = read_kspace(write_ismrmrd(kspace, Path(folder) / "scan.h5"))
    >>> again.axes, bool(np.all(again.data == kspace.data))
    (('coil', 'row', 'column'), True)
    """
    import h5py

    if max(*np.shape(kspace.data), kspace.n_coils) > LONGEST_READOUT:
        raise ValueError(
            f"ISMRMRD counts up to {LONGEST_READOUT}, got k-space of {np.shape(kspace.data)}"
        )
    heads, places = _readouts(kspace)
    noise = np.asarray(kspace.noise)
    numbers = h5py.vlen_dtype(np.dtype("<f4"))
    kind = np.dtype([("head", HEAD), ("traj", numbers), ("data", numbers)])
    moved = np.moveaxis(kspace.data, kspace.axes.index("coil"), -2)
    with _appearing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        group = file.create_group("dataset")
        group.create_dataset("xml", data=[_xml(kspace)], dtype=h5py.string_dtype())
        stored = group.create_dataset("data", (len(heads),), kind, maxshape=(None,), chunks=True)
        for start in range(0, len(heads), 256):
            block = np.empty(min(256, len(heads) - start), kind)
            for i in range(len(block)):
                place = places[start + i]
                is_noise = isinstance(place, slice)
                samples = noise[:, place] if is_noise else moved[place]
                points = () if is_noise else _points(kspace, place)
                block[i]["head"] = heads[start + i]
                block[i]["traj"] = np.asarray(points, "<f4").ravel()
                block[i]["data"] = np.ascontiguousarray(samples, "<c8").view("<f4").ravel()
            stored[start : start + len(block)] = block
    return Path(path)


def write_cfl(data: KSpace | np.ndarray, path: Path | str) -> Path:
    """Write k-space, or any array in BART's order of dimensions, as ``.cfl`` and ``.hdr``.

    Parameters
    ----------
    data : KSpace on a raster, or array of at most 16 axes
        Of k-space the samples are written, rows and columns as BART's phase-encoding dimensions 1
        and 2, those of a volume with its slices as dimensions 0, 1 and 2. What was not sampled
        is exactly zero. Maps are written by a call of their own, as (1, row, column, coil, set).
    path : path
        With either ending or none.

    Returns
    -------
    Path
        Of the ``.cfl`` file. Both files appear complete or not at all.

    Raises
    ------
    ValueError
        If the k-space lies on a trajectory, or the array has more than 16 axes.
    OutputError
        If they cannot be written.
    """
    array = _as_bart(data) if isinstance(data, KSpace) else np.asarray(data)
    if not 1 <= array.ndim <= N_DIMS:
        raise ValueError(f"BART takes 1 to {N_DIMS} dimensions, got {array.ndim}")
    header, content = pair(Path(path))
    numbers = " ".join(str(n) for n in array.shape + (1,) * (N_DIMS - array.ndim))
    with _appearing(header) as text, _appearing(content) as temporary:
        array.astype("<c8").ravel(order="F").tofile(temporary)
        text.write_text(f"# Dimensions\n{numbers}\n", encoding="utf-8")
    return content


def _as_bart(kspace):
    if not kspace.is_cartesian:
        raise ValueError("write_cfl takes k-space on a raster, got samples on a trajectory")
    places = {"frame": FRAME, "contrast": CONTRAST, "coil": COIL, "slice": SLICE}
    places |= {"row": 0, "column": 1, "slice": 2} if kspace.is_volume else {"row": 1, "column": 2}
    order = sorted(kspace.axes, key=lambda a: places[a])
    shape = [1] * N_DIMS
    for axis in order:
        shape[places[axis]] = kspace.size(axis)
    return np.transpose(kspace.data, [kspace.axes.index(a) for a in order]).reshape(shape)


def _points(kspace, place):
    """The trajectory of one shot in cycles a pixel, (sample, x, y (, z or density))."""
    if kspace.trajectory is None:
        return ()
    points = kspace.trajectory[place][..., ::-1] / (2 * np.pi)
    if kspace.density is None or points.shape[-1] == 3:
        return points
    return np.concatenate([points, kspace.density[place][..., None]], axis=-1)


def _readouts(kspace):
    """The header of each readout, and its index in the data (or the noise) without coils."""
    outer = [a for a in kspace.axes if a not in ("coil", "column", "sample")]
    indices = np.argwhere(kspace.sampled.any(axis=-1))
    n = 0 if kspace.noise is None else kspace.noise.shape[1]
    noise = [slice(k, min(k + NOISE_READOUT, n)) for k in range(0, n, NOISE_READOUT)]
    heads = np.zeros(len(noise) + len(indices), HEAD)
    heads["version"] = 1
    heads["available_channels"] = heads["active_channels"] = kspace.n_coils
    heads["sample_time_us"] = 1.0
    heads["scan_counter"] = np.arange(len(heads))
    heads["flags"][: len(noise)] = NOISE_FLAG
    heads["number_of_samples"][: len(noise)] = [part.stop - part.start for part in noise]
    image = heads[len(noise) :]
    image["number_of_samples"] = np.shape(kspace.data)[-1]
    names = {"frame": "repetition", "contrast": "contrast", "row": "kspace_encode_step_1"}
    names["slice"] = "kspace_encode_step_2" if kspace.is_volume else "slice"
    for axis, values in zip(outer, indices.T):
        if axis in names:
            image["idx"][names[axis]] = values
    if kspace.trajectory is None:
        image["center_sample"] = np.shape(kspace.data)[-1] // 2
    else:
        weighted = kspace.density is not None and len(kspace.matrix) == 2
        image["trajectory_dimensions"] = len(kspace.matrix) + weighted
    _place(image, kspace)
    return heads, [*noise, *(tuple(row) for row in indices.tolist())]


def _place(heads, kspace):
    """Position of the middle and directions, LPS."""
    if kspace.affine is None:
        return
    lps = LPS_TO_RAS @ kspace.affine[:3]
    names = ("slice_dir", "phase_dir", "read_dir")
    for name, column in zip(names, range(3)):
        heads[name] = lps[:, column] / np.linalg.norm(lps[:, column])
    matrix = kspace.matrix
    middle = lps[:, 3] + (matrix[-2] // 2) * lps[:, 1] + (matrix[-1] // 2) * lps[:, 2]
    if len(matrix) == 3:
        middle = middle + (matrix[0] // 2) * lps[:, 0]
    heads["position"] = middle + heads["idx"]["slice"][:, None] * lps[:, 0]


def _xml(kspace):
    root = ElementTree.Element("ismrmrdHeader", xmlns=NAMESPACE)

    def add(parent, name, text=None):
        element = ElementTree.SubElement(parent, name)
        element.text = None if text is None else str(text)
        return element

    facts = kspace.facts
    groups: dict[str, ElementTree.Element] = {}
    for place, name in NUMBERS.items():
        group, leaf = place.split("/")
        values = facts.get(name, 0 if name == "frequency_hz" else ())
        for value in values if isinstance(values, tuple) else (values,):
            if group not in groups:
                groups[group] = ElementTree.Element(group)
            add(groups[group], leaf, int(value) if leaf.endswith("_Hz") else value)
    for group in ("acquisitionSystemInformation", "experimentalConditions"):
        if group in groups:
            root.append(groups[group])
    _encoding(add(root, "encoding"), kspace, add)
    if "sequenceParameters" in groups:
        root.append(groups["sequenceParameters"])
    if kspace.field_of_view_mm is None:
        parameter = add(add(root, "userParameters"), "userParameterString")
        add(parameter, "name", IN_PIXELS)
        add(parameter, "value", "pixel")
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _encoding(encoding, kspace, add):
    facts = kspace.facts
    matrix = kspace.matrix[::-1]
    extent = (kspace.field_of_view_mm or tuple(float(n) for n in kspace.matrix))[::-1]
    wanted = tuple(facts.get("reconstructed_matrix", kspace.matrix))[::-1]
    wanted_mm = tuple(facts.get("reconstructed_field_of_view_mm", extent[::-1]))[::-1]
    thickness = facts.get("slice_thickness_mm") or 0.0
    spaces = (("encodedSpace", matrix, extent), ("reconSpace", wanted, wanted_mm))
    for name, sizes, lengths in spaces:
        space = add(encoding, name)
        for group, values, third in (
            ("matrixSize", sizes, 1),
            ("fieldOfView_mm", lengths, thickness),
        ):
            element = add(space, group)
            for axis, value in zip("xyz", (*values, third)[:3]):
                add(element, axis, value)
    limits = add(encoding, "encodingLimits")
    steps = [("kspace_encoding_step_1", matrix[1])] if kspace.is_cartesian else []
    if kspace.is_cartesian and kspace.is_volume:
        steps.append(("kspace_encoding_step_2", matrix[2]))
    steps += [("slice", 1 if kspace.is_volume else kspace.size("slice"))]
    steps += [("contrast", kspace.size("contrast")), ("repetition", kspace.size("frame"))]
    for name, n in steps:
        limit = add(limits, name)
        for word, value in (("minimum", 0), ("maximum", n - 1), ("center", n // 2)):
            add(limit, word, value)
    add(
        encoding,
        "trajectory",
        "cartesian" if kspace.is_cartesian else facts.get("trajectory", "other"),
    )
    if "acceleration" in facts or "calibration_mode" in facts:
        parallel = add(encoding, "parallelImaging")
        factors = add(parallel, "accelerationFactor")
        for n, value in zip("12", facts.get("acceleration", (1, 1))):
            add(factors, f"kspace_encoding_step_{n}", int(value))
        if "calibration_mode" in facts:
            add(parallel, "calibrationMode", facts["calibration_mode"])


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    with atomic_path(path) as temporary:
        try:
            yield temporary
        except OSError as error:
            reason = error.strerror or one_line(error)
            raise OutputError(
                f"{shown(path)} cannot be written ({reason}): choose a folder you may write to"
            ) from error
