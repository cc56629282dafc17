"""What the network is shown, and where its weights are looked for."""

import numpy as np
import pytest

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
