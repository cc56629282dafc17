"""Maps of another scan explain little of what the coils heard."""

import numpy as np
import pytest

from corporis.apps.mri import Reconstruction, encode
from corporis.apps.mri.given_maps import LEAST_EXPLAINED, explained_by_maps
from corporis.imaging import KSpace
from corporis.interfaces import Case
from corporis.phantoms import PlaneWaveCoils, shepp_logan

SHAPE = (64, 64)
COILS = PlaneWaveCoils.ring(4)
MAPS = COILS.maps(SHAPE).astype(np.complex64)


@pytest.fixture(scope="module")
def scan():
    """Samples of four coils, and which were taken."""
    mask = np.random.default_rng(0).random(SHAPE) < 0.4
    mask[26:38, 26:38] = True
    return (shepp_logan().kspace(SHAPE, COILS) * mask).astype(np.complex64), mask


def test_right_maps_explain_nearly_all(scan):
    assert explained_by_maps(encode(*scan, maps=MAPS)) > 0.98
    assert explained_by_maps(encode(*scan)) > 0.98  # those that are calibrated


@pytest.mark.parametrize(
    "wrong", [MAPS[::-1], MAPS[:, ::-1], MAPS.swapaxes(1, 2), np.ones_like(MAPS)]
)
def test_maps_of_another_order_or_orientation_are_doubted(scan, wrong):
    assert explained_by_maps(encode(*scan, maps=np.ascontiguousarray(wrong))) < LEAST_EXPLAINED


@pytest.mark.parametrize(("maps", "is_said"), [(MAPS, False), (MAPS[::-1].copy(), True)])
def test_the_report_says_so(scan, maps, is_said):
    data, mask = scan
    kspace = KSpace(data, ("coil", "row", "column"), mask=mask, maps=maps)
    report = Reconstruction("zero-fill")(Case("a", {"kspace": kspace}))
    assert any("coil maps given explain only" in w for w in report.warnings) == is_said
