"""Pixel evidence: geometry and voting with networks whose answer is known, then the real ones."""

from pathlib import Path

import numpy as np
import pytest

from corporis.apps.heart_shape import evidence as ev
from corporis.apps.heart_shape.outer_wall import outer_radius, wall_labels
from corporis.apps.heart_shape.prior import ShapePrior
from corporis.apps.heart_shape.right_cavity import add_right_cavity
from corporis.errors import BadInput, NotFound, Unreadable

CAVITY_GREY, MUSCLE_GREY, RIGHT_GREY = 1.0, 0.35, 0.8
SHAPE = (160, 200)


def painted(centre, radius, shape=SHAPE):
    """A disc of cavity in a ring of muscle, a right cavity beside it; the image and its classes."""
    rows, columns = np.indices(shape)
    distance = np.hypot(rows - centre[0], columns - centre[1])
    classes = np.zeros(shape, np.int8)
    right = np.hypot(rows - centre[0] - 0.3 * radius, columns - centre[1] + 1.7 * radius)
    classes[right < 1.2 * radius] = ev.RIGHT_CAVITY
    classes[distance < 1.5 * radius] = ev.MUSCLE
    classes[distance < radius] = ev.CAVITY
    greys = np.array([0.1, CAVITY_GREY, MUSCLE_GREY, RIGHT_GREY])
    return greys[classes].astype(np.float32), classes


def painted_stack(centre, drift, radii):
    """Slices drift along a line; two frames, the second at 0.8 of the radius."""
    centres = np.array(centre) + np.arange(len(radii))[:, None] * np.array(drift)
    frames = [[painted(c, r * f) for f in (1, 0.8)] for c, r in zip(centres, radii, strict=True)]
    images = np.array([[image for image, _ in row] for row in frames])
    return images, np.array([[classes for _, classes in row] for row in frames]), centres


def by_grey(x):
    """A 'segmenter' that knows each tissue's grey, after normalisation to [0, 1]."""
    greys = np.array([0.0, 1.0, 0.28, 0.78])[:, None, None]
    near = np.exp(-(((x[:, :1] - greys) / 0.08) ** 2)) + 1e-6
    return (near / near.sum(1, keepdims=True)).astype(np.float32)


def bright(x):
    """A 'locator' that takes the brightest for cavity."""
    brightest = x[:, :1].max(axis=(2, 3), keepdims=True) + 1e-9
    cavity = np.clip((x[:, :1] / brightest - 0.88) / 0.04, 0, 1)
    return np.concatenate([1 - cavity, cavity], 1)


KNOWING = ev.PixelEvidence(bright, by_grey)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize(
    ("centre", "drift", "radius"),
    [((60, 90), (0, 0), 18), ((95, 140), (-2, -3), 25), ((50, 120), (2, 1), 11)],
)
def test_the_ventricle_is_found_where_it_is(centre, drift, radius):
    radii = radius * np.array([0.5, 0.8, 1, 1, 1, 0.9])
    images, _, centres = painted_stack(centre, drift, radii)
    location = KNOWING.locate(images)
    np.testing.assert_allclose(location.centre, centres, atol=1.5)
    assert location.radius_px == pytest.approx(radius, rel=0.06)


def test_maps_lie_where_they_say():
    images, classes, _ = painted_stack((90, 110), (-1.5, 2), [10, 18, 20, 19])
    maps = KNOWING(images)
    assert maps.probability.shape == (4, 2, 4, ev.WINDOW_SIDE, ev.WINDOW_SIDE)
    np.testing.assert_allclose(maps.probability.sum(2), 1, atol=1e-5)
    labels = ev.evidence_labels(maps)
    for kind, least in ((ev.CAVITY, 0.97), (ev.MUSCLE, 0.9)):
        mask = ev.to_source(labels == kind, maps, SHAPE)
        assert mask.dtype == bool
        assert dice(mask, classes == kind) > least


def test_views_are_turned_back():
    images, _, _ = painted_stack((80, 100), (0, 0), [18, 18])
    one, eight = (ev.PixelEvidence(bright, by_grey, n)(images) for n in (1, 8))
    np.testing.assert_allclose(one.probability, eight.probability, atol=1e-5)
    seen = []

    def spy(x):
        seen.extend(image[0].round(4).tobytes() for image in x)
        return by_grey(x)

    evidence = ev.PixelEvidence(bright, spy, 8)
    evidence.segment(images, 0, range(1), evidence.locate(images[:, :1]), 8)
    assert len(set(seen[-8:])) == 8  # eight different views, none twice


