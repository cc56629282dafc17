"""Shapes: the gross-error misfit as a smooth functional, two shape priors as estimators."""

import numpy as np
from sklearn.base import clone

from corporis.laws import check_estimator, check_smooth
from corporis.shapes import (
    GrossErrorMisfit,
    PartitionedComposition,
    PosteriorShapes,
    PrincipalShapes,
    SparseShapeComposition,
    Transform,
)
from laws.enrolment import Enrolled


def training_shapes(n: int = 20) -> np.ndarray:
    """Outlines (n, 16, 2) about 30 mm in radius."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(16) / 16
    waves = np.stack([np.cos(m * angle + p) for m in (2, 3) for p in (0, np.pi / 2)])
    radius = 30 * (1 + 0.1 * rng.normal(size=(n, 4)) @ waves)
    return radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def misfit(size, *, is_plain=False):
    """Groups of `size` numbers, the first of no confidence; plain squares where asked."""
    rng = np.random.default_rng(size)
    target, trust = 3 * rng.normal(size=(12, size)), rng.random(12)
    trust[0] = 0
    threshold = np.full(12, np.inf) if is_plain else 0.2 + rng.random(12)
    f = GrossErrorMisfit(rng.normal(size=(15, 12, size)), target, threshold, trust)
    points = [s * rng.normal(size=15) for s in (0.1, 1.0, 20.0)]
    laws = tuple(lambda x=x: check_smooth(f, x, np.random.default_rng(6)) for x in points)
    return Enrolled(f, laws)


def prior(model):
    """Deterministic, cloneable, precision kept, and blind to place, size and direction."""
    shapes = training_shapes()
    seen = shapes[:3] + np.random.default_rng(1).normal(size=(3, 16, 2))
    trained = clone(model).fit(shapes)

    def same_again():
        check_estimator(lambda: clone(model), shapes)
        again = clone(model).fit(shapes)
        np.testing.assert_array_equal(again.transform(seen), trained.transform(seen))

    def keeps_precision():
        for kind in (np.float32, np.float64):
            assert trained.transform(seen.astype(kind)).dtype == kind

    def follows_its_input():
        scale = 1.7 if model.alignment == "similarity" else 1.0
        turn = np.array([[0.6, -0.8], [0.8, 0.6]])
        kinds = {"none": Transform.identity(2)}
        move = kinds.get(model.alignment, Transform(scale * turn, np.array([90.0, -5.0])))
        moved = trained.transform(move.apply(seen))
        np.testing.assert_allclose(moved, move.apply(trained.transform(seen)), atol=1e-5)

    return Enrolled(model, (same_again, keeps_precision, follows_its_input))


INSTANCES = {
    "GrossErrorMisfit": [
        lambda: misfit(1),
        lambda: misfit(2),
        lambda: misfit(3),
        lambda: misfit(2, is_plain=True),
    ],
    "PartitionedComposition": [
        lambda: prior(PartitionedComposition()),
        lambda: prior(
            PartitionedComposition(
                SparseShapeComposition(alignment="rigid"), (np.arange(9), np.arange(6, 16))
            )
        ),
    ],
    "PosteriorShapes": [
        lambda: prior(PosteriorShapes()),
        lambda: prior(PosteriorShapes(is_closed=False, alignment="rigid")),
        lambda: prior(PosteriorShapes(alignment="none", n_rounds=1)),
    ],
    "PrincipalShapes": [
        lambda: prior(PrincipalShapes()),
        lambda: prior(PrincipalShapes(3, prior="box", alignment="none")),
        lambda: prior(PrincipalShapes(penalty="redescending", alignment="rigid")),
    ],
    "SparseShapeComposition": [
        lambda: prior(SparseShapeComposition()),
        lambda: prior(SparseShapeComposition(penalty="redescending")),
        lambda: prior(SparseShapeComposition(gross_error="coordinate", alignment="rigid")),
        lambda: prior(SparseShapeComposition(gross_error=None, alignment="none")),
    ],
}

EXEMPT = {
    "Betti": "a pure value; counts of known bodies are in shapes/test_topology.py",
    "Composition": "a pure value; its parts are tested in shapes/test_composition.py",
    "ConeVoting": "a description; known discs elect their centres in shapes/test_voting.py",
    "Correspondence": "a pure value; true vertices are found in shapes/test_correspondence.py",
    "Defects": "a pure value; each defect is made on purpose in shapes/test_mending.py",
    "Inside": "a pure value; balls are filled in shapes/test_inside.py",
    "InstanceOverlap": "a pure value; its figures are defined anew in shapes/test_instances.py",
    "Mended": "a pure value; its surface is measured in shapes/test_mending.py",
    "Neighbours": "a pure value; Euler's formula holds it in shapes/test_point_pattern.py",
    "PatchSearch": "a description; a plain search over patches is in shapes/test_patch_search.py",
    "Patches": "a pure value; its cost is a plain sum in shapes/test_patch_search.py",
    "Posterior": "a pure value; its parts are tested in shapes/test_posterior.py",
    "ProcrustesMean": "a pure value; its fixed point is tested in shapes/test_alignment.py",
    "Rectangle": "a window; processes of known K fill it in shapes/test_point_pattern.py",
    "Region": "a window; its covariance is counted anew in shapes/test_point_pattern.py",
    "Supposed": "a pure value; limits and gain are in shapes/test_supposition.py",
    "SurfaceDistance": "a pure value; exact bodies are in shapes/test_distance.py",
    "Transform": "affine, hence no linear operator; its algebra is in shapes/test_alignment.py",
}
