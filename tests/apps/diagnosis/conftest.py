"""Made-up hearts of three groups, and a judge trained on them."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.diagnosis import train_judge

# mean and spread of each measure: failing, hypertrophic, normal
MEASURES = {
    "ejection_fraction_percent": ((25, 8), (65, 7), (60, 6)),
    "relative_wall_thickness": ((0.30, 0.05), (0.80, 0.12), (0.42, 0.05)),
    "muscle_to_cavity_ratio": ((0.8, 0.2), (2.4, 0.4), (1.1, 0.2)),
    "area_change_base_percent": ((30, 10), (62, 8), (66, 8)),
    "area_change_mid_percent": ((22, 8), (62, 8), (52, 8)),
    "area_change_apex_percent": ((20, 12), (75, 10), (65, 10)),
    "wall_thickening_percent": ((15, 8), (50, 12), (65, 12)),
    "thickening_spread_percent": ((20, 6), (20, 6), (20, 6)),
    "cavity_eccentricity_es": ((0.03, 0.01), (0.03, 0.01), (0.03, 0.01)),
}
GROUPS = ("heart failure", "hypertrophy", "normal")


def made_hearts(rng, sizes=(15, 8, 6)):
    """Features by name and groups of some hearts."""
    table, groups = [], []
    for k, (group, size) in enumerate(zip(GROUPS, sizes, strict=True)):
        for _ in range(size):
            heart = {name: float(rng.normal(*spread[k])) for name, spread in MEASURES.items()}
            centre = {"heart failure": 15.0, "hypertrophy": 50.0, "normal": 60.0}[group]
            heart["segment_thickening_percent"] = rng.normal(centre, 5, 17)
            table.append(heart)
            groups.append(group)
    return table, groups


@pytest.fixture(scope="session")
def make_hearts():
    return made_hearts


@pytest.fixture(scope="session")
def cohort():
    return made_hearts(np.random.default_rng(5))


@pytest.fixture(scope="session")
def judge(cohort):
    return train_judge(*cohort, source="made-up")


@pytest.fixture
def typical():
    """The mean heart of a group."""

    def heart(group, **changes):
        k = GROUPS.index(group)
        features = {name: float(spread[k][0]) for name, spread in MEASURES.items()}
        thickening = np.full(17, 15.0 if group == "heart failure" else 60.0)
        return {**features, "segment_thickening_percent": thickening, **changes}

    return heart


@pytest.fixture
def strict(judge):
    """The same judge with another threshold, to whom almost nothing is unlike the known."""

    def with_threshold(threshold):
        other = type(judge).from_json(judge.to_json())
        other.calibration_ = replace(other.calibration_, threshold=threshold)
        other.novelty_ = replace(other.novelty_, false_alarm=0.001)
        return other

    return with_threshold


@pytest.fixture
def no_atlas(monkeypatch, tmp_path):
    """A user who does not have the atlas."""
    monkeypatch.setenv("CORPORIS_DATA", str(tmp_path))
