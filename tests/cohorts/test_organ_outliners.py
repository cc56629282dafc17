"""Applications that are loaded: their reports name the weights that they were made with."""

import numpy as np
import pytest

from corporis.apps.organs.ct import TrunkCT
from corporis.apps.organs.hippocampus import HippocampusMR
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.cohorts.digests import outlines_digest
from corporis.cohorts.organ_outliners import KeptChest, KeptCT, KeptHippocampus
from corporis.interfaces import Case, Report


@pytest.mark.parametrize(
    ("base", "kept"),
    [(ChestRadiograph, KeptChest), (HippocampusMR, KeptHippocampus), (TrunkCT, KeptCT)],
)
def test_reports_name_their_weights(base, kept, monkeypatch):
    masks = np.eye(4)[None] > 0
    monkeypatch.setattr(base, "__call__", lambda self, case: Report("a", facts={"masks": masks}))
    application = kept(None, None, None, {"files": {"network.onnx": "0123456789abcdef"}})
    found = application(Case("a")).provenance
    assert found["weights"] == {"files": {"network.onnx": "0123456789abcdef"}}
    if kept is KeptChest:
        assert found["outlines"] == outlines_digest(masks)
