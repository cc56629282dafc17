"""Views: what pathologists look at shows in the numbers, and stain and size do not."""

import numpy as np
import pytest

from apps.histopathology.stained import perfect, region
from corporis.apps.histopathology.features import FAMILIES, SIDE, describe, no_maps
from corporis.errors import NotFound


def described(is_malignant, seed=0, *, shape=(200, 260), stain=1.0):
    image, labels = region(is_malignant, seed, shape, stain)
    return describe(image, perfect(labels, is_malignant), labels)


def mean(table, name):
    return table.values[:, table.names.index(name)].mean()


def test_every_feature_has_a_family_and_is_finite():
    table = described(False)
    assert {name.split(".")[0] for name in table.names} == set(FAMILIES)
    assert len(set(table.names)) == table.values.shape[1]
    assert np.isfinite(table.values).all() and table.values.dtype == np.float32


def test_glands_full_of_nuclei_are_told_from_glands_of_mucin():
    benign, malignant = described(False), described(True)
    assert mean(benign, "mucin.pale_share") > mean(malignant, "mucin.pale_share") + 0.2
    assert mean(malignant, "nuclei.depth") > mean(benign, "nuclei.depth") + 2
    deep = "nuclei.density_10um_deep"
    assert mean(malignant, deep) > mean(benign, deep) + 0.3
    assert mean(malignant, "network.malignancy") == pytest.approx(1)


def test_a_stronger_stain_changes_little_next_to_another_diagnosis():
    weak, strong, other = described(False, stain=0.75), described(False), described(True)
    spread = np.abs(strong.values.mean(0) - other.values.mean(0)) + 0.05
    moved = np.abs(strong.values.mean(0) - weak.values.mean(0)) / spread
    assert np.median(moved) < 0.1 and np.quantile(moved, 0.9) < 0.6


def test_a_larger_region_has_more_views_of_the_same_kind():
    small, large = described(False), described(False, shape=(330, 390))
    assert len(large.values) > len(small.values)
    wanted = [i for i, name in enumerate(small.names) if name.split(".")[0] in ("mucin", "nuclei")]
    apart = np.abs(small.values.mean(0) - large.values.mean(0))[wanted]
    kinds = np.abs(small.values.mean(0) - described(True).values.mean(0))[wanted]
    assert np.median(apart) < 0.2 * np.median(kinds)


def test_views_cover_the_region_and_glass_is_left_out():
    image, labels = region(False, 1, (300, 400))
    image[:, 200:], labels[:, 200:] = 255, 0
    table = describe(image, perfect(labels, False), labels)
    assert table.corners[:, 1].max() < 200
    assert table.corners[:, 0].max() == 300 - SIDE and table.corners.min() == 0


def test_a_region_smaller_than_a_view_is_one_view():
    image, labels = region(True, 1, (70, 90))
    assert len(describe(image, perfect(labels, True), labels).values) == 1


def test_without_a_network_tissue_stands_for_gland():
    image, _ = region(True, 2)
    maps = no_maps(image)
    table = describe(image, maps, (maps.inside > 0.5).astype(int))
    assert np.isfinite(table.values).all()
    assert mean(table, "network.malignancy") == pytest.approx(0.5)


def test_glass_has_nothing_to_describe():
    white = np.full((150, 150, 3), 250, np.uint8)
    with pytest.raises(NotFound, match="no tissue"):
        describe(white, no_maps(white), np.zeros((150, 150), int))


def test_grey_images_are_described():
    image, labels = region(False, 3)
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert np.isfinite(describe(grey, perfect(labels, False), labels).values).all()
