"""The network's maps: any size, any tiling, any orientation; and images at its scale."""

import numpy as np
import pytest

from apps.histopathology.stained import region
from corporis.apps.histopathology import evidence as ev
from corporis.errors import BadInput

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def untrained():
    """Weights of chance: sees far, and knows nothing."""
    from corporis.apps.histopathology.training import NETWORK

    torch.manual_seed(0)
    return ev.GlandEvidence(NETWORK.export(NETWORK.torch().eval(), n_threads=1), n_views=1)


def test_maps_do_not_depend_on_how_the_image_is_cut(untrained, monkeypatch):
    image, _ = region(False, 0, (320, 416))
    whole = untrained(image)
    monkeypatch.setattr(ev, "SIDE", 96)
    cut = untrained(image)
    for name in ("inside", "border", "malignant"):
        # beyond the receptive field's reach of the border that padding makes nothing may differ
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=2e-3)


def test_a_turned_image_gives_turned_maps_where_all_views_are_averaged(untrained):
    image, _ = region(True, 1, (96, 96))
    all_views = ev.GlandEvidence(untrained.network, n_views=8)
    there = all_views(image).inside
    back = np.rot90(all_views(np.ascontiguousarray(np.rot90(image))).inside, -1)
    np.testing.assert_allclose(back, there, atol=1e-4)


def test_small_images_are_seen(untrained):
    assert untrained(np.full((9, 5, 3), 200, np.uint8)).inside.shape == (9, 5)


def test_saved_and_loaded(untrained, tmp_path):
    untrained.save(tmp_path / "weights")
    assert ev.GlandEvidence.load(tmp_path / "weights").network.onnx == untrained.network.onnx


def test_missing_weights_are_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"glands\.onnx.*corporis slides train"):
        ev.GlandEvidence.load(tmp_path)


def test_rescaling_keeps_the_mean_and_the_extent():
    image, _ = region(False, 2)
    small = ev.rescaled(image, ev.UM_PER_PX / 2)
    assert small.shape == (100, 130, 3)
    assert abs(float(small.mean()) - float(image.mean())) < 0.5
    assert ev.rescaled(image, ev.UM_PER_PX) is image


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_bad_scales_are_refused(scale):
    with pytest.raises(ValueError, match="scales must be > 0"):
        ev.rescaled(np.zeros((4, 4, 3), np.uint8), scale)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_other_images_are_refused(image):
    with pytest.raises(ValueError, match="uint8"):
        ev.network_input(image)


def test_views_out_of_range_are_refused(untrained):
    with pytest.raises(ValueError, match="n_views"):
        ev.GlandEvidence(untrained.network, n_views=9)
