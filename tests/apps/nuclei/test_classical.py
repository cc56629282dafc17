"""The path without a network, on procedural tissue that it was not made for."""

import numpy as np
from scipy import ndimage

from corporis.apps.nuclei.classical import (
    ClassicalNuclei,
    any_dye,
    nuclear_dye,
    share_in_sheets,
)
from corporis.imaging.stain import IMMUNE
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


def test_brown_and_blue_nuclei_are_both_found():
    rng = np.random.default_rng(2)
    points = HardCoreProcess(0.001, 30.0).sample((320, 320), rng)
    brown = np.arange(0, len(points), 2)
    tissue = NuclearTissue(eosin=(0.05, 0.03)).at(points, (320, 320), rng, positive=brown)
    found = ClassicalNuclei(is_brown_nuclear=True)(tissue.image)
    assert instance_overlap(tissue.labels, found).f1() > 0.9


def test_brown_cytoplasm_is_not_taken_for_nuclei():
    rng = np.random.default_rng(3)
    dyes = np.zeros((200, 200, 2))
    dyes[20:180, 20:180, 1] = 0.5 + 0.05 * ndimage.gaussian_filter(rng.random((160, 160)), 2)
    spots = [(r, c) for r in (60, 100, 140) for c in (60, 100, 140)]
    for r, c in spots:
        dyes[r - 8 : r + 8, c - 8 : c + 8] = (0.7, 0.2)
    image = IMMUNE.render(ndimage.gaussian_filter(dyes, (1, 1, 0)))
    assert share_in_sheets(dyes[..., 1]) > 0.9
    np.testing.assert_allclose(any_dye(image), IMMUNE.concentrations(image)[..., 0])
    found = ClassicalNuclei(is_brown_nuclear=True)(image)
    assert found.max() == len(spots)
    assert all(found[place] for place in spots)


def test_nothing_brown_lies_in_no_sheet():
    assert share_in_sheets(np.zeros((50, 50))) == 0
