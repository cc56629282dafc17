"""What comments of DENSE images say, and the facts of a real series."""

import numpy as np
import pytest

from corporis.imaging import read
from corporis.imaging.dense_header import DenseEncoding, dense_encoding

END = "EncFreq:0.10 Rep:0/1 Slc:0/1 RCswap:{} RCSflip:{}"


@pytest.mark.parametrize(
    "part, swap, flips, axis, cycles",
    [
        ("x", 0, "0/0/0", "column", 0.1),
        ("y", 0, "1/0/0", "row", -0.1),
        ("x", 1, "0/1/0", "row", 0.1),
        ("y", 1, "0/1/0", "column", -0.1),
        ("z", 1, "1/1/0", "through", 0.1),
    ],
)
def test_axes_swaps_and_flips(part, swap, flips, axis, cycles):
    text = f"DENSE {part}-enc pha - Scale:1.000 {END.format(swap, flips)}"
    assert dense_encoding(text) == DenseEncoding(axis, cycles)


def test_magnitudes_scales_and_other_comments():
    assert dense_encoding("DENSE overall mag - Rep:0/1") == DenseEncoding("magnitude", 0.0)
    scaled = dense_encoding("DENSE x-enc pha - Scale:2.0 EncFreq:0.05")
    assert scaled is not None and scaled.cycles_per_mm == pytest.approx(0.1)
    for text in ("", "x-enc pha", "DENSE x-enc pha - EncFreq:0.0", "DENSE x-enc pha"):
        assert dense_encoding(text) is None


def test_a_real_series_says_what_it_encodes(data_dir):
    case = read(data_dir / "cardiac" / "dense_phantom_dicom")
    axes = {image.facts["dense_axis"] for image in case.images.values()}
    assert axes == {"magnitude", "row", "column", "through"}
    phases = [i for i in case.images.values() if i.facts["dense_axis"] == "row"]
    assert phases[0].facts["cycles_per_mm"] == 0.08
    assert np.asarray(phases[0].data).max() <= 4096
