"""What all shape priors share: they say what they lack, and take nothing that is no shape."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from corporis.shapes import (
    PartitionedComposition,
    PosteriorShapes,
    PrincipalShapes,
    SparseShapeComposition,
    align,
    procrustes_mean,
)

PRIORS = [SparseShapeComposition, PrincipalShapes, PosteriorShapes, PartitionedComposition]
ANGLE = np.linspace(0, 2 * np.pi, 12, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
OVALS = np.stack([CIRCLE * [30, 30 * a] for a in np.linspace(0.6, 1.4, 10)])


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("prior", PRIORS)
def test_what_has_learned_nothing_says_so(prior):
    model = prior()
    for name in ("transform", "explain", "posterior", "completed"):
        if hasattr(model, name):
            with pytest.raises(NotFittedError, match=f"{prior.__name__} has learned nothing yet"):
                getattr(model, name)(OVALS[0])
    with pytest.raises(NotFittedError):
        model.transform(OVALS[:0])


@pytest.mark.parametrize("prior", PRIORS)
def test_no_shapes_become_no_shapes(prior):
    model = prior().fit(OVALS)
    found = model.transform(OVALS[:0])
    assert found.shape == (0, 12, 2) and found.dtype == float
    assert model.transform(OVALS[:0].astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match=r"shapes must be \(n, k, d\) or \(k, d\), got \(0,\)"):
        model.transform([])


@pytest.mark.parametrize("prior", PRIORS)
def test_of_equal_shapes_the_mean_explains_everything(prior):
    model = prior().fit(np.stack([OVALS[0]] * 5))
    found = model.transform(OVALS[0] + 3)
    np.testing.assert_allclose(found, OVALS[0] + 3, atol=1e-6)


def test_principal_shapes_of_equal_shapes_have_no_modes():
    for prior in ("box", "gaussian"):
        model = PrincipalShapes(prior=prior, alignment="none").fit(np.stack([OVALS[0]] * 5))
        assert model.modes_.shape == (0, 12, 2)
        found = model.explain(OVALS[3])
        np.testing.assert_allclose(found.shape, OVALS[0])
        assert found.code.shape == (0,)


@pytest.mark.parametrize("prior", PRIORS)
def test_an_alignment_that_explains_shapes_away_is_refused_by_its_name(prior):
    model = prior()
    if prior is PartitionedComposition:
        model = prior(SparseShapeComposition(alignment="affine"))
    else:
        model.set_params(alignment="affine")
    with pytest.raises(ValueError, match="alignment must be none, rigid or similarity, got 'aff"):
        model.fit(OVALS)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (np.zeros((4, 12, 2)), "4 of 4 that are collapsed, the first at index 0"),
        (np.where(np.arange(10)[:, None, None] == 2, 7.0, OVALS), "1 of 10 .* at index 2"),
        (OVALS * 1e200, "below 1e.150 to be aligned, got 4"),
        (OVALS * 1e-200, "collapsed"),
        (OVALS + 1j, "real numbers, got complex128"),
        (OVALS[:, :0], r"n, k >= 1"),
    ],
)
def test_what_cannot_be_aligned_is_refused_without_warnings(prior, shapes, words):
    with pytest.raises(ValueError, match=words):
        prior().fit(shapes)
    with pytest.raises(ValueError, match=words):
        procrustes_mean(shapes)


@pytest.mark.parametrize("prior", PRIORS)
def test_a_complex_shape_is_refused(prior):
    model = prior().fit(OVALS)
    with pytest.raises(ValueError, match="real numbers, got complex128"):
        model.transform(OVALS[0] + 1j)


@pytest.mark.parametrize("kind", ["none", "rigid", "similarity", "affine"])
def test_points_that_are_no_points_are_refused_without_warnings(kind):
    square = OVALS[0]
    for pair in ((square + 1j, square), (square, square + 1j)):
        with pytest.raises(ValueError, match="must be real numbers, got complex128"):
            align(*pair, kind=kind)
    if kind != "none":
        for pair in ((1e200 * square, square), (square, 1e200 * square)):
            with pytest.raises(ValueError, match="coordinates must be below 1e"):
                align(*pair, kind=kind)
        with pytest.raises(ValueError, match="needs points that span"):
            align(1e-200 * square, square, kind=kind)
    far = square.copy()
    far[3] = 1e200
    align(far, square, np.arange(12) != 3, kind)
