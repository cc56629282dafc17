"""Each artefact does what its name says, alike for one seed, within what a scanner writes."""

import numpy as np
import pytest

from apps.organs.trunk import hounsfield, labels
from corporis.apps.organs.ct_artefacts import (
    CT_ARTEFACTS,
    LIMITS,
    METAL,
    breathing,
    few_photons,
    lost_slices,
    metal,
)

VOLUME = hounsfield(labels())


@pytest.mark.parametrize("kind", CT_ARTEFACTS)
def test_artefacts_change_the_scan_alike_for_one_seed_and_keep_to_hounsfield_units(kind):
    artefact, before = CT_ARTEFACTS[kind], VOLUME.copy()
    first, again = (artefact(VOLUME, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(VOLUME, before)
    assert first.shape == VOLUME.shape and not np.allclose(first, VOLUME)
    assert first.min() >= LIMITS[0] and first.max() <= LIMITS[1]
    other = artefact.drawn(VOLUME, np.random.default_rng(4))
    assert not np.allclose(other, first)


def test_metal_streaks_over_some_slices_only(rng):
    found = metal(VOLUME, 400.0, rng)
    changed = np.any(found != VOLUME, axis=(1, 2))
    assert found.max() == METAL and 0 < np.count_nonzero(changed) < 0.4 * len(VOLUME)


def test_few_photons_is_noise_of_the_given_deviation(rng):
    assert np.std(few_photons(VOLUME, 90.0, rng) - VOLUME) == pytest.approx(90, rel=0.01)


def test_lost_slices_are_the_given_share(rng):
    lost = np.all(lost_slices(VOLUME, 0.1, rng) == -1024, axis=(1, 2))
    assert np.count_nonzero(lost) == 4 and np.ptp(np.flatnonzero(lost)) == 3


def test_breathing_moves_runs_of_slices_and_adds_no_grey_value(rng):
    found = breathing(VOLUME, 4.0, rng)
    moved = np.any(found != VOLUME, axis=(1, 2))
    assert 0.2 < moved.mean() < 0.8
    assert np.isin(found, VOLUME).all()
