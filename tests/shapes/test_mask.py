"""What is no mask is refused by all that take masks; labels and bool stay what they are."""

import numpy as np
import pytest

from corporis.shapes import betti, dice, euler_number, jaccard, signed_distance
from corporis.shapes.mask import as_mask

TAKING = {
    "dice": lambda mask: dice(mask, np.ones((4, 4), bool)),
    "dice, second": lambda mask: dice(np.ones((4, 4), bool), mask),
    "jaccard": lambda mask: jaccard(mask, np.ones((4, 4), bool)),
    "betti": betti,
    "euler_number": euler_number,
    "signed_distance": signed_distance,
}


@pytest.mark.parametrize("name", TAKING)
@pytest.mark.parametrize("value", [np.nan, 0.3, 2.0, -1.0, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_between_inside_and_outside_are_refused(name, value, dtype):
    mask = np.zeros((4, 4), dtype)
    mask[1:3, 1:3] = 1
    TAKING[name](mask)
    mask[2, 2] = value
    with pytest.raises(ValueError, match=r"1 of 16 other values such as .*: threshold"):
        TAKING[name](mask)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_masks_of_all_types_are_alike(dtype):
    ring = np.ones((5, 5), dtype)
    ring[2, 2] = 0
    assert betti(ring).holes == 1 and dice(ring, ring) == 1
    np.testing.assert_array_equal(signed_distance(ring), signed_distance(ring != 0))


def test_labels_are_inside_and_a_bool_mask_is_not_copied():
    assert as_mask(np.array([0, 3, -1], np.int16)).tolist() == [False, True, True]
    mask = np.eye(3, dtype=bool)
    assert as_mask(mask) is mask
    for other in (np.array(["a"]), np.array([1j]), np.array([None])):
        with pytest.raises(ValueError, match="must be bool, or numbers 0 and 1"):
            as_mask(other)