def test_the_right_cavity_is_looked_for_in_wider_windows():
    images, classes, _ = painted_stack((80, 100), (0, 0), [18, 18])
    both = ev.PixelEvidence(bright, by_grey, right=by_grey)(images)
    assert KNOWING(images).wide is None
    assert both.wide.step == pytest.approx(both.step * 20 / 12)
    for maps in (both, both.wide):
        seen = ev.to_source(maps.probability[:, :, ev.RIGHT_CAVITY] > 0.5, maps, SHAPE)
        assert dice(seen, classes == ev.RIGHT_CAVITY) > 0.87  # wide windows are coarse
    np.testing.assert_array_equal(both.probability, KNOWING(images).probability)


def test_a_folder_need_not_know_the_right_cavity(tmp_path):
    shipped = ev.PixelEvidence.load()
    assert shipped.right is not None
    ev.PixelEvidence(shipped.locator, shipped.segmenter).save(tmp_path)
    assert ev.PixelEvidence.load(tmp_path).right is None
    shipped.save(tmp_path)
    assert ev.PixelEvidence.load(tmp_path) == shipped


def test_order_of_slices_and_intensity_scale_do_not_matter():
    images, _, _ = painted_stack((80, 100), (1, 1), [10, 16, 18, 18])
    noisy = images + np.random.default_rng(0).normal(0, 0.01, images.shape)
    maps, reverse = KNOWING(noisy), KNOWING(noisy[::-1])
    np.testing.assert_allclose(maps.origin, reverse.origin[::-1], atol=1e-3)
    assert np.abs(maps.probability - reverse.probability[::-1]).max() < 0.02
    scaled = KNOWING(4000 * noisy - 500)
    assert np.abs(maps.probability - scaled.probability).max() < 0.02


def test_one_bad_slice_is_outvoted():
    images, _, centres = painted_stack((80, 100), (1, 0), [14, 18, 19, 19, 18, 16])
    images[3] = painted((30, 170), 19)[0]
    location = KNOWING.locate(images)
    assert np.abs(location.centre - centres).max() < 5


def test_a_single_image_is_enough():
    images, _, _ = painted_stack((80, 100), (0, 0), [18])
    assert KNOWING(images[:, :1].round(1)).probability.shape[:2] == (1, 1)


def test_bad_input_is_refused():
    with pytest.raises(NotFound, match="no left ventricle"):
        KNOWING(np.zeros((2, 3, 64, 64)))
    with pytest.raises(ValueError, match="slices, frames, rows, columns"):
        KNOWING(np.zeros((64, 64)))
    images, _, _ = painted_stack((80, 100), (0, 0), [18])
    images[0, 0, 5, 5] = np.nan
    with pytest.raises(ValueError, match="finite"):
        KNOWING(images)


def test_to_source_undoes_the_window():
    maps = ev.EvidenceMaps(np.zeros((1, 1, 4, 96, 96)), np.array([[-20.0, 31.5]]), 1.7)
    plane = np.add(*np.indices((96, 96)) * np.array([2.0, -3.0])[:, None, None])
    back = ev.to_source(plane[None, None], maps, (60, 120))[0, 0]
    rows, columns = np.indices((60, 120))
    expected = 2 * (rows + 20) / 1.7 - 3 * (columns - 31.5) / 1.7
    np.testing.assert_allclose(back[:, 32:], expected[:, 32:], atol=1e-3)
    assert (back[:, :30] == 0).all()


@pytest.mark.parametrize("outside", [0.05, 0.9])
def test_outer_wall_of_a_painted_ring(outside):
    image, classes = painted((70, 90), 18)
    image = np.where(classes == ev.BACKGROUND, outside, image)
    image += np.random.default_rng(0).normal(0, 0.02, image.shape)
    cavity, labelled = (classes == ev.CAVITY)[None, None], np.ones((1, 1), bool)
    centre, radius = outer_radius(image[None, None], cavity, labelled)[0, 0]
    np.testing.assert_allclose(centre, (70, 90), atol=0.1)
    assert np.abs(radius - 27).max() < 1.6
    labels = wall_labels(image[None, None], cavity, labelled)[0, 0]
    assert set(np.unique(labels)) == {2, 4, 9, 13}
    assert (classes[labels == 4] == ev.MUSCLE).all()
    assert (labels[classes == ev.CAVITY] == 2).all()
    unknown = wall_labels(image[None, None], cavity, ~labelled)
    assert (unknown == 15).all()


