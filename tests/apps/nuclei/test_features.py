"""Measurements of nuclei: known shapes, names, and blindness to what must not be seen."""

import numpy as np
import pytest

from apps.nuclei.painted import discs
from corporis.apps.nuclei.features import FAMILIES, measure
from corporis.imaging.stain import REFERENCE
from corporis.phantoms import NuclearTissue


def column(table, name):
    return table.values[:, table.names.index(name)]


def painted(labels, seed=0):
    codes = np.random.default_rng(seed).uniform(0.05, 0.1, (*labels.shape, 2))
    codes[..., 0] += 0.3 * labels
    return REFERENCE.render(codes)


def test_discs_measure_what_they_are():
    labels = discs([(40, 40), (40, 100), (100, 70)], [8, 12, 16], (140, 140))
    table = measure(painted(labels), labels)
    radius = np.array([8, 12, 16.0])
    assert column(table, "shape.area_px").tolist() == np.bincount(labels.flat)[1:].tolist()
    np.testing.assert_allclose(column(table, "shape.major_axis_px"), 2 * radius, rtol=0.04)
    np.testing.assert_allclose(column(table, "shape.inner_radius_px"), radius, atol=1)
    assert column(table, "shape.eccentricity").max() < 0.3
    assert column(table, "shape.lobes").tolist() == [1, 1, 1]
    np.testing.assert_allclose(table.centres, [(40, 40), (40, 100), (100, 70)], atol=0.05)
    dye = column(table, "colour.nuclear_dye_mean")
    np.testing.assert_allclose(np.diff(dye), 0.3 / REFERENCE.full[0], rtol=0.05)


def test_two_that_touch_are_two_lobes():
    labels = np.minimum(discs([(30, 22), (30, 42)], [11, 11], (60, 64)), 1)
    assert column(measure(painted(labels), labels), "shape.lobes").tolist() == [2]


def test_what_lies_beyond_the_square_is_not_seen():
    labels = discs([(60, 60)], [10], (120, 120))
    image = painted(labels)
    other = image.copy()
    other[:10] = 0
    other[:, -10:] = 255
    first, second = (measure(i, labels).values for i in (image, other))
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-5)
    cut = np.s_[20:100, 20:100]
    np.testing.assert_allclose(measure(image[cut], labels[cut]).values, first, atol=1e-4)


def test_measures_follow_a_quarter_turn_and_the_order_of_labels():
    tissue = NuclearTissue().at([[40, 35], [70, 90]], (110, 130), np.random.default_rng(0))
    table = measure(tissue.image, tissue.labels)
    turned = measure(np.rot90(tissue.image), np.rot90(tissue.labels))
    np.testing.assert_allclose(table.values, turned.values, rtol=0.05, atol=0.05)
    swapped = np.where(tissue.labels > 0, 3 - tissue.labels, 0)
    np.testing.assert_array_equal(measure(tissue.image, swapped).values, table.values[::-1])


def test_names_have_families_and_no_doubles():
    labels = discs([(20, 20)], [6], (40, 40))
    table = measure(painted(labels), labels)
    assert len(set(table.names)) == len(table.names) == table.values.shape[1]
    assert set(table.families) == set(range(len(FAMILIES)))
    with pytest.raises(ValueError, match="side"):
        measure(painted(labels), labels, side=15)


def test_an_image_without_nuclei_gives_an_empty_table():
    table = measure(np.full((30, 30, 3), 240, np.uint8), np.zeros((30, 30), int))
    assert table.values.shape == (0, len(table.names))


def test_where_there_is_no_nucleus_the_table_is_empty():
    table = measure(np.full((40, 40, 3), 240, np.uint8), np.zeros((40, 40), int))
    assert table.values.shape == (0, len(table.names)) and table.centres.shape == (0, 2)
    assert len(measure(np.zeros((40, 40, 3), np.uint8), np.eye(40, dtype=int), only=[]).values) == 0
