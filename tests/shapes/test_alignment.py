"""Alignment: exact recovery, least squares, and the Procrustes mean."""

import numpy as np
import pytest

from corporis.shapes import Transform, align, procrustes_mean


def rotation(rng, d):
    q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    q[:, 0] *= np.linalg.det(q)
    return q


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine"])
def test_a_planted_transform_is_recovered_from_trusted_points(rng, d, kind):
    source = rng.normal(size=(12, d))
    linear = {
        "rigid": rotation(rng, d),
        "similarity": 2.5 * rotation(rng, d),
        "affine": rng.normal(size=(d, d)),
    }[kind]
    planted = Transform(linear, rng.normal(size=d))
    target, weights = planted.apply(source), np.ones(12)
    target[:3], weights[:3] = np.nan, 0
    found = align(source, target, weights, kind)
    np.testing.assert_allclose(found.linear, planted.linear, atol=1e-12)
    np.testing.assert_allclose(found.offset, planted.offset, atol=1e-12)


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine"])
def test_no_neighbouring_transform_fits_better(rng, kind):
    source, target, w = rng.normal(size=(9, 3)), rng.normal(size=(9, 3)), rng.random(9)

    def misfit(t):
        return w @ np.sum((t.apply(source) - target) ** 2, axis=1)

    best = align(source, target, w, kind)
    for _ in range(200):
        turn = rotation(rng, 3)
        small = np.linalg.qr(np.eye(3) + 1e-2 * rng.normal(size=(3, 3)))[0]
        small *= np.sign(np.diag(small))
        step = {
            "rigid": small if np.linalg.det(small) > 0 else turn,
            "similarity": small * (1 + 1e-2 * rng.normal()) * np.sign(np.linalg.det(small)),
            "affine": np.eye(3) + 1e-2 * rng.normal(size=(3, 3)),
        }[kind]
        other = Transform(step @ best.linear, best.offset + 1e-2 * rng.normal(size=3))
        assert misfit(other) >= misfit(best)


def test_shapes_are_never_mirrored():
    source = np.array([[0, 0], [2, 0], [0, 1.0]])
    found = align(source, source * [-1, 1], kind="rigid")
    assert np.linalg.det(found.linear) == pytest.approx(1)


def test_transforms_compose_and_invert_and_keep_precision(rng):
    a = Transform(rng.normal(size=(2, 2)), rng.normal(size=2))
    b = Transform(2 * rotation(rng, 2), rng.normal(size=2))
    x = rng.normal(size=(4, 5, 2))
    np.testing.assert_allclose(a.compose(b).apply(x), a.apply(b.apply(x)))
    np.testing.assert_allclose(a.inverse().apply(a.apply(x)), x)
    np.testing.assert_allclose(a.turn(x[0] - x[1]), a.apply(x[0]) - a.apply(x[1]))
    assert b.scale == pytest.approx(2)
    assert a.apply(x.astype(np.float32)).dtype == np.float32
    assert a.apply(np.array([[1, 2]])).dtype == np.float64


@pytest.mark.parametrize(("kind", "n"), [("rigid", 1), ("similarity", 1), ("affine", 2)])
def test_too_few_points_are_refused(kind, n):
    points = np.arange(8.0).reshape(4, 2) ** 2
    with pytest.raises(ValueError, match="span"):
        align(points, points, np.r_[np.ones(n), np.zeros(4 - n)], kind)
    with pytest.raises(ValueError, match="finite"):
        align(points * np.nan, points)
    with pytest.raises(ValueError, match=">= 0"):
        align(points, points, -np.ones(4))


def test_mean_of_one_form_in_many_places_is_that_form(rng):
    form = rng.normal(size=(10, 3))
    shapes = np.stack(
        [(1 + rng.random()) * form @ rotation(rng, 3).T + rng.normal(size=3) for _ in range(8)]
    )
    found = procrustes_mean(shapes)
    assert np.ptp(found.aligned, axis=0).max() < 1e-10
    t = align(form, found.mean)
    np.testing.assert_allclose(t.apply(form), found.mean, atol=1e-10)
    sizes = np.linalg.norm(shapes - shapes.mean(1, keepdims=True), axis=(1, 2))
    assert np.linalg.norm(found.mean - found.mean.mean(0)) == pytest.approx(sizes.mean())


@pytest.mark.parametrize("kind", ["rigid", "similarity", "none"])
def test_mean_is_fixed_under_another_round_and_independent_of_order(rng, kind):
    shapes = rng.normal(size=(10, 2)) + 0.1 * rng.normal(size=(20, 10, 2))
    found = procrustes_mean(shapes, kind)
    again = np.mean(found.aligned, axis=0)
    again = align(again, found.mean, kind="none" if kind == "none" else "similarity").apply(again)
    np.testing.assert_allclose(again, found.mean, atol=1e-5)
    other = procrustes_mean(shapes[::-1], kind)
    np.testing.assert_allclose(other.mean, found.mean, atol=1e-5)


def test_what_is_no_set_of_shapes_is_refused():
    with pytest.raises(ValueError, match="n, k, d"):
        procrustes_mean(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="finite"):
        procrustes_mean(np.full((2, 4, 2), np.nan))
    with pytest.raises(ValueError, match="kind"):
        procrustes_mean(np.ones((2, 4, 2)), "affine")