def test_right_cavity_is_the_bright_neighbour_that_moves():
    images, classes, _ = painted_stack((80, 100), (0, 0), [18, 18, 18])
    liver = np.hypot(*(np.indices(SHAPE) - np.array([80 + 40, 100 + 22])[:, None, None])) < 16
    images[:, :, liver & (classes == ev.BACKGROUND).all((0, 1))] = 0.9  # as bright, but still
    cavity, labelled = classes == ev.CAVITY, np.ones((3, 2), bool)
    walls = wall_labels(images, cavity, labelled)
    labels = add_right_cavity(images, walls)
    right = labels == 8
    assert right[:, 0].sum() > 0.5 * (classes[:, 0] == ev.RIGHT_CAVITY).sum()
    assert (classes[right] == ev.RIGHT_CAVITY).mean() > 0.99
    assert (labels[classes == ev.RIGHT_CAVITY] != 1).all()
    unchanged = walls != 9
    np.testing.assert_array_equal(labels[unchanged], walls[unchanged])


class TestTraining:
    """What needs torch."""

    torch = pytest.importorskip("torch")

    def test_the_loss_knows_only_what_is_labelled(self):
        from corporis.apps.heart_shape.training import _loss

        def loss(label, likely):
            logits = self.torch.zeros(1, 4, 8, 8)
            logits[:, likely] = 6
            labels = self.torch.full((1, 8, 8), label, dtype=self.torch.uint8)
            return _loss(logits, labels).item()

        # "anything but the left cavity": the other three are equally right
        assert loss(13, 0) == pytest.approx(loss(13, 3), abs=1e-5)
        assert loss(13, 1) > loss(13, 2) + 0.5
        assert loss(15, 0) == pytest.approx(loss(15, 1), abs=1e-5) == pytest.approx(0, abs=1e-5)
        assert loss(4, 2) < loss(4, 0) - 0.5

    def test_labels_are_sets(self):
        from corporis.apps.heart_shape.training import Example

        images, classes, _ = painted_stack((80, 100), (0, 0), [18])
        labels = Example.from_classes(images, np.where(classes == 3, -1, classes)).labels
        assert set(np.unique(labels)) == {1, 2, 4, 15}
        known = np.array([[True, False]])
        labels = Example.from_cavity(images, classes == 1, known).labels
        assert (labels[0, 1] == 15).all()
        assert (labels[0, 0] == 2).sum() == (classes[0, 0] == 1).sum()
        for bad in (np.full(images.shape, 15), np.zeros(images.shape)):
            with pytest.raises(ValueError, match="label"):
                Example(images, bad.astype(np.uint8))

    def test_a_few_steps_are_reproducible_and_survive_the_disk(self, tmp_path):
        from corporis.apps.heart_shape.training import Example, Schedule, train

        images, classes, _ = painted_stack((80, 100), (0, 0), [18, 18])
        examples = [Example.from_classes(images, classes)]
        schedule = Schedule(2, 2, batch_size=2)
        first, second = (train(examples, seed=5, schedule=schedule) for _ in range(2))
        assert first == second
        assert first != train(examples, seed=6, schedule=schedule)
        first.save(tmp_path / "weights")
        assert ev.PixelEvidence.load(tmp_path / "weights") == first


def test_shipped_weights_are_small_and_see_a_painted_heart():
    weights = Path(ev.__file__).with_name("weights")
    assert sum(f.stat().st_size for f in weights.glob("*.onnx")) < 5e6
    images, classes, _ = painted_stack((70, 120), (0, 0), [16, 18, 18])
    images += np.random.default_rng(0).normal(0, 0.03, images.shape)
    maps = ev.PixelEvidence.load()(images)
    cavity = ev.to_source(ev.evidence_labels(maps) == ev.CAVITY, maps, SHAPE)
    assert dice(cavity, classes == ev.CAVITY) > 0.85


def test_a_folder_without_networks_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"no locator\.onnx there"):
        ev.PixelEvidence.load(tmp_path)
    with pytest.raises(BadInput, match="no dictionary of hearts"):
        ShapePrior.load(tmp_path / "hearts.npz")


def test_damaged_and_foreign_networks_are_refused_at_once(tmp_path):
    shipped = Path(ev.__file__).with_name("weights")
    names = ("locator.onnx", "segmenter_expert.onnx", "segmenter_right.onnx")
    for name in names:
        (tmp_path / name).write_bytes((shipped / name).read_bytes())
    assert ev.PixelEvidence.load(tmp_path) == ev.PixelEvidence.load()
    (tmp_path / names[1]).write_bytes((shipped / names[1]).read_bytes()[:20000])
    with pytest.raises(Unreadable, match="expected a network that corporis train wrote") as refused:
        ev.PixelEvidence.load(tmp_path)
    assert refused.value.exit_code == 2
    (tmp_path / names[1]).write_bytes((shipped / names[0]).read_bytes())
    with pytest.raises(Unreadable, match="5 channels in and 4 out, got 3 and 2"):
        ev.PixelEvidence.load(tmp_path)
    with pytest.raises(BadInput, match=r"no locator\.onnx there"):
        ev.PixelEvidence.load(tmp_path / names[0])
