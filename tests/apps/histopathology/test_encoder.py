"""Encoders from elsewhere: what goes in is what they were trained with, or one line says why."""

import pickle

import numpy as np
import pytest

from apps.histopathology.stained import region
from apps.histopathology.tiny_encoder import tiny_encoder
from corporis.apps.histopathology import Encoder, FeatureNetwork
from corporis.errors import BadInput


def plain(colour, side=40):
    return np.full((side, side, 3), colour, np.uint8)


@pytest.mark.parametrize("gives_maps", [False, True])
@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_features_are_those_of_the_normalised_view(gives_maps, batch):
    onnx = tiny_encoder((batch, 3, 32, 32), gives_maps=gives_maps)
    network = FeatureNetwork(onnx, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    assert network.side == 32 and network.n_features == 6
    colours = [(255, 0, 0), (10, 200, 90), (0, 0, 0), (77, 77, 77), (1, 2, 3)]
    found = network([plain(c, 20 + 9 * k) for k, c in enumerate(colours)])
    filters = np.random.default_rng(0).standard_normal((6, 3, 4, 4)).astype(np.float32)
    level = (np.array(colours) / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    expected = np.abs(level @ filters.sum(axis=(2, 3)).T)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_side_can_be_given_where_the_graph_takes_any():
    onnx = tiny_encoder(("n", 3, "h", "w"))
    with pytest.raises(BadInput, match="give --encoder-side"):
        FeatureNetwork(onnx)
    assert FeatureNetwork(onnx, side=24).side == 24
    with pytest.raises(BadInput, match="give --encoder-side"):
        FeatureNetwork(tiny_encoder(), side=24)


@pytest.mark.parametrize(
    ("onnx", "said"),
    [
        (b"", "expected an ONNX graph with one input"),
        (b"no graph", "expected an ONNX graph with one input"),
        (tiny_encoder(("n", 3, 32, 48)), "give --encoder-side"),
        (tiny_encoder(poison=True), "not finite"),
    ],
)
def test_what_is_no_encoder_is_one_line(onnx, said):
    with pytest.raises(BadInput, match=said):
        FeatureNetwork(onnx)


def test_colours_must_be_three_that_vary():
    with pytest.raises(BadInput, match="means and deviations of three colours"):
        FeatureNetwork(tiny_encoder(), deviation=(0.2, 0.0, 0.2))


def test_it_comes_back_from_bytes_and_pickles():
    network = FeatureNetwork(tiny_encoder(), (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    for again in (
        FeatureNetwork.from_bytes(network.to_bytes()),
        pickle.loads(pickle.dumps(network)),
    ):
        assert again == network
        np.testing.assert_array_equal(again([plain(9)]), network([plain(9)]))
    assert "views of 139 um as 32 x 32 pixels (4.34 um/px)" in network.stated(138.88)
    assert "(0.4, 0.5, 0.6), 6 features" in network.stated(138.88)


def test_its_features_stand_beside_ours_and_do_not_depend_on_the_files_scale():
    image, _ = region(True, 0, (180, 180))
    network = FeatureNetwork(tiny_encoder())
    without, both = Encoder()(image, 1.24), Encoder(network=network)(image, 1.24)
    assert both.names == without.names + tuple(f"encoder.f{i}" for i in range(6))
    np.testing.assert_array_equal(both.values[:, : len(without.names)], without.values)
    fine = np.kron(image, np.ones((2, 2, 1), np.uint8))
    again = Encoder(network=network)(fine, 0.62)
    np.testing.assert_allclose(again.values[:, -6:], both.values[:, -6:], rtol=0.2, atol=0.05)
