"""Repair of a mask: an organ as the others of its kind, where the mask cannot be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from corporis.apps.organs.mask_frame import DistanceMap, Grid, Pose, register
from corporis.learning import Representatives
from corporis.shapes import SparseShapeComposition

_CUT = 0.25  # distances beyond a quarter of the organ's size say nothing more
_MARGIN = 0.2
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Repaired:
    """A mask put right.

    Parameters
    ----------
    mask : bool array, (a, b, c)
        The organ.
    overruled : bool array, (a, b, c)
        Voxels near which the mask was not believed, whether they changed or not.
    expected_mm : array, (a, b, c)
        Distance from the border of the shape that the believed rest suggests, negative inside.
    misfit : float
        Root mean square distance of the believed border from that shape, over the same of shapes
        left out in training: about 1 for an organ of this kind, much more for another.
    """

    mask: np.ndarray
    overruled: np.ndarray
    expected_mm: np.ndarray
    misfit: float


class OrganRepair(BaseEstimator):
    r"""What organs of one kind look like, to mend masks with holes, leaks, missing or extra parts.

    Signed distances of training masks, brought to one place, size and direction, are the shapes;
    a prior explains those of a new mask with gross errors set aside. Where mask and explanation
    disagree by more than `depth`, the mask is overruled, there and as far as the disagreement
    reaches; everywhere else the mask stays to the voxel, with every detail. At the border of an
    overruled part the explanation is bent to meet the mask.

    Parameters
    ----------
    prior : PrincipalShapes or SparseShapeComposition or None
        Explains distances ``(n_places, 1)``, in sizes of the organ (cube root of its volume); it
        must not align. None: sparse composition with redescending gross errors.
    depth : float
        > 0, in sizes: disagreements that are nowhere deeper are details of this organ.
    step : float
        > 0, in sizes: the grid's.
    bend : float
        > 0, in sizes: how far the explanation is bent to meet the believed border.
    n_atoms : int or None
        Training masks the explanation may use, chosen as `Representatives`, for speed; None: all.

    Attributes
    ----------
    grid_ : Grid
    mean_ : array, (n_places,)
    n_training_ : int

    References
    ----------
    Zhang, Zhan, Dewan, Huang, Metaxas & Zhou (2012), Medical Image Analysis 16, 265-277,
    doi:10.1016/j.media.2011.08.004; Leventon, Grimson & Faugeras (2000), CVPR, 316-323,
    doi:10.1109/CVPR.2000.855835 (signed distances as shapes)
    """

    def __init__(self, prior=None, depth=0.1, step=0.07, bend=0.3, n_atoms=None):
        self.prior = prior
        self.depth = depth
        self.step = step
        self.bend = bend
        self.n_atoms = n_atoms

    def fit(self, X: Sequence[np.ndarray], y: Sequence[tuple[float, float, float]]):
        """Learn from masks `X`, each (a, b, c), with spacings `y` in mm, in one orientation.

        Raises
        ------
        ValueError
            If a number is out of range, or there are fewer than five masks.
        BadInput
            If a mask is empty.
        """
        for name in ("depth", "step", "bend"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if len(X) < 5 or len(X) != len(y):
            raise ValueError(f"expected at least 5 masks and as many spacings, got {len(X)}")
        maps = [DistanceMap.of(mask, spacing) for mask, spacing in zip(X, y, strict=True)]
        poses = [m.pose() for m in maps]
        reach = [p.to_frame(np.argwhere(m.values < 0) * m.spacing_mm) for m, p in zip(maps, poses)]
        self.grid_ = Grid.around(
            np.min([r.min(axis=0) for r in reach], axis=0) - _MARGIN,
            np.max([r.max(axis=0) for r in reach], axis=0) + _MARGIN,
            self.step,
        )
        fields = np.stack([self._seen(m, p) for m, p in zip(maps, poses)])
        for _ in range(2):
            target = fields.mean(axis=0)
            poses = [register(m, p, target, self.grid_) for m, p in zip(maps, poses)]
            fields = np.stack([self._seen(m, p) for m, p in zip(maps, poses)])
        self.mean_, self.n_training_ = fields.mean(axis=0), len(X)
        # places that lie deep inside or far outside of every organ tell none from another
        self._active = np.abs(fields).min(axis=0) < 0.8 * _CUT
        shapes = fields[:, self._active, None]
        held = np.arange(len(X)) % 5 == 0
        self._usual = 1.0
        self._model = self._prior.fit(shapes[~held])
        self._usual = float(np.mean([self._misfit(s, self._explained(s)) for s in shapes[held]]))
        if self.n_atoms is not None and self.n_atoms < len(X):
            chosen = Representatives(self.n_atoms, rejection=1e9).fit(shapes[..., 0]).indices_
            shapes = shapes[chosen]
        self._model = self._prior.fit(shapes)
        return self

    def repair(self, mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> Repaired:
        """Put one mask right.

        Raises
        ------
        BadInput
            If the mask is empty or no volume.
        """
        check_is_fitted(self)
        mask = np.asarray(mask) != 0
        margin = np.full(3, int(np.ceil(0.25 * max(mask.shape))))
        padded = np.pad(mask, margin[0])
        distances = DistanceMap.of(padded, spacing_mm)
        pose, found = self._fitted(distances)
        voxels = np.indices(padded.shape).reshape(3, -1).T * distances.spacing_mm
        places = pose.to_frame(voxels)
        expected = pose.size * self.grid_.read(found, places).reshape(padded.shape)
        last = self.grid_.first + self.grid_.step * (np.array(self.grid_.shape) - 1)
        beyond = np.any((places < self.grid_.first) | (places > last), axis=1)
        expected[beyond.reshape(padded.shape)] = pose.size * _CUT
        overruled = self._overruled(padded, expected, pose.size, distances.spacing_mm)
        expected = self._bent(expected, distances, overruled, pose.size)
        mended = _one_piece(np.where(overruled, expected < 0, padded))
        inner = tuple(slice(m, m + n) for m, n in zip(margin, mask.shape))
        seen = self._seen(distances, pose)[self._active, None]
        misfit = self._misfit(seen, found[self._active]) / self._usual
        return Repaired(mended[inner], overruled[inner], expected[inner], misfit)

    @property
    def _prior(self):
        if self.prior is not None:
            return clone(self.prior)
        return SparseShapeComposition(1e-3, 0.02, penalty="redescending", alignment="none")

    def _seen(self, distances: DistanceMap, pose: Pose):
        values = distances.at(pose.to_mm(self.grid_.places)) / pose.size
        return np.clip(values, -_CUT, _CUT)

    def _explained(self, shape):
        return self._model.explain(shape).shape[:, 0]

    def _fitted(self, distances):
        """Pose and explanation (n_places,), each in the light of the other."""
        pose = register(distances, distances.pose(), self.mean_, self.grid_)
        found = self.mean_.copy()
        for number in range(_ROUNDS):
            seen = self._seen(distances, pose)
            found[self._active] = self._explained(seen[self._active, None])
            if number < _ROUNDS - 1:
                trust = 1 / (1 + ((seen - found) / (0.5 * self.depth)) ** 2) ** 2
                pose = register(distances, pose, found, self.grid_, weights=trust)
        return pose, found

    def _misfit(self, seen, explained):
        """Middle distance of the border from the explanation, blind to gross errors."""
        near = np.abs(explained) < self.step
        return float(np.median(np.abs(seen[near, 0] - explained[near]))) + 1e-9

    def _overruled(self, mask, expected, size, spacing):
        """Parts where mask and explanation differ deeply, with what belongs to them."""
        differs = mask != (expected < 0)
        # deep for the explanation (a lost or added part) or for the mask (a hole or an island)
        own = np.abs(DistanceMap.of(mask, tuple(spacing)).values)
        deep = differs & (np.maximum(np.abs(expected), own) > self.depth * size)
        if not deep.any():
            return deep
        near = ndimage.distance_transform_edt(~deep, sampling=spacing)
        parts = differs & (near <= self.depth * size)
        away = ndimage.distance_transform_edt(~parts, sampling=spacing)
        return away <= 0.5 * self.depth * size

    def _bent(self, expected, distances, overruled, size):
        """The explanation moved to meet the mask's border around overruled parts."""
        width = self.bend * size / distances.spacing_mm
        near = (np.abs(expected) < 2 * self.depth * size) & ~overruled
        trust = ndimage.gaussian_filter(near.astype(float), width)
        difference = np.where(near, distances.values - expected, 0.0)
        moved = ndimage.gaussian_filter(difference, width) / (trust + 0.02)
        return expected + moved


def _one_piece(mask):
    """The largest piece, with its holes filled."""
    labels, n = ndimage.label(mask)
    if n > 1:
        mask = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return ndimage.binary_fill_holes(mask)
