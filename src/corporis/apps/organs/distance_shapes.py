"""Shapes of one organ as signed distances: what uncertain evidence of it most probably shows."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy

from corporis.apps.organs.mask_frame import DistanceMap, Grid, Pose, register
from corporis.errors import BadInput
from corporis.estimators import BaseEstimator, check_is_fitted
from corporis.shapes import PrincipalShapes

CUT = 0.25
"""Distances beyond a quarter of the organ's size say nothing more."""
MARGIN = 0.2
N_ROUNDS = 3
LEAST_TRUST = 1e-3
"""Of evidence of which nothing is believed: without any there is nothing to solve."""


@dataclass(frozen=True, eq=False)
class ExpectedShape:
    """What the shapes make of evidence.

    Parameters
    ----------
    distance_mm : array, (a, b, c)
        From the border of the expected shape, negative inside.
    misfit : float
        Root mean square distance of the believed evidence from the expected shape, over the same
        of training shapes left out: about 1 for an organ of this kind.
    """

    distance_mm: np.ndarray
    misfit: float


class DistanceShapes(BaseEstimator):
    """Signed distances of an organ's masks in one place, size and direction, and their modes.

    Evidence is explained by mean and modes (`PrincipalShapes`, Gaussian), each place as far as it
    is believed: by what is said of it, and less where it contradicts the explanation.

    Parameters
    ----------
    modes : float
        Share of the variance to keep, in 0 to 1.
    noise : float
        > 0, in sizes of the organ (cube root of its volume): how far evidence errs. The larger,
        the closer the explanation stays to the usual shape; places are many and err together.
    reach : float
        > 0, in sizes: disagreements of so much are believed by a quarter.
    step : float
        > 0, in sizes: the grid's.

    Attributes
    ----------
    grid_ : Grid
    mean_ : array, (n_places,)
    n_training_ : int

    References
    ----------
    Leventon, Grimson & Faugeras (2000), CVPR, 316-323, doi:10.1109/CVPR.2000.855835
    """

    def __init__(self, modes=0.98, noise=0.08, reach=0.15, step=0.1):
        self.modes = modes
        self.noise = noise
        self.reach = reach
        self.step = step

    def fit(self, X: Sequence[np.ndarray], y: Sequence[tuple[float, float, float]]):
        """Learn from masks `X`, each (a, b, c), with spacings `y` in mm, in one orientation.

        Raises
        ------
        ValueError
            If a number is out of range, or there are fewer than ten masks.
        BadInput
            If a mask is empty.
        """
        for name in ("noise", "reach", "step"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if len(X) < 10 or len(X) != len(y):
            raise ValueError(f"expected at least 10 masks and as many spacings, got {len(X)}")
        maps = [DistanceMap.of(mask, spacing) for mask, spacing in zip(X, y, strict=True)]
        poses = [m.pose() for m in maps]
        reach = [p.to_frame(np.argwhere(m.values < 0) * m.spacing_mm) for m, p in zip(maps, poses)]
        low, high = np.min([r.min(0) for r in reach], 0), np.max([r.max(0) for r in reach], 0)
        self.grid_ = Grid.around(low - MARGIN, high + MARGIN, self.step)
        fields = np.stack([self._seen(m, p) for m, p in zip(maps, poses)])
        for _ in range(2):
            target = fields.mean(axis=0)
            poses = [register(m, p, target, self.grid_) for m, p in zip(maps, poses)]
            fields = np.stack([self._seen(m, p) for m, p in zip(maps, poses)])
        self.mean_, self.n_training_ = fields.mean(axis=0), len(X)
        # places that lie deep inside or far outside of every organ tell none from another
        self._active = np.abs(fields).min(axis=0) < 0.8 * CUT
        shapes = fields[:, self._active, None]
        held = np.arange(len(X)) % 5 == 0
        self._model = self._prior().fit(shapes[~held])
        everything = np.ones(shapes.shape[1])
        self._usual = float(
            np.mean([_misfit(s[:, 0], self._explained(s[:, 0], everything)) for s in shapes[held]])
        )
        self._model = self._prior().fit(shapes)
        return self

    def expect(
        self, mask: np.ndarray, spacing_mm: tuple[float, float, float], trust: np.ndarray
    ) -> ExpectedShape:
        """The shape that evidence most probably shows.

        Parameters
        ----------
        mask : array, (a, b, c)
            What the evidence takes for inside.
        trust : array, (a, b, c)
            How far it is believed, 0 to 1.

        Raises
        ------
        BadInput
            If nothing is inside.
        """
        check_is_fitted(self)
        distances = DistanceMap.of(mask, spacing_mm)
        believed = DistanceMap(_bordering(mask, trust, spacing_mm), distances.spacing_mm)
        pose, found, misfit = self._fitted(distances, believed)
        voxels = np.indices(mask.shape).reshape(3, -1).T * distances.spacing_mm
        places = pose.to_frame(voxels)
        expected = self.grid_.read(found, places)
        last = self.grid_.first + self.grid_.step * (np.array(self.grid_.shape) - 1)
        beyond = np.linalg.norm(places - np.clip(places, self.grid_.first, last), axis=1)
        expected = pose.size * (expected + beyond)
        return ExpectedShape(expected.reshape(mask.shape), misfit / self._usual)

    def save(self, path: Path) -> None:
        """Write all that was learned to `path`, an ``.npz`` file of plain arrays."""
        check_is_fitted(self)
        np.savez(
            path,
            parameters=np.array([self.modes, self.noise, self.reach, self.step]),
            first=self.grid_.first,
            shape=np.array(self.grid_.shape),
            mean=self.mean_.astype(np.float32),
            active=self._active,
            middle=self._model.mean_[:, 0].astype(np.float32),
            directions=self._model.modes_[:, :, 0].astype(np.float32),
            variances=self._model.variances_,
            usual=np.array([self._usual, self.n_training_]),
        )

    @classmethod
    def load(cls, path: Path) -> "DistanceShapes":
        """What `save` wrote.

        Raises
        ------
        BadInput
            If it is something else.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                modes, noise, reach, step = held["parameters"].tolist()
                found = cls(modes, noise, reach, step)
                a, b, c = held["shape"].tolist()
                found.grid_ = Grid(held["first"], step, (a, b, c))
                found.mean_, found._active = held["mean"].astype(float), held["active"]
                model = found._prior()
                model.mean_ = held["middle"][:, None].astype(float)
                model.modes_ = held["directions"][:, :, None].astype(float)
                model.variances_ = held["variances"]
                model.n_features_in_ = len(model.mean_)
                found._usual, found.n_training_ = float(held["usual"][0]), int(held["usual"][1])
            found._check_loaded(model)
        except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
            raise BadInput(f"{Path(path).name}: expected shapes as they were saved") from None
        found._model = model
        return found

    def _check_loaded(self, model):
        """Raise ``ValueError`` where arrays do not belong together or are not finite."""
        n_active, n_modes = int(np.count_nonzero(self._active)), len(model.modes_)
        if not (
            self.mean_.shape == self._active.shape == (int(np.prod(self.grid_.shape)),)
            and self.grid_.first.shape == (3,)
            and model.mean_.shape == (n_active, 1)
            and model.modes_.shape == (n_modes, n_active, 1)
            and model.variances_.shape == (n_modes,)
        ):
            raise ValueError("shapes of arrays")
        arrays = (self.grid_.first, self.mean_, model.mean_, model.modes_, model.variances_)
        numbers = (self.grid_.step, self.noise, self.reach, self._usual)
        if not all(np.isfinite(array).all() for array in arrays) or not np.isfinite(numbers).all():
            raise ValueError("not finite")

    def _prior(self):
        return PrincipalShapes(self.modes, "gaussian", noise=self.noise, alignment="none")

    def _seen(self, distances: DistanceMap, pose: Pose):
        values = distances.at(pose.to_mm(self.grid_.places)) / pose.size
        return np.clip(values, -CUT, CUT)

    def _explained(self, seen, trust):
        """Distances (n_active,) by mean and modes."""
        return self._model.explain(seen[:, None], trust).shape[:, 0]

    def _fitted(self, distances, believed):
        """Pose, explanation (n_places,) and misfit, each in the light of the others."""
        pose, found, active = distances.pose(), self.mean_.copy(), self._active
        first = self._trust(believed, pose)
        pose = register(distances, pose, self.mean_, self.grid_, weights=first)
        for number in range(N_ROUNDS):
            seen, trust = self._seen(distances, pose), self._trust(believed, pose)
            # the first look is at the usual shape: what differs from it is not yet wrong
            reach = self.reach * (2 if number == 0 else 1)
            trust = trust / (1 + ((seen - found) / reach) ** 2) ** 2
            found[active] = self._explained(seen[active], trust[active])
            if number < N_ROUNDS - 1:
                pose = register(distances, pose, found, self.grid_, weights=trust)
        believed_here = self._trust(believed, pose)[active]
        return pose, found, _misfit(seen[active], found[active], believed_here)

    def _trust(self, believed, pose):
        index = pose.to_mm(self.grid_.places) / believed.spacing_mm
        found = scipy.ndimage.map_coordinates(believed.values, index.T, order=1, mode="nearest")
        return np.maximum(found, LEAST_TRUST)


def _bordering(mask, trust, spacing_mm):
    """Trust in each distance: that of the place and of the border it is measured from."""
    mask, trust = np.asarray(mask) != 0, np.asarray(trust, float)
    least = trust.copy()
    for kind in (mask, ~mask):
        if kind.all() or not kind.any():
            continue
        nearest = scipy.ndimage.distance_transform_edt(
            kind, sampling=spacing_mm, return_distances=False, return_indices=True
        )
        least[kind] = np.minimum(trust, trust[tuple(nearest)])[kind]
    return least


def _misfit(seen, explained, trust=None):
    """Root mean square distance of the believed border from the explanation, in sizes."""
    near = np.abs(explained) < 0.07
    weights = None if trust is None else trust[near]
    squares = (seen[near] - explained[near]) ** 2
    return float(np.sqrt(np.average(squares, weights=weights))) + 1e-9
