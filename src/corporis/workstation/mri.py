"""Reconstruction as a person meets it: one call reads k-space and leaves image and report."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.mri import Grid, Method, Reconstruction
from corporis.apps.mri.reconstruct import LEAST, LEVELLED, SHARES, SINGLE
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput
from corporis.imaging import (
    Image,
    KSpace,
    OutputFolder,
    read,
    read_kspace,
    write_dicom,
    write_measures,
    write_nifti,
)
from corporis.imaging.output import write_bytes
from corporis.interfaces import Case, Measure, Report
from corporis.workstation.mri_page import write_mri_page
from corporis.workstation.mri_views import mri_page, relative_error, velocity_curves


@dataclass(frozen=True)
class MriRun:
    """Where the report is, and what it was made from."""

    report: Path
    kspace: KSpace
    result: Report


def run_mri(
    source: Path | str,
    output: Path | str,
    how: Reconstruction | None = None,
    *,
    mask: Path | str | None = None,
    maps: Path | str | None = None,
    reference: Path | str | None = None,
    axes: Sequence[str] | None = None,
    variable: str | None = None,
    name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> MriRun:
    """Reconstruct the k-space of one scan and leave image, phase, measures and report.

    Parameters
    ----------
    source : path
        As `corporis.imaging.read_kspace` takes it.
    output : path
        Folder for report.html, report.json, reconstruction.nii.gz, phase.nii.gz, measures.csv and,
        where the input says where the image lies, DICOM; it appears complete or not at all.
    how : Reconstruction or None
        How; by default with patches, everything found from the data.
    mask, maps : path or None
        Files with the samples to use and the sensitivities of the coils.
    reference : path or None
        An image of the same size, to measure the error against.
    axes : sequence of str or None
        What the axes of an array mean, as `read_kspace` takes them; None guesses.
    variable : str or None
        Name of the array in a file that holds several.
    name : str or None
        A neutral label, never a patient's name.
    progress : callable(text, fraction) or None

    Raises
    ------
    CorporisError
        If an input cannot be read or used, does not fit into memory, or the output cannot be
        written.
    """
    clock = Provenance.start()

    def tell(text: str, fraction: float) -> None:
        if progress is not None:
            progress(text, fraction)

    with OutputFolder(output) as folder:
        tell("reading", 0.0)
        kspace = read_kspace(source, mask=mask, maps=maps, axes=axes, variable=variable)
        chosen = replace(how or Reconstruction(), progress=tell)
        matrix = chosen.grid.matrix or (kspace.matrix or ())[-2:]
        truth = None if reference is None else _reference(reference, kspace, matrix)
        facts = {"source_hash": kspace.facts.get("source_hash", ""), "n_files": 1}
        facts["format"] = kspace.facts.get("format", "")
        label = name or f"scan-{str(facts['source_hash'])[:8]}"
        case = Case(label, {"kspace": kspace}, facts=facts)
        result = chosen(case)
        error = None if truth is None else relative_error(result, truth)
        if error is not None:
            result = replace(result, measures=(_as_measure(error), *result.measures))
        tell("writing", 0.96)
        files = {"mask": mask, "maps": maps, "reference": reference}
        given = sorted(k for k, v in files.items() if v is not None)
        provenance = clock.facts(case, {**_parameters(chosen), "files_given": given})
        _write(result, kspace, provenance, error, folder, label)
        page = mri_page(label, kspace, result, provenance, truth)
        write_mri_page(page, folder / "report.html")
    tell("done", 1.0)
    return MriRun(Path(output) / "report.html", kspace, result)


def _parameters(how: Reconstruction) -> dict[str, Any]:
    """What was chosen; what the data decided is not named."""
    names = ("method", "weight", "noise", "n_iterations", "n_sets", "n_coils", "rad_s_per_cm")
    chosen = {name: getattr(how, name) for name in names}
    chosen |= {"matrix": how.grid.matrix, "shift": how.grid.shift if any(how.grid.shift) else None}
    return {k: v if k != "method" else str(v) for k, v in chosen.items() if v is not None}


def _as_measure(error: float) -> Measure:
    return Measure(
        "relative error",
        100 * error,
        "%",
        note="of the magnitude against the reference given, after the best common scale",
    )


def _reference(path, kspace: KSpace, matrix) -> np.ndarray:
    """Magnitudes of the reference, of the reconstruction's shape."""
    path = Path(path)
    if path.suffix.lower() == ".npy":
        try:
            found = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            raise BadInput(f"{path.name} does not exist: check the path") from None
        except (OSError, ValueError, EOFError):
            raise BadInput(
                f"{path.name}: expected an array of numbers as numpy.save writes it: save it again"
            ) from None
    else:
        images = [i for i in read(path, pictures=True).images.values() if isinstance(i, Image)]
        if len(images) != 1:
            raise BadInput(f"{path.name}: expected one reference image, got {len(images)}")
        found = np.asarray(images[0].data)
    if found.dtype.kind not in "fiubc" or not np.isfinite(found).all() or not found.any():
        raise BadInput(f"{path.name}: expected finite numbers that are not all zero")
    # the best common scale is found anyway: of peak 1 no size overflows
    found = np.squeeze(np.abs(found).astype(np.float64))
    found = found / found.max()
    outer = tuple(kspace.size(a) for a in ("frame", "contrast", "slice") if a in kspace.axes)
    wanted = tuple(n for n in (*outer, *matrix) if n > 1)
    if found.shape != wanted:
        raise BadInput(
            f"{path.name}: expected a reference of the shape {wanted} of the image, got "
            f"{found.shape}"
        )
    return found


