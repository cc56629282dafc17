"""Surfaces for ParaView, read back by VTK itself."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

from corporis.imaging.meshes import write_pvd, write_vtp
from corporis.interfaces import Mesh

RNG = np.random.default_rng(1)
POINTS = RNG.normal(size=(2, 7, 3)).astype(np.float32)
CELLS = np.array([[0, 1, 2], [2, 3, 4], [4, 5, 6]], np.int32)
VALUES = {"thickness & <more>": RNG.normal(size=(2, 7)), "label": np.arange(7, dtype=np.int16)}


def vtk_read(path):
    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def test_vtk_reads_what_was_written(tmp_path):
    still = Mesh(POINTS, CELLS, VALUES).at(1)
    surface = vtk_read(write_vtp(still, tmp_path / "a.vtp"))
    assert np.array_equal(vtk_to_numpy(surface.GetPoints().GetData()), POINTS[1])
    polygons = surface.GetPolys()
    assert np.array_equal(vtk_to_numpy(polygons.GetConnectivityArray()).reshape(-1, 3), CELLS)
    data = surface.GetPointData()
    assert data.GetNumberOfArrays() == 2
    for name, values in still.point_data.items():
        assert np.array_equal(vtk_to_numpy(data.GetArray(name)), values)


def test_series_lists_its_times(tmp_path):
    moving = Mesh(POINTS, CELLS, VALUES, times_ms=np.array([0.0, 33.25]))
    path = write_pvd(moving, tmp_path / "meshes", "lv_endo")
    sets = ElementTree.parse(path).getroot().findall("Collection/DataSet")
    assert [float(s.get("timestep")) for s in sets] == [0, 33.25]
    for index, each in enumerate(sets):
        points = vtk_read(path.parent / each.get("file")).GetPoints().GetData()
        assert np.array_equal(vtk_to_numpy(points), POINTS[index])


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="one time"):
        write_vtp(Mesh(POINTS, CELLS), tmp_path / "a.vtp")
    with pytest.raises(ValueError, match="7 rows"):
        write_vtp(Mesh(POINTS[0], CELLS, {"x": np.zeros(3)}), tmp_path / "a.vtp")
    with pytest.raises(ValueError, match="VTK has no type"):
        write_vtp(Mesh(POINTS[0], CELLS, {"x": np.zeros(7, complex)}), tmp_path / "a.vtp")
    with pytest.raises(ValueError, match="name must be"):
        write_pvd(Mesh(POINTS, CELLS), tmp_path, "../escape")
    assert not list(tmp_path.iterdir())
