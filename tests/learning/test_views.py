"""Random views: what is seen lies where the places say, mostly within the image."""

import numpy as np
import pytest

from corporis.learning.views import nearest, random_square, sampled

torch = pytest.importorskip("torch")


def test_a_plane_of_places_is_seen_at_its_places():
    rows, columns = np.indices((60, 80)).astype(np.float32)
    image = torch.from_numpy(np.stack([rows, columns, rows + columns])[None])
    rng = np.random.default_rng(0)
    for _ in range(20):
        places = random_square(rng, 24, (60, 80), spread=0.2, reach=0.8)
        held = np.clip(places, 0, np.array([59, 79])[:, None, None])
        seen = sampled(image, *places)
        np.testing.assert_allclose(seen[..., 0], held[0], atol=1e-3)
        np.testing.assert_allclose(seen[..., 1], held[1], atol=1e-3)
        np.testing.assert_allclose(seen[..., 2], held.sum(axis=0), atol=2e-3)
        np.testing.assert_allclose(nearest(rows, *places), np.rint(held[0]), atol=0.51)


def test_squares_keep_within_the_image_and_turn_scale_and_mirror():
    rng = np.random.default_rng(1)
    hands, sizes = [], []
    for _ in range(200):
        places = random_square(rng, 16, (200, 300), spread=0.25, reach=1.0)
        down, right = (places[:, -1, 0] - places[:, 0, 0], places[:, 0, -1] - places[:, 0, 0])
        hands.append(np.sign(down[0] * right[1] - down[1] * right[0]))
        sizes.append(np.hypot(*right) / 15)
        assert places.min() > -12 and (places.max(axis=(1, 2)) < np.array([212, 312])).all()
    assert 0.35 < np.mean(np.array(hands) > 0) < 0.65
    assert 0.8 < np.median(sizes) < 1.25 and np.std(np.log(sizes)) > 0.15
