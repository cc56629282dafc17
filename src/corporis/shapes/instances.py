"""Instances: how well labelled regions agree with other labelled regions.

Labels are integers, 0 is background. All figures come from one sparse table of how many pixels
each pair of labels shares, so that their cost is that of reading the images once.
"""

from dataclasses import dataclass

import numpy as np

THRESHOLDS = tuple(np.round(np.arange(0.5, 0.96, 0.05), 2).tolist())
"""Of the mean F1: 0.5, 0.55, ..., 0.95."""


@dataclass(frozen=True, slots=True)
class InstanceOverlap:
    """Which true and found instances share pixels, and how many.

    Parameters
    ----------
    true_area, found_area : int arrays, (n_true,) and (n_found,)
        Pixels of each instance, in rising order of label.
    true, found : int arrays, (n_pairs,)
        Positions of the pairs that overlap.
    shared : int array, (n_pairs,)
        Pixels that each pair shares, >= 1.

    Examples
    --------
    >>> from corporis.shapes import instance_overlap
    >>> table = instance_overlap([[1, 1, 0, 2]], [[5, 0, 0, 7]])
    >>> table.panoptic_quality()                              # IoU 1/2 does not match, 1 does
    0.5
    >>> table.f1(0.5)
    0.5
    >>> table.aggregated_jaccard()                            # (1 + 1) / (2 + 1)
    0.6666666666666666
    """

    true_area: np.ndarray
    found_area: np.ndarray
    true: np.ndarray
    found: np.ndarray
    shared: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """Jaccard's index of each overlapping pair, (n_pairs,)."""
        return self.shared / (self.true_area[self.true] + self.found_area[self.found] - self.shared)

    def aggregated_jaccard(self) -> float:
        r"""AJI: ``sum |T_i and P_j(i)| / (sum |T_i or P_j(i)| + sum of unused |P|)``.

        This is the published variant: each true instance takes the found one of largest Jaccard
        index, which may be taken more than once; a true instance that meets none adds its area
        below. 1 if both images are empty.

        References
        ----------
        Kumar et al. (2017), IEEE Trans. Med. Imaging 36, 1550-1560,
        doi:10.1109/TMI.2017.2677499
        """
        best = np.full(len(self.true_area), -1)
        order = np.lexsort((-self.found, self.iou))  # of equals the lowest label
        best[self.true[order]] = order  # the last written is the best
        pairs = best[best >= 0]
        shared = int(self.shared[pairs].sum())
        is_unused = np.ones(len(self.found_area), bool)
        is_unused[self.found[pairs]] = False
        united = (
            int(self.true_area.sum())  # each true instance, whether it met any or not
            + int(self.found_area[self.found[pairs]].sum())
            - shared
            + int(self.found_area[is_unused].sum())
        )
        return shared / united if united else 1.0

    def matched(self, threshold: float = 0.5) -> np.ndarray:
        """Positions among the pairs of those whose IoU is above `threshold`, one to one.

        Raises
        ------
        ValueError
            If `threshold` is not in [0.5, 1), where a match is unique.
        """
        if not 0.5 <= threshold < 1:
            raise ValueError(f"threshold must be >= 0.5 and < 1, got {threshold}")
        return np.flatnonzero(self.iou > threshold)

    def f1(self, threshold: float = 0.5) -> float:
        """``2 TP / (n_true + n_found)``, a match being an IoU above `threshold`."""
        total = len(self.true_area) + len(self.found_area)
        return 2 * len(self.matched(threshold)) / total if total else 1.0

    def mean_f1(self) -> float:
        """Mean of `f1` over `THRESHOLDS`."""
        return float(np.mean([self.f1(threshold) for threshold in THRESHOLDS]))

    def panoptic_quality(self) -> float:
        """PQ: ``sum of matched IoU / (TP + FP / 2 + FN / 2)``, matched above one half.

        References
        ----------
        Kirillov et al. (2019), CVPR, doi:10.1109/CVPR.2019.00963
        """
        total = (len(self.true_area) + len(self.found_area)) / 2
        return float(self.iou[self.matched()].sum() / total) if total else 1.0

    def dice(self) -> float:
        """Dice's coefficient of everything labelled, whichever the label."""
        total = int(self.true_area.sum() + self.found_area.sum())
        return 2 * int(self.shared.sum()) / total if total else 1.0


def instance_overlap(truth, found) -> InstanceOverlap:
    """The overlap of two label images of the same shape, of any number of dimensions.

    Raises
    ------
    ValueError
        If the shapes differ, or labels are negative or not integers.
    """
    truth, found = np.asarray(truth), np.asarray(found)
    if truth.shape != found.shape:
        raise ValueError(
            f"label images must have the same shape, got {truth.shape} and {found.shape}"
        )
    for name, labels in (("truth", truth), ("found", found)):
        if not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
            raise ValueError(f"{name} must hold integer labels, got {labels.dtype}")
        if labels.size and labels.min() < 0:
            raise ValueError(f"{name} must hold labels >= 0, got {labels.min()}")
    true_area, true = _areas(truth)
    found_area, found = _areas(found)
    is_both = (true >= 0) & (found >= 0)
    n_found = max(len(found_area), 1)
    pairs, shared = np.unique(true[is_both] * n_found + found[is_both], return_counts=True)
    return InstanceOverlap(true_area, found_area, pairs // n_found, pairs % n_found, shared)


def _areas(labels):
    """Pixels of each label present, and each pixel's position among these, -1 for background."""
    labels = labels.ravel().astype(np.int64)
    count = np.bincount(labels)
    count[:1] = 0
    present = np.flatnonzero(count)
    position = np.full(len(count), -1)
    position[present] = np.arange(len(present))
    return count[present], position[labels]
