"""What the network is shown, and where its weights are looked for."""

import numpy as np
import pytest
from scipy import ndimage

from apps.organs.chest import radiograph
from corporis.apps.organs.radiograph_evidence import RadiographEvidence, network_input
from corporis.errors import BadInput


def test_the_scale_of_grey_does_not_matter():
    image = radiograph(0)
    first, second = network_input(image), network_input(4000 * image - 17)
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert first.dtype == np.float32 and -2 <= first.min() < -0.8 and 0.8 < first.max() <= 2


def test_a_flat_image_is_no_error_and_another_size_is():
    assert np.ptp(network_input(np.full((256, 256), 7.0))) == 0
    with pytest.raises(ValueError, match="256 x 256"):
        network_input(np.zeros((100, 100)))


def test_missing_weights_say_how_to_make_them(tmp_path):
    with pytest.raises(BadInput, match="corporis train organ --organ chest"):
        RadiographEvidence.load(tmp_path)


def test_where_the_networks_cells_begin_does_not_matter(rng):
    image = ndimage.gaussian_filter(rng.random((256, 256)), 3)
    evidence = RadiographEvidence(Blocks())
    here = evidence(image)
    moved = np.roll(evidence(np.roll(image, (1, 1), (0, 1))), (-1, -1), (1, 2))
    inner = np.s_[:, 8:-8, 8:-8]
    assert np.abs(here - moved)[inner].max() < 0.05
    alone = blocks(network_input(image))
    apart = blocks(np.roll(network_input(image), (1, 1), (0, 1)))
    assert np.abs(alone - np.roll(apart, (-1, -1), (0, 1)))[8:-8, 8:-8].max() > 0.2


class Blocks:
    """Answers by the mean of cells of 2 x 2 pixels."""

    def __call__(self, x):
        return np.stack([np.stack([blocks(image)] * 5) for image in x[:, 0]])


def blocks(image):
    """The mean of cells of 2 x 2 pixels."""
    cells = image.reshape(128, 2, 128, 2).mean(axis=(1, 3))
    return np.kron(cells, np.ones((2, 2)))
