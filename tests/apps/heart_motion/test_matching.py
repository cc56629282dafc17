"""Point matching: lost points and points that were never there, and the way to `PointFit`."""

import numpy as np
import pytest

from apps.heart_motion.known import displacement_errors, ring_of
from corporis.apps.heart_motion import (
    Crossings,
    GaborBank,
    PointFit,
    PointMatching,
    find_tags,
    follow_crossings,
)
from corporis.errors import NotFound
from corporis.phantoms import TaggedWall


def lattice(n=8, spacing=3.0):
    y, x = np.mgrid[:n, :n]
    places = spacing * np.stack([y.ravel(), x.ravel()], axis=-1)
    return Crossings(places, np.stack([y.ravel() % 2, x.ravel() % 2], axis=-1))


def bent(places):
    """A smooth motion of up to 2.2 pixels, more than half of the distance of points."""
    off = places / 21
    return places + np.stack([1.2 + np.sin(2 * off[:, 1]), 0.8 - off[:, 0] ** 2], axis=-1)


def test_lost_and_false_points_have_no_partner(rng):
    source = lattice()
    kept = rng.permutation(64)[:50]
    false = rng.uniform(0, 22, (10, 2))
    target = Crossings(
        np.concatenate([bent(source.places)[kept] + 0.05 * rng.standard_normal((50, 2)), false]),
        np.concatenate([source.kinds[kept], rng.integers(0, 2, (10, 2))]),
    )
    match = PointMatching()(source, target, source.places, spacing_px=6.0)
    right = np.isin(np.arange(64), kept)
    off = np.linalg.norm(match.places - bent(source.places), axis=1)
    assert np.mean(off[right] < 0.3) > 0.95
    assert np.mean(np.isnan(match.places[~right, 0])) > 0.6
    # where the partner is lost, the thin plate knows
    assert np.median(np.linalg.norm(match.smooth - bent(source.places), axis=1)) < 0.2


def test_kinds_forbid_the_nearer_partner():
    """Lines go on beyond the points, which moved nearer to the next line than to their own."""
    source, y, x = lattice(), *np.mgrid[-4:12, :8]
    moved = 3.0 * np.stack([y.ravel(), x.ravel()], axis=-1)
    moved[:, 0] += 2.0
    kinds = np.stack([y.ravel() % 2, x.ravel() % 2], axis=-1)
    found = PointMatching()(source, Crossings(moved, kinds), source.places, spacing_px=6.0)
    np.testing.assert_allclose(found.places - source.places, [[2.0, 0.0]] * 64, atol=0.05)
    blind, alike = Crossings(source.places, 0 * source.kinds), Crossings(moved, 0 * kinds)
    wrong = PointMatching(hottest=0.3)(blind, alike, source.places, spacing_px=6.0)
    np.testing.assert_allclose(
        np.nanmedian(wrong.places - source.places, axis=0), [-1.0, 0.0], atol=0.05
    )


def test_order_does_not_matter(rng):
    source, order = lattice(), rng.permutation(64)
    target = Crossings(bent(source.places), source.kinds)
    first = PointMatching()(source, target, source.places, 6.0)
    shuffled = Crossings(target.places[order], target.kinds[order])
    np.testing.assert_allclose(
        PointMatching()(source, shuffled, source.places, 6.0).places, first.places, atol=1e-9
    )


def followed(wall, snr):
    images = wall.images(snr)
    film = GaborBank()(images, find_tags(images[0]))
    return follow_crossings(film, wall.wall(0.0))


@pytest.mark.parametrize("step, snr", [(None, 10.0), (0.6, np.inf)])
def test_followed_crossings_give_the_motion(step, snr):
    """At SNR 10; and where the wall moves by 0.6 of a tag from frame to frame."""
    wall = TaggedWall(n_frames=11)
    wall = wall if step is None else wall.at_step(step * wall.spacing_mm)
    rest, moved = followed(wall, snr)
    places = (rest - (wall.side - 1) / 2) * wall.pixel_mm
    truth = np.stack([wall.displacement(places, t) for t in wall.times_ms])
    off = np.linalg.norm(moved * wall.pixel_mm - truth, axis=-1)[1:]
    seen = np.isfinite(off)
    assert seen.mean() > 0.85 and np.median(off[seen]) < 0.35
    assert np.mean(off[seen] > 0.5 * wall.spacing_mm) < 0.025
    motion = PointFit(area_spread=0.05, noise_px=0.2)(rest, moved, ring_of(wall), wall.times_ms)
    error = displacement_errors(motion, wall)[1:]
    assert np.sqrt(np.mean(error**2)) < 0.25 and error.max() < 0.5 * wall.spacing_mm


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="coldest_px"):
        PointMatching(coldest_px=0.0)
    with pytest.raises(ValueError, match="cooling"):
        PointMatching(cooling=1.0)
    with pytest.raises(ValueError, match="expected a guess"):
        PointMatching()(lattice(), lattice(), np.zeros((3, 2)), 6.0)
    none = PointMatching()(
        lattice(), Crossings(np.zeros((0, 2)), np.zeros((0, 2), int)), lattice().places, 6.0
    )
    assert np.all(np.isnan(none.places)) and not none.trust.any()
    film = GaborBank()(TaggedWall(n_frames=2).images(), find_tags(TaggedWall().images()[0]))
    with pytest.raises(NotFound, match="0 crossings"):
        follow_crossings(film, np.zeros((64, 64), dtype=bool))
