"""What the network sees of CT, and what it says of any size."""

import numpy as np
import pytest

from corporis.apps.organs.ct_evidence import TrunkEvidence, network_input
from corporis.errors import BadInput
from corporis.learning.networks import UNet


def test_two_windows_reach_from_minus_one_to_one():
    seen = network_input(np.array([-2000.0, -1000, -500, 0, 40, 240, 3000]).reshape(7, 1, 1))
    soft, air = seen[:, :, 0, 0]
    np.testing.assert_allclose(soft, [-1, -1, -1, -0.2, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(air, [-1, -1, 0, 1, 1, 1, 1], atol=1e-6)
    with pytest.raises(ValueError, match="volume"):
        network_input(np.zeros((4, 4)))


def test_probabilities_of_any_size_sum_to_one_and_survive_the_disk(tmp_path, rng):
    pytest.importorskip("torch")
    small = UNet(2, 6, (4, 4), gives_probabilities=False, n_dims=3)
    evidence = TrunkEvidence(small.export(small.torch().eval()))
    volume = rng.uniform(-1000, 300, (13, 17, 21))
    logs = evidence(volume)
    assert logs.shape == (6, 13, 17, 21)
    np.testing.assert_allclose(np.exp(logs).sum(axis=0), 1, atol=1e-5)
    evidence.save(tmp_path / "w")
    np.testing.assert_array_equal(TrunkEvidence.load(tmp_path / "w")(volume), logs)
    with pytest.raises(BadInput, match="corporis train organ --organ ct"):
        TrunkEvidence.load(tmp_path)
