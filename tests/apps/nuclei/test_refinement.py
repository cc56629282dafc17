"""Refined outlines: they rest where the evidence says, and never overlap."""

import numpy as np

from apps.nuclei.painted import discs
from corporis.apps.nuclei.evidence import NucleusMaps
from corporis.apps.nuclei.refinement import ContourRefinement, drawn, started
from corporis.deformables import RepulsiveContours
from corporis.shapes import PrincipalShapes, instance_overlap

STIFF = RepulsiveContours(0.1, 0.1, 0.0, 0.3)


def smooth_disc(centre, radius, shape):
    distance = np.hypot(*(np.indices(shape) - np.array(centre)[:, None, None]))
    return (1 / (1 + np.exp((distance - radius) / 1.0))).astype(np.float32)


def maps_of(inside):
    return NucleusMaps(inside, inside, np.zeros((2, *inside.shape), np.float32))


def test_outlines_move_to_where_evidence_is_one_half():
    inside = smooth_disc((40, 40), 14, (80, 80))
    start = discs([(41, 39)], [10], (80, 80))
    alone = RepulsiveContours(0.1, 0.1, 0.0, 0.0)
    found = ContourRefinement(alone, n_steps=60)(maps_of(inside), start)
    table = instance_overlap((inside > 0.5).astype(int), found)
    assert table.aggregated_jaccard() > 0.93
    assert instance_overlap((inside > 0.5).astype(int), start).aggregated_jaccard() < 0.6


def test_neighbours_keep_their_numbers_and_do_not_overlap():
    labels = discs([(30, 25), (30, 43), (50, 35)], [9, 9, 10], (80, 70))
    inside = np.maximum.reduce(
        [smooth_disc(c, 10, (80, 70)) for c in ((30, 25), (30, 43), (50, 35))]
    )
    found = ContourRefinement(STIFF)(maps_of(inside), labels)
    assert np.unique(found).tolist() == [0, 1, 2, 3]
    table = instance_overlap(labels, found)
    assert len(table.matched(0.6)) == 3
    assert (table.true[table.matched(0.6)] == table.found[table.matched(0.6)]).all()


def test_contested_pixels_stay_with_their_owner():
    labels = np.zeros((20, 30), int)
    labels[5:15, 5:15], labels[5:15, 15:25] = 1, 2
    square = np.array([[4.0, 4], [4, 18], [16, 18], [16, 4]])
    other = np.array([[4.0, 12], [4, 26], [16, 26], [16, 12]])
    found = drawn([square, other], [1, 2], labels)
    assert (found[labels > 0] == labels[labels > 0]).all()


def test_a_shape_starts_at_the_end_of_its_major_axis():
    angle = 2 * np.pi * np.arange(64) / 64
    ellipse = np.stack([12 * np.cos(angle), 5 * np.sin(angle)], axis=1)
    turned = np.roll(ellipse, 17, axis=0) + 40
    assert abs(started(turned)[0, 0] - 40) > 11.5


def test_a_prior_pulls_towards_its_shapes():
    angle = 2 * np.pi * np.arange(64) / 64
    rng = np.random.default_rng(0)
    shapes = np.stack(
        [
            started(np.stack([a * np.cos(angle), b * np.sin(angle)], axis=1))
            for a, b in rng.uniform([11, 8], [14, 10], (30, 2))
        ]
    )
    prior = PrincipalShapes(modes=3).fit(shapes)
    rows, columns = np.indices((80, 80)) - 40
    wave = 1 + 0.2 * np.sin(7 * np.arctan2(rows, columns))
    labels = (np.hypot(rows, columns) < 12 * wave).astype(int)
    inside = labels.astype(np.float32)
    truth = discs([(40, 40)], [12], (80, 80))
    scores = [
        instance_overlap(
            truth, ContourRefinement(STIFF, prior=p, blend=1.0, n_steps=0)(maps_of(inside), labels)
        ).aggregated_jaccard()
        for p in (None, prior)
    ]
    assert scores[1] > scores[0] + 0.03


def test_nothing_to_refine():
    empty = np.zeros((10, 10), np.int32)
    assert not ContourRefinement()(maps_of(empty.astype(np.float32)), empty).any()
