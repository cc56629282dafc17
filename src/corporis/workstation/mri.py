"""Reconstruction as a person meets it: one call reads k-space and leaves image and report."""

import datetime
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.mri import Method, Reconstruction
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput, Unsupported
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
from corporis.interfaces import Case, Report
from corporis.workstation.mri_page import MriPage, write_mri_page
from corporis.workstation.panel import Curve, View

MOST_VIEWS = 24
"""Planes that the report shows; the files hold all."""


@dataclass(frozen=True)
class MriRun:
    """Where the report is, and what it was made from."""

    report: Path
    kspace: KSpace
    result: Report


def run_mri(
    source: Path | str,
    output: Path | str,
    *,
    method: Method = Method.PATCHES,
    mask: Path | str | None = None,
    maps: Path | str | None = None,
    reference: Path | str | None = None,
    weight: float | None = None,
    noise: float | None = None,
    n_iterations: int | None = None,
    n_sets: int | None = None,
    n_coils: int | None = None,
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
    mask, maps : path or None
        Files with the samples to use and the sensitivities of the coils.
    reference : path or None
        An image of the same size, to measure the error against.
    method, weight, noise, n_iterations, n_sets, n_coils
        As in `Reconstruction`.
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

    parameters: dict[str, Any] = {
        "method": str(method),
        "weight": weight,
        "noise": noise,
        "n_iterations": n_iterations,
        "n_sets": n_sets,
        "n_coils": n_coils,
    }
    with OutputFolder(output) as folder:
        tell("reading", 0.0)
        kspace = read_kspace(source, mask=mask, maps=maps, variable=variable)
        truth = None if reference is None else _reference(reference, kspace)
        facts = {"source_hash": kspace.facts.get("source_hash", ""), "n_files": 1}
        facts["format"] = kspace.facts.get("format", "")
        label = name or f"scan-{str(facts['source_hash'])[:8]}"
        case = Case(label, {"kspace": kspace}, facts=facts)
        application = Reconstruction(
            method, weight, noise, n_iterations, n_sets, n_coils, progress=tell
        )
        result = application(case)
        tell("writing", 0.96)
        provenance = clock.facts(case, {k: v for k, v in parameters.items() if v is not None})
        error = None if truth is None else _error(result, truth)
        _write(result, kspace, provenance, error, folder, label)
        page = mri_page(label, kspace, result, provenance, truth)
        write_mri_page(page, folder / "report.html")
    tell("done", 1.0)
    return MriRun(Path(output) / "report.html", kspace, result)


def _reference(path, kspace: KSpace) -> np.ndarray:
    """Magnitudes of the reference, of the reconstruction's shape."""
    path = Path(path)
    if path.suffix.lower() == ".npy":
        try:
            found = np.abs(np.load(path, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise BadInput(f"{path.name}: expected an array in a .npy file: {error}") from None
    else:
        images = [i for i in read(path, pictures=True).images.values() if isinstance(i, Image)]
        if len(images) != 1:
            raise BadInput(f"{path.name}: expected one reference image, got {len(images)}")
        found = np.abs(np.asarray(images[0].data))
    found = np.squeeze(found)
    outer = tuple(kspace.size(a) for a in ("frame", "contrast", "slice") if a in kspace.axes)
    wanted = tuple(n for n in (*outer, kspace.size("row"), kspace.size("column")) if n > 1)
    if found.shape != wanted:
        raise BadInput(
            f"{path.name}: expected a reference of the shape {wanted} of the image, got "
            f"{found.shape}"
        )
    return found.astype(np.float64)


def _error(result: Report, truth: np.ndarray) -> float:
    """Relative error of the magnitude, after the best common scale, 0 to 1."""
    image = np.squeeze(np.asarray(result.images["reconstruction"].data, dtype=float))
    scale = float(np.sum(image * truth) / max(np.sum(image**2), 1e-30))
    return float(np.linalg.norm(scale * image - truth)) / max(float(np.linalg.norm(truth)), 1e-30)


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
        "warnings": list(result.warnings),
        "methods": list(result.methods),
        "references": list(result.references),
        "provenance": provenance,
    }
    write_bytes(folder / "report.json", json.dumps(content, indent=1).encode())


def mri_page(label, kspace: KSpace, result: Report, provenance, truth=None) -> MriPage:
    """Everything the report shows."""
    image = result.images["reconstruction"]
    data = np.asarray(image.data)
    planes = data.reshape(-1, *data.shape[-2:])
    pixel = None
    if image.length_unit == "mm":
        rows, columns = image.spacing[-2:]
        pixel = (float(rows), float(columns))
    views = [
        View(_name(k, len(planes)), plane[None], pixel_mm=pixel, group="Reconstruction")
        for k, plane in enumerate(planes[:MOST_VIEWS])
    ]
    first = result.facts["encodings"][0]
    views.append(
        View("zero-filled", np.abs(first.image(first.start()))[None], group="For comparison")
    )
    error = None
    if truth is not None:
        reference = truth.reshape(planes.shape)
        scale = float(np.sum(planes * reference) / max(np.sum(planes**2), 1e-30))
        views.append(View("reference", reference[0][None], group="For comparison"))
        wrong = np.abs(scale * planes[0] - reference[0])[None]
        views.append(View("error, own grey scale", wrong, group="For comparison"))
        error = _error(result, truth)
    views.append(View("sampled frequencies", first.mask[None].astype(float), group="k-space"))
    centre = np.log10(np.sqrt(np.sum(np.abs(np.atleast_3d(first.data)) ** 2, axis=0)) + 1e-6)
    if first.data.ndim == 3:
        views.append(View("log of the samples", centre[None], group="k-space"))
    trace = np.asarray(result.facts["slices"][0].trace, dtype=float)
    is_gap = result.facts["slices"][0].gap is not None
    curves = []
    if len(trace) > 1:
        word = "certified gap" if is_gap else "relative change"
        logarithm = np.log10(np.maximum(trace, 1e-12))
        curves.append(Curve(word, "log10", logarithm))
    return MriPage(
        case_name=label,
        sentence=_sentence(kspace, result, error),
        measures=result.measures,
        views=views,
        curves=curves,
        every=10 if is_gap else 1,
        methods=result.methods,
        references=result.references,
        warnings=result.warnings,
        provenance=provenance,
        date=datetime.date.today().isoformat(),
    )


def _name(number, total):
    return f"plane {number + 1}" if total > 1 else "magnitude"


def _sentence(kspace, result, error):
    slices = result.facts["slices"]
    share = f"{100 * kspace.share:.0f} % of k-space"
    many = f"{len(slices)} planes" if len(slices) > 1 else "One plane"
    sentence = f"{many} from {share}, {kspace.n_coils} coils. {slices[0].statement}"
    if error is not None:
        sentence += f" Relative error against the reference: {100 * error:.2f} %."
    return sentence


def parse_method(text: str) -> Method:
    """The method of a name.

    Raises
    ------
    Unsupported
        If there is none.
    """
    if text not in list(Method):
        raise Unsupported(f"--method: expected one of {', '.join(Method)}, got {text!r}")
    return Method(text)