def _write(result, kspace, provenance, error, folder, label):
    for name, image in result.images.items():
        write_nifti(image, folder / f"{name}.nii.gz")
    if kspace.field_of_view_mm is not None and "contrast" not in kspace.axes:
        write_dicom(result.images["reconstruction"], folder / "dicom")
    write_measures([result], folder / "measures.csv")
    content = {
        "case": label,
        "study": "mri",
        "measures": [asdict(m) for m in result.measures],
        "planes": [
            {
                "method": str(s.method),
                "statement": s.statement,
                "gap": s.gap,
                "weight": s.weight,
                "noise": s.noise,
                "trace": list(s.trace),
            }
            for s in result.facts["slices"]
        ],
        "relative_error": error,
        "curves": [
            {"name": c.name, "unit": c.unit, "values": [float(v) for v in c.values[1:]]}
            for c in velocity_curves(result)
        ],
        "warnings": list(result.warnings),
        "methods": list(result.methods),
        "references": list(result.references),
        "provenance": provenance,
    }
    write_bytes(folder / "report.json", json.dumps(content, indent=1).encode())


def application(
    method: str,
    weight: float | None,
    noise: float | None,
    iterations: int | None,
    sets: int | None,
    coils: int | None,
    rad_s_per_cm: float | None = None,
    wants_noise_map: bool = False,
    may_be_real: bool = True,
    matrix: tuple[int, int] | None = None,
    shift: tuple[float, float] | None = None,
) -> Reconstruction:
    """The reconstruction that a command line asks for.

    Raises
    ------
    BadInput
        If an option is out of range.
    """
    if method not in list(Method):
        raise BadInput(f"--method: expected one of {', '.join(Method)}, got {method!r}")
    for option, value in (("--weight", weight), ("--noise", noise)):
        if value is not None and not LEAST <= value <= 1:
            raise BadInput(
                f"{option}: expected a share of the brightest, {LEAST:g} to 1, got {value}"
            )
    limits = (("--iterations", iterations, 100_000), ("--sets", sets, 2), ("--coils", coils, 4096))
    for option, count, most in limits:
        if count is not None and not 1 <= count <= most:
            raise BadInput(f"{option}: expected 1 to {most}, got {count}")
    ours = (
        ("--weight", weight, tuple(SHARES)),
        ("--noise", noise, LEVELLED),
        ("--iterations", iterations, SINGLE[:-1]),
    )
    for option, value, methods in ours:
        if value is not None and method not in methods:
            raise BadInput(f"{option} is for {', '.join(methods)}, got --method {method}")
    if rad_s_per_cm is not None and not 0 < abs(rad_s_per_cm) < float("inf"):
        raise BadInput(f"--rad-s-per-cm: expected a number that is not 0, got {rad_s_per_cm}")
    try:
        grid = Grid(matrix, shift or (0.0, 0.0))
    except ValueError as error:
        raise BadInput(f"--matrix, --shift: {error}") from None
    options = (weight, noise, iterations, sets, coils, rad_s_per_cm, wants_noise_map)
    return Reconstruction(Method(method), *options, may_be_real, grid)
