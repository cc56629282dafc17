"""What noisy outlines most probably are: better than alone, exact in the limits."""

import numpy as np
import pytest

from corporis.shapes import suppose

ANGLE = 2 * np.pi * np.arange(16) / 16
CIRCLE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
WAVES = np.stack([np.cos(m * ANGLE + p) for m in (2, 3, 4) for p in (0, np.pi / 2)])


def outlines(n, seed):
    weights = np.random.default_rng(seed).normal(size=(n, 6))
    return (30 * (1 + 0.08 * weights @ WAVES))[..., None] * CIRCLE


def noisy(shapes, noise, seed=5):
    return shapes + noise * np.random.default_rng(seed).normal(size=shapes.shape)


def test_outlines_say_more_of_each_other_than_few_approved_ones_do():
    known, truth = outlines(5, 0), outlines(120, 1)
    seen = noisy(truth, 1.0)

    def left(others):
        found = [suppose(known, np.concatenate([seen[k : k + 1], others]), 1.0) for k in range(20)]
        return np.sqrt(np.mean([(f.shapes[0] - truth[k]) ** 2 for k, f in enumerate(found)]))

    assert left(seen[20:]) < 0.8 * left(seen[:0])
    assert left(seen[20:]) < 0.6  # of a noise of 1


def test_the_covariance_is_that_of_the_shapes_not_of_the_outlines():
    known, truth = outlines(30, 0), outlines(300, 1)
    found = suppose(known, noisy(truth, 2.0), 2.0, share=0.0)
    flat = np.concatenate([known, truth]).reshape(330, -1)
    wanted = np.cov(flat.T, bias=True)
    with_noise = np.cov(np.concatenate([known, noisy(truth, 2.0)]).reshape(330, -1).T, bias=True)
    error = np.linalg.norm(found.covariance - wanted)
    assert error < 0.5 * np.linalg.norm(with_noise - wanted)
    values = np.linalg.eigvalsh(found.covariance)
    assert values.min() > -1e-9
    np.testing.assert_allclose(found.covariance, found.covariance.T)


def test_without_noise_outlines_are_the_shapes_and_in_noise_the_mean():
    known, truth = outlines(20, 0), outlines(30, 1)
    np.testing.assert_allclose(suppose(known, truth, 1e-4).shapes, truth, atol=1e-3)
    found = suppose(known, truth, 100.0)
    assert np.linalg.norm(found.shapes - found.mean) < 0.01 * np.linalg.norm(truth - found.mean)


def test_frames_and_order_do_not_matter():
    known, seen = outlines(20, 0), noisy(outlines(30, 1), 1.0)
    found = suppose(known, seen, 1.0)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s], [s, c]])
    turned = suppose(2 * known @ turn + 9, 2 * seen @ turn + 9, 2.0)
    np.testing.assert_allclose(turned.shapes, 2 * found.shapes @ turn + 9, atol=1e-8)
    backwards = suppose(known[::-1], seen[::-1], 1.0)
    np.testing.assert_allclose(backwards.shapes[::-1], found.shapes, atol=1e-8)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"noise": 0.0}, "noise and reach finite and > 0"),
        ({"reach": -1.0}, "got 1.0, -1.0"),
        ({"share": 1.5}, "share in"),
        ({"known": outlines(1, 0)}, "n >= 2"),
        ({"seen": outlines(0, 0)}, "m >= 1"),
        ({"seen": outlines(3, 0)[:, 1:]}, "approved shapes"),
        ({"seen": np.full((3, 16, 2), np.nan)}, "finite"),
    ],
)
def test_wrong_input_is_named(wrong, words):
    given = {"known": outlines(4, 0), "seen": outlines(3, 1), "noise": 1.0}
    with pytest.raises(ValueError, match=words):
        suppose(**{**given, **wrong})
