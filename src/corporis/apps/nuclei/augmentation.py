"""Random views of labelled nuclei, as other slides, stains and scanners would have given them."""

import numpy as np
from scipy import ndimage

from corporis.apps.nuclei.evidence import OFFSET_UNIT_PX, network_input
from corporis.imaging.stain import Restaining, restained
from corporis.learning.networks import import_torch
from corporis.learning.views import nearest, random_square, sampled

SIDE = 192
OTHER_STAIN = Restaining(grey=0.1, mixing=0.07, strength=0.22, colour=0.1, blurred=0.25)
CROWDING = 0.3
"""Share of views in which some nuclei are laid over others."""


class Views:
    """Random batches ``(x, y)``: network input, and targets (n, 5, side, side).

    Targets are foreground, depth, row and column offset, and whether the last three are known.
    """

    def __init__(self, examples, size, seed):
        self.examples, self.size = examples, size
        self.random = np.random.default_rng([seed, SIDE])
        weights = np.array([example.weight for example in examples], float)
        self.chance = weights / weights.sum()
        self.padded = [_padded(example) for example in examples]

    def __call__(self, step):
        torch = import_torch()
        chosen = self.random.choice(len(self.examples), self.size, p=self.chance)
        views = [self._view(number) for number in chosen]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*views))

    def _view(self, number):
        image, labels = self.padded[number]
        rows, columns = random_square(self.random, SIDE, labels.shape, spread=0.22, reach=0.8)
        labels = nearest(labels, rows, columns)
        seen = sampled(image, rows, columns)
        if self.examples[number].has_instances and self.random.random() < CROWDING:
            seen, labels = crowded(seen, labels, self.random)
        seen = restained(seen, self.random, OTHER_STAIN)
        return network_input(seen), targets(labels, self.examples[number].has_instances)


def crowded(image, labels, random, at_most=4) -> tuple[np.ndarray, np.ndarray]:
    """Some nuclei copied onto the flanks of others, as layers of a thick section are.

    Light goes through both (Beer and Lambert): what a nucleus adds to the optical density around
    it is added there. The copy lies on top in the labels.

    Parameters
    ----------
    image : array, (H, W, 3)
        Grey levels, 0 to 255.
    labels : int array, (H, W)
    random : numpy.random.Generator
    """
    image, labels = image.copy(), labels.copy()
    boxes = ndimage.find_objects(labels)
    whole = [k for k, box in enumerate(boxes, 1) if box is not None and _is_inside(box, labels)]
    for _ in range(random.integers(1, at_most + 1) if len(whole) > 1 else 0):
        source, target = random.choice(whole, 2)
        box = boxes[source - 1]
        mask = labels[box] == source
        flips = tuple(slice(None, None, int(random.choice([-1, 1]))) for _ in range(2))
        density = _added_density(image[box], mask, labels[box])[flips]
        mask = mask[flips]
        place = _beside(boxes[target - 1], mask, random)
        where = tuple(slice(p, p + n) for p, n in zip(place, mask.shape))
        if min(place) < 0 or image[where].shape[:2] != mask.shape:
            continue
        image[where] *= np.exp(-density)
        labels[where][mask] = labels.max() + 1
    return image, labels


def _is_inside(box, labels):
    return all(s.start > 0 and s.stop < n for s, n in zip(box, labels.shape))


def _added_density(image, mask, labels):
    """What a nucleus adds to the density of its surroundings, 0 outside of it."""
    density = -np.log(np.maximum(image, 4.0) / 255)
    around = density[labels == 0]
    ground = np.median(around, axis=0) if len(around) else density.min(axis=(0, 1))
    edge = ndimage.gaussian_filter(mask.astype(np.float32), 0.7)[..., None]
    return np.maximum(density - ground, 0) * edge


def _beside(target, mask, random):
    """Corner for a copy whose centre lies 0.75 to 1.1 diameters from the target's."""
    middle = np.array([(s.start + s.stop) / 2 for s in target])
    reach = (np.sqrt(np.prod([s.stop - s.start for s in target])) + np.sqrt(mask.size)) / 2
    angle = random.uniform(0, 2 * np.pi)
    way = reach * random.uniform(0.75, 1.1) * np.array([np.sin(angle), np.cos(angle)])
    return np.rint(middle + way - np.array(mask.shape) / 2).astype(int)


def targets(labels, has_instances) -> np.ndarray:
    """Foreground, depth, offsets to the centre of the visible part, and whether these are known.

    Returns
    -------
    float32 array, (5, rows, columns)
    """
    y = np.zeros((5, *labels.shape), np.float32)
    y[0] = labels > 0
    if not has_instances:
        return y
    y[4] = 1
    flat = labels.ravel()
    count = np.maximum(np.bincount(flat), 1)
    for axis, place in enumerate(np.indices(labels.shape)):
        centre = np.bincount(flat, place.ravel()) / count
        y[2 + axis] = (centre[labels] - place) * (labels > 0) / OFFSET_UNIT_PX
    depth = ndimage.distance_transform_edt(_interior(labels)) + (labels > 0)
    deepest = np.zeros(len(count))
    np.maximum.at(deepest, flat, depth.ravel())
    y[1] = depth / np.maximum(deepest, 1)[labels] * (labels > 0)
    return y


def _interior(labels):
    """Labelled pixels whose four neighbours carry the same label."""
    same = labels > 0
    for axis in (0, 1):
        differs = np.diff(labels, axis=axis) != 0
        for ends in ((0, 1), (1, 0)):
            pad = [(0, 0), (0, 0)]
            pad[axis] = ends
            same &= ~np.pad(differs, pad)
    return same


def _padded(example):
    """Image as a tensor (1, 3, H, W) and labels, grown by reflection to at least a view's size."""
    image, labels = np.asarray(example.image), np.asarray(example.labels)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    grow = [(0, max(0, SIDE - n)) for n in labels.shape]
    if any(after for _, after in grow):
        image = np.pad(image, [*grow, (0, 0)], mode="symmetric")
        labels = np.pad(labels, grow, mode="symmetric")
    planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
    return import_torch().from_numpy(planes), labels.astype(np.int32)
