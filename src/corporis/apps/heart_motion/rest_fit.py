r"""The wall at rest, and the slips of its planes, from the first image of every plane.

Planes are measured in different breath-holds, so that the heart lies some millimetres off where a
plane says. All planes show one wall: between its shells muscle is bright and tagged, beside it is
little signal. With ``M`` the muscle of the wall at a pixel whose place is off by the slip `d` of
its plane, and the tags' phases of the plane's own first image, the image is

``I(x) = M(x + d) sum_c a_c (1, cos phi_1, sin phi_1, ..., cos(phi_1 - phi_2)) + b (1 - M(x + d))``.

Gauss and Newton's method finds the slips of all planes and, where it is not given, the shape of
both shells; `a` and `b` are the least squares of each plane. That tags are ``cos(k . X + p)`` with
`p` found too makes the fusion free of where the scanner laid them.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import legendre

from corporis.apps.heart_motion.fusion import TaggedFilm
from corporis.apps.heart_motion.tags import find_tags
from corporis.deformables import WallModes

STEP_MM = 0.2
BEYOND_MM = 9.0
"""So far around the wall pixels are compared."""
ACROSS = 0.9
"""Cosine with the axis from which on a plane counts as short-axis."""
N_LEVELS, N_ANGLES = 40, 72
THINNEST_MM = 2.0
FARTHEST_MM = 3.0
"""Longest step of a slip."""
WINDOW_MM = 2.0
CENTRED = 1e6
"""Price of a cavity whose middle lies off the axis: where the body lies as a whole is free."""


@dataclass(frozen=True, eq=False)
class RestFound:
    """What the first images say.

    Parameters
    ----------
    films : tuple of TaggedFilm
        Put right: origins, wave vectors and phases.
    wall : WallModes
    slips_mm : array, (n_films, 3)
        What was added to the origins.
    residual : array, (n_films,)
        Deviation of each first image from its model, over its brightness in the wall.
    """

    films: tuple[TaggedFilm, ...]
    wall: WallModes
    slips_mm: np.ndarray
    residual: np.ndarray


@dataclass(frozen=True)
class RestFit:
    """Finds tags, slips and, where it is not known, the wall of tagged planes.

    Parameters
    ----------
    slip_mm : float
        Deviation of slips in a plane that is expected, > 0. Slips across a plane are not told from
        the shape of the wall, and are taken to be zero.
    blur_mm : float
        Width of the wall's edges in the images, > 0.
    n_waves, degree : int
        Waves around, and degree along the axis, of the shells' squared radii.
    n_steps : int
        Of Newton, >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    slip_mm: float = 4.0
    blur_mm: float = 1.0
    n_waves: int = 4
    degree: int = 5
    n_steps: int = 10

    def __post_init__(self):
        if not min(self.slip_mm, self.blur_mm) > 0:
            raise ValueError("slip_mm and blur_mm must be > 0")
        if min(self.n_waves, self.degree, self.n_steps) < 1:
            raise ValueError("n_waves, degree and n_steps must be >= 1")

    def __call__(
        self,
        films: list[TaggedFilm],
        wall: WallModes | None = None,
        span_mm: tuple[float, float] | None = None,
    ) -> RestFound:
        """Films put right, and the wall.

        Parameters
        ----------
        films : list of TaggedFilm
            In a frame whose third axis runs from the base to the apex near the middle of the
            cavity. Wave vectors that are None are found.
        wall : WallModes or None
            As it is in the first frame, of a cine study for example.
        span_mm : (float, float) or None
            First and last place along the axis of a wall that is not given: its base, and where
            the cavity still has a width.

        Raises
        ------
        ValueError
            If neither a wall nor its span is given, or there are no three short-axis planes to
            find a wall from.
        NotFound
            If a plane shows no tags.
        """
        if wall is not None:
            span_mm = (wall.heights[0], wall.heights[-1])
        if span_mm is None:
            raise ValueError("expected a wall, or span_mm, where it begins and ends: give one")
        low, high = span_mm
        shape = _Shells(float(low), float(high), self.n_waves, self.degree)
        if wall is not None:
            shells = shape.of_wall(wall)
        else:
            shells = _first_shells(films, shape)
        tagged = [_with_tags(film, shape, shells) for film in films]
        fit = _RestSystem(self, tagged, shape, may_change=wall is None)
        shells, slips = fit.run(shells)
        found = tuple(_slipped(film, slip) for film, slip in zip(fit.films, slips))
        return RestFound(found, shape.wall(shells) if wall is None else wall, slips, fit.residual)


