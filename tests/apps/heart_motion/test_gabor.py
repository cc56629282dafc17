"""The Gabor bank: exact on even tags, and stated accuracy on a virtual ring."""

import numpy as np
import pytest

from corporis.apps.heart_motion import GaborBank, Tags, find_tags
from corporis.phantoms import TaggedWall

WALL = TaggedWall(n_frames=11)
MIDDLE = (WALL.side - 1) / 2


def film_of(snr, seed=0):
    images = WALL.images(snr, seed)
    return GaborBank()(images, find_tags(images[0]))


def crossings_of_material(between=2):
    """Material points where tags, dark or bright, cross, and whether each is inside the wall."""
    line = np.pi + 2 * np.pi / between * np.arange(-26, 27)
    pairs = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    places = np.linalg.solve(WALL.wave_vectors, pairs.T).T
    radius = np.hypot(*places.T)
    near = (radius > WALL.inner_mm - 2.5) & (radius < WALL.outer_mm + 2.5)
    return places[near], (radius[near] > WALL.inner_mm) & (radius[near] < WALL.outer_mm)


@pytest.mark.parametrize("snr, error_mm", [(np.inf, 0.25), (10.0, 0.36)])
def test_crossings_between_pixels(snr, error_mm):
    film, (rest, inside) = film_of(snr), crossings_of_material()
    errors, missed = [], []
    for t in range(0, 11, 2):
        truth = WALL.forward(rest, WALL.times_ms[t]) / WALL.pixel_mm + MIDDLE
        found = film.crossings(t, WALL.wall(WALL.times_ms[t]))
        apart = np.linalg.norm(found.places[:, None] - truth, axis=-1) * WALL.pixel_mm
        errors.append(apart.min(axis=1))
        missed.append(apart.min(axis=0)[inside] > 1.0)
    errors = np.concatenate(errors)
    assert np.median(errors) < error_mm, "a sixth of a pixel, a quarter with noise"
    assert np.mean(errors > 1.5) < 0.06
    assert np.mean(np.concatenate(missed)) < 0.1


def test_kinds_say_which_lines_cross():
    film = film_of(np.inf)
    found = film.crossings(0, WALL.wall(0.0))
    dark = film.crossings(0, WALL.wall(0.0), n_between=1)
    assert {tuple(k) for k in found.kinds} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    both = found.places[np.all(found.kinds == 0, axis=1)]
    apart = np.linalg.norm(both[:, None] - dark.places, axis=-1)
    assert len(dark.places) > 30 and apart.min(axis=1).max() < 0.05
    # dark lines are dark
    images = WALL.images()
    near = np.round(dark.places).astype(int)
    bright = np.round(found.places[np.all(found.kinds == 1, axis=1)]).astype(int)
    assert images[0][tuple(near.T)].mean() < 0.2 * images[0][tuple(bright.T)].mean()


def test_spacing_and_direction_of_even_tags_are_exact():
    y, x = np.mgrid[:60, :60]
    tags = Tags(2 * np.pi / 6 * np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))
    for spacing, turn in ((6.0, 0.0), (4.6, 12.0), (7.5, -20.0)):
        angle = np.deg2rad(turn)
        across = np.cos(angle) * x - np.sin(angle) * y
        film = GaborBank()(2 + np.cos(2 * np.pi / spacing * across)[None], tags)
        assert film.spacing_px()[0, 0, 30, 30] == pytest.approx(spacing, rel=0.01)
        assert abs(film.turn_deg()[0, 0, 30, 30]) == pytest.approx(abs(turn), abs=0.5)


def test_spacing_in_a_contracting_wall():
    """``grad phi = F^-T k``: the middle of the wall, to the accuracy that is stated."""
    film, t = film_of(np.inf), 5
    grid, time, h = WALL.grid(), WALL.times_ms[5], 1e-4
    slopes = np.stack(
        [
            (WALL.backward(grid + h * e, time) - WALL.backward(grid - h * e, time)) / (2 * h)
            for e in np.eye(2)
        ],
        axis=-1,
    )
    rest = WALL.backward(grid, time)
    middle = np.abs(np.hypot(rest[..., 0], rest[..., 1]) - 30) < 2.5
    for a, k in enumerate(film.tags.wave_vectors / WALL.pixel_mm):
        truth = np.einsum("i,xyij->xyj", k, slopes) * WALL.pixel_mm
        ratio = film.spacing_px()[t, a][middle] * np.linalg.norm(truth, axis=-1)[middle]
        ratio /= 2 * np.pi
        assert abs(ratio.mean() - 1) < 0.05 and ratio.std() < 0.09


def test_there_are_no_crossings_where_nothing_is():
    film = film_of(np.inf)
    assert len(film.crossings(0, np.zeros((64, 64), dtype=bool)).places) == 0


def test_bad_values_are_refused():
    tags = Tags(np.array([[0.0, 1.0]]), np.zeros(1))
    with pytest.raises(ValueError, match="two spacings"):
        GaborBank(spacings=(1.0,))
    with pytest.raises(ValueError, match="window"):
        GaborBank(window=0.0)
    with pytest.raises(ValueError, match="images must be"):
        GaborBank()(np.zeros((8, 8)), tags)
    with pytest.raises(ValueError, match="must be finite"):
        GaborBank()(np.full((1, 8, 8), np.nan), tags)
    film = GaborBank()(np.random.default_rng(1).random((1, 8, 8)), tags)
    with pytest.raises(ValueError, match="two families cross, there are 1"):
        film.crossings(0, np.ones((8, 8), dtype=bool))
    with pytest.raises(ValueError, match="mask of"):
        film_of(np.inf).crossings(0, np.ones((8, 8), dtype=bool))
