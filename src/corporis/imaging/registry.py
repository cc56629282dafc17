"""Public data sets by name, each file checked against its SHA-256, and the embedded demo study.

The variable ``CORPORIS_DATA`` points to a folder that already holds them
(``cardiac/sunnybrook/...``). Without it files are looked for in the user's cache folder and, if
``CORPORIS_DATA_URL`` names a mirror in the same layout, downloaded there by pooch. Most sets were
converted from their source, so the source itself is named where a file is missing, not fetched.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from corporis.errors import BadInput
from corporis.imaging.guard import one_line, shown

FOLDER_VARIABLE = "CORPORIS_DATA"
MIRROR_VARIABLE = "CORPORIS_DATA_URL"


@dataclass(frozen=True)
class DataSet:
    """A public data set: where its files lie below the data folder, and where they come from.

    The path is that of a folder or of a file; without ending, of a pair of files.
    """

    name: str
    path: str
    source: str
    commit: str
    licence: str


_SETS = (
    DataSet("sunnybrook", "cardiac/sunnybrook", "mshunshin/SegNetCMR", "1f41bb8b", "CC0"),
    DataSet("lv_atlas", "cardiac/lv_atlas", "CardiacAtlasProject/PCATool", "78a5acae", "GPL-3"),
    DataSet(
        "bivme_patient1",
        "cardiac/bivme_patient1",
        "UOA-Heart-Mechanics-Research/biv-me",
        "d01024f8",
        "Apache-2.0",
    ),
    DataSet(
        "pig_cine_sax", "cardiac/pig_cine_sax.npz", "WrightGroupSRI/ep-dataset", "bc049db9", "CC0"
    ),
    DataSet(
        "pig_cine_dicom_example",
        "cardiac/pig_cine_dicom_example",
        "WrightGroupSRI/ep-dataset",
        "bc049db9",
        "CC0",
    ),
    DataSet(
        "pig_lv_contours",
        "cardiac/pig_lv_contours",
        "chfc-cmi/cmr-cine-sscrofa",
        "624a71f6",
        "none stated",
    ),
    DataSet(
        "rt_cine_dicom_jpeg",
        "cardiac/rt_cine_dicom_jpeg",
        "mrphys/3D-Cine",
        "c4d31272",
        "none stated",
    ),
    DataSet(
        "dense_phantom_dicom",
        "cardiac/dense_phantom_dicom",
        "mloecher/tag_tracking",
        "1ddec3e0",
        "none stated",
    ),
    DataSet(
        "perfusion_first_pass",
        "cardiac/perfusion_first_pass.npz",
        "mattiabestiaccia/bioimmagini_II",
        "ec341001",
        "none stated",
    ),
    DataSet(
        "cardiac_ct", "cardiac/cardiac_ct", "wasserth/TotalSegmentator", "0e65a448", "Apache-2.0"
    ),
    DataSet(
        "brain_8ch_full",
        "kspace/brain_8ch_full",
        "mikgroup/espirit-matlab-examples",
        "61e3b9cb",
        "none stated",
    ),
    DataSet(
        "brain_8ch_undersampled",
        "kspace/brain_8ch_cartesian_undersampled.npy",
        "mikgroup/sigpy-mri-tutorial",
        "b21dcdcf",
        "BSD-3",
    ),
    DataSet(
        "aorta_velocity",
        "kspace/aorta_velocity_kspace_11frames.mat",
        "hansenms/ismrm_sunrise_matlab",
        "96f5151e",
        "none stated",
    ),
    DataSet(
        "rat_cardiac_cine",
        "kspace/rat_cardiac_cine_8frames.mat",
        "HGGM-LIM/Split-Bregman-ST-Total-Variation-MRI",
        "47509904",
        "GPL-2",
    ),
    DataSet(
        "pincat_perfusion",
        "kspace/pincat_perfusion_128x128x50.mat",
        "Silpa1/MC_SC_comparison_of_algorithms",
        "1e8fc1df",
        "none stated",
    ),
    DataSet(
        "sparsemri_brain",
        "kspace/sparsemri_brain.mat",
        "aasalerno/CompressedSensing",
        "742efd53",
        "none stated",
    ),
    DataSet(
        "brain_multicontrast",
        "kspace/brain_multicontrast_a1-a6.mat",
        "MrCredulous/MCTV-Image-Reconstruction",
        "03d65768",
        "MIT",
    ),
    DataSet(
        "brain_2", "kspace/brain_2.bmp", "MrCredulous/MCTV-Image-Reconstruction", "03d65768", "MIT"
    ),
    DataSet(
        "sampling_masks",
        "kspace/masks",
        "MrCredulous/MCTV-Image-Reconstruction",
        "03d65768",
        "MIT, the Poisson-disc mask (mathgirlstarttocode/CS_Magic @062360fc) none stated",
    ),
    DataSet(
        "brain_192_complex",
        "kspace/brain_192_complex.mat",
        "mathgirlstarttocode/CS_Magic",
        "062360fc",
        "none stated",
    ),
    DataSet(
        "human_sax_cine",
        "kspace/human_sax_cine_frame.mat",
        "ASETS/asetsMatlabLevelSets",
        "b011ab45",
        "BSD-like",
    ),
)

SETS: Mapping[str, DataSet] = {s.name: s for s in _SETS}
"""The data sets that `fetch` knows, by name."""


def fetch(name: str) -> Path:
    """The folder or file of a public data set, after its checksums were compared.

    Parameters
    ----------
    name : str
        One of `SETS`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If no data set has this name.
    BadInput
        If a file is missing and cannot be fetched, or differs from what was published.
    """
    if name not in SETS:
        raise ValueError(f"no data set is called {name!r}: choose from {', '.join(SETS)}")
    wanted = SETS[name]
    # a folder, a file, or a pair of files that differ in their ending
    parts = (wanted.path + "/", wanted.path + ".")
    files = [f for f in _registry() if f == wanted.path or f.startswith(parts)]
    root = data_folder()
    for file in files:
        _checked(root, file, wanted)
    return root / wanted.path


def data_folder() -> Path:
    """Where data sets lie: ``CORPORIS_DATA`` if set, else the user's cache folder."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    import pooch

    return Path(pooch.os_cache("corporis"))


