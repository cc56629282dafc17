"""What `corporis info` prints."""

import subprocess
import sys

import numpy as np
import pytest

from corporis.imaging.datasets import demo_study
from corporis.imaging.description import describe, orientation_name
from corporis.imaging.image import Image
from corporis.imaging.reader import read


def test_rows_of_the_demo_study():
    rows = describe(read(demo_study(), name="demo"))
    assert rows[0] == ("case", "demo")
    found = dict(rows)
    assert found["files"] == "npz, 11 files used, 1 other files ignored"
    assert "6 slices x 25 times" in found["stack_1"]
    assert "slice step 17.7 mm" in found["stack_1"]
    assert "oblique, 52 deg from axial" in found["stack_1"]


@pytest.mark.parametrize(
    ("columns", "name"),
    [([2, 1, 0], "axial"), ([1, 2, 0], "coronal"), ([0, 1, 2], "sagittal")],
)
def test_orientation(columns, name):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, columns]
    assert orientation_name(Image(np.zeros((2, 2)), ("row", "column"), affine)) == name


def test_a_place_that_no_file_gives_is_not_invented(tmp_path):
    np.savez(tmp_path / "a.npz", mid_tagged=np.ones((4, 9, 9)))
    found = dict(describe(read(tmp_path / "a.npz")))
    assert found["files"] == "npz, 1 file used"
    assert "place unknown" in found["mid"] and "axial" not in found["mid"]


def test_import_is_light():
    code = (
        "import sys, corporis.imaging; "
        "heavy = {'pydicom', 'nibabel', 'pooch', 'PIL', 'vtk', 'pyvista', 'torch'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