@dataclass(frozen=True)
class _Shells:
    """Half squared radii of both shells: waves around times polynomials along."""

    low: float
    high: float
    n_waves: int
    degree: int

    @property
    def count(self) -> int:
        return (self.degree + 1) * (2 * self.n_waves + 1)

    def basis(self, places):
        angle = np.arctan2(places[:, 1], places[:, 0])
        zeta = 2 * (np.clip(places[:, 2], self.low, self.high) - self.low)
        along = legendre.legvander(zeta / (self.high - self.low) - 1, self.degree)
        turned = angle[:, None] * np.arange(1, self.n_waves + 1)
        around = np.concatenate([np.ones((len(angle), 1)), np.cos(turned), np.sin(turned)], axis=1)
        return (along[:, :, None] * around[:, None, :]).reshape(len(places), -1)

    def prices(self, radius_mm):
        """Of unlike radii, (2, count): first terms are free, but the cavity is in the middle."""
        m = np.concatenate([[0], *2 * [np.arange(1, self.n_waves + 1)]])
        j = np.arange(self.degree + 1)[:, None]
        rough = np.maximum(0.3 * m**2 + 0.3 * j**2 - 1, 0) ** 2
        both = np.stack([rough, rough])
        both[0, 0, m == 1] = CENTRED
        return both.reshape(2, -1) / radius_mm**2

    def radii(self, shells, places):
        """Inner and outer radius (2, n) at the angle and height of places."""
        s = np.maximum(shells @ self.basis(places).T, 0.5)
        return np.sqrt(2 * s)

    def lattice(self):
        z = np.linspace(self.low, self.high, N_LEVELS)
        angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
        z, angle = (v.ravel() for v in np.meshgrid(z, angle, indexing="ij"))
        return np.stack([np.cos(angle), np.sin(angle), z], axis=-1)

    def of_wall(self, wall):
        places = self.lattice()
        radii = np.stack([spline.ev(places[:, 2], np.mod(np.arctan2(places[:, 1], places[:, 0]),
                          2 * np.pi)) for spline in wall.shells])  # fmt: skip
        return np.linalg.lstsq(self.basis(places), 0.5 * radii.T**2, rcond=None)[0].T

    def wall(self, shells):
        inner, outer = self.radii(shells, self.lattice()).reshape(2, N_LEVELS, N_ANGLES)
        heights = np.linspace(self.low, self.high, N_LEVELS)
        return WallModes(heights, inner, np.maximum(outer, inner + THINNEST_MM))


