"""Which voxels are the organ's: a judge of what the mask says and what its shapes suggest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from corporis.apps.organs.border_prior import BorderPrior
from corporis.apps.organs.border_search import search_border
from corporis.apps.organs.mask_frame import DistanceMap, Grid, Pose, register
from corporis.errors import BadInput
from corporis.shapes import PrincipalShapes, SparseShapeComposition

BAND = 0.27
"""Sizes from the border beyond which a mask is taken at its word."""
CUT = 0.25
ABOUT = 0.12
FRACTIONS = (0.06, 0.12, 0.24)
RADII = (0.1, 0.2, 0.3)
N_MODES = 40
SPREAD, N_ALIKE = 0.03, 30
"""Of a distance in the smooth explanation, and how many neighbours say the same."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A field of expected distances (n_places,) and the pose in which it holds."""

    pose: Pose
    field: np.ndarray


@dataclass(frozen=True, eq=False)
class Shapes:
    """Fields of sound organs in one frame, and three ways to explain a mask by them.

    Parameters
    ----------
    grid : Grid
    fields : array, (n_organs, n_places)
    composition : estimator
        Explains fields (n_active, 1) and sets gross errors aside.
    depth : float
        Disagreement, in sizes, beyond which a place is hardly trusted.
    """

    grid: Grid
    fields: np.ndarray
    composition: SparseShapeComposition | PrincipalShapes
    depth: float
    mean: np.ndarray = field(init=False)
    active: np.ndarray = field(init=False)
    modes: np.ndarray = field(init=False)
    variances: np.ndarray = field(init=False)
    border: BorderPrior = field(init=False)

    def __post_init__(self):
        mean = self.fields.mean(axis=0)
        # places that lie deep inside or far outside of every organ tell none from another
        active = np.abs(self.fields).min(axis=0) < 0.8 * CUT
        _, sizes, modes = np.linalg.svd((self.fields - mean)[:, active], full_matrices=False)
        n_modes = min(N_MODES, len(self.fields) - 1)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "active", active)
        object.__setattr__(self, "modes", modes[:n_modes])
        variances = sizes[:n_modes] ** 2 / (len(self.fields) - 1)
        object.__setattr__(self, "variances", np.maximum(variances, 1e-12))
        object.__setattr__(self, "border", BorderPrior(self.grid, mean, self.fields - mean))
        self.composition.fit(self.fields[:, active, None])

    def seen(self, distances: DistanceMap, pose: Pose) -> np.ndarray:
        """A mask's distances at all places of the frame, in sizes, cut where they are large."""
        values = distances.at(pose.to_mm(self.grid.places)) / pose.size
        return np.clip(values, -CUT, CUT)

    def composed(self, distances: DistanceMap, n_rounds: int = 2) -> Explanation:
        """By composition; pose and explanation each in the light of the other."""
        pose = register(distances, distances.pose(), self.mean, self.grid)
        found = self.mean.copy()
        for number in range(n_rounds):
            seen = self.seen(distances, pose)
            shape = seen[self.active, None]
            found[self.active] = self.composition.explain(shape).shape[:, 0]
            if number < n_rounds - 1:
                trust = self._trust(seen - found)
                pose = register(distances, pose, found, self.grid, weights=trust)
        return Explanation(pose, found)

    def smooth(self, distances: DistanceMap, first: Explanation) -> Explanation:
        """By principal modes, with the trust that an earlier explanation gives each place."""
        seen = self.seen(distances, first.pose)
        weight = self._trust(seen - first.field)[self.active] / (SPREAD**2 * N_ALIKE)
        target = self.modes @ (weight * (seen - self.mean)[self.active])
        normal = (self.modes * weight) @ self.modes.T + np.diag(1 / self.variances)
        found = self.mean.copy()
        found[self.active] += np.linalg.solve(normal, target) @ self.modes
        return Explanation(first.pose, found)

    def explained(self, distances: DistanceMap) -> list[Explanation]:
        """All three: composed, by modes, and by the border with wrong patches set aside."""
        first = self.composed(distances)
        last = Explanation(*search_border(self.border, distances, first.pose))
        return [first, self.smooth(distances, first), last]

    def read(self, explanation: Explanation, points_mm: np.ndarray) -> np.ndarray:
        """Expected distances in sizes at points (n, 3); far outside beyond the frame."""
        places = explanation.pose.to_frame(points_mm)
        last = self.grid.first + self.grid.step * (np.array(self.grid.shape) - 1)
        values = self.grid.read(explanation.field, places, order=3)
        values[np.any((places < self.grid.first) | (places > last), axis=1)] = CUT
        return values

    def _trust(self, difference):
        return 1 / (1 + (difference / (0.5 * self.depth)) ** 2) ** 2


