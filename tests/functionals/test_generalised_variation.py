"""Total generalised variation: even rises are free, edges cost what they do in total variation."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import QuadraticMisfit, TotalGeneralisedVariation, TotalVariation, Zero
from corporis.operators import Identity
from corporis.solvers import primal_dual, run


def denoised(f, operator, data, n):
    """What the penalty makes of `data`, by the general solver."""
    misfit = QuadraticMisfit(operator, data, bound=1.0)
    start = np.zeros(operator.domain)
    iterates = primal_dual(misfit, Zero(), f.penalty, f.gradient_operator, start)
    return operator @ run(iterates, at_most=n, tolerance=0.0).x


def test_without_slopes_it_is_total_variation(rng):
    x = rng.standard_normal((5, 6)) + 1j * rng.standard_normal((5, 6))
    f = TotalGeneralisedVariation((5, 6), 0.4, spacing=(1.0, 3.0), boundary="cyclic")
    still = np.stack([x, 0 * x, 0 * x])
    plain = TotalVariation((5, 6), 0.4, spacing=(1.0, 3.0), boundary="cyclic")
    assert np.isclose(f(still), plain(x)) and np.isclose(f(torch.asarray(still)), f(still))
    np.testing.assert_array_equal(f.image_operator @ still, x)


def test_ramps_are_free_in_any_dimension():
    z, y, x = np.meshgrid(np.arange(3.0), np.arange(4.0), np.arange(5.0), indexing="ij")
    slopes = [np.full(x.shape, s) for s in (2.0, 3.0, -1.0)]
    f = TotalGeneralisedVariation((3, 4, 5), 2.0)
    assert f(np.stack([2 * z + 3 * y - x, *slopes])) < 1e-12


def test_a_noisy_ramp_comes_back_as_a_ramp_and_not_as_steps(rng):
    ramp = np.linspace(0, 1, 40)
    data = ramp + 0.05 * rng.standard_normal(40)
    tgv, tv = TotalGeneralisedVariation((40,), 0.5), TotalVariation((40,), 0.5)
    smooth = denoised(tgv, tgv.image_operator, data, 4000)
    fitted = np.polyval(np.polyfit(np.arange(40), data, 1), np.arange(40))
    np.testing.assert_allclose(smooth, fitted, atol=5e-3)
    stepped = denoised(tv, Identity((40,)), data, 4000)
    assert np.abs(smooth - ramp).max() < 0.5 * np.abs(stepped - ramp).max()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"weight": -1.0}, "weight must be"),
        ({"ratio": 0.0}, "ratio must be"),
        ({"ratio": np.inf}, "ratio must be"),
        ({"boundary": "mirror"}, "boundary must be"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        TotalGeneralisedVariation((4, 5), **options)