class _RestSystem:
    """The equations of slips and shells."""

    def __init__(self, settings, films, shape, *, may_change):
        self.settings, self.films, self.shape = settings, films, shape
        self.may_change = may_change
        self.residual = np.zeros(len(films))
        steps = np.stack([film.steps for film in films])
        self.axes = steps / np.linalg.norm(steps, axis=2, keepdims=True)

    def run(self, shells):
        """The shells and the slips, (n_films, 3); the films' tags are put right."""
        slips = np.zeros((len(self.films), 2))
        size = 2 * self.shape.count if self.may_change else 0
        width = 2 + 2 * max(len(film.wave_vectors) for film in self.films)
        price = self.shape.prices(float(np.sqrt(2 * shells[1, 0]))).ravel()[:size] + 1e-9
        for _ in range(self.settings.n_steps):
            numbers = np.zeros((len(self.films), width))
            numbers[:, :2] = slips
            matrix = np.diag(np.r_[price, np.full(numbers.size, self.settings.slip_mm**-2.0)])
            right = -np.diag(matrix) * np.r_[shells.ravel()[:size], numbers.ravel()]
            for number in range(len(self.films)):
                rows, wrong, sigma = self._equations(number, slips[number], shells)
                mine = np.r_[:size, size + width * number + np.arange(rows.shape[1] - size)]
                matrix[np.ix_(mine, mine)] += rows.T @ rows / sigma**2
                right[mine] += rows.T @ wrong / sigma**2
            step = np.linalg.solve(matrix, right)
            moved = step[size:].reshape(-1, width)
            longest = np.linalg.norm(moved[:, :2], axis=1, keepdims=True)
            slips += moved[:, :2] * np.minimum(1, FARTHEST_MM / np.maximum(longest, 1e-12))
            self._retag(moved[:, 2:])
            if size:
                shells = shells + step[:size].reshape(2, -1)
        return shells, np.stack([s @ a for s, a in zip(slips, self.axes)])

    def _retag(self, changes):
        """Turn the waves of every plane about the middle of its image."""
        for number, (film, change) in enumerate(zip(self.films, changes)):
            n = len(film.wave_vectors)
            vectors = change[: 2 * n].reshape(n, 2) @ self.axes[number]
            self.films[number] = replace(
                film,
                wave_vectors=film.wave_vectors + vectors,
                phases=film.phases - vectors @ _middle(film),
            )

    def _equations(self, number, slip, shells):
        """Derivatives (n, parameters) of the made image, what the image has more, and its noise.

        The parameters are the shells' numbers, the slip, and changes of the wave vectors.
        """
        film, axes = self.films[number], self.axes[number]
        slip = slip @ axes
        pixels = np.argwhere(np.ones(film.images.shape[1:], dtype=bool))
        places = film.origin + slip + pixels @ film.steps
        _, outer = self.shape.radii(shells, places)
        radius = np.hypot(places[:, 0], places[:, 1])
        low, high = self.shape.low, self.shape.high
        near = (radius < outer + BEYOND_MM) & (places[:, 2] > low - BEYOND_MM)
        near &= places[:, 2] < high - 1
        places, value = places[near], film.images[0][tuple(pixels[near].T)]
        muscle, slope = self._muscle(places, shells)
        waves = _patterns(film, places - slip)
        columns = np.column_stack([waves * muscle[:, None], 1 - muscle])
        amounts = np.linalg.lstsq(columns, value, rcond=None)[0]
        wrong = value - columns @ amounts
        gain = waves @ amounts[:-1] - amounts[-1]
        sides = [
            self._muscle(places + STEP_MM * e, shells)[0]
            - self._muscle(places - STEP_MM * e, shells)[0]
            for e in axes
        ]
        rows = [gain[:, None] * np.stack(sides, axis=-1) / (2 * STEP_MM)]
        off = (places - slip - _middle(film)) @ axes.T
        rows += [(muscle * t)[:, None] * off for t in _turning(film, waves, amounts)]
        if self.may_change:
            basis = self.shape.basis(places)
            rows = [gain[:, None] * s[:, None] * basis for s in slope] + rows
        self.residual[number] = wrong.std() / max(abs(float(amounts[0])), 1e-12)
        # what is left of a wave is its phase
        n = len(film.phases)
        turned = np.arctan2(-amounts[2 : 2 * n + 1 : 2], amounts[1 : 2 * n : 2])
        self.films[number] = replace(film, phases=film.phases + turned)
        return np.concatenate(rows, axis=1), wrong, max(float(wrong.std()), 1e-9)

    def _muscle(self, places, shells):
        """Share of muscle, and its derivatives (2, n) by the half squared radii."""
        inner, outer = self.shape.radii(shells, places)
        radius, blur = np.hypot(places[:, 0], places[:, 1]), self.settings.blur_mm
        within, beneath = _rise((radius - inner) / blur), _rise((outer - radius) / blur)
        below = _rise((places[:, 2] - self.shape.low) / blur)
        edges = [-_bump((radius - inner) / blur) * beneath / (blur * inner),
                 within * _bump((outer - radius) / blur) / (blur * outer)]  # fmt: skip
        return within * beneath * below, np.stack(edges) * below


def _rise(x):
    return 0.5 + 0.5 * np.tanh(x)


