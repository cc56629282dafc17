"""Correspondence without landmarks: true vertices found again, and real livers."""

import os
from pathlib import Path

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import (
    PrincipalShapes,
    SparseShapeComposition,
    compactness,
    correspond,
    generality,
    mend,
    specificity,
    sphere,
)

FOLDER = Path(os.environ.get("CORPORIS_DATA", "data")) / "shapes" / "liver_meshes"


def bodies(n, refinement=3):
    """Ellipsoids with a bump that moves, and the true places of a sphere's vertices on them."""
    rng, ball = np.random.default_rng(0), sphere(1.0, refinement)
    found = []
    for _ in range(n):
        half = np.array([30.0, 22.0, 18.0]) * (1 + 0.12 * rng.standard_normal(3))
        bump = 1 + 0.35 * (1 + 0.3 * rng.standard_normal()) * np.exp(
            -np.sum((ball.points - [0, 0, 1]) ** 2, axis=1) / 0.2
        )
        found.append(Mesh(ball.points * half * bump[:, None] + rng.uniform(-5, 5, 3), ball.cells))
    return found


def test_vertices_come_near_their_true_places_and_modes_stay_few():
    meshes = bodies(8)
    coarse = sphere(20.0, 2)
    found = correspond(meshes, coarse)
    assert found.shapes.shape == (8, len(coarse.points), 3)
    assert found.misses.max() < 3.0  # vertices lie 8 mm apart, samples 4
    truth = np.stack([m.points[: len(coarse.points)] for m in meshes])
    away = np.linalg.norm(found.shapes - truth, axis=2).mean()
    assert away < 6.0  # of bodies 60 mm long
    assert compactness(found.shapes, 4) > 0.85


def test_groupwise_rounds_make_models_better():
    meshes, coarse = bodies(8), sphere(20.0, 2)
    alone, together = (correspond(meshes, coarse, n) for n in (0, 2))
    assert compactness(together.shapes, 3) >= compactness(alone.shapes, 3)
    model = PrincipalShapes(3, prior="box")
    assert generality(together.shapes, model) <= generality(alone.shapes, model)
    assert specificity(together.shapes, 3) <= 1.02 * specificity(alone.shapes, 3)


def test_measures_know_chance_from_order():
    rng = np.random.default_rng(1)
    ordered = np.stack([sphere(10.0, 1).points * [1, a, 1] for a in np.linspace(0.7, 1.3, 12)])
    noisy = ordered + rng.standard_normal(ordered.shape)
    assert compactness(ordered, 1) > 0.95 > compactness(noisy, 1)
    model = PrincipalShapes(1)
    assert generality(ordered, model) < 0.2 < generality(noisy, model)
    assert specificity(ordered, 1) < specificity(noisy, 1)
    with pytest.raises(ValueError, match="n_folds"):
        generality(ordered, model, 1)
    with pytest.raises(ValueError, match="three still"):
        correspond([sphere()], sphere())


@pytest.mark.data
def test_livers_are_explained_by_composition_as_well_as_by_modes():
    meshes = []
    for path in sorted(FOLDER.glob("LiTS-*.npz"))[:60:5]:
        with np.load(path) as held:
            given = Mesh(held["vertices"].astype(float), held["faces"].astype(np.int64))
        meshes.append(mend(given, 6.0).mesh)
    found = correspond(meshes, sphere(70.0, 3))
    assert np.median(found.misses) < 6.0  # mm, between a vertex's and a sample's neighbours
    composed = generality(found.shapes, SparseShapeComposition(0.2, 50.0, alignment="similarity"))
    modes = generality(found.shapes, PrincipalShapes(0.98, prior="box"))
    assert composed < 1.1 * modes
    assert 0 < specificity(found.shapes, 5) < 20
    assert compactness(found.shapes, 6) > 0.8
