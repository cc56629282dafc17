"""The readouts of an ISMRMRD file: which make the image, and where each belongs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import one_line, parsing, shown
from corporis.imaging.kspace_arrays import HDF5, is_inside
from corporis.imaging.kspace_geometry import place_slices
from corporis.imaging.kspace_header import Header
from corporis.imaging.kspace_heap import REFERENCE, Heap, layout, text_of

NOISE, CALIBRATION, CALIBRATION_AND_IMAGE, REVERSED = 19, 20, 21, 22
NOT_IMAGE = (23, 24, 26, 27, 28, 29, 30, 31)
"""Flags of navigators, phase correction, feedback, dummies and surface-coil scans."""

MOST_READOUTS = 2**21
NEEDED = (
    "flags",
    "number_of_samples",
    "active_channels",
    "discard_pre",
    "discard_post",
    "center_sample",
    "encoding_space_ref",
    "trajectory_dimensions",
    "sample_time_us",
    "position",
    "read_dir",
    "phase_dir",
    "slice_dir",
    "idx",
)
INDICES = (
    "kspace_encode_step_1",
    "kspace_encode_step_2",
    "average",
    "slice",
    "contrast",
    "phase",
    "repetition",
    "set",
)


class Source:
    """The XML text, headers and samples of one group, read from the bytes of the file.

    Parameters
    ----------
    group : h5py.Group
        Has ``data`` with readout headers.
    path : Path

    Raises
    ------
    Unreadable
        If the XML header is missing, or the readouts are not those of the format or not there.
    """

    def __init__(self, group, path: Path):
        self.path = path
        if "xml" not in group or not is_inside(group, "xml"):
            raise Unreadable(
                f"{shown(path)}: expected the XML header 'xml' beside the ISMRMRD readouts, got "
                "none: export the file again with its header"
            )
        self.heap = Heap(path)
        self.text = text_of(group["xml"], self.heap)
        stored = group["data"]
        if stored.external or stored.is_virtual or len(stored.shape) != 1 or not stored.size:
            raise Unreadable(
                f"{shown(path)}: expected a list of readouts, got the shape {stored.shape}: export "
                "again"
            )
        kind, offsets, size = layout(stored)
        if stored.size > min(MOST_READOUTS, path.stat().st_size // size):
            raise Unreadable(
                f"{shown(path)}: expected at most {MOST_READOUTS} readouts, all in the file of "
                f"{path.stat().st_size} bytes, got {stored.size}: it is truncated or damaged"
            )
        missing = [n for n in NEEDED if n not in (kind.names or ())]
        missing += [n for n in INDICES if not missing and n not in (kind["idx"].names or ())]
        if missing:
            raise Unreadable(
                f"{shown(path)}: expected ISMRMRD readout headers, got some without "
                f"{one_line(', '.join(missing), 80)}: export the file again"
            )
        whole = np.dtype(
            {
                "names": ["head", "traj", "data"],
                "formats": [kind, REFERENCE, REFERENCE],
                "offsets": [offsets[n] for n in ("head", "traj", "data")],
                "itemsize": size,
            }
        )
        records = np.ascontiguousarray(self.heap.records(stored, size)).view(whole)[:, 0]
        self.heads = np.array(records["head"])
        self._records = records

    def samples(self, k: int) -> np.ndarray:
        """Samples (coil, sample) of one readout."""
        coils, n = (int(self.heads[name][k]) for name in ("active_channels", "number_of_samples"))
        claim = f"{coils} coils of {n} samples"
        return self._numbers("data", k, 2 * coils * n, claim).view("<c8").reshape(coils, n)

    def points(self, k: int) -> np.ndarray:
        """Trajectory (sample, dimension) of one readout."""
        names = ("number_of_samples", "trajectory_dimensions")
        n, d = (int(self.heads[name][k]) for name in names)
        return self._numbers("traj", k, n * d, f"a trajectory of {n} x {d}").reshape(n, d)

    def _numbers(self, name, k, count, claim):
        reference = self._records[name][k]
        if int(reference["length"]) != count:
            raise Unreadable(
                f"{shown(self.path)}: readout {k} claims {claim}, {count} numbers, but holds "
                f"{int(reference['length'])}: export the file again"
            )
        return np.array(self.heap.value(reference, 4)).view("<f4")


@dataclass(frozen=True)
class Scan:
    """The readouts of one file: where each belongs, before any sample is read."""

    path: Path
    header: Header
    source: Source
    image: np.ndarray
    noise: np.ndarray
    frame: np.ndarray
    contrast: np.ndarray
    slice: np.ndarray
    is_volume: bool
    warnings: list[str]

    @property
    def heads(self) -> np.ndarray:
        """The headers of all readouts."""
        return self.source.heads

    @property
    def n_coils(self) -> int:
        """Coils of the first imaging readout."""
        return int(self.heads["active_channels"][self.image[0]])

    def counts(self) -> tuple[int, int, int]:
        """Numbers of frames, contrasts and slices."""
        return int(self.frame.max()) + 1, int(self.contrast.max()) + 1, int(self.slice.max()) + 1


def find_group(file) -> str | None:
    """The group of an HDF5 file that holds ISMRMRD readouts: ``dataset``, else the first."""
    import h5py

    names = sorted((n for n in file if is_inside(file, n)), key=lambda n: (n != "dataset", n))
    for name in names:
        group = file[name]
        if isinstance(group, h5py.Group) and "data" in group and is_inside(group, "data"):
            kind = getattr(group["data"], "dtype", None)
            if kind is not None and "head" in (kind.names or ()):
                return name
    return None


def is_ismrmrd(path: Path) -> bool:
    """Whether a file is HDF5 and holds ISMRMRD readouts."""
    import h5py

    with parsing(path, "a file"), path.open("rb") as stream:
        if stream.read(len(HDF5)) != HDF5:
            return False
    with parsing(path, "an HDF5 file"), h5py.File(path, "r") as file:
        return find_group(file) is not None


def sorted_out(source: Source, header: Header) -> Scan:
    """Which readouts make the image, and the frame, contrast and slice of each."""
    heads, path = source.heads, source.path
    image, noise, warnings = _for_image(heads, header, path)
    used = heads[image]
    if len(np.unique(used["active_channels"])) > 1 or used["active_channels"][0] < 1:
        raise Unreadable(
            f"{shown(path)}: expected the same coils in every readout, got "
            f"{one_line(np.unique(used['active_channels']).tolist(), 40)} of them: export again"
        )
    idx = used["idx"]
    pairs = [(idx["repetition"], idx["phase"]), (idx["contrast"], idx["set"])]
    frame, contrast = (_rank(a.astype(np.int64) * 2**16 + b) for a, b in pairs)
    slices = place_slices(used, _rank(idx["slice"]))
    is_volume = header.encoded.matrix[2] > 1 and int(idx["kspace_encode_step_2"].max()) > 0
    if is_volume and slices.max() > 0:
        raise Unsupported(
            f"{shown(path)}: expected one volume, got {slices.max() + 1} slabs: give one a file"
        )
    return Scan(
        path,
        header,
        source,
        image,
        noise,
        frame,
        contrast,
        slices,
        is_volume,
        warnings,
    )


def _for_image(heads, header, path):
    """Numbers of the readouts of the image and of noise, and warnings about the others."""

    def flag(number):
        return (heads["flags"] >> np.uint64(number - 1)) & np.uint64(1) == 1

    warnings: list[str] = []
    noise = flag(NOISE)
    other = np.any([flag(n) for n in NOT_IMAGE], axis=0)
    elsewhere = (heads["encoding_space_ref"] != 0) & ~noise
    separate = flag(CALIBRATION) & ~flag(CALIBRATION_AND_IMAGE)
    if header.facts.get("calibration_mode") not in ("separate", "external"):
        separate = np.zeros_like(separate)
    for what, which in (("navigation or correction", other), ("separate calibration", separate)):
        if which.any():
            warnings.append(f"{int(which.sum())} {what} readouts are not part of the image")
    if (elsewhere & ~other).any():
        warnings.append(f"{int(elsewhere.sum())} readouts of further encodings were left out")
    image = np.flatnonzero(~noise & ~other & ~elsewhere & ~separate)
    if not len(image):
        raise BadInput(
            f"{shown(path)}: expected imaging readouts, got {len(heads)} others (noise, "
            "calibration, navigation): give the file of the scan itself"
        )
    return image, np.flatnonzero(noise), warnings


def _rank(values):
    return np.unique(values, return_inverse=True)[1].reshape(-1)
