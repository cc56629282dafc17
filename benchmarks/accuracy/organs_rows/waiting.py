"""What a person waits for: the whole command, from the program's start to the report on disk."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corporis.apps.organs.ct_evidence import TrunkEvidence
from corporis.apps.organs.hippocampus_evidence import HippocampusEvidence
from corporis.apps.organs.radiograph_evidence import RadiographEvidence
from corporis.cohorts.chest_dictionary import ChestDictionary
from corporis.cohorts.hippocampi import learned_shapes, outlined_hippocampi
from corporis.cohorts.organ_outliners import CHEST_SHAPES, CT_SHAPES, HIPPOCAMPUS_SHAPES
from corporis.cohorts.radiographs import landmark_shapes, outlined_radiographs
from corporis.cohorts.trunks import organ_shapes, prior_shapes
from organs_rows.ct import scans

N_RUNS = 3
NOTE = (
    "*_wait_seconds: the whole command `corporis organ` by the clock, start of the program and "
    "report included, best of three, alone on two cores; networks of the first fold, which kept "
    "folders hold, and shapes of all cases: time hardly hangs on what was learned. The network for "
    "CT is one of 500 steps on 30 rendered torsos."
)


def row(train: Path, test: Path, keep: Path) -> tuple[str, dict]:
    """Seconds of each organ's command; those alone whose network is in `keep`."""
    found = {}
    for organ, (name, prepare) in PREPARED.items():
        if (keep / name).is_dir():
            with tempfile.TemporaryDirectory() as folder:
                weights = Path(folder) / "weights"
                source = prepare(train, test, keep / name, weights)
                command = (sys.executable, "-m", "corporis", "organ", str(source), "--organ", organ)
                found[KEYS[organ]] = _seconds(*command, "--weights", str(weights))
    return "waiting", found


def _seconds(*command) -> float:
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(N_RUNS):
            begun = time.perf_counter()
            given = (*command, "-o", f"{folder}/{number}")
            subprocess.run(given, check=True, capture_output=True)
            times.append(time.perf_counter() - begun)
    return min(times)


def _chest(train, test, kept, weights):
    RadiographEvidence.load(kept).save(weights)
    shapes = landmark_shapes(outlined_radiographs(train))
    n = len(next(iter(shapes.values())))
    cases = tuple(f"founding {k}" for k in range(n))
    ChestDictionary(shapes, cases, n).save(weights / CHEST_SHAPES)
    return _first(test, "jsrt/images/*.png")


def _hippocampus(train, test, kept, weights):
    HippocampusEvidence.load(kept).save(weights)
    learned_shapes(outlined_hippocampi(train)).save(weights / HIPPOCAMPUS_SHAPES)
    return _first(test, "hippocampus/*.npz")


def _ct(train, test, kept, weights):
    TrunkEvidence.load(kept).save(weights)
    shapes = prior_shapes(*organ_shapes(train / "shapes"))
    for organ, name in CT_SHAPES.items():
        shapes[organ].save(weights / name)
    return scans(test)[0][0]


def _first(folder, pattern):
    return min(folder.rglob(pattern))


PREPARED = {
    "chest": ("radiographs_0", _chest),
    "hippocampus": ("hippocampus_0", _hippocampus),
    "ct": ("ct", _ct),
}
KEYS = {
    "chest": "radiograph_wait_seconds",
    "hippocampus": "hippocampus_wait_seconds",
    "ct": "ct_wait_seconds",
}


def figures(rows) -> dict:
    """Seconds by organ."""
    return {key: value for kind, row in rows if kind == "waiting" for key, value in row.items()}
