r"""The sparse deformable model: an elastic body, and observations some of which are grossly wrong.

A body moves its particles by ``q`` (n, 3) at each of n_times times; observations `p` of places in
it, each with an explicit gross error ``e_i`` over all coordinates and times:

``min 1/2 K(q) + sum_i c_i (||C_i q - p_i - e_i||^2 / (2 s^2) + l sqrt(n_i) ||e_i||)``

`K` is the energy of bending, in which affine motions are free, so every rigid one of any size;
`s` the noise, `c` how far an observation is trusted beforehand, ``l = believed / s`` such that a
root mean square residual beyond `believed` noises is an error. The problem is convex, its only
matrix is factored once, and its duality gap is known. Because a convex penalty lets errors that
agree pull, it is then made concave by and by: the price of an error falls with its length,
``1 / (1 + (||e_i|| / limit)^2)^2``, while the limit comes down (graduated non-convexity).
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from corporis.arrays import check_finite
from corporis.deformables.elimination import Elimination
from corporis.deformables.meshless import ParticleBody, affine_residuals
from corporis.functionals import QuadraticForm
from corporis.operators import Matrix
from corporis.solvers import fista, run

FALL = 1.6
"""Ratio of successive limits of believing."""
N_LAST = 3
"""Rounds at the last limit."""


@dataclass(frozen=True, eq=False)
class Sightings:
    """Displacements seen at places of a body, whole or along some directions only.

    Parameters
    ----------
    places : array, (m, 3)
        Material places at rest.
    seen : array, (n_times, m, 3) or (n_times, m, n_directions)
        Displacements, or their parts along `directions`.
    directions : array, (m, n_directions, 3), or None
        Unit vectors along which an image plane sees; None where whole displacements are seen.
    confidence : array, (m,), or None
        Probability that a detector gives an observation, > 0; None is 1.

    Raises
    ------
    ValueError
        If shapes do not match or a number is not finite or out of range.
    """

    places: np.ndarray
    seen: np.ndarray
    directions: np.ndarray | None = None
    confidence: np.ndarray | None = None

    def __post_init__(self):
        m, n_parts = len(self.places), 3 if self.directions is None else self.directions.shape[1]
        if np.shape(self.places) != (m, 3) or np.shape(self.seen)[1:] != (m, n_parts):
            raise ValueError(
                f"places must be (m, 3) and seen (n_times, m, {n_parts}), got "
                f"{np.shape(self.places)} and {np.shape(self.seen)}"
            )
        check_finite(self.places, "places")
        check_finite(self.seen, "seen")
        if self.confidence is not None and (
            np.shape(self.confidence) != (m,) or not np.min(self.confidence) > 0
        ):
            raise ValueError(f"confidence must be {m} numbers > 0")


@dataclass(frozen=True, eq=False)
class BodyFit:
    """What a fit found.

    Parameters
    ----------
    q : array, (n_times, n_particles, 3)
        Displacements of the particles.
    error : array like the sightings' `seen`
        Gross errors.
    trust : array, (m,)
        How far each observation was believed, 0 to 1: the share of its residual that is not
        called an error.
    gap, objective : float
        Bound of how far the convex solution is from the minimum, and its value there.
    n_rounds : int
        Iterations in all.
    """

    q: np.ndarray
    error: np.ndarray
    trust: np.ndarray
    gap: float
    objective: float
    n_rounds: int


@dataclass(frozen=True, eq=False)
class SparseBody(ParticleBody):
    """Particles that bend unwillingly, and carry a surface: ``points(q) = rest + phi q``.

    Parameters
    ----------
    rest : Mesh
        Still surface of m points.
    particles : array, (n, 3)
        Material points in and around the wall, not all on one plane.
    stiffness : float
        Price of the squared second derivatives of the displacement, > 0, in 1 / length.
    noise : float
        Deviation of a good observation, a coordinate, > 0, in the unit of `rest`.
    believed : float
        Root mean square residual, in noises, beyond which an observation is an error, > 0.
    is_graduated : bool
        Whether the price of errors is made concave after the convex problem is solved.
    n_neighbours : int
        Of the shape functions.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Yu, Zhang, Li, Metaxas & Axel (2014), Med. Image Anal. 18, 927-937,
    doi:10.1016/j.media.2014.03.002; Yang, Antonante, Tzoumas & Carlone (2020),
    doi:10.1109/LRA.2020.2965893; Candes, Wakin & Boyd (2008), doi:10.1007/s00041-008-9045-x

    Examples
    --------
    >>> from corporis.interfaces import Mesh
    >>> z, y, x = np.mgrid[:3, :3, :3]
    >>> block = np.stack([z.ravel(), y.ravel(), x.ravel()], axis=-1).astype(float)
    >>> body = SparseBody(Mesh(block[:4], np.array([[0, 1, 3]])), block, noise=0.1)
    >>> seen = np.full((1, 27, 3), 0.5)
    >>> seen[0, 13] += 9.0                                  # grossly wrong
    >>> fit = body.fit(Sightings(block, seen))
    >>> fit.q[0, 13].round(2).tolist(), bool(fit.trust[13] < 0.1)
    ([0.5, 0.5, 0.5], True)
    """

    stiffness: float = 300.0
    noise: float = 1.0
    believed: float = 2.0
    is_graduated: bool = True
    n_neighbours: int = field(default=20, kw_only=True)

    def __post_init__(self):
        for name in ("stiffness", "noise", "believed"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        super().__post_init__()

    def internal(self) -> QuadraticForm:
        """The energy of bending, in which every affine motion is free."""
        matrix = sparse.kron(self.root, sparse.eye_array(3)).tocsr()
        return QuadraticForm(Matrix(matrix, self.shape, (matrix.shape[0],)))

    @cached_property
    def root(self) -> sparse.csr_array:
        """Rows R of one coordinate's energy ``1/2 ||R q||^2``."""
        return np.sqrt(self.stiffness) * affine_residuals(self.cloud, power=-1)

    def fit(
        self,
        sightings: Sightings,
        courses: np.ndarray | None = None,
        *,
        tolerance: float = 1e-4,
        at_most: int = 300,
    ) -> BodyFit:
        """The motion that most observations agree on.

        Parameters
        ----------
        sightings : Sightings
        courses : array, (n_times, n_courses), or None
            Functions of time that the motion is made of, such as cyclic waves; None lets every
            time move for itself, held together by the errors, which are wrong at all times.
        tolerance : float
            Of the gap, relative to the objective.
        at_most : int
            Iterations of the convex problem.

        Raises
        ------
        ValueError
            If shapes do not match, or the places seen lie on one plane: then the body is free
            to bend away.
        """
        system = Elimination.build(self, sightings, courses)
        penalty = system.penalty(np.ones(len(sightings.places)), self)
        scale = max(system.value(system.zero, penalty), 1e-12)
        result = run(
            fista(system, penalty, system.zero),
            at_most=at_most,
            tolerance=tolerance * scale,
            certificate=lambda e: system.gap(e, penalty),
            every=5,
        )
        error, count = result.x, result.count
        objective, gap = system.value(error, penalty), system.gap(error, penalty)
        if self.is_graduated:
            error, more = self._graduated(system, error)
            count += more
        q = system.motion(error)
        residual = system.sampled(error) - system.seen
        length = system.lengths(residual)
        kept = system.lengths(residual - error) / np.where(length > 0, length, 1)
        trust = np.where(length > 0, kept, 1.0)
        return BodyFit(q, system.as_seen(error), trust, gap, objective, count)

    def _graduated(self, system, error):
        """Errors under a price that falls with their length, ever more steeply."""
        final = self.believed * self.noise * np.sqrt(system.sizes)
        least, count, n_last = 1.0, 0, 0
        limit = max(float(np.max(system.lengths(error) / final)), least)
        while True:
            price = 1 / (1 + (system.lengths(error) / (limit * final)) ** 2) ** 2
            penalty = system.penalty(price, self)
            result = run(fista(system, penalty, error), at_most=15, tolerance=1e-4)
            error, count = result.x, count + result.count
            n_last += limit == least
            if n_last == N_LAST:
                return error, count
            limit = max(limit / FALL, least)
