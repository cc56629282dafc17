"""One door for k-space: `read_kspace` detects the format and gives a `KSpace`."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable
from corporis.imaging.guard import check_size, one_line, parsing, shown
from corporis.imaging.kspace import AXES, KSpace, on_grid
from corporis.imaging.kspace_arrays import Store, open_arrays
from corporis.imaging.kspace_cfl import named, pair, read_array, read_cfl
from corporis.imaging.kspace_fastmri import is_fastmri, read_fastmri
from corporis.imaging.kspace_ismrmrd import read_ismrmrd
from corporis.imaging.kspace_readouts import is_ismrmrd
from corporis.imaging.kspace_samples import check_samples, coverage, is_centred, measured

EXPECTED = (
    "k-space in ISMRMRD or fastMRI (.h5), BART (.cfl with .hdr), MATLAB (.mat) or NumPy (.npy, "
    ".npz)"
)
WITHIN = {"mask": ("mask",), "maps": ("maps", "sens_maps", "smaps", "csm")}
"""Names by which masks and maps beside the k-space in one file are taken with it."""

SERIES = "kdata2"
"""Phase-contrast sets of the Michigan toolbox: the third axis counts frames."""


def read_kspace(
    path: Path | str,
    *,
    mask: Path | str | np.ndarray | None = None,
    maps: Path | str | np.ndarray | None = None,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    keep_oversampling: bool = False,
) -> KSpace:
    """Read the k-space of one scan, whatever its format.

    ISMRMRD ``.h5`` (Cartesian or along trajectories), fastMRI-like ``.h5``, BART's pairs of
    ``.cfl`` and ``.hdr``, MATLAB's ``.mat`` (versions 5 and 7.3), ``.npy`` and ``.npz`` are told
    apart by their content. Names, numbers and dates of patients are not taken over. Averages are
    averaged, phases and repetitions become frames, echoes and velocity encodings contrasts,
    reversed readouts are turned, slices sorted by their position. Samples that are exactly zero
    in all coils count as not measured.

    Parameters
    ----------
    path : path
        Of the file; of BART's pair, with either ending or none.
    mask : path or array, optional
        Samples to be used, as `KSpace.with_mask` takes them; a file of any format above.
    maps : path or array, optional
        Coil sensitivities, (coil, ...) or (set, coil, ...), in a file of any format above.
    axes : sequence of str, optional
        What the axes of an array mean, out of `AXES`, for ``.npy``, ``.npz``, ``.mat`` and ``.h5``
        without a layout of its own. By default they are guessed, which a warning says: coils
        before rows and columns, in MATLAB's files behind them.
    variable : str, optional
        Name of the array in a file that holds several.
    keep_oversampling : bool
        Leave readouts as long as they are, where the header says that only their middle is wanted.

    Returns
    -------
    KSpace
        Its `facts`: ``format``; ``warnings`` (tuple of lines); ``source_hash`` (SHA-256);
        ``partial_fourier`` (axis to part of the symmetric span that was measured) and
        ``zero_filled`` (axis to part of the raster that the span fills), read off the mask; of
        ISMRMRD headers ``readout_axis``, ``readout_oversampling`` (factor that was removed),
        ``oversampling`` (axis to factor that remains), ``interpolation`` (axis to factor by which
        the scanner would enlarge the matrix), ``reconstructed_matrix``,
        ``reconstructed_field_of_view_mm``, ``slice_thickness_mm``, ``n_averages``, ``trajectory``,
        ``acceleration``, ``calibration_mode``, ``field_strength_t``, ``te_ms``, ...

    Raises
    ------
    BadInput
        If a file is missing, samples are NaN or a coil is zero, mask or maps do not fit, frequency
        0 is not in the middle, or it is not clear which array is meant.
    Unreadable
        If a file is damaged, truncated, lacks its header, has the wrong byte order, or holds Python
        objects or XML entities.
    Unsupported
        If it is well formed but no raster and no trajectory of one scan, or too large.
    """
    path = Path(path)
    kspace, store = _from_file(path, axes, variable, keep_oversampling)
    if kspace.is_cartesian and not is_centred(kspace.data, kspace.axes, kspace.is_volume):
        raise BadInput(
            f"{shown(path)}: expected frequency 0 in the middle of the k-space, but its energy "
            "lies at the corners: apply numpy.fft.fftshift and save it again"
        )
    warnings = list(kspace.facts.get("warnings", ()))
    mask_source = _beside(store, "mask") if mask is None and store is not None else mask
    if mask_source is not None:
        kspace = _masked(kspace, mask_source, warnings)
    maps_source = _beside(store, "maps") if maps is None and store is not None else maps
    if maps_source is not None:
        kspace = _mapped(kspace, maps_source)
    encoded = kspace.encoded_axes if kspace.is_cartesian else ()
    names = [a if a in encoded else "" for a in kspace.axes if a != "coil"]
    found = coverage(kspace.mask, names)
    facts = {**kspace.facts, **found, "warnings": tuple(warnings), "source_hash": _digest(path)}
    return replace(kspace, facts=facts)


def _is_bart(path):
    ending = path.suffix.lower() in (".cfl", ".hdr")
    return ending or (not path.exists() and any(p.is_file() for p in pair(path)))


def _from_file(path, axes, variable, keep_oversampling):
    if _is_bart(path):
        data, axes, facts = read_cfl(path)
        return _plain(data, axes, pair(path)[1], facts), None
    if not path.exists():
        raise BadInput(f"{shown(path)} does not exist: check the path")
    if not path.is_file():
        got = "a folder" if path.is_dir() else "something that is no file"
        raise BadInput(f"{shown(path)}: expected {EXPECTED}, got {got}: give one file")
    if is_ismrmrd(path):
        return read_ismrmrd(path, keep_oversampling), None
    store = open_arrays(path)
    if store is None:
        size = path.stat().st_size
        raise Unreadable(
            f"{shown(path)}: expected {EXPECTED}, got something else ({size} bytes): check the file"
        )
    if is_fastmri(store) and axes is None and variable in (None, "kspace"):
        return read_fastmri(store, keep_oversampling), store
    name = store.pick("kspace", variable)
    if store.dtypes[name].kind != "c":
        raise BadInput(
            f"{shown(path)}: expected complex k-space in {one_line(name, 40)}, got "
            f"{store.dtypes[name]}: an image must be transformed first"
        )
    return _array(store, name, axes), store


def _array(store, name, axes):
    data = store.array(name)
    facts: dict[str, Any] = {"format": "MATLAB" if store.is_matlab else "NumPy"}
    if axes is None:
        if data.ndim > 4:
            data = data.reshape([n for n in data.shape if n > 1])
        axes = _guessed(data.shape, store.is_matlab, name)
        if data.ndim > 2:
            facts["warnings"] = (
                f"the meaning of the axes was guessed: {', '.join(axes)} (--axes says it)",
            )
    axes = tuple(axes)
    known = set(axes) <= set(AXES[:6]) and {"row", "column"} <= set(axes)
    if len(axes) != data.ndim or len(set(axes)) != len(axes) or not known:
        raise BadInput(
            f"{shown(store.path)}: expected a name out of {', '.join(AXES[:6])} for each of the "
            f"{data.ndim} axes of {one_line(name, 40)} {data.shape}, row and column among them, "
            f"got {one_line(', '.join(axes) or 'none', 80)}: name them in the order of the array"
        )
    order = sorted(range(data.ndim), key=lambda i: AXES.index(axes[i]))
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        data = np.transpose(data, order).astype(np.complex64)
    return _plain(data, tuple(axes[i] for i in order), store.path, facts)


def _guessed(shape, is_matlab, name):
    """Names for the axes of an array that comes without any."""
    if len(shape) == 2:
        return ("row", "column")
    if len(shape) == 3 and name == SERIES:
        return ("row", "column", "frame")
    if len(shape) > 4:
        return ()
    extra = ("coil",) if len(shape) == 3 else ("frame", "coil")
    n = len(extra)
    front, back = max(shape[:n]) < min(shape[n:]), max(shape[-n:]) < min(shape[:-n])
    is_last = back if front != back else is_matlab
    return ("row", "column", *extra[::-1]) if is_last else (*extra, "row", "column")


def _plain(data, axes, path, facts):
    """k-space of an array that is nothing but its samples."""
    if "coil" not in axes:
        place = sum(a in AXES[: AXES.index("coil")] for a in axes)
        data = np.expand_dims(data, place)
        axes = (*axes[:place], "coil", *axes[place:])
    check_size(data.shape, path)
    data = np.ascontiguousarray(data)
    check_samples(data, axes, path)
    with parsing(path, "k-space on a raster"):
        kspace = KSpace(
            data, axes, measured(data, axes), is_volume=facts.pop("is_volume", False), facts=facts
        )
    for axis in ("frame", "contrast", "slice"):
        if axis in kspace.axes and kspace.size(axis) == 1 and not kspace.is_volume:
            kspace = kspace.at(axis, 0)
    return kspace


def _beside(store: Store, role: str):
    """A mask or maps that lie in the same file as the k-space."""
    name = next((n for n in WITHIN[role] if n in store.shapes), None)
    return None if name is None else (store.array(name), f"{shown(store.path)}: ")


def _given(source, role) -> tuple[np.ndarray, str]:
    """An array that was given as such or as a file, and how an error line on it begins."""
    if isinstance(source, tuple):
        return source
    if not isinstance(source, str | Path):
        return np.asarray(source), ""
    path = Path(source)
    label = f"{shown(path)}: "
    if _is_bart(path):
        data, axes = named(read_array(path), path)
        has_one = role == "mask" and data.shape[axes.index("coil")] == 1
        return (data.squeeze(axis=axes.index("coil")) if has_one else data), label
    if not path.is_file():
        raise BadInput(f"{shown(path)} is no file: check the path of the {role}")
    store = open_arrays(path)
    if store is None:
        raise Unreadable(f"{label}expected {role} in one of the formats of k-space: check the file")
    return store.array(store.pick(role)), label


def _orders(array):
    """An array as it is, and with its axes from MATLAB's (row, column, ...) to ours."""
    return [array] if array.ndim < 3 else [array, array.T.swapaxes(-1, -2)]