def _bump(x):
    return 0.5 / np.cosh(np.clip(x, -20, 20)) ** 2


def _patterns(film, places):
    """1 and the waves of the tags, of two families with sums and differences, (n, 1 + 2 m)."""
    turns = list((places @ film.wave_vectors.T + film.phases).T)
    if len(turns) == 2:
        turns += [turns[0] + turns[1], turns[0] - turns[1]]
    return np.stack([np.ones(len(places)), *(f(t) for t in turns for f in (np.cos, np.sin))], -1)


def _turning(film, waves, amounts):
    """Derivatives of the pattern by the phase of each family."""
    rate = -amounts[1:-1:2] * waves[:, 2::2] + amounts[2:-1:2] * waves[:, 1::2]
    if len(film.phases) == 1:
        return [rate[:, 0]]
    return [rate[:, 0] + rate[:, 2] + rate[:, 3], rate[:, 1] + rate[:, 2] - rate[:, 3]]


def _middle(film):
    rows, columns = film.images.shape[1:]
    return film.origin + 0.5 * np.array([rows - 1, columns - 1]) @ film.steps


def _with_tags(film, shape, shells):
    """A film with the wave vectors and phases that its first image shows."""
    if film.wave_vectors is not None:
        return (
            film
            if film.phases is not None
            else replace(film, phases=np.zeros(len(film.wave_vectors)))
        )
    rows, columns = film.images.shape[1:]
    pixels = np.indices((rows, columns)).reshape(2, -1).T
    places = film.origin + pixels @ film.steps
    inner, outer = shape.radii(shells, places)
    radius = np.hypot(places[:, 0], places[:, 1])
    window = _rise((radius - inner) / WINDOW_MM + 1) * _rise((outer - radius) / WINDOW_MM + 1)
    window *= (places[:, 2] > shape.low) & (places[:, 2] < shape.high)
    tags = find_tags(film.images[0], window.reshape(rows, columns))
    vectors = tags.wave_vectors @ np.linalg.pinv(film.steps).T
    return replace(film, wave_vectors=vectors, phases=tags.phases - vectors @ film.origin)


def _slipped(film, slip):
    """The film where it truly lies: its pixels keep their phases."""
    return replace(film, origin=film.origin + slip, phases=film.phases - film.wave_vectors @ slip)


def _first_shells(films, shape):
    """Circles of every short-axis plane that divide bright from dark best, smooth along the axis.

    Raises
    ------
    ValueError
        If there are less than three of them.
    """
    radii = np.arange(8.0, 60.0, 1.0)
    seen = []
    for film in films:
        normal = np.cross(*film.steps)
        height = film.origin[2]
        if abs(normal[2]) < ACROSS * np.linalg.norm(normal) or not shape.low < height < shape.high:
            continue
        pixels = np.indices(film.images.shape[1:]).reshape(2, -1).T
        radius = np.hypot(*(film.origin + pixels @ film.steps)[:, :2].T)
        value = film.images[0].ravel() - np.median(film.images[0])
        total = np.array([value[radius < r].sum() for r in radii])
        size = np.array([np.count_nonzero(radius < r) for r in radii])
        inside, count = total[None] - total[:, None], size[None] - size[:, None]
        ok = radii[None] - radii[:, None] >= 4
        # contrast between a ring and the rest, in deviations of noise: a matched filter
        score = np.where(ok, inside / np.sqrt(np.maximum(count, 1)), -np.inf)
        i, j = np.unravel_index(np.argmax(score), score.shape)
        seen.append((height, radii[i], radii[j]))
    if len(seen) < 3:
        raise ValueError(f"a wall is found from at least 3 short-axis planes, got {len(seen)}")
    z, *rings = np.array(seen).T
    zeta = 2 * (z - shape.low) / (shape.high - shape.low) - 1
    shells = np.zeros((2, shape.count))
    for row, ring in zip(shells, rings):
        few = legendre.legfit(zeta, 0.5 * ring**2, 2)
        row[: 3 * (2 * shape.n_waves + 1) : 2 * shape.n_waves + 1] = few
    return shells
