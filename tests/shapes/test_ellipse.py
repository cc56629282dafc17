"""Ellipses: found from an arc of theirs, from masks, and two at once where they overlap."""

import numpy as np
import pytest

from corporis.shapes.ellipse import Ellipse, fit_ellipse, moments_ellipse, two_ellipses


def ellipse(centre, axes, angle=0.0):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Ellipse(np.array(centre, float), turn @ np.diag(np.array(axes, float) ** -2) @ turn.T)


def mask_of(found, shape):
    return found.level(np.stack(np.indices(shape), axis=-1)) <= 1


def test_an_arc_tells_of_the_whole():
    true = ellipse((20, 30), (9, 5), 0.6)
    t = np.linspace(0, 2.5, 30)
    values, vectors = np.linalg.eigh(true.form)
    points = true.centre + (np.stack([np.cos(t), np.sin(t)], 1) / np.sqrt(values)) @ vectors.T
    np.testing.assert_allclose(true.level(points), 1)
    found = fit_ellipse(points)
    np.testing.assert_allclose(found.centre, true.centre, atol=1e-6)
    np.testing.assert_allclose(found.form, true.form, atol=1e-8)
    np.testing.assert_allclose(true.distance(points), 0, atol=1e-9)


@pytest.mark.parametrize("points", [np.zeros((6, 2)), np.stack([np.arange(9.0)] * 2, axis=1)])
def test_a_point_and_a_line_are_no_ellipse(points):
    assert fit_ellipse(points) is None


def test_moments_give_back_the_ellipse_that_was_drawn():
    true = ellipse((30, 28), (15, 8), 0.4)
    found = moments_ellipse(mask_of(true, (60, 60)))
    np.testing.assert_allclose(found.centre, true.centre, atol=0.1)
    np.testing.assert_allclose(found.form, true.form, rtol=0.05, atol=2e-4)


@pytest.mark.parametrize("gap", [10, 14, 18])
def test_two_that_overlap_are_both_found(gap):
    true = [ellipse((30, 30 - gap / 2), (12, 9), 0.3), ellipse((31, 30 + gap / 2), (9, 8), 1.0)]
    masks = [mask_of(e, (62, 62)) for e in true]
    quality, pair = two_ellipses(masks[0] | masks[1])
    assert quality > 0.95
    for one in true:
        nearest = min(pair, key=lambda e, one=one: np.linalg.norm(e.centre - one.centre))
        assert np.linalg.norm(nearest.centre - one.centre) < 1.5