@dataclass(frozen=True, eq=False)
class Testimony:
    """What is known about the voxels near a mask's border.

    Parameters
    ----------
    band : bool array, (a, b, c)
        Voxels that are asked about.
    columns : float32 array, (n, n_columns)
        Of those voxels: distance from the mask's border; for each explanation the expected
        distance, how the explanation differs around, and by what share as a whole; the mean
        shape, the place; how much of the mask lies around at three widths; distances from the
        mask opened and closed at three radii. Lengths are in sizes.
    explanations : list of Explanation
    """

    band: np.ndarray
    columns: np.ndarray
    explanations: list[Explanation]


def testimony(distances: DistanceMap, shapes: Shapes) -> Testimony:
    """All columns for one mask."""
    explanations = shapes.explained(distances)
    pose, spacing = explanations[0].pose, distances.spacing_mm
    depth = distances.values / pose.size
    mask, band = depth < 0, np.abs(depth) < BAND
    points = np.argwhere(band) * spacing
    columns = [depth[band]]
    for explanation in explanations:
        expected = np.clip(depth, -CUT, CUT)
        expected[band] = shapes.read(explanation, points)
        differs = (expected < 0).astype(np.float32) - mask
        around = gaussian_filter(differs, ABOUT * pose.size / spacing)
        share = differs.sum() / mask.sum()
        columns += [expected[band], around[band], np.full(len(points), share)]
    places = pose.to_frame(points)
    columns += [shapes.grid.read(shapes.mean, places), *places.T]
    solid = mask.astype(np.float32)
    columns += [gaussian_filter(solid, s * pose.size / spacing)[band] for s in FRACTIONS]
    for radius in RADII:
        pair = _opened_closed(depth, radius, spacing / pose.size)
        columns += [np.clip(values[band], -0.6, 0.6) for values in pair]
    return Testimony(band, np.stack(columns, axis=1).astype(np.float32), explanations)


def _opened_closed(depth, radius, spacing):
    """Distances, in sizes, that say whether opening removes and closing adds a voxel."""
    found = []
    for kept, sign in ((depth < -radius, 1.0), (depth > radius, -1.0)):
        away = np.full(depth.shape, CUT + radius)
        if kept.any():
            away = distance_transform_edt(~kept, sampling=spacing)
        found.append(sign * (away - radius))
    return found


class Judge:
    """Boosted trees that tell from a `Testimony` whether voxels are the organ's.

    Parameters
    ----------
    n_voxels : int
        Of each training mask.
    seed : int

    Attributes
    ----------
    columns_ : float32 array, (n, n_columns)
        What it learned from.
    truths_ : bool array, (n,)
    """

    def __init__(self, n_voxels: int = 4000, seed: int = 0):
        self.n_voxels = n_voxels
        self.seed = seed

    def fit(self, known: Sequence[tuple[Testimony, np.ndarray]]) -> "Judge":
        """Learn from testimonies about spoilt masks and the sound ones (a, b, c).

        Raises
        ------
        BadInput
            If they say nothing of any voxel.
        """
        rng = np.random.default_rng(self.seed)
        columns, truths = [], []
        for given, sound in known:
            chosen = rng.permutation(len(given.columns))[: self.n_voxels]
            columns.append(given.columns[chosen])
            truths.append(sound[given.band][chosen])
        if not any(map(len, columns)):
            raise BadInput(
                f"expected masks with the form of an organ, got {len(columns)} without a border to "
                "compare: give masks of whole organs"
            )
        return self.learn(np.concatenate(columns), np.concatenate(truths))

    def learn(self, columns: np.ndarray, truths: np.ndarray) -> "Judge":
        """Learn from columns (n, n_columns) of voxels and whether each is the organ's, (n,)."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        # kept, not the trees: a table of numbers can be read again by any later version
        self.columns_, self.truths_ = columns, truths
        # small trees: voxels of one mask err together, and larger ones learn masks by heart
        self.trees_ = HistGradientBoostingClassifier(
            max_iter=200,
            learning_rate=0.06,
            max_leaf_nodes=8,
            min_samples_leaf=500,
            l2_regularization=1.0,
            random_state=self.seed,
        ).fit(columns, truths)
        return self

    def chances(self, given: Testimony, mask: np.ndarray) -> np.ndarray:
        """Chance of each voxel to be the organ's, (a, b, c); beyond the band what the mask says."""
        found = mask.astype(float)
        found[given.band] = self.trees_.predict_proba(given.columns)[:, 1]
        return found
