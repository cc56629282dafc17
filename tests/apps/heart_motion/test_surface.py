"""Strain of a moving surface, beside formulas; and what is missing is said."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.heart_motion.surface import SurfaceInMotion, surface_measures, surface_strain
from corporis.errors import BadInput, Unsupported
from corporis.interfaces import Application, Case, Mesh
from corporis.shapes import grid_surface

N_RINGS, N_ANGLES = 20, 48


def tube(radius=25.0, length=60.0):
    """A closed tube about the third axis, and its vertices' segments, -1 on the caps."""
    angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
    z = np.linspace(0, length, N_RINGS)
    rings = np.stack(
        [
            radius * np.cos(angle) + 0 * z[:, None],
            radius * np.sin(angle) + 0 * z[:, None],
            0 * angle + z[:, None],
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.concatenate([rings, [[0, 0, length], [0, 0, 0]]])
    segment = np.where(angle < np.pi, 1, 4)
    return points, grid_surface(N_RINGS, N_ANGLES), np.append(np.tile(segment, N_RINGS), [-1, -1])


def test_a_tube_that_narrows_shortens_and_turns():
    points, cells, segment = tube()
    turn = 0.3
    turned = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    moved = (points * [0.8, 0.8, 0.9]) @ turned.T + [3.0, -2.0, 5.0]
    surface = Mesh(np.stack([points, moved]), cells)
    found = surface_strain(surface, np.array([0, 0, 2.0]), segment, np.array([0.0, 300.0]))
    assert [r.segment for r in found.regions] == [None, 1, 4]
    for region in found.regions:
        assert region.strain["circumferential"] == pytest.approx([0, -20], abs=1e-6)
        assert region.strain["longitudinal"] == pytest.approx([0, -10], abs=1e-6)
        assert region.green["circumferential"][1] == pytest.approx(0.5 * (0.64 - 1), abs=1e-6)
    exact = N_ANGLES / 2 * np.sin(2 * np.pi / N_ANGLES) * 625 * 60 / 1000
    assert found.volume_ml == pytest.approx([exact, 0.576 * exact], rel=1e-6)
    assert found.end_systole == 1
    values = found.surface.point_data["circumferential"]
    assert values.shape == (2, len(points)) and np.isnan(values[0, -1])
    assert found.clinical(found.whole, "circumferential").time_to_peak_ms == 300


def test_twist_shears_and_does_not_shorten_around():
    points, cells, segment = tube()
    angle = 0.004 * points[:, 2]
    x, y = points[:, 0], points[:, 1]
    moved = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle),
                      points[:, 2]], -1)  # fmt: skip
    found = surface_strain(
        Mesh(np.stack([points, moved]), cells), np.array([0, 0, 1.0]), segment, None
    )
    # along: sqrt(1 + (r psi')^2) - 1 with r psi' = 0.1
    assert found.whole.strain["circumferential"][1] == pytest.approx(0, abs=0.05)
    assert found.whole.strain["longitudinal"][1] == pytest.approx(0.5, abs=0.1)


def test_without_a_plane_along_the_axis_length_is_unknown():
    points, cells, segment = tube()
    found = surface_strain(
        Mesh(np.stack([points, 0.9 * points]), cells), np.array([0, 0, 1.0]), segment, None,
        ("circumferential",),
    )  # fmt: skip
    assert found.directions == ("circumferential",)
    assert found.clinical(found.whole, "longitudinal").peak is None
    lines = {"circumferential": np.array([0.0, -10.0])}
    table = {
        m.name: m for m in surface_measures(replace(found, lines=lines, residual_mm=np.ones(1)))
    }
    along = table["global longitudinal strain (GLS), end-systolic"]
    assert along.value is None and along.note == "needs a film along the axis"
    around = table["global circumferential strain (GCS), end-systolic"]
    assert around.value == -10 and "(frame 1, to 2)" in around.note


def test_what_is_missing_is_said():
    assert isinstance(SurfaceInMotion(), Application)
    with pytest.raises(Unsupported, match="got none of cine_slices, phases"):
        SurfaceInMotion()(Case("a"))
    points, cells, segment = tube()
    facts = {"cine_slices": [], "phases": np.arange(4) / 4, "axis": np.array([0, 0, 1.0]),
             "vertex_segment": segment, "n_angles": N_ANGLES, "end_diastole": 0,
             "times_ms": None}  # fmt: skip
    with pytest.raises(BadInput, match="cuts none of the planes"):
        SurfaceInMotion()(Case("a", meshes={"left_endocardium": Mesh(points, cells)}, facts=facts))
