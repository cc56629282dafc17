"""Public data sets and the embedded demo study, as paths, arrays and meshes."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.errors import BadInput
from corporis.imaging.guard import parsing, shown
from corporis.imaging.npz import Archive
from corporis.imaging.plane import LPS_TO_RAS
from corporis.imaging.registry import SETS, DataSet, data_folder, demo_study, fetch
from corporis.interfaces import Mesh

__all__ = [
    "SETS",
    "DataSet",
    "LvAtlas",
    "SunnybrookPatient",
    "bivme_surfaces",
    "data_folder",
    "demo_study",
    "fetch",
    "lv_atlas",
    "sunnybrook_patients",
]


@dataclass(frozen=True)
class SunnybrookPatient:
    """A patient of the 2009 left-ventricle challenge: two phases with expert masks.

    Parameters
    ----------
    name : str
        The challenge's own label, ``SC-HF-I-01``.
    group : str
        ``HF-I`` heart failure with infarct, ``HF-NI`` without, ``HYP`` hypertrophy, ``N`` normal;
        "" where no table names the patient.
    ed_image, es_image : array, (n, 256, 256)
        Intensities; pixel size and slice thickness are not published.
    ed_endo, es_endo : bool array, (n, 256, 256)
        The expert's cavity; papillary muscles count as cavity.
    ed_slice, es_slice : int array, (n,)
    ef_from_contours : float or None
        Ejection fraction, 0 to 1, over all contoured slices.
    ef_common_slices : float or None
        The same over the slices contoured in both phases.
    """

    name: str
    group: str
    ed_image: np.ndarray
    es_image: np.ndarray
    ed_endo: np.ndarray
    es_endo: np.ndarray
    ed_slice: np.ndarray
    es_slice: np.ndarray
    ef_from_contours: float | None
    ef_common_slices: float | None


def sunnybrook_patients(folder: Path | str | None = None) -> tuple[SunnybrookPatient, ...]:
    """All patients of the set, sorted by name.

    Parameters
    ----------
    folder : path, optional
        Cases in the same layout (``*.npz``, and ``patients.csv`` where there is one), taken
        without comparing checksums; by default the published set, compared.

    Raises
    ------
    BadInput
        If the folder holds no two-phase file with masks, or one is damaged.
    """
    folder = fetch("sunnybrook") if folder is None else Path(folder)
    rows = {row["patient"]: row for row in _table(folder / "patients.csv")}
    patients = []
    names = [f"{phase}_{what}" for phase in ("ed", "es") for what in ("image", "endo", "slice")]
    for path in sorted(folder.glob("*.npz")):
        archive = Archive(path)
        if not archive.has(*names):
            continue
        row = rows.get(path.stem, {})
        endo = [archive[n].astype(bool) for n in ("ed_endo", "es_endo")]
        full = float(row["ef_from_contours"]) if row.get("ef_from_contours") else None
        common = float(row["ef_common_slices"]) if row.get("ef_common_slices") else None
        patients.append(
            SunnybrookPatient(
                name=path.stem,
                group=row.get("group", ""),
                ed_image=archive["ed_image"],
                es_image=archive["es_image"],
                ed_endo=endo[0],
                es_endo=endo[1],
                ed_slice=archive["ed_slice"],
                es_slice=archive["es_slice"],
                ef_from_contours=full,
                ef_common_slices=common,
            )
        )
    if not patients:
        raise BadInput(
            f"{shown(folder)}: expected two-phase files with {', '.join(names)}, got none: "
            "give the folder of the Sunnybrook set"
        )
    return tuple(patients)


@dataclass(frozen=True)
class LvAtlas:
    """Left ventricles of 1328 people at end-diastole and end-systole, as principal scores.

    Parameters
    ----------
    mean : dict of str to array, (1682, 3)
        By phase, ``"ed"`` and ``"es"``; mm. The first 841 points are the inner surface.
    modes : dict of str to array, (10, 1682, 3)
    scores : dict of str to array, (1328, 10)
    endo_faces, epi_faces : int array, (m, 3)
    index : mapping of str to array
        Columns of ``clinical_index.csv`` for these people and 200 with an infarct: ``Group``
        (ASYMP or MI), EDVI, Sphericity, EF, RWT, Conicity, LS.
    """

    mean: Mapping[str, np.ndarray]
    modes: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]
    endo_faces: np.ndarray
    epi_faces: np.ndarray
    index: Mapping[str, np.ndarray]

    def points(self, person: int, phase: str) -> np.ndarray:
        """The surfaces of one person, (1682, 3) in mm: ``mean + scores . modes``."""
        return self.mean[phase] + np.tensordot(self.scores[phase][person], self.modes[phase], 1)


def lv_atlas(folder: Path | str | None = None) -> LvAtlas:
    """The atlas, where the user has it (GPL: read here, never shipped with this package).

    Parameters
    ----------
    folder : path, optional
        Files in the same layout, without comparing checksums.

    Raises
    ------
    BadInput
        If the files are missing or damaged.
    """
    folder = fetch("lv_atlas") if folder is None else Path(folder)
    archive = Archive(folder / "mesa_lv_pca10_subjects.npz")
    rows = _table(folder / "clinical_index.csv")
    columns = {k: [row[k] for row in rows] for k in (rows[0] if rows else ())}
    index = {
        k: np.array(v) if k == "Group" else np.array(v, dtype=float) for k, v in columns.items()
    }
    phases = ("ed", "es")
    return LvAtlas(
        mean={p: archive[f"{p}_mean"] for p in phases},
        modes={p: archive[f"{p}_modes"] for p in phases},
        scores={p: archive[f"{p}_scores"] for p in phases},
        endo_faces=archive["endo_faces"],
        epi_faces=archive["epi_faces"],
        index=index,
    )


def bivme_surfaces(folder: Path | str | None = None) -> dict[str, Mesh]:
    """The surfaces fitted to `bivme_patient1` by its authors, 25 frames, in RAS+ mm.

    Parameters
    ----------
    folder : path, optional
        Holds ``fitted_surfaces_25frames.npz``; by default the published set, compared.

    Returns
    -------
    dict of str to Mesh
        ``lv_endocardial``, ``rv_endocardial``, ``epicardial``.
    """
    folder = fetch("bivme_patient1") if folder is None else Path(folder)
    archive = Archive(folder / "fitted_surfaces_25frames.npz")
    meshes = {}
    for name in ("lv_endocardial", "rv_endocardial", "epicardial"):
        points = archive[f"{name}_points"] @ LPS_TO_RAS.astype(np.float32)
        meshes[name] = Mesh(points, archive[f"{name}_faces"])
    return meshes


def _table(path):
    if not path.is_file():
        return []
    with parsing(path, "a table with a header line"), path.open(encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))
