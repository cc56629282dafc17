"""The path without a network, on procedural tissue that it was not made for."""

import numpy as np

from corporis.apps.nuclei.classical import ClassicalNuclei, nuclear_dye
from corporis.phantoms import HardCoreProcess, NuclearTissue
from corporis.shapes import instance_overlap


def test_separate_nuclei_are_found_and_outlined():
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.001, 30.0).sample((320, 320), rng)
    tissue = NuclearTissue().at(points, (320, 320), rng)
    table = instance_overlap(tissue.labels, ClassicalNuclei()(tissue.image))
    assert table.f1() > 0.9
    assert table.dice() > 0.9


def test_grey_images_are_read_as_darkness():
    grey = np.full((40, 40), 240, np.uint8)
    grey[10:20, 10:20] = 90
    dye = nuclear_dye(grey)
    assert dye[15, 15] > 5 * dye[30, 30]
    np.testing.assert_allclose(nuclear_dye(np.repeat(grey[..., None], 3, 2)), dye, atol=1e-6)


def test_blank_glass_holds_nothing():
    rng = np.random.default_rng(1)
    glass = np.uint8(np.clip(rng.normal(245, 1.5, (120, 120, 3)), 0, 255))
    found = ClassicalNuclei()(glass)
    assert np.count_nonzero(found) < 0.2 * found.size
