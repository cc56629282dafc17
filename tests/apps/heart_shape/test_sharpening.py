"""Borders put where brightness changes: discs whose evidence is drawn too small or too large."""

import numpy as np
import pytest
from scipy import ndimage

from apps.heart_shape.known import GREYS, maps_of
from corporis.apps.heart_shape.sharpening import sharpened

INNER, OUTER, CENTRE = 14.0, 23.0, np.array([[31.5, 31.5]])


def disc(radius, side=64):
    """Share of each pixel within `radius` of the middle."""
    fine = (np.indices((8 * side, 8 * side)) + 0.5) / 8 - 0.5
    inside = np.hypot(fine[0] - 31.5, fine[1] - 31.5) < radius
    return inside.reshape(side, 8, side, 8).mean(axis=(1, 3))


def image(rng, noise=0.03, outside=GREYS[0], slope=0.0, blur=0.6):
    """A cavity in its wall, as a scanner sees it, (1, 1, 64, 64)."""
    cavity, wall = disc(INNER), disc(OUTER)
    clean = outside + (GREYS[2] - outside) * wall + (GREYS[1] - GREYS[2]) * cavity
    clean = clean * (1 + slope * np.linspace(-1, 1, 64))
    seen = ndimage.gaussian_filter(clean, blur) + noise * rng.standard_normal(clean.shape)
    return seen[None, None].astype(np.float32)


def radii(maps):
    """Radii of cavity and outer wall, from the areas that the probabilities hold."""
    cavity, muscle = maps.probability[0, 0, 1].sum(), maps.probability[0, 0, 2].sum()
    return np.sqrt(np.array([cavity, cavity + muscle]) / np.pi)


@pytest.mark.parametrize("off", [-1.2, -0.6, 0.0, 0.6, 1.2])
@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_a_border_drawn_beside_its_place_moves_there(rng, off, slope):
    given = maps_of([INNER + off], [OUTER + off], CENTRE)
    found = sharpened(image(rng, slope=slope), given)
    # what is two fifths blood belongs to the cavity, so that it ends a little outside of half
    assert radii(found) == pytest.approx([INNER + 0.1, OUTER], abs=0.35)
    assert np.abs(radii(given) - [INNER, OUTER]).max() >= abs(off) - 0.1
    np.testing.assert_allclose(found.probability.sum(axis=2), 1, atol=1e-5)
    assert found.probability.min() >= -1e-6


def test_trabeculae_count_as_cavity(rng):
    strands = disc(INNER) - disc(INNER - 2)
    angle = np.arctan2(*(np.indices((64, 64)) - 31.5))
    strands *= np.cos(9 * angle) > 0.5  # a third of the rim is half blood
    seen = image(rng, noise=0.0)
    seen[0, 0] -= 0.5 * (GREYS[1] - GREYS[2]) * strands
    found = sharpened(seen, maps_of([INNER - 0.5], [OUTER], CENTRE))
    assert radii(found)[0] == pytest.approx(INNER, abs=0.35)


def test_an_outer_border_that_cannot_be_seen_stays(rng):
    given = maps_of([INNER], [OUTER - 1.0], CENTRE)
    hidden = sharpened(image(rng, outside=GREYS[2]), given)
    shown = sharpened(image(rng), given)
    assert radii(hidden)[1] == pytest.approx(OUTER - 1, abs=0.15)
    assert radii(shown)[1] == pytest.approx(OUTER, abs=0.35)


def test_what_holds_no_sure_tissue_stays_as_it_was(rng):
    given = maps_of([3.0], [5.0], CENTRE)
    np.testing.assert_array_equal(sharpened(image(rng), given).probability, given.probability)
    given = maps_of([INNER], [OUTER], CENTRE)
    flat = np.ones((1, 1, 64, 64), np.float32)
    np.testing.assert_array_equal(sharpened(flat, given).probability, given.probability)
    dark = -image(rng)  # black blood: brightness says the contrary of what was learned
    np.testing.assert_array_equal(sharpened(dark, given).probability, given.probability)
