"""The one CT volume of a case."""

import numpy as np

from apps.organs.trunk import hounsfield, labels
from corporis.apps.organs.ct_input import single_ct
from corporis.imaging import Image
from corporis.interfaces import Case

AFFINE = np.array([[0, 0, 4.0, 0], [0, 4.0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 1]])


def test_a_scan_is_given_as_it_is():
    volume = hounsfield(labels())
    image = Image(volume, ("slice", "row", "column"), AFFINE, facts={"modality": "CT"})
    found, values = single_ct(Case("case-1", {"scan": image}))
    assert found is image and values.dtype == np.float32
    np.testing.assert_array_equal(values, volume)