def demo_study() -> Path:
    """The folder of the embedded demo study: a real heart, eleven cine series, 25 frames each.

    Cropped from `bivme_patient1` (Apache-2.0); ``PROVENANCE.md`` beside it says how.

    Examples
    --------
    >>> len(list(demo_study().glob("Se*.npz")))
    11
    """
    return Path(str(resources.files("corporis.imaging") / "demo"))


@lru_cache(maxsize=1)
def _registry():
    text = (resources.files("corporis.imaging") / "registry.txt").read_text(encoding="utf-8")
    lines = (
        line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")
    )
    return dict(lines)


def _checked(root, file, wanted):
    path = root / file
    if not path.is_file():
        _download(root, file, wanted)
    stat = path.stat()
    if _digest(path, stat.st_size, stat.st_mtime_ns) != _registry()[file]:
        raise BadInput(
            f"{shown(path)} differs from the published file (SHA-256): get it again from "
            f"{_origin(wanted)}, or give your own cases by their folder"
        )


@lru_cache(maxsize=4096)
def _digest(path, size, modified):
    # size and time of change are only keys: a file that was changed is hashed again
    import pooch

    return pooch.file_hash(str(path), alg="sha256")


def _origin(wanted):
    return f"github.com/{wanted.source} at commit {wanted.commit}"


def _download(root, file, wanted):
    mirror = os.environ.get(MIRROR_VARIABLE)
    lacking = f"the data set {wanted.name} is not complete: {shown(root / file)} is missing"
    if os.environ.get(FOLDER_VARIABLE) or not mirror:
        raise BadInput(
            f"{lacking}: set {FOLDER_VARIABLE} to a folder that holds {wanted.path} (source: "
            f"{_origin(wanted)}, licence {wanted.licence}), or {MIRROR_VARIABLE} to a mirror"
        )
    import pooch

    try:
        pooch.retrieve(
            f"{mirror.rstrip('/')}/{file}",
            known_hash=f"sha256:{_registry()[file]}",
            fname=Path(file).name,
            path=(root / file).parent,
        )
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{lacking} and cannot be fetched from {one_line(mirror, 80)} "
            f"({one_line(error, 90)}): the source is {_origin(wanted)}"
        ) from error
