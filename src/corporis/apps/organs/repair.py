"""Repair of a mask: an organ as the others of its kind, where the mask cannot be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.apps.organs.damage import spoilt
from corporis.apps.organs.fusion import one_piece
from corporis.apps.organs.image_support import supported
from corporis.apps.organs.judge import CUT, Judge, Shapes, testimony
from corporis.apps.organs.mask_frame import DistanceMap, Grid, check_size, register
from corporis.errors import BadInput
from corporis.estimators import BaseEstimator, check_is_fitted, clone
from corporis.learning import Representatives
from corporis.shapes import SparseShapeComposition

N_PARTS = 5
"""Of the training organs; each is explained by the other parts, nearly as well as by all."""
_MARGIN = 0.2
_AROUND = 0.28  # sizes around a mask in which something may have been lost
_SURE = 0.8  # a part is overruled only if the judge is so sure of one voxel of it
_RIM = 0.05
_LEAST_SPREAD = 0.1  # few training organs may be alike in volume by chance


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
    chance : array, (a, b, c)
        Of each voxel to be the organ's, 0 to 1; without a judge, 0 or 1.
    expected_overlap : float
        Dice overlap with the true organ that these chances promise.
    misfit : float
        Middle distance of the believed border from that shape, over the same of shapes left out
        in training: about 1 for an organ of this kind, much more for another.
    size_deviation : float
        How far the volume, as mended, lies from those of training, in standard deviations of its
        logarithm; negative for a small one.
    """

    mask: np.ndarray
    overruled: np.ndarray
    expected_mm: np.ndarray
    chance: np.ndarray
    expected_overlap: float
    misfit: float
    size_deviation: float


