"""Which function outlines an organ, and what is said where none does."""

import pytest

from corporis.commands.organs import outlining
from corporis.errors import BadInput
from corporis.workstation.ct import run_ct
from corporis.workstation.hippocampus import run_hippocampus
from corporis.workstation.organs import run_chest


def test_each_organ_has_its_function():
    assert outlining("chest", True).func is run_chest
    found = outlining("ct", True)
    assert found.func is run_ct and found.keywords == {"gives_seg": True}
    assert outlining("hippocampus", False) is run_hippocampus


def test_other_organs_and_segmentations_of_crops_are_one_line():
    with pytest.raises(BadInput, match="expected chest, hippocampus or ct, got 'spleen'"):
        outlining("spleen", False)
    with pytest.raises(BadInput, match="--seg: expected a radiograph or CT, got --organ hippo"):
        outlining("hippocampus", True)
