"""Networks that go on learning: the same network first, then better on what is new."""

import numpy as np
import pytest

from corporis.learning.networks import Network, UNet
from corporis.learning.tuning import restored, tuned
from learning.test_networks import scrambled

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    "unet",
    [
        UNet(3, 2, (5, 7, 9), fold=1, gives_probabilities=False),
        UNet(2, 4, (6, 8), fold=2, gives_probabilities=False),
        UNet(1, 3, (4, 5, 6), fold=4),
    ],
)
def test_a_rebuilt_network_is_the_same_and_is_exported_as_it_was(unet):
    network = unet.export(scrambled(unet))
    x = torch.randn(2, unet.n_in, 2 * unet.multiple, unet.multiple)
    module = restored(unet, network)
    with torch.no_grad():
        found = module(x)
        found = found.softmax(1) if unet.gives_probabilities else found
    expected = network(x.numpy())
    assert expected.std() > 0.02
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-3)
    np.testing.assert_allclose(unet.export(module)(x.numpy()), expected, atol=1e-3)


def brightness(shift):
    """Batches in which everything brighter than `shift` is inside."""
    random = np.random.default_rng(1)

    def batch(step):
        x = torch.from_numpy(random.normal(size=(8, 1, 8, 8)).astype(np.float32))
        return x, (x > shift).float()

    return batch


LOSS = torch.nn.functional.binary_cross_entropy_with_logits
FORM = UNet(1, 1, (8, 8), fold=1, gives_probabilities=False)


def misfit(network, shift):
    x, y = brightness(shift)(0)
    return float(LOSS(torch.from_numpy(network(x.numpy())), y))


def test_a_few_steps_fit_what_is_new_and_an_anchor_holds_back():
    known = FORM.trained(brightness(0.0), LOSS, n_steps=200)
    assert misfit(known, 0.0) < 0.3 < 0.4 < misfit(known, 1.0)
    bytes_before, seen = known.onnx, []
    moved = tuned(
        FORM, known, brightness(1.0), LOSS, n_steps=60, learning_rate=3e-3,
        progress=lambda step, value: seen.append(step),
    )  # fmt: skip
    assert misfit(moved, 1.0) < 0.5 * misfit(known, 1.0)
    assert known.onnx == bytes_before and seen == list(range(60))
    held = tuned(FORM, known, brightness(1.0), LOSS, n_steps=60, learning_rate=3e-3, anchor=100.0)
    assert misfit(moved, 1.0) < misfit(held, 1.0) and misfit(held, 0.0) < misfit(moved, 0.0)
    again = tuned(FORM, known, brightness(1.0), LOSS, n_steps=5)
    assert again == tuned(FORM, known, brightness(1.0), LOSS, n_steps=5)


def test_what_does_not_fit_is_said():
    network = FORM.export(scrambled(FORM))
    other = UNet(1, 1, (8, 8, 8), fold=1)
    with pytest.raises(ValueError, match="another form"):
        restored(other, network)
    with pytest.raises(ValueError, match="another form"):
        restored(UNet(1, 1, (8, 9), fold=1), network)
    with pytest.raises(ValueError, match="graph of a network"):
        restored(FORM, Network(b"nothing"))
    for words in ({"n_steps": 0}, {"learning_rate": 0.0}, {"anchor": -1.0}):
        with pytest.raises(ValueError, match="expected n_steps"):
            tuned(FORM, network, brightness(0), LOSS, **{"n_steps": 1, **words})