class OrganRepair(BaseEstimator):
    r"""What organs of one kind look like, to mend masks with holes, leaks, missing or extra parts.

    Signed distances of training masks, brought to one place, size and direction, are the shapes.
    They explain a new mask in three ways: by sparse composition with gross errors set aside, by
    principal modes where that trusts the mask, and by a Gaussian field through the border less
    the patches of it that are grossly wrong. A judge, boosted trees that saw training masks
    spoilt and explained by organs other than themselves, weighs what the explanations say of each
    voxel against what the mask says. Where it is sure, the mask is overruled, there and as far as
    the disagreement reaches; everywhere else the mask stays to the voxel, with every detail.

    With a `prior` there is one explanation and no judge: where both disagree by more than `depth`
    the mask is overruled, and the explanation is bent there to meet the rest of the mask.

    Parameters
    ----------
    prior : PrincipalShapes or SparseShapeComposition or None
        Explains distances ``(n_places, 1)``, in sizes of the organ (cube root of its volume); it
        must not align.
    depth : float
        > 0, in sizes: disagreements that are nowhere deeper are details of this organ.
    step : float
        > 0, in sizes: the grid's.
    bend : float
        > 0, in sizes: how far an explanation by `prior` is bent to meet the believed border.
    n_atoms : int or None
        Training masks the explanation may use, chosen as `Representatives`, for speed; None: all.
    n_spoilt : int
        Spoilt masks from which the judge learns, >= 1; of few training masks, several each.

    Attributes
    ----------
    grid_ : Grid
    n_training_ : int

    References
    ----------
    Zhang, Zhan, Dewan, Huang, Metaxas & Zhou (2012), Medical Image Analysis 16, 265-277,
    doi:10.1016/j.media.2011.08.004; Leventon, Grimson & Faugeras (2000), CVPR, 316-323,
    doi:10.1109/CVPR.2000.855835 (signed distances as shapes); Wolpert (1992), Neural Networks 5,
    241-259, doi:10.1016/S0893-6080(05)80023-1 (a judge of left-out explanations); Friedman
    (2001), Ann. Stat. 29, 1189-1232, doi:10.1214/aos/1013203451
    """

    def __init__(self, prior=None, depth=0.1, step=0.07, bend=0.3, n_atoms=None, n_spoilt=80):
        self.prior = prior
        self.depth = depth
        self.step = step
        self.bend = bend
        self.n_atoms = n_atoms
        self.n_spoilt = n_spoilt

    def fit(self, X: Sequence[np.ndarray], y: Sequence[tuple[float, float, float]]):
        """Learn from masks `X`, each (a, b, c), with spacings `y` in mm, in one orientation.

        Raises
        ------
        ValueError
            If a number is out of range, or there are fewer than five masks.
        BadInput
            If a mask is empty or too small.
        """
        for name in ("depth", "step", "bend", "n_spoilt"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if len(X) < 5 or len(X) != len(y):
            raise ValueError(f"expected at least 5 masks and as many spacings, got {len(X)}")
        masks = [framed(mask, spacing)[0] for mask, spacing in zip(X, y, strict=True)]
        maps = [DistanceMap.of(mask, spacing) for mask, spacing in zip(masks, y, strict=True)]
        fields = self._aligned(maps)
        self.n_training_ = len(X)
        self._sizes = np.array([_log_volume(m, s) for m, s in zip(masks, y, strict=True)])
        part = np.arange(len(X)) % N_PARTS
        others = [self._shapes(fields[part != k]) for k in range(N_PARTS)]
        some = range(0, len(X), max(1, len(X) // 30))
        self._usual = float(np.mean([self._misfit(fields[k], others[k % N_PARTS]) for k in some]))
        self._judge = None if self.prior is not None else self._judged(masks, y, others)
        if self.n_atoms is not None and self.n_atoms < len(X):
            chosen = Representatives(self.n_atoms, rejection=1e9).fit(fields).indices_
            fields = fields[chosen]
        self._known = self._shapes(fields)
        return self

    def repair(
        self,
        mask: np.ndarray,
        spacing_mm: tuple[float, float, float],
        image: np.ndarray | None = None,
    ) -> Repaired:
        """Put one mask right.

        Parameters
        ----------
        image : array, (a, b, c), optional
            Grey values of the same voxels: what they support is kept, though no training organ
            has it.

        Raises
        ------
        BadInput
            If the mask is empty, too small, too thin or no volume, or the image has another shape.
        """
        check_is_fitted(self)
        given = np.asarray(mask) != 0
        if image is not None and np.shape(image) != given.shape:
            raise BadInput(
                f"the image must have the mask's shape {given.shape}, got {np.shape(image)}"
            )
        seen, inner = framed(given, spacing_mm)
        distances = DistanceMap.of(seen, spacing_mm)
        if self._judge is None:
            expected, mended, overruled, explanation = self._by_depth(seen, distances)
            chance = mended.astype(float)
        else:
            known = testimony(distances, self._known)
            if not known.band.any():
                raise BadInput(
                    f"expected a mask with the form of an organ, got one of {int(seen.sum())} "
                    "voxels onto which no organ can be brought: give another"
                )
            explanation = known.explanations[0]
            chance = self._judge.chances(known, seen)
            if image is not None:
                grey = np.pad(np.asarray(image, float), inner.pad, mode="edge")[inner.crop]
                chance = supported(chance, seen, grey, distances.spacing_mm)
            mended, overruled = self._by_chance(chance, seen, distances, explanation.pose.size)
            expected = self._expected(known.explanations[2], distances)
        found = self._known.seen(distances, explanation.pose)
        misfit = self._distance(found, explanation.field) / self._usual
        both = float(chance.sum() + mended.sum())
        overlap = 2 * float(chance[mended].sum()) / max(both, 1e-9)
        return Repaired(
            inner.back(mended, given.shape),
            inner.back(overruled, given.shape),
            inner.back(expected, given.shape, explanation.pose.size * CUT),
            inner.back(chance, given.shape),
            overlap,
            misfit,
            self._size_deviation(mended, spacing_mm),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """All that was learned, as plain arrays; `from_arrays` takes them.

        Raises
        ------
        ValueError
            If there is a `prior`: what it learned is not known here.
        """
        check_is_fitted(self)
        if self._judge is None:
            raise ValueError("a repair with a prior has no arrays: fit it again")
        n_atoms = -1 if self.n_atoms is None else self.n_atoms
        return {
            "parameters": np.array([self.depth, self.step, self.bend, n_atoms, self.n_spoilt]),
            "first": self.grid_.first,
            "shape": np.array(self.grid_.shape),
            "fields": self._known.fields,
            "sizes": self._sizes,
            "usual": np.array(self._usual),
            "columns": self._judge.columns_,
            "truths": self._judge.truths_,
        }

    @classmethod
    def from_arrays(cls, held: Mapping[str, np.ndarray]) -> "OrganRepair":
        """A repair that has learned, from its `arrays`.

        Raises
        ------
        BadInput
            If they are something else.
        """
        try:
            depth, step, bend, n_atoms, n_spoilt = held["parameters"].tolist()
            found = cls(None, depth, step, bend, int(n_atoms) if n_atoms > 0 else None)
            found.n_spoilt = int(n_spoilt)
            a, b, c = held["shape"].tolist()
            found.grid_ = Grid(held["first"], step, (a, b, c))
            found._sizes, found._usual = held["sizes"], float(held["usual"])
            found.n_training_ = len(found._sizes)
            for name in ("first", "fields", "sizes", "usual", "columns"):
                if not np.isfinite(held[name]).all():
                    raise ValueError(f"expected finite {name}")
            if len(held["sizes"]) < 2 or not held["usual"] > 0:
                raise ValueError("expected several shapes and a misfit > 0")
            found._known = found._shapes(held["fields"].reshape(-1, a * b * c))
            found._judge = Judge().learn(held["columns"], held["truths"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise BadInput("expected what a repair has learned") from None
        return found

    def _size_deviation(self, mask, spacing_mm):
        spread = max(float(self._sizes.std(ddof=1)), _LEAST_SPREAD)
        return (_log_volume(mask, spacing_mm) - float(self._sizes.mean())) / spread

    def _shapes(self, fields):
        prior = SparseShapeComposition(1e-3, 0.02, penalty="redescending", alignment="none")
        prior = prior if self.prior is None else clone(self.prior)
        return Shapes(self.grid_, fields, prior, self.depth)

    def _aligned(self, maps):
        """Fields (n, n_places) of training masks, each brought to their mean."""
        poses = [m.pose() for m in maps]
        reach = [p.to_frame(np.argwhere(m.values < 0) * m.spacing_mm) for m, p in zip(maps, poses)]
        self.grid_ = Grid.around(
            np.min([r.min(axis=0) for r in reach], axis=0) - _MARGIN,
            np.max([r.max(axis=0) for r in reach], axis=0) + _MARGIN,
            self.step,
        )

        def seen(m, pose):
            values = m.at(pose.to_mm(self.grid_.places)) / pose.size
            return np.clip(values, -CUT, CUT)

        fields = np.stack([seen(m, p) for m, p in zip(maps, poses)])
        for _ in range(2):
            target = fields.mean(axis=0)
            poses = [register(m, p, target, self.grid_) for m, p in zip(maps, poses)]
            fields = np.stack([seen(m, p) for m, p in zip(maps, poses)])
        return fields

    def _judged(self, masks, spacings, others):
        """A judge that saw masks spoilt, explained by the parts of the organs they are not in."""
        known = []
        # few masks are spoilt several times, each time in another way
        for number, k in enumerate(np.linspace(0, len(masks) - 1, self.n_spoilt).astype(int)):
            seen = spoilt(masks[k], spacings[k], np.random.default_rng([29, number]))
            distances = DistanceMap.of(seen, spacings[k])
            known.append((testimony(distances, others[k % N_PARTS]), masks[k]))
        return Judge().fit(known)

    def _by_chance(self, chance, mask, distances, size):
        """Mended mask, and where it was overruled: parts that hold a voxel that is sure."""
        differs = mask != (chance > 0.5)
        parts, n = ndimage.label(differs, np.ones((3, 3, 3)))
        sure = np.unique(parts[differs & (np.abs(chance - mask) > _SURE)])
        changed = np.isin(parts, sure[sure > 0]) if n else differs
        mended = one_piece(mask ^ changed)
        near = ndimage.distance_transform_edt(~(mended ^ mask), sampling=distances.spacing_mm)
        return mended, (near <= _RIM * size) & (mended ^ mask).any()

    def _expected(self, explanation, distances):
        shape = distances.values.shape
        voxels = np.indices(shape).reshape(3, -1).T * distances.spacing_mm
        values = self._known.read(explanation, voxels)
        return explanation.pose.size * values.reshape(shape)

    def _by_depth(self, mask, distances):
        explanation = self._known.composed(distances)
        size = explanation.pose.size
        expected = self._expected(explanation, distances)
        overruled = self._deep(mask, expected, size, distances.spacing_mm)
        expected = self._bent(expected, distances, overruled, size)
        mended = one_piece(np.where(overruled, expected < 0, mask))
        return expected, mended, overruled, explanation

    def _misfit(self, field, shapes):
        found = shapes.mean.copy()
        shape = field[shapes.active, None]
        found[shapes.active] = shapes.composition.explain(shape).shape[:, 0]
        return self._distance(field, found)

    def _distance(self, seen, explained):
        """Middle distance of the border from the explanation, blind to gross errors."""
        near = np.abs(explained) < self.step
        return float(np.median(np.abs(seen[near] - explained[near]))) + 1e-9

    def _deep(self, mask, expected, size, spacing):
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


def _log_volume(mask, spacing_mm):
    return float(np.log(max(mask.sum(), 1) * np.prod(spacing_mm)))


@dataclass(frozen=True, eq=False)
class Framed:
    """How a mask was padded and cropped, and the way back."""

    pad: tuple[tuple[int, int], ...]
    crop: tuple[slice, ...]

    def back(self, part: np.ndarray, shape: tuple[int, ...], empty: float = 0) -> np.ndarray:
        """A volume (a, b, c) as the mask was given, from one that was framed."""
        padded = [n + a + b for n, (a, b) in zip(shape, self.pad, strict=True)]
        whole = np.full(padded, empty, part.dtype)
        whole[self.crop] = part
        return whole[tuple(slice(a, a + n) for n, (a, _) in zip(shape, self.pad, strict=True))]


def framed(mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> tuple[np.ndarray, Framed]:
    """A mask with room around for what may have been lost, and no more.

    Raises
    ------
    BadInput
        If the mask is empty, too small or no volume.
    """
    mask = np.asarray(mask) != 0
    if mask.ndim != 3 or not mask.any():
        raise BadInput(
            f"a mask must be a volume with a voxel inside, got shape {mask.shape} with "
            f"{int(mask.sum())} voxels"
        )
    check_size(int(mask.sum()), "a mask")
    size = (mask.sum() * float(np.prod(spacing_mm))) ** (1 / 3)
    margin = np.ceil(_AROUND * size / np.asarray(spacing_mm, float)).astype(int) + 1
    places = np.argwhere(mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    pad = tuple((int(m), int(m)) for m in margin)
    crop = tuple(slice(int(a), int(b + 2 * m)) for a, b, m in zip(low, high, margin, strict=True))
    return np.pad(mask, pad)[crop], Framed(pad, crop)
