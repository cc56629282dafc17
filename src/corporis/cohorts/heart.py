"""The heart study: outline, rebuild and measure, then judge and explain; and its files."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.diagnosis import Diagnosis, HeartJudge
from corporis.apps.heart_motion.tagged_film import shows_grid
from corporis.apps.heart_shape import Border, HeartShape, PixelEvidence, ShapePrior
from corporis.cohorts.study import Study
from corporis.errors import BadInput, NotFound, Unsupported
from corporis.imaging import Image, write_measures, write_nifti, write_pvd
from corporis.imaging.guard import one_line
from corporis.imaging.output import write_bytes
from corporis.interfaces import Case, Report

CONTRASTS = ("tagged", "displacement", "dense")
"""Of images that show motion by themselves, by what their files say."""

Progress = Callable[[str, float], None]


def heart_study(
    *,
    weights: Path | str | None = None,
    series: str | None = None,
    border: Border = Border.EXPERT,
    progress: Progress | None = None,
) -> Study:
    """The study with what was learned: the shipped networks, dictionary and judge by default.

    Parameters
    ----------
    weights : path or None
        A folder that ``corporis train heart`` wrote.
    series : str or None
        Name of the short-axis series where the input leaves a choice.
    border : Border
        Where the border of the left cavity is drawn.
    progress : callable(text, fraction) or None
    """
    folder = None if weights is None else Path(weights)
    evidence = PixelEvidence.load(folder, border)
    prior = ShapePrior.load(None if folder is None else folder / "hearts.npz")
    judge = HeartJudge.load(None if folder is None else folder / "heart_judge.json")
    shape = HeartShape(evidence, prior=prior, series=series, border=border, progress=progress)
    return Study("heart", (("outlining the heart", shape), ("judging", Diagnosis(judge))))


def check_modality(case: Case, source: Path | str) -> None:
    """Refuse what is known not to be magnetic resonance.

    Raises
    ------
    Unsupported
        If the files say that they are of another modality.
    """
    modality = str(case.facts.get("modality", ""))
    if modality and modality != "MR":
        raise Unsupported(
            f"{Path(source).name}: expected magnetic resonance (MR) cine images, got modality "
            f"{modality}: give the folder of the cine MRI series"
        )


def split_motion(case: Case) -> tuple[Case | None, Case | None]:
    """The cine of a case, and what in it shows motion by itself: tags, displacements, DENSE.

    Returns
    -------
    cine, motion : Case or None
        Of the same name and facts; None where there is no such image.
    """
    shows = {name: _shows_motion(image) for name, image in case.images.items()}
    found = []
    for wanted in (False, True):
        images = {k: v for k, v in case.images.items() if shows[k] == wanted}
        real = [k for k in images if not k.startswith("expert_")]
        found.append(Case(case.name, images, case.meshes, case.facts) if real else None)
    return found[0], found[1]


def _shows_motion(image) -> bool:
    if not isinstance(image, Image):
        return False
    if image.facts.get("contrast") in CONTRASTS:
        return True
    moves = image.size("time") > 3 and "channel" not in image.axes
    return moves and shows_grid(image.stack()[0])


@contextmanager
def naming(source: Path | str) -> Iterator[None]:
    """Put the name of the file or folder before what is wrong with it.

    Raises
    ------
    BadInput, NotFound
        What came, of the same class, with the name.
    """
    try:
        yield
    except (BadInput, NotFound) as error:
        name = one_line(Path(source).name, 80)
        raise type(error)(f"{name}: {error}" if name else str(error)) from error


def write_results(
    case: Case, reports: Sequence[Report], provenance: Mapping[str, Any], folder: Path
) -> None:
    """Leave meshes (VTP with a .pvd), label masks (NIfTI), measures (CSV) and report.json.

    Parameters
    ----------
    folder : Path
        Exists; each file appears complete or not at all.
    """
    for name, mesh in case.meshes.items():
        write_pvd(mesh, folder / "meshes", name)
    for report in reports:
        for name, image in report.images.items():
            write_nifti(image, folder / f"{name}.nii.gz")
    write_measures(list(reports), folder / "measures.csv")
    content = json.dumps(summary(case, reports, provenance), indent=1, ensure_ascii=False)
    write_bytes(folder / "report.json", content.encode())


def summary(case: Case, reports: Sequence[Report], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the reports that a program would read, as JSON types."""
    return plain(
        {
            "case": case.name,
            "study": "heart",
            "measures": [asdict(m) for report in reports for m in report.measures],
            "curves": _curves(case.facts["heart_numbers"]),
            "features": case.facts["heart_features"],
            "judgement": {
                key: case.facts.get(key)
                for key in (
                    "state",
                    "conclusion",
                    "caution",
                    "probabilities",
                    "findings",
                    "responsible_segments",
                )
            },
            "overruled_share": case.facts["overruled"],
            "warnings": [w for report in reports for w in report.warnings],
            "methods": [m for report in reports for m in report.methods],
            "references": [r for report in reports for r in report.references],
            "provenance": provenance,
        }
    )


def _curves(numbers) -> dict[str, Any]:
    if not numbers.has_volume:
        area = numbers.left.volume / max(numbers.long_axis_ed, 1e-9)
        return {"unit": f"{numbers.length_unit}^2", "left_cavity_area": area}
    curves = {"left_ventricular_volume": numbers.left.volume / numbers.per_ml}
    if numbers.right is not None:
        curves["right_ventricular_volume"] = numbers.right.volume / numbers.per_ml
    return {"unit": numbers.volume_unit, **curves}


def plain(value: Any) -> Any:
    """JSON types; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
