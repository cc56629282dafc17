"""A judge of made-up hearts, and the study of one virtual heart, run once."""

from dataclasses import dataclass

import numpy as np
import pytest

from apps.heart_shape.known import ByGrey, painted
from corporis.apps.diagnosis import MODEL_FEATURES, Diagnosis, train_judge
from corporis.apps.heart_shape import HeartShape
from corporis.cohorts import Provenance, Study
from corporis.interfaces import Case
from corporis.phantoms import Scanner, VirtualHeart, render

GROUPS = ("heart failure", "hypertrophy", "normal")


@pytest.fixture(scope="session")
def judge():
    """Trained on hearts whose measures follow their ejection fraction."""
    rng = np.random.default_rng(2)
    table, groups = [], []
    for group, middle in zip(GROUPS, (25.0, 68.0, 58.0), strict=True):
        for _ in range(5):
            heart = {n: middle * rng.uniform(0.8, 1.2) for n in MODEL_FEATURES}
            heart["relative_wall_thickness"] = 0.9 if group == "hypertrophy" else 0.4
            heart["relative_wall_thickness"] *= rng.uniform(0.9, 1.1)
            table.append({**heart, "segment_thickening_percent": rng.normal(middle, 5, 17)})
            groups.append(group)
    return train_judge(table, groups, source="made-up")


@dataclass(frozen=True)
class Studied:
    """What a study left: the case before and after, its reports and provenance."""

    given: Case
    case: Case
    reports: tuple
    provenance: dict


@pytest.fixture(scope="session")
def studied(judge):
    """A heart of three phases, outlined and judged."""
    clock = Provenance.start()
    scanner = Scanner(n_slices=5, n_frames=3, side=56, pixel_mm=3.0, gap_mm=17.0, first_mm=-4.0)
    drawn = render(VirtualHeart(systole=0.5), scanner, long_axis=False)
    facts = {"source_hash": "ab" * 32, "format": "npz", "n_files": 3, "modality": "MR"}
    given = Case("case-1", {"sax": painted(drawn).images["sax"]}, {}, facts)
    study = Study("heart", (("outlining", HeartShape(ByGrey())), ("judging", Diagnosis(judge))))
    case, reports = study(given)
    return Studied(given, case, reports, clock.facts(case, {"study": "heart"}))
