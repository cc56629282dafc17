"""Networks: the exported graph is the trained one, training is reproducible, imports stay light."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from corporis.errors import BadInput
from corporis.learning.networks import Network, UNet, fit

torch = pytest.importorskip("torch")


def scrambled(unet, seed=0):
    """A module with batch statistics unlike those of a fresh one, as after training."""
    torch.manual_seed(seed)
    module = unet.torch()
    for layer in module.modules():
        if isinstance(layer, (torch.nn.BatchNorm2d, torch.nn.BatchNorm3d)):
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.3, 3)
            torch.nn.init.normal_(layer.weight, 1, 0.3)
            torch.nn.init.normal_(layer.bias, 0, 0.3)
    return module.eval()


@pytest.mark.parametrize(
    "unet",
    [UNet(3, 2, (5, 7, 9), fold=1), UNet(5, 4, (6, 8), fold=2), UNet(2, 3, (4, 5, 6), fold=4)],
)
def test_exported_graph_gives_the_modules_probabilities(unet):
    module = scrambled(unet)
    x = torch.randn(3, unet.n_in, 2 * unet.multiple, 3 * unet.multiple)
    with torch.no_grad():
        expected = module(x).softmax(1).numpy()
    assert expected.std() > 0.02  # a constant output would agree with anything
    given = unet.export(module)(x.numpy())
    assert given.shape == expected.shape
    np.testing.assert_allclose(given, expected, atol=1e-4)


def test_a_regression_keeps_its_channels_as_they_are():
    unet = UNet(3, 4, (5, 7), fold=2, gives_probabilities=False)
    module, x = scrambled(unet), torch.randn(2, 3, 16, 8)
    with torch.no_grad():
        expected = module(x).numpy()
    given = unet.export(module)(x.numpy())
    assert given.min() < 0
    np.testing.assert_allclose(given, expected, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize(
    "unet",
    [UNet(2, 3, (4, 5), fold=1, n_dims=3), UNet(1, 2, (4, 5, 6), 2, False, n_dims=3)],
)
def test_a_network_of_volumes_is_exported_too(unet):
    module = scrambled(unet)
    x = torch.randn(2, unet.n_in, 2 * unet.multiple, unet.multiple, 3 * unet.multiple)
    with torch.no_grad():
        expected = module(x)
        expected = (expected.softmax(1) if unet.gives_probabilities else expected).numpy()
    assert expected.std() > 0.02
    given = unet.export(module)(x.numpy())
    assert given.shape == expected.shape == (2, unet.n_out, *x.shape[2:])
    np.testing.assert_allclose(given, expected, atol=5e-3, rtol=5e-3)
    with pytest.raises(ValueError, match="n_dims must be 2 or 3"):
        UNet(1, 2, n_dims=4)


def test_a_network_is_a_value(tmp_path):
    unet = UNet(1, 2, (4, 4), fold=2)
    network = unet.export(scrambled(unet))
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 8))
    network.save(tmp_path / "unet.onnx")
    for copy in (Network.load(tmp_path / "unet.onnx"), pickle.loads(pickle.dumps(network))):
        assert copy == network
        np.testing.assert_array_equal(copy(x), network(x))
    assert network != unet.export(scrambled(unet, seed=1))
    with pytest.raises(ValueError, match="n_threads must be >= 1"):
        Network(network.onnx, n_threads=0)


def test_a_network_tells_its_channels():
    unet = UNet(3, 2, (4, 4), fold=2)
    assert unet.export(scrambled(unet)).channels() == (3, 2)
    with pytest.raises(ValueError, match="ONNX graph"):
        Network(b"no graph").channels()


def bright_half(step):
    """Noise whose brighter pixels are class 1: learnable by a pixelwise rule."""
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(8, 1, 16, 16, generator=generator)
    return x, (x[:, 0] > 0).long()


def test_training_learns_and_is_reproducible():
    def trained():
        torch.manual_seed(3)
        losses = []
        module = fit(
            UNet(1, 2, (8, 8), fold=1).torch(),
            bright_half,
            torch.nn.functional.cross_entropy,
            n_steps=120,
            learning_rate=1e-2,
            progress=lambda step, loss: losses.append(loss),
        )
        return module, losses

    module, losses = trained()
    again, losses_again = trained()
    assert losses == losses_again
    assert len(losses) == 120
    x, y = bright_half(10_000)
    with torch.no_grad():
        assert (module(x).argmax(1) == y).float().mean() > 0.97
        assert torch.equal(module(x), again(x))


def test_importing_needs_neither_torch_nor_onnxruntime():
    code = (
        "import sys, corporis.learning.networks, corporis.apps.heart_shape.training;"
        "print([m for m in ('torch', 'onnxruntime', 'onnx') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_loss_that_is_not_finite_ends_the_training():
    unet, seen = UNet(1, 2, (4,), fold=1), []

    def batch(step):
        seen.append(step)
        x = torch.zeros(2, 1, 4, 4)
        return (x * float("nan") if step == 2 else x), torch.zeros(2, dtype=torch.long)

    def loss(logits, y):
        return torch.nn.functional.cross_entropy(logits.mean((2, 3)), y)

    with pytest.raises(BadInput, match="expected a finite loss, got nan in step 3: look for NaN"):
        unet.trained(batch, loss, n_steps=9)
    assert seen == [0, 1, 2]
