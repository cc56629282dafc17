"""Constitutive laws: what must not be seen, what is refused, and where the exponential goes on."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from corporis.deformables import (
    ActiveTension,
    Guccione,
    SaintVenantKirchhoff,
    Together,
    green_strain,
    second_piola_stress,
)

LAW = Together((Guccione(), ActiveTension(40.0)))


def test_rotations_of_the_body_are_not_seen(rng):
    F = np.eye(3) + 0.2 * rng.standard_normal((10, 3, 3))
    turn = Rotation.random(10, random_state=1).as_matrix()
    np.testing.assert_allclose(
        LAW.stress(green_strain(turn @ F)), LAW.stress(green_strain(F)), rtol=1e-9
    )


def test_muscle_turned_about_its_fibres_is_the_same(rng):
    F = np.eye(3) + 0.1 * rng.standard_normal((10, 3, 3))
    axes = Rotation.random(10, random_state=2).as_matrix()
    about = Rotation.from_rotvec(np.outer(rng.uniform(0, 6, 10), [1.0, 0, 0])).as_matrix()
    np.testing.assert_allclose(
        second_piola_stress(LAW, F, axes @ about), second_piola_stress(LAW, F, axes), rtol=1e-9
    )
    across = Rotation.from_rotvec([0, 0, 0.5]).as_matrix()
    assert not np.allclose(
        second_piola_stress(LAW, F, axes @ across), second_piola_stress(LAW, F, axes), rtol=0.05
    )


def test_small_strains_follow_hooke():
    # uniaxial stretch of an isotropic body: lame e and (lame + 2 shear) e
    stress = SaintVenantKirchhoff(3.0, 2.0).stress(np.diag([1e-3, 0, 0]))
    np.testing.assert_allclose(np.diag(stress), [7e-3, 3e-3, 3e-3])


def test_fibres_are_stiffer_than_what_is_across_them():
    one = np.array([np.diag([0.1, 0, 0]), np.diag([0, 0.1, 0])])
    along, across = Guccione().stress(one)
    # C b E exp(b E^2) with the published numbers
    assert along[0, 0] == pytest.approx(0.876 * 18.48 * 0.1 * np.exp(0.1848))
    assert across[1, 1] == pytest.approx(0.876 * 3.58 * 0.1 * np.exp(0.0358))


def test_the_exponential_goes_on_smoothly_and_stays_finite():
    law = Guccione(1.0, 1.0, 1.0, 1.0)
    below, above = (np.diag([np.sqrt(40 + d), 0, 0]) for d in (-1e-7, 1e-7))
    assert law.energy(above) == pytest.approx(law.energy(below), rel=1e-6)
    np.testing.assert_allclose(law.tangent(above), law.tangent(below), rtol=1e-5)
    assert np.isfinite(law.energy(1e4 * np.eye(3)))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Guccione(c_kpa=0.0), "c_kpa"),
        (lambda: Guccione(b_f=-1.0), "b_f"),
        (lambda: SaintVenantKirchhoff(-1.0, 1.0), "lame_kpa"),
        (lambda: ActiveTension(np.inf), "tension_kpa"),
        (lambda: Together(()), "at least one"),
    ],
)
def test_bad_numbers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
