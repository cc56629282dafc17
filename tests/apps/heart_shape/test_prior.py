"""The shape prior: hearts composed of few others, and single wrong places set aside."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, body_of, ends_of, tube
from corporis.apps.heart_shape import ShapePrior
from corporis.apps.heart_shape.body import ANGLES, Grid
from corporis.apps.heart_shape.prior import LEVELS, N_ANGLES, describe, trust_at_places
from corporis.errors import BadInput

ANGLE = 2 * np.pi * np.arange(ANGLES) / ANGLES


def heart(radius=25.0, taper=1.5, flat=0.0, at=0.0, squeeze=(1.0, 0.7, 0.4), towards=1, n=8):
    """A cavity that tapers with a power of height and is flattened on one side."""
    grid = Grid.of(n)
    position = grid.slice_positions
    along = np.clip((position + 0.5) / (n - 0.5), 0, None)
    square = radius**2 * (1 - 0.85 * along**taper)[:, None] * (1 - flat * np.cos(ANGLE - at))
    q = square[..., None] * np.array(squeeze)
    q = q if towards > 0 else q[::-1]
    ends = ends_of(grid, -0.5, n - 1.0, len(squeeze), towards)
    return body_of(q, q + 500.0, grid, 10.0, ends)


@pytest.fixture(scope="module")
def prior():
    rng = np.random.default_rng(3)
    bodies = [
        heart(
            rng.uniform(18, 32),
            rng.uniform(1.2, 2.6),
            rng.uniform(0, 0.3),
            rng.uniform(0, 2 * np.pi),
            (1.0, 0.6, rng.uniform(0.25, 0.7)),
        )
        for _ in range(12)
    ]
    return ShapePrior.of(bodies)


def test_a_tube_in_its_own_terms():
    described = describe(tube(20.0, squeeze=(1.0, 0.64, 0.82)))
    assert described.radius.shape == (len(LEVELS), N_ANGLES, 2)
    np.testing.assert_allclose(described.radius[..., 0], 20)
    np.testing.assert_allclose(described.radius[..., 1], 16)
    assert described.size == pytest.approx(20)
    np.testing.assert_allclose(described.fill, [1, 0, 0.5], atol=1e-9)


def test_levels_count_from_the_base_whatever_the_order_of_slices():
    there, back = describe(heart(flat=0.2)), describe(heart(flat=0.2, towards=-1))
    np.testing.assert_allclose(there.radius, back.radius, rtol=1e-9)
    assert np.all(np.diff(there.radius[..., 0].mean(axis=1)) < 0)


def test_size_is_taken_out():
    small, large = (ShapePrior.of([heart(r, flat=0.2)]).hearts for r in (15.0, 30.0))
    np.testing.assert_allclose(small, large, rtol=1e-9)


def test_hearts_of_one_phase_are_left_out():
    bodies = [heart(), heart(squeeze=(1.0,)), heart(taper=2.5)]
    assert len(ShapePrior.of(bodies).hearts) == 2


def test_a_heart_of_the_kind_is_expected_as_it_is(prior):
    body = heart(27.0, 1.7, 0.15, 2.0, (1.0, 0.8, 0.45))
    expected = prior.expect(body)
    described = describe(body)
    off = np.abs(expected.radius - described.radius) / described.size
    assert off.mean() < 0.03 and off.max() < 0.09
    assert not expected.overruled.any()
    assert expected.spread == pytest.approx(prior.spread * described.size)
    assert expected.gap >= 0


def test_it_does_not_matter_how_the_heart_is_turned(prior):
    offs = []
    for at in (0.5, 0.5 + 2 * np.pi / N_ANGLES * 5):
        body = heart(27.0, 1.7, 0.2, at)
        offs.append(np.abs(prior.expect(body).radius - describe(body).radius).mean())
    assert offs[0] == pytest.approx(offs[1], rel=0.1)


def test_a_gross_error_is_overruled_and_replaced(prior):
    body = heart(27.0, 1.7, 0.1)
    grid, low = body.grid, body.grid.level(3.0)
    wrong = body.cavity.copy()
    wrong[int(low) - 2 : int(low) + 3, 8:20] *= 2.2
    truth, spoilt = describe(body), describe(replace(body, cavity=wrong))
    expected = prior.expect(replace(body, cavity=wrong))
    places = np.abs(spoilt.radius - truth.radius) > 5
    assert 1 < places.sum() < 40
    assert expected.overruled[places].mean() > 0.7
    assert expected.overruled[~places].mean() < 0.1
    before = np.abs(spoilt.radius - truth.radius)[places].mean()
    after = np.abs(expected.radius - truth.radius)[places].mean()
    assert after < 0.35 * before
    assert grid.n_levels == len(wrong)


def test_places_without_trust_are_filled_by_the_others(prior):
    body = heart(27.0, 1.7, 0.1)
    wrong = body.cavity.copy()
    wrong[body.grid.slice_positions < 1.4] *= 0.3  # the two basal levels
    trust = np.ones((8, N_ANGLES, 2))
    trust[:2] = 0
    truth = describe(body)
    assert np.abs(describe(replace(body, cavity=wrong)).radius - truth.radius)[:2].min() > 4
    expected = prior.expect(replace(body, cavity=wrong), trust)
    assert np.abs(expected.radius - truth.radius)[:2].mean() < 1.5
    assert not expected.overruled[:2].any()  # what is not believed need not be overruled


def test_expected_squares_on_the_grid(prior):
    body = heart(27.0, 1.7, 0.1, 1.0, (1.0, 0.7, 0.4))
    expected = prior.expect(body)
    square, spread = expected.on(body)
    assert square.shape == spread.shape == body.cavity.shape
    position = body.grid.slice_positions
    inside = (position >= -0.5) & (position <= 7)
    assert np.isfinite(spread[inside]).all() and np.isinf(spread[~inside]).all()
    middle = (position > 0.5) & (position < 6)
    ratio = np.sqrt(square[middle] / body.cavity[middle])
    np.testing.assert_allclose(ratio, 1, atol=0.12)
    # Full at the first time, empty at the last, half way between.
    np.testing.assert_allclose(expected.fill, [1, 0.5, 0], atol=1e-6)
    radius = np.sqrt(square[middle])
    np.testing.assert_allclose(radius[..., 1], radius[..., [0, 2]].mean(axis=-1), rtol=1e-6)
    # Neighbours repeat one statement: many points together weigh as much as the dictionary's.
    r, sd = np.sqrt(square[middle, 0, 0]), expected.spread
    repeats = body.grid.n_levels * ANGLES / (8 * N_ANGLES)
    np.testing.assert_allclose(spread[middle, 0, 0], ((r + sd) ** 2 - r**2) * np.sqrt(repeats))


def test_trust_is_looked_up_at_the_places():
    body = tube(n_slices=8, squeeze=(1.0, 0.5))
    by_slice = np.stack([np.linspace(0, 0.7, 8), np.linspace(0.7, 0, 8)], axis=1)
    found = trust_at_places(body, by_slice)
    assert found.shape == (8, N_ANGLES, 2)
    expected = 0.1 * (-0.5 + 8 * LEVELS)
    np.testing.assert_allclose(found[..., 0], np.repeat(expected[:, None], N_ANGLES, axis=1))
    np.testing.assert_allclose(found[..., 1], 0.7 - found[..., 0])


def test_what_is_saved_is_read(prior, tmp_path):
    prior.save(tmp_path / "hearts.npz")
    again = ShapePrior.load(tmp_path / "hearts.npz")
    np.testing.assert_allclose(again.hearts, prior.hearts, atol=2e-3)
    assert again.hearts.dtype == np.float64


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04 cut off"])
def test_a_damaged_dictionary_is_bad_input(content, tmp_path):
    (tmp_path / "hearts.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"hearts\.npz"):
        ShapePrior.load(tmp_path / "hearts.npz")


def test_an_empty_dictionary_is_refused():
    with pytest.raises(ValueError, match="at least one heart"):
        ShapePrior.of([])


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="hearts must be"):
        ShapePrior(np.ones((5, 8, 10, 2)))


def test_a_heart_that_keeps_still_is_full(prior):
    still = Ellipsoid(squeeze=(1.0, 1.0)).body()
    np.testing.assert_array_equal(describe(still).fill, 1)
    square, spread = prior.expect(still).on(still)
    assert np.isfinite(square).all() and spread.min() > 0
