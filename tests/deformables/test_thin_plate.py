"""The thin plate, against another implementation, leaving points out, and planted errors."""

import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator

from corporis.deformables import ThinPlate
from corporis.deformables.thin_plate import _System


def field(places):
    """A smooth field, of a few units."""
    y, x = places.T
    return np.stack([2 * np.sin(y / 4) + 0.3 * x, np.cos(x / 5) - 0.2 * y], axis=-1)


@pytest.fixture
def seen(rng):
    """A jittered grid, and the field with little noise."""
    y, x = np.mgrid[:14, :14]
    rest = np.stack([y.ravel(), x.ravel()], axis=-1) + rng.uniform(-0.3, 0.3, (196, 2))
    return rest, field(rest) + 0.02 * rng.standard_normal((196, 2))


def error(fit, rest):
    return float(np.sqrt(np.mean(np.sum((fit(rest) - field(rest)) ** 2, axis=-1))))


def test_the_quadratic_plate_is_the_known_spline(seen, rng):
    rest, moved = seen
    places = rng.uniform(1, 12, (30, 2))
    fit = ThinPlate(stiffness=(0.05,), believed=None).fit(rest, moved)
    # kernels differ by 1 / (8 pi), lengths by the scale of the points
    known = RBFInterpolator(
        rest / fit.scale, moved, smoothing=0.05 * 8 * np.pi, kernel="thin_plate_spline"
    )
    np.testing.assert_allclose(fit(places), known(places / fit.scale), atol=1e-7)


def test_slopes_are_those_of_the_field(seen, rng):
    fit = ThinPlate().fit(*seen)
    places, h = rng.uniform(2, 11, (20, 2)), 1e-4
    measured = [(fit(places + h * e) - fit(places - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(fit.gradient(places), np.stack(measured, -1), atol=1e-6)
    assert np.all(np.isfinite(fit.gradient(seen[0])))


def test_leaving_out_is_leaving_out(rng):
    rest, moved = rng.uniform(0, 5, (20, 2)), rng.standard_normal((20, 2))
    trust = rng.uniform(0.3, 1, 20)
    stated = _System(rest).left_out(moved[None], trust[None], 0.2)[0]
    for i in (0, 7, 19):
        kept = np.arange(20) != i
        part = _System(rest[kept])
        c = part.solved(moved[kept][None], trust[kept][None], 0.2)[0]
        square = np.sum((rest[i] - rest[kept]) ** 2, axis=-1)
        basis = np.concatenate([square * np.log(square) / (16 * np.pi), [1.0], rest[i]])
        assert abs(np.sum((moved[i] - basis @ c) ** 2) / stated[i] - 1) < 1e-6


@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("coherent", [False, True])
def test_gross_errors_cost_little(seen, rng, share, coherent):
    rest, moved = seen
    clean = error(ThinPlate().fit(rest, moved), rest)
    wrong = rng.choice(196, round(share * 196), replace=False)
    turn = rng.uniform(0, 2 * np.pi, 1 if coherent else len(wrong))
    moved[wrong] += 2.0 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    fit = ThinPlate().fit(rest, moved)
    assert error(fit, rest) < 1.5 * clean
    assert fit.trust[wrong].max() < 0.1
    assert error(ThinPlate(believed=None).fit(rest, moved), rest) > 5 * clean


def test_a_patch_that_agrees_with_itself_is_found(seen):
    rest, moved = seen
    patch = np.linalg.norm(rest - [6.0, 7.0], axis=1) < 2
    moved[patch] += [2.0, -2.0]
    fit = ThinPlate().fit(rest, moved)
    np.testing.assert_array_equal(fit.trust < 0.5, patch)


def test_a_film_judges_a_point_over_all_times(seen):
    rest, moved = seen
    film = np.stack([moved, 1.5 * moved, 2 * moved])
    film[:2, 5] += 1.0  # right in the last frame by chance
    fit = ThinPlate().fit(rest, film)
    assert fit.trust.shape == (3, 196) and fit.trust[:, 5].max() < 0.1
    np.testing.assert_allclose(fit(rest)[1], 1.5 * field(rest), atol=0.15)
    np.testing.assert_array_equal(fit.at(1)(rest), fit(rest)[1])


def test_bad_values_are_refused(rng):
    rest = rng.standard_normal((10, 2))
    with pytest.raises(ValueError, match="rest must be"):
        ThinPlate().fit(rest, rest[:5])
    with pytest.raises(ValueError, match="one line"):
        ThinPlate().fit(rest * [1, 0], rest)
    with pytest.raises(ValueError, match="coincide"):
        ThinPlate().fit(np.vstack([rest, rest[:1]]), np.zeros((11, 2)))
    with pytest.raises(ValueError, match="finite"):
        ThinPlate().fit(rest, rest * np.nan)
    with pytest.raises(ValueError, match="stiffness"):
        ThinPlate(stiffness=())
    with pytest.raises(ValueError, match="believed"):
        ThinPlate(believed=-1.0)
