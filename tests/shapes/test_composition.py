"""Sparse shape composition: invariance, descent, bounded scale, missing and wrong landmarks."""

import numpy as np
import pytest
from sklearn.base import clone

from corporis.shapes import SparseShapeComposition

ANGLE = 2 * np.pi * np.arange(24) / 24


def ovals(n: int = 30, seed: int = 0) -> np.ndarray:
    """Outlines (n, 24, 2) of several independent deformations, radius about 30 mm."""
    rng = np.random.default_rng(seed)
    waves = np.stack([np.cos(m * ANGLE + p) for m in (2, 3, 4) for p in (0, np.pi / 2)])
    radius = 30 * (1 + (0.08 * rng.normal(size=(n, 6))) @ waves)
    return radius[..., None] * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)


def turned(shapes, angle=0.7, scale=1.0, offset=(0.0, 0.0)):
    c, s = np.cos(angle), np.sin(angle)
    return scale * shapes @ np.array([[c, s], [-s, c]]) + np.asarray(offset)


def corrupted(shape, seed=0):
    rng = np.random.default_rng(seed)
    wrong = shape + 0.5 * rng.normal(size=shape.shape)
    wrong[[2, 3, 15]] += [12.0, 5.0]
    return wrong


SETTINGS = [
    {"gross_error": g, "penalty": p}
    for g, p in [
        ("landmark", "convex"),
        ("landmark", "redescending"),
        ("coordinate", "convex"),
        ("coordinate", "redescending"),
        (None, "convex"),
    ]
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_input_similarity_is_absorbed_by_the_transform(setting):
    model = SparseShapeComposition(**setting).fit(ovals())
    wrong = corrupted(ovals(1, seed=9)[0])
    moved = model.transform(turned(wrong, 1.1, 0.4, (100, -40)))
    np.testing.assert_allclose(
        moved, turned(model.transform(wrong), 1.1, 0.4, (100, -40)), atol=1e-6
    )


def test_only_landmark_errors_are_independent_of_the_axes():
    wrong, training = corrupted(ovals(1, seed=9)[0]), ovals()
    spread = {}
    for kind in ("landmark", "coordinate"):
        model = SparseShapeComposition(gross_error=kind, alignment="none", tolerance=1e-8)
        straight = model.fit(training).transform(wrong)
        slanted = model.fit(turned(training)).transform(turned(wrong))
        spread[kind] = np.abs(turned(straight) - slanted).max()
    assert spread["landmark"] < 1e-2
    assert spread["coordinate"] > 0.1


@pytest.mark.parametrize("kind", ["landmark", "coordinate", None])
@pytest.mark.parametrize("alignment", ["similarity", "rigid"])
def test_no_step_raises_the_objective_and_the_gap_is_reached(kind, alignment):
    model = SparseShapeComposition(gross_error=kind, alignment=alignment).fit(ovals())
    search = model.alternation(corrupted(ovals(1, seed=9)[0]), np.ones(24))
    objectives = [search.objective]
    for _ in range(25):
        search.step()
        objectives.append(search.objective)
    assert np.all(np.diff(objectives) <= 1e-9 * objectives[0])
    search.finish()
    assert search.gap <= 1e-3 * search.objective
    assert search.objective <= objectives[-1]


@pytest.mark.parametrize("setting", SETTINGS[:2])
def test_gross_errors_are_found_and_set_aside(setting):
    truth = ovals(1, seed=9)[0]
    model = SparseShapeComposition(code_weight=0.1, **setting).fit(ovals())
    found = model.explain(corrupted(truth))
    assert {2, 3, 15} <= set(np.flatnonzero(found.overruled))
    size = np.linalg.norm(found.error, axis=1)
    assert set(np.argsort(size)[-3:]) == {2, 3, 15}
    np.testing.assert_allclose(found.error[15], [12, 5], atol=4)
    mistake = np.linalg.norm(found.shape - truth, axis=1)
    assert mistake.mean() < (0.8 if setting["penalty"] == "redescending" else 1.2)
    moved = model.explain(turned(corrupted(truth), 1.1, 2.0))
    np.testing.assert_allclose(moved.error, turned(found.error, 1.1, 2.0), atol=1e-6)
    plain = SparseShapeComposition(code_weight=0.1, gross_error=None).fit(ovals())
    assert np.linalg.norm(plain.transform(corrupted(truth)) - truth, axis=1).mean() > 1.5


def test_a_training_shape_is_explained_by_itself():
    training = ovals()
    model = SparseShapeComposition(code_weight=0.02).fit(training)
    found = model.explain(turned(training[7], 0.3, 1.4, (5, 5)))
    ranked = model.contributors(found)
    assert ranked[0][0] == 7
    assert sum(share for _, share in ranked) == pytest.approx(1)
    assert not found.overruled.any()
    assert found.transform.scale == pytest.approx(1 / 1.4, rel=0.02)
    code = np.tensordot(found.code, model.shapes_ - model.mean_, axes=1)
    np.testing.assert_allclose(found.transform.apply(found.shape), model.mean_ + code, atol=1e-9)


def test_missing_landmarks_are_filled_in():
    truth = ovals(1, seed=5)[0]
    model = SparseShapeComposition(code_weight=0.05).fit(ovals(60))
    holes, trust = truth.copy(), np.ones(24)
    holes[[0, 6, 7, 8]], trust[[0, 6, 7, 8]] = np.nan, 0
    found = model.explain(holes, trust)
    assert np.linalg.norm(found.shape - truth, axis=1).max() < 1.5
    assert not found.overruled[[0, 6, 7, 8]].any()
    anything = np.where(np.isnan(holes), 1e6, holes)
    np.testing.assert_array_equal(model.explain(anything, trust).shape, found.shape)


def test_confidences_weigh_like_repeated_landmarks_and_only_their_ratio_counts():
    model = SparseShapeComposition().fit(ovals())
    wrong, trust = corrupted(ovals(1, seed=9)[0]), 0.2 + np.random.default_rng(1).random(24)
    once, tenfold = (model.transform(wrong, t) for t in (trust, 10 * trust))
    np.testing.assert_allclose(once, tenfold, atol=1e-6)
    doubled = np.concatenate([np.arange(24), [2, 3, 15]])
    other = SparseShapeComposition(alignment="none").fit(ovals()[:, doubled])
    weights = np.ones(24)
    weights[[2, 3, 15]] = 2
    plain = SparseShapeComposition(alignment="none").fit(ovals())
    # A repeated landmark changes the size of atoms a little, hence the tolerance.
    np.testing.assert_allclose(
        other.transform(wrong[doubled])[:24], plain.transform(wrong, weights), atol=0.2
    )


def test_plain_solver_gives_the_same_explanation():
    wrong = corrupted(ovals(1, seed=9)[0])
    compiled, plain = (
        SparseShapeComposition(compiled=c, tolerance=1e-5).fit(ovals()).transform(wrong)
        for c in (True, False)
    )
    np.testing.assert_allclose(compiled, plain, atol=0.05)


def test_solid_shapes_work_alike(rng):
    base = rng.normal(size=(40, 3)) * 20
    ways = rng.normal(size=(4, 40, 3))
    training = base + np.tensordot(rng.normal(size=(25, 4)), ways, axes=1)
    truth = base + np.tensordot(rng.normal(size=4), ways, axes=1)
    wrong = truth.copy()
    wrong[:5] += 15
    model = SparseShapeComposition(code_weight=0.05, penalty="redescending").fit(training)
    found = model.explain(wrong)
    assert np.flatnonzero(found.overruled).tolist() == [0, 1, 2, 3, 4]
    assert np.linalg.norm(found.shape - truth, axis=1).mean() < 0.5


def test_scikit_learn_contract():
    model = SparseShapeComposition(0.1, penalty="redescending")
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    shapes = ovals(4, seed=3).astype(np.float32)
    first = copy.fit(ovals()).transform(shapes)
    assert first.dtype == np.float32
    assert first.shape == shapes.shape
    np.testing.assert_array_equal(first, model.fit(ovals()).transform(shapes))
    np.testing.assert_array_equal(first[2], model.transform(shapes[2]))
    weights = np.ones((4, 24))
    np.testing.assert_array_equal(first, model.transform(shapes, weights))
    found = model.explain(shapes[0])
    assert found.shape.dtype == found.code.dtype == found.error.dtype == np.float32


def test_a_copy_of_the_mean_among_the_training_shapes_does_no_harm():
    training = ovals(6)
    mean = SparseShapeComposition(alignment="none").fit(training).mean_
    model = SparseShapeComposition(alignment="none").fit(np.concatenate([training, mean[None]]))
    assert np.isfinite(model.transform(training[0])).all()


def test_wrong_input_is_named():
    model = SparseShapeComposition().fit(ovals())
    with pytest.raises(ValueError, match="like the mean"):
        model.transform(np.zeros((7, 2)))
    with pytest.raises(ValueError, match="confidence 0"):
        model.transform(np.full((24, 2), np.nan))
    with pytest.raises(ValueError, match="n >= 2"):
        SparseShapeComposition().fit(ovals()[0])
    for wrong in (
        {"code_weight": 0},
        {"gross_weight": -1.0},
        {"gross_error": "vertex"},
        {"penalty": "l1"},
        {"alignment": "affine"},
        {"at_most": 0},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SparseShapeComposition(**wrong).fit(ovals())


def test_adopted_shapes_stay_where_they_are_and_equal_fitted_ones():
    fitted = SparseShapeComposition().fit(ovals())
    adopted = SparseShapeComposition().adopt(fitted.mean_, fitted.shapes_)
    wrong = corrupted(ovals(1, seed=9)[0])
    np.testing.assert_array_equal(adopted.transform(wrong), fitted.transform(wrong))
    few = SparseShapeComposition(code_weight=0.02).adopt(fitted.mean_, fitted.shapes_[:1])
    np.testing.assert_array_equal(few.mean_, fitted.mean_)
    assert few.explain(fitted.shapes_[0]).code[0] == pytest.approx(1, abs=0.02)
    with pytest.raises(ValueError, match="like the mean"):
        few.adopt(fitted.mean_, fitted.shapes_[:, 1:])
    with pytest.raises(ValueError, match="finite"):
        few.adopt(fitted.mean_ * np.nan, fitted.shapes_)
