"""Small k-space files, made from their parts so that each part can be wrong."""

import h5py
import numpy as np

from corporis.imaging.kspace_writer import HEAD


def space(name, x, y, z, extent):
    """One space of an XML header."""
    sizes = "".join(f"<{a}>{n}</{a}>" for a, n in zip("xyz", (x, y, z)))
    lengths = "".join(f"<{a}>{n}</{a}>" for a, n in zip("xyz", extent))
    return (
        f"<{name}><matrixSize>{sizes}</matrixSize>"
        f"<fieldOfView_mm>{lengths}</fieldOfView_mm></{name}>"
    )


def xml(
    encoded=(8, 6, 1),
    extent=(160, 120, 5),
    wanted=None,
    wanted_mm=None,
    *,
    trajectory="cartesian",
    centre=None,
    more="",
    inside="",
):
    """An XML header; `more` is put beside the encoding, `inside` into it."""
    limits = ""
    if centre is not None:
        limits = (
            "<encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>1</maximum>"
            f"<center>{centre}</center></kspace_encoding_step_1></encodingLimits>"
        )
    return (
        '<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">'
        "<subjectInformation><patientName>Vesalius</patientName></subjectInformation>"
        "<experimentalConditions><H1resonanceFrequency_Hz>63870000</H1resonanceFrequency_Hz>"
        f"</experimentalConditions>{more}<encoding>"
        f"{space('encodedSpace', *encoded, extent)}"
        f"{space('reconSpace', *(wanted or encoded), wanted_mm or extent)}{limits}"
        f"<trajectory>{trajectory}</trajectory>{inside}</encoding></ismrmrdHeader>"
    )


def readout(samples, *, traj=(), flags=(), idx=None, **head):
    """One readout: header, trajectory, samples (coil, sample); flags count from 1."""
    samples = np.asarray(samples, np.complex64)
    out = np.zeros((), HEAD)
    out["version"] = 1
    out["active_channels"] = out["available_channels"] = len(samples)
    out["number_of_samples"] = samples.shape[1]
    out["center_sample"] = samples.shape[1] // 2
    out["sample_time_us"] = 4.0
    out["trajectory_dimensions"] = np.shape(traj)[-1] if np.size(traj) else 0
    out["read_dir"], out["phase_dir"], out["slice_dir"] = np.eye(3)
    for number in flags:
        out["flags"] |= np.uint64(1) << np.uint64(number - 1)
    for name, value in head.items():
        out[name] = value
    for name, value in (idx or {}).items():
        out["idx"][name] = value
    return out, np.asarray(traj, np.float32).ravel(), samples


def lines(kspace, **head):
    """Readouts of (coil, row, column), one a row."""
    return [
        readout(kspace[:, r], idx={"kspace_encode_step_1": r}, **head)
        for r in range(kspace.shape[1])
    ]


def write_raw(path, readouts, header, *, kind=HEAD, name="dataset"):
    """An ISMRMRD file of these readouts; a header of None is left out."""
    numbers = h5py.vlen_dtype(np.dtype("<f4"))
    stored = np.empty(
        len(readouts), np.dtype([("head", kind), ("traj", numbers), ("data", numbers)])
    )
    for i, (head, traj, samples) in enumerate(readouts):
        for field in kind.names:
            stored[i]["head"][field] = head[field]
        stored[i]["traj"] = traj
        stored[i]["data"] = np.ascontiguousarray(samples).view(np.float32).ravel()
    with h5py.File(path, "w") as file:
        group = file.create_group(name)
        group.create_dataset("data", data=stored)
        if header is not None:
            group.create_dataset("xml", data=[header], dtype=h5py.string_dtype())
    return path


def to_image(kspace, axes=(-2, -1)):
    """The unitary centred inverse transform, written out."""
    return np.fft.fftshift(
        np.fft.ifftn(np.fft.ifftshift(kspace, axes=axes), axes=axes, norm="ortho"), axes=axes
    )


def to_kspace(image, axes=(-2, -1)):
    """The unitary centred transform, written out."""
    return np.fft.fftshift(
        np.fft.fftn(np.fft.ifftshift(image, axes=axes), axes=axes, norm="ortho"), axes=axes
    ).astype(np.complex64)


def some_kspace(shape=(3, 12, 10), seed=0):
    """k-space of a few bright pixels in the middle, whose energy lies in the middle too."""
    rng = np.random.default_rng(seed)
    n, m = shape[-2:]
    grid = np.exp(
        -(((np.arange(n) - n // 2) / n * 4) ** 2)[:, None] - ((np.arange(m) - m // 2) / m * 4) ** 2
    )
    noise = rng.standard_normal((2, *shape))
    return ((1 + 0.3 * (noise[0] + 1j * noise[1])) * grid).astype(np.complex64)
