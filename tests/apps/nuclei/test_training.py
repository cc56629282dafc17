"""Targets of training: centres, depth and what is known."""

import numpy as np
import pytest
from scipy import ndimage

from apps.nuclei.painted import discs
from corporis.apps.nuclei.augmentation import SIDE, crowded, targets
from corporis.apps.nuclei.evidence import OFFSET_UNIT_PX

torch = pytest.importorskip("torch")


def two_boxes():
    labels = np.zeros((30, 40), int)
    labels[5:16, 4:15] = 1
    labels[5:16, 15:26] = 2  # they touch
    return labels


def test_offsets_lead_to_the_centre():
    labels = two_boxes()
    y = targets(labels, True)
    places = np.indices(labels.shape)
    for k, centre in ((1, (10, 9)), (2, (10, 20))):
        mine = labels == k
        reached = places[:, mine] + OFFSET_UNIT_PX * y[2:4][:, mine]
        np.testing.assert_allclose(reached, np.array(centre)[:, None] + 0 * reached, atol=1e-4)
    assert not y[1:4][:, labels == 0].any()


def test_depth_is_one_in_the_middle_and_low_where_nuclei_touch():
    y = targets(two_boxes(), True)
    assert y[1, 10, 9] == y[1, 10, 20] == 1
    assert y[1, 10, 14] < 0.2 and y[1, 10, 15] < 0.2
    assert (y[1] <= 1).all()


def test_a_mask_alone_teaches_only_the_foreground():
    y = targets(two_boxes(), False)
    np.testing.assert_array_equal(y[0], two_boxes() > 0)
    assert not y[1:].any()


def examples():
    from corporis.apps.nuclei.training import Example
    from corporis.phantoms import NuclearTissue

    rng = np.random.default_rng(0)
    centres = [[r, c] for r in range(20, 190, 40) for c in range(20, 190, 40)]
    tissue = NuclearTissue().at(centres, (200, 170), rng)
    return [
        Example(tissue.image, tissue.labels),
        Example(tissue.image[:60, :50], tissue.labels[:60, :50] > 0, False),
    ]


def test_copies_add_their_density_and_lie_on_top():
    labels = discs([(28, 28), (55, 50)], [7, 8], (80, 80))
    image = np.where(labels[..., None] > 0, 255 * np.exp(-0.5), 255.0) * np.ones(3)
    for seed in range(20):
        more, found = crowded(image, labels, np.random.default_rng(seed))
        density = -np.log(more[..., 0] / 255)
        assert (found[labels > 0] > 0).all()
        for k in range(3, found.max() + 1):
            own = found == k
            assert density[own].max() > 0.4
        layers = density / 0.5  # whole numbers far from soft edges
        assert layers.max() < 5.1 and layers.min() >= 0
        far = ~ndimage.binary_dilation(found > 0, iterations=3)
        assert density[far].max() < 0.1
        if seed == 0:
            assert found.max() > 2 and layers.max() > 1.4
    assert labels.max() == 2 and image.min() > 150  # what came is untouched


def test_views_are_reproducible_and_keep_labels_with_the_image():
    from corporis.apps.nuclei.augmentation import Views

    (x, y), (again, _) = (Views(examples(), 6, seed=1)(0) for _ in range(2))
    assert x.shape == (6, 3, SIDE, SIDE) and y.shape == (6, 5, SIDE, SIDE)
    assert torch.equal(x, again)
    darker = [
        (a.mean(0)[b[0] == 0].mean() - a.mean(0)[b[0] > 0].mean()).item() for a, b in zip(x, y)
    ]
    assert min(darker) > 0.1


def test_the_loss_knows_only_what_is_known():
    from corporis.apps.nuclei.training import loss

    y = torch.from_numpy(np.stack([targets(two_boxes(), False)]))
    right, wrong = torch.zeros(1, 4, 30, 40), torch.zeros(1, 4, 30, 40)
    right[:, 0] = wrong[:, 0] = 8 * (2 * y[:, 0] - 1)
    wrong[:, 1:] = 5
    assert loss(right, y) == loss(wrong, y) < 0.01
    y = torch.from_numpy(np.stack([targets(two_boxes(), True)]))
    right[:, 1:] = y[:, 1:4]
    assert loss(right, y) < 0.01 and loss(wrong, y) > 1


def test_a_few_steps_are_reproducible_and_survive_the_disk(tmp_path):
    from corporis.apps.nuclei.evidence import NucleusEvidence
    from corporis.apps.nuclei.training import Schedule, train

    first, second = (train(examples(), seed=3, schedule=Schedule(2, 2)) for _ in range(2))
    assert first == second
    assert first != train(examples(), seed=4, schedule=Schedule(2, 2))
    first.save(tmp_path / "weights")
    assert NucleusEvidence.load(tmp_path / "weights") == first


def test_bad_examples_are_refused():
    from corporis.apps.nuclei.training import Example, train

    with pytest.raises(ValueError, match="same rows"):
        Example(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), int))
    with pytest.raises(ValueError, match="weight"):
        Example(np.zeros((4, 4), np.uint8), np.zeros((4, 4), int), weight=0)
    with pytest.raises(ValueError, match="at least one"):
        train([])