def _masked(kspace, source, warnings):
    mask, label = _given(source, "mask")
    if mask.dtype.kind == "c" and not np.any(mask.imag):
        mask = mask.real
    factor, axis = kspace.facts.get("readout_oversampling"), kspace.facts.get("readout_axis")
    place = -1 if axis == "column" else -2
    if factor and mask.ndim >= -place and mask.shape[place] == round(kspace.size(axis) * factor):
        first = np.take(mask, [0], axis=place)
        if np.all(mask == first):  # the same for the whole of each readout
            mask = first
    problem: Exception | None = None
    for choice in _orders(mask):
        try:
            whole = on_grid(choice, kspace)
            masked = kspace.with_mask(whole)
            break
        except ValueError as error:
            problem = problem or error
    else:
        raise BadInput(f"{label}{problem}: give the mask of this scan")
    lost = int(np.count_nonzero(whole & ~kspace.sampled))
    if lost > 0.01 * np.count_nonzero(whole):
        warnings.append(
            f"{lost} samples of the mask are zero in the k-space: they count as not measured"
        )
    return masked


def _mapped(kspace, source):
    maps, label = _given(source, "maps")
    if maps.dtype.kind not in "fc":
        raise BadInput(f"{label}maps must be complex numbers, got {maps.dtype}: give coil maps")
    problem: Exception | None = None
    for choice in _orders(maps):
        try:
            mapped = kspace.with_maps(choice)
            break
        except ValueError as error:
            problem = problem or error
    else:
        raise BadInput(f"{label}{problem}, give the maps of this scan")
    n = len(kspace.map_shape)
    axes = ("set",) * (np.ndim(mapped.maps) - n - 1) + ("coil",) + ("",) * n
    check_samples(mapped.maps, axes, Path(label.removesuffix(": ") or "the given maps"), "maps")
    return mapped


def _digest(path):
    total = hashlib.sha256()
    for file in pair(path) if _is_bart(path) else (path,):
        with file.open("rb") as stream:
            for block in iter(lambda: stream.read(2**20), b""):
                total.update(block)
    return total.hexdigest()
