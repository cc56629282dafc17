"""The one CT volume of a case."""

import numpy as np
import pytest

from apps.organs.trunk import hounsfield, labels
from corporis.apps.organs.ct_input import single_ct
from corporis.apps.organs.frontal import single_plane
from corporis.apps.organs.hippocampus import single_crop
from corporis.errors import BadInput
from corporis.imaging import Image
from corporis.interfaces import Case

AXES = ("slice", "row", "column")
AFFINE = np.array([[0, 0, 4.0, 0], [0, 4.0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 1]])


def test_a_scan_is_given_as_it_is():
    volume = hounsfield(labels())
    image = Image(volume, AXES, AFFINE, facts={"modality": "CT"})
    found, values = single_ct(Case("case-1", {"scan": image}))
    assert found is image and values.dtype == np.float32
    np.testing.assert_array_equal(values, volume)


@pytest.mark.filterwarnings("error")
def test_values_beyond_single_precision_are_one_line():
    volume = hounsfield(labels()).astype(float) * 1e300
    case = Case("case-1", {"scan": Image(volume, AXES, AFFINE)})
    for read in (single_ct, single_crop):
        with pytest.raises(BadInput, match=r"^case-1: expected grey values within 3\.4e\+38, got"):
            read(case)
    plane = Case("case-1", {"film": Image(volume[:1], AXES, AFFINE)})
    with pytest.raises(BadInput, match=r"^case-1: expected grey values within 3\.4e\+38, got"):
        single_plane(plane)
