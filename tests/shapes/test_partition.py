"""Large surfaces in parts: regions cover, overlap, and agree with the whole at less cost."""

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import (
    PartitionedComposition,
    SparseShapeComposition,
    edges,
    overlapping_regions,
    sphere,
)


def population(n, refinement, seed=0):
    """Spheres with smooth lumps of their own."""
    ball, rng = sphere(30.0, refinement), np.random.default_rng(seed)
    unit = ball.points / 30
    centres = np.concatenate([np.eye(3), -np.eye(3)])
    lumps = np.exp(-((unit[:, None] - centres) ** 2).sum(axis=2) / 0.5)
    return np.stack([ball.points * (1 + lumps @ rng.normal(0, 0.08, 6))[:, None] for _ in range(n)])


def test_regions_cover_and_overlap_by_one_ring():
    ball = sphere(30.0, 2)
    bare, dilated = (overlapping_regions(ball, n_rings=n) for n in (0, 1))
    assert 2 <= len(bare) < 40
    assert sorted(np.concatenate(bare).tolist()) == list(range(len(ball.points)))
    links = edges(ball)
    for inner, outer in zip(bare, dilated, strict=True):
        near = np.isin(links, inner).any(axis=1)
        np.testing.assert_array_equal(outer, np.unique([*inner, *links[near].ravel()]))
    assert len(overlapping_regions(ball, preference=-200.0)) > len(bare)


def test_pieces_are_refused():
    ball = sphere(1.0, 1)
    both = Mesh(
        np.concatenate([ball.points, ball.points + 9]),
        np.concatenate([ball.cells, ball.cells + len(ball.points)]),
    )
    with pytest.raises(ValueError, match="one piece"):
        overlapping_regions(both)


def test_one_region_is_the_whole():
    shapes = population(30, 2)
    whole = SparseShapeComposition(0.1, 5.0, alignment="none").fit(shapes[1:])
    parts = PartitionedComposition(SparseShapeComposition(0.1, 5.0, alignment="none"))
    np.testing.assert_allclose(
        parts.fit(shapes[1:]).transform(shapes[0]), whole.transform(shapes[0]), atol=1e-6
    )
    with pytest.raises(ValueError, match="in no region"):
        PartitionedComposition(None, (np.arange(5),)).fit(shapes)


def test_parts_agree_with_the_whole_on_many_vertices():
    shapes = population(60, 4)  # 1026 vertices
    prior = SparseShapeComposition(0.1, 5.0, alignment="similarity")
    regions = overlapping_regions(sphere(30.0, 4))
    seen = shapes[:5] + np.random.default_rng(2).normal(0, 0.5, shapes[:5].shape)
    whole = prior.fit(shapes[5:]).transform(seen)
    parts = PartitionedComposition(prior, regions).fit(shapes[5:]).transform(seen)
    away = [np.linalg.norm(found - shapes[:5], axis=2).mean() for found in (whole, parts)]
    assert np.linalg.norm(whole - parts, axis=2).mean() < 0.4  # mm; the noise is 0.8 a vertex
    assert away[1] < 1.5 * away[0] and away[1] < 0.8


def test_what_one_region_has_does_not_need_its_owner_elsewhere():
    ball, rng = sphere(30.0, 3), np.random.default_rng(4)
    unit, top = ball.points / 30, ball.points[:, 2] > 0
    waves = np.stack([np.cos(3 * unit @ d) for d in rng.normal(size=(40, 3))])
    shapes = ball.points * (1 + 0.06 * waves[:, :, None])
    seen = np.where(top[:, None], shapes[0], shapes[1])  # a half of each of two training shapes
    regions = overlapping_regions(ball)
    prior = SparseShapeComposition(0.1, 5.0, alignment="none")
    whole = prior.fit(shapes).transform(seen)
    parts = PartitionedComposition(prior, regions).fit(shapes).transform(seen)
    away = [np.linalg.norm(found - seen, axis=1).mean() for found in (whole, parts)]
    assert away[1] < away[0]
