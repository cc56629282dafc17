"""Outlined radiographs read from their layout: bits, proportions, landmarks."""

import numpy as np
import pytest
from PIL import Image as Pillow

from apps.organs.chest import masks, outlines, radiograph
from corporis.apps.organs.chest_shape import ORGANS
from corporis.cohorts.radiographs import LANDMARKS, landmark_shapes, outlined_radiographs
from corporis.errors import BadInput


def written(folder, names=("a", "b")):
    """A folder in the layout of the data, subjects by name; the first has landmarks."""
    for part in ("jsrt/images", "jsrt/masks", "chest_landmarks"):
        (folder / part).mkdir(parents=True)
    for seed, name in enumerate(names):
        image = np.kron((255 * radiograph(seed)).astype(np.uint8), np.ones((2, 2), np.uint8))
        bits = sum(mask.astype(np.uint8) << k for k, mask in enumerate(masks(seed)))
        Pillow.fromarray(image).save(folder / "jsrt" / "images" / f"{name}.png")
        big = np.kron(bits, np.ones((4, 4), np.uint8))
        Pillow.fromarray(big).save(folder / "jsrt" / "masks" / f"{name}.png")
    places = outlines(0)
    marks = {
        key: ((places[organ][None, :, ::-1] + 0.5) * 4 - 0.5).astype(np.float32)
        for key, organ in zip(LANDMARKS, ORGANS)
    }
    np.savez(folder / "chest_landmarks" / "jsrt.npz", ids=np.array(names[:1]), **marks)
    return folder


def test_images_masks_and_landmarks_meet_on_one_square(tmp_path):
    first, second = outlined_radiographs(written(tmp_path))
    assert (first.name, second.name) == ("a", "b")
    np.testing.assert_allclose(first.radiograph.image, radiograph(0), atol=1 / 255)
    np.testing.assert_array_equal(first.radiograph.inside > 0.5, masks(0))
    assert first.truth.shape == (5, 1024, 1024) and second.landmarks is None
    shapes = landmark_shapes([first, second])
    for organ, place in outlines(0).items():
        np.testing.assert_allclose(shapes[organ], place[None], atol=1e-4)


def test_deep_pictures_are_learned_from_as_flat_ones(tmp_path):
    folder = written(tmp_path)
    wanted = outlined_radiographs(folder)[0].radiograph.image
    path = folder / "jsrt" / "images" / "a.png"
    deep = np.round(65535 * radiograph(0)).astype(np.uint16)
    Pillow.fromarray(deep).save(path)
    np.testing.assert_allclose(outlined_radiographs(folder)[0].radiograph.image, wanted, atol=0.005)


def test_the_parent_folder_will_do(tmp_path):
    written(tmp_path / "shapes")
    assert len(outlined_radiographs(tmp_path)) == 2


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(BadInput, match="jsrt/masks"):
        outlined_radiographs(tmp_path)
    folder = written(tmp_path / "data")
    (folder / "jsrt" / "images" / "b.png").unlink()
    with pytest.raises(BadInput, match=r"b\.png: no image"):
        outlined_radiographs(folder)


def test_a_mask_without_an_organ_is_named(tmp_path):
    folder = written(tmp_path)
    path = folder / "jsrt" / "masks" / "b.png"
    Pillow.fromarray(np.asarray(Pillow.open(path)) & np.uint8(0b11011)).save(path)
    with pytest.raises(BadInput, match=r"^b\.png: .* five organs, got none of heart: leave"):
        outlined_radiographs(folder)
