r"""A left ventricle between two confocal spheroids, moved by thirteen numbers; its volume is kept.

With `f` the focal length, a place of the still wall has the coordinates (lambda, eta, phi),

``x = f sinh(lambda) sin(eta) cos(phi)``, ``y = f sinh(lambda) sin(eta) sin(phi)``,
``z = f cosh(lambda) cos(eta)``,

and the volume element is ``f^3 dG deta dphi sin(eta)`` with
``G = cosh(lambda)^3 / 3 - cos(eta)^2 cosh(lambda)``. Seven numbers deform it, one after another:
compression, which takes the same `G` from every place of a ray; torsion about the axis; a longer
and thinner, then an oval heart; three shears. Six more turn and shift it. Each step keeps volume,
locally and exactly, where contraction is lost in a region too: what is taken from `G` may differ
from ray to ray.
"""

from dataclasses import astuple, dataclass, field

import numpy as np

N_NEWTON = 30
NEAR = 1e-9


@dataclass(frozen=True)
class ProlateMotion:
    """The thirteen numbers at the end of systole; between it and rest they grow together.

    Parameters
    ----------
    compression : float
        Taken from `G` at the equator, >= 0 (no unit); towards the apex it falls with sin(eta)^2.
    torsion_rad_mm : float
        Turn about the axis for each mm along it.
    elongation : float
        Logarithm by which the axis is stretched; across it shrinks by half of that.
    ovality : float
        Logarithm by which the first axis across is stretched and the second shrinks.
    shear_xy, shear_xz, shear_yz : float
        Shift along the first axis named for each mm along the second.
    turn_x_rad, turn_y_rad, turn_z_rad : float
        About the axes, one after another.
    shift_x_mm, shift_y_mm, shift_z_mm : float
    """

    compression: float = 0.0
    torsion_rad_mm: float = 0.0
    elongation: float = 0.0
    ovality: float = 0.0
    shear_xy: float = 0.0
    shear_xz: float = 0.0
    shear_yz: float = 0.0
    turn_x_rad: float = 0.0
    turn_y_rad: float = 0.0
    turn_z_rad: float = 0.0
    shift_x_mm: float = 0.0
    shift_y_mm: float = 0.0
    shift_z_mm: float = 0.0

    def __post_init__(self):
        if not np.all(np.isfinite(astuple(self))) or self.compression < 0:
            raise ValueError("numbers of a motion must be finite and compression >= 0")

    def times(self, share: float) -> "ProlateMotion":
        """All numbers multiplied."""
        return ProlateMotion(*(share * v for v in astuple(self)))

    @property
    def matrix(self) -> np.ndarray:
        """Stretch, shears and turns, (3, 3); its determinant is 1."""
        long = np.diag(np.exp(self.elongation * np.array([-0.5, -0.5, 1.0])))
        oval = np.diag(np.exp(self.ovality * np.array([1.0, -1.0, 0.0])))
        shears = np.eye(3)
        for value, place in ((self.shear_xy, (0, 1)), (self.shear_xz, (0, 2)),
                             (self.shear_yz, (1, 2))):  # fmt: skip
            one = np.eye(3)
            one[place] = value
            shears = one @ shears
        turns = np.eye(3)
        for angle, (i, j) in ((self.turn_x_rad, (1, 2)), (self.turn_y_rad, (2, 0)),
                              (self.turn_z_rad, (0, 1))):  # fmt: skip
            one = np.eye(3)
            one[i, i] = one[j, j] = np.cos(angle)
            one[i, j], one[j, i] = -np.sin(angle), np.sin(angle)
            turns = one @ turns
        return turns @ shears @ oval @ long

    @property
    def shift(self) -> np.ndarray:
        """(3,) in mm."""
        return np.array([self.shift_x_mm, self.shift_y_mm, self.shift_z_mm])


BEAT = ProlateMotion(
    0.055, -0.004, -0.06, 0.03, 0.01, -0.02, 0.015, 0.03, -0.02, 0.04, 1.0, -1.5, 3
)
"""A beat that uses all thirteen."""


@dataclass(frozen=True)
class ProlateHeart:
    """A beating wall between two confocal spheroids, seen by `TaggedPlane` as any heart is.

    The third axis runs towards the apex, the origin is the spheroids' centre.

    Parameters
    ----------
    focus_mm : float
        Focal length, > 0.
    inner, outer : float
        Lambda of endo- and epicardium, 0 < inner < outer.
    base_rad : float
        Eta of the base, seen from the apex, in (pi / 2, pi).
    motion : ProlateMotion
    loss : float
        Share of compression lost in the middle of a weak region, 0 to 1.
    weak_at_rad : (float, float)
        Its eta and phi.
    weak_width : float
        Its concentration: about 60 degrees to each side at 3.

    Raises
    ------
    ValueError
        If a number is out of range, or the cavity would be emptied.

    References
    ----------
    Arts, Hunter, Douglas, Muijtjens & Reneman (1992), Description of the deformation of the left
    ventricle by a kinematic model, J. Biomech. 25, 1119-1127; Waks, Prince & Douglas (1996),
    Cardiac motion simulator for tagged MRI, Proc. IEEE Math. Methods Biomed. Image Anal., 182-191.
    The compression is the one that keeps volume along every ray.

    Examples
    --------
    >>> heart = ProlateHeart()
    >>> place = np.array([[20.0, 10.0, 15.0]])
    >>> F = heart.deformation_gradient(place, 0.5)
    >>> round(float(np.linalg.det(F)[0]), 9)
    1.0
    """

    focus_mm: float = 40.0
    inner: float = 0.45
    outer: float = 0.68
    base_rad: float = np.deg2rad(115.0)
    motion: ProlateMotion = field(default_factory=lambda: BEAT)
    loss: float = 0.0
    weak_at_rad: tuple[float, float] = (np.pi / 2, 0.0)
    weak_width: float = 3.0

    def __post_init__(self):
        if not 0 < self.inner < self.outer < 2 or not 0 < self.focus_mm < 300:
            raise ValueError(
                "expected 0 < inner < outer < 2 and focus_mm in (0, 300), got "
                f"{self.inner}, {self.outer} and {self.focus_mm}"
            )
        if not np.pi / 2 < self.base_rad < np.pi or not 0 <= self.loss <= 1:
            raise ValueError("base_rad must be in (pi / 2, pi) and loss in [0, 1]")
        most = float(np.cosh(self.inner)) - 1
        if not self.motion.compression < most:
            raise ValueError(
                f"compression must be less than cosh(inner) - 1 = {most:.3f}, where the cavity is "
                f"emptied, got {self.motion.compression}"
            )

    @property
    def box_mm(self) -> tuple[float, float, float]:
        """Radius, lowest and highest place along the axis that muscle may reach."""
        reach = self.focus_mm * np.cosh(self.outer) + float(np.linalg.norm(self.motion.shift)) + 5
        return reach, -reach, reach

    def activity(self, phase) -> np.ndarray:
        """0 at rest to 1 halfway through the beat."""
        return np.sin(np.pi * np.asarray(phase, dtype=float)) ** 2

    def is_muscle(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Whether places (n, 3) are in the wall at a phase."""
        depth, eta, _ = self.coordinates(self.backward(now, phase))
        return (depth >= self.inner) & (depth <= self.outer) & (eta <= self.base_rad)

    def coordinates(self, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(lambda, eta, phi) of places (..., 3)."""
        x, y, z = np.moveaxis(np.asarray(rest, dtype=float), -1, 0)
        across = np.hypot(x, y)
        far, near = (np.hypot(across, z + s * self.focus_mm) for s in (1, -1))
        depth = np.arccosh(np.maximum((far + near) / (2 * self.focus_mm), 1))
        eta = np.arccos(np.clip((far - near) / (2 * self.focus_mm), -1, 1))
        return depth, eta, np.arctan2(y, x)

    def places(self, depth, eta, phi) -> np.ndarray:
        """Places (..., 3) of coordinates."""
        across = self.focus_mm * np.sinh(depth) * np.sin(eta)
        along = self.focus_mm * np.cosh(depth) * np.cos(eta)
        return np.stack([across * np.cos(phi), across * np.sin(phi), along], axis=-1)

    def forward(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Where material points (n, 3) of rest are at a phase, in mm."""
        now = self.motion.times(float(self.activity(phase)))
        depth, eta, phi = self.coordinates(rest)
        moved = self._compressed(depth, eta, self._taken(now, eta, phi))
        x = self.places(moved, eta, phi)
        turn = now.torsion_rad_mm * x[..., 2]
        return _turned(x, turn) @ now.matrix.T + now.shift

    def backward(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Material points (n, 3) that are at places `now`; the inverse of `forward`."""
        share = self.motion.times(float(self.activity(phase)))
        x = np.linalg.solve(share.matrix, (np.asarray(now, dtype=float) - share.shift).T).T
        x = _turned(x, -share.torsion_rad_mm * x[..., 2])
        depth, eta, phi = self.coordinates(x)
        return self.places(self._compressed(depth, eta, -self._taken(share, eta, phi)), eta, phi)

    def displacement(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Displacement (n, 3) in mm of material points since rest."""
        return self.forward(rest, phase) - np.asarray(rest)

    def deformation_gradient(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """F (n, 3, 3) in space, current by reference; det F = 1."""
        now = self.motion.times(float(self.activity(phase)))
        depth, eta, phi = self.coordinates(rest)
        moved = self._compressed(depth, eta, self._taken(now, eta, phi))
        inner = np.zeros((*np.shape(depth), 3, 3))
        # at a new depth, G' - G = -C(eta, phi); the derivatives of G are written out
        slope = _slope(moved, eta)
        around, along = self._taken_slopes(now, eta, phi)
        turned = np.sin(2 * eta) * (np.cosh(depth) - np.cosh(moved))
        inner[..., 0, 0] = _slope(depth, eta) / slope
        inner[..., 0, 1] = (turned - along) / slope
        inner[..., 0, 2] = -around / slope
        inner[..., 1, 1] = inner[..., 2, 2] = 1
        before, after = (self._frame(d, eta, phi) for d in (depth, moved))
        compressed = after @ inner @ np.linalg.inv(before)
        x = self.places(moved, eta, phi)
        turn = now.torsion_rad_mm * x[..., 2]
        twisted = _turned(x, turn)
        twist = np.zeros_like(inner)
        twist[..., 0, 0] = twist[..., 1, 1] = np.cos(turn)
        twist[..., 1, 0] = np.sin(turn)
        twist[..., 0, 1] = -np.sin(turn)
        twist[..., 2, 2] = 1
        twist[..., 0, 2] = -now.torsion_rad_mm * twisted[..., 1]
        twist[..., 1, 2] = now.torsion_rad_mm * twisted[..., 0]
        return now.matrix @ twist @ compressed

    def strain(self, rest: np.ndarray, phase: float) -> np.ndarray:
        """Green strain (n, 3, 3) in space."""
        F = self.deformation_gradient(rest, phase)
        return 0.5 * (np.swapaxes(F, -1, -2) @ F - np.eye(3))

    def _level(self, depth, eta):
        """``G``."""
        c = np.cosh(depth)
        return c**3 / 3 - np.cos(eta) ** 2 * c

    def _weakness(self, eta, phi):
        """Share of compression lost, and its slopes along eta and phi."""
        at_eta, at_phi = self.weak_at_rad
        sines = np.sin(eta) * np.sin(at_eta)
        near = np.cos(eta) * np.cos(at_eta) + sines * np.cos(phi - at_phi)
        bump = self.loss * np.exp(self.weak_width * (near - 1))
        down = np.cos(eta) * np.sin(at_eta) * np.cos(phi - at_phi) - np.sin(eta) * np.cos(at_eta)
        aside = -sines * np.sin(phi - at_phi)
        return bump, self.weak_width * bump * down, self.weak_width * bump * aside

    def _taken(self, now, eta, phi):
        """``C``: it vanishes with the cavity towards the focus, where a ray has no `G` to give."""
        return now.compression * np.sin(eta) ** 2 * (1 - self._weakness(eta, phi)[0])

    def _taken_slopes(self, now, eta, phi):
        """Of `C` along phi and eta."""
        bump, down, aside = self._weakness(eta, phi)
        along = np.sin(2 * eta) * (1 - bump) - np.sin(eta) ** 2 * down
        return -now.compression * np.sin(eta) ** 2 * aside, now.compression * along

    def _compressed(self, depth, eta, taken):
        """Depth at which `G` is smaller by what is taken: Newton's method from above."""
        c, square = np.cosh(depth), np.cos(eta) ** 2
        wanted = self._level(depth, eta) - taken
        # beyond its least value at cosh = |cos eta| <= 1, G grows: there is one root above 1
        wanted = np.maximum(wanted, 1 / 3 - square + NEAR)
        c = np.maximum(c, 1.5)
        for _ in range(N_NEWTON):
            c = np.maximum(c - (c**3 / 3 - square * c - wanted) / (c**2 - square + 1e-15), 1.0)
        return np.arccosh(c)

    def _frame(self, depth, eta, phi):
        """Derivatives (..., 3, 3) of a place along depth, eta and phi."""
        f, sh, ch = self.focus_mm, np.sinh(depth), np.cosh(depth)
        se, ce, sp, cp = np.sin(eta), np.cos(eta), np.sin(phi), np.cos(phi)
        rows = [
            [f * ch * se * cp, f * sh * ce * cp, -f * sh * se * sp],
            [f * ch * se * sp, f * sh * ce * sp, f * sh * se * cp],
            [f * sh * ce, -f * ch * se, 0 * se],
        ]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _slope(depth, eta):
    """``dG / dlambda``."""
    return (np.cosh(depth) ** 2 - np.cos(eta) ** 2) * np.sinh(depth)


def _turned(x, angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.stack(
        [c * x[..., 0] - s * x[..., 1], s * x[..., 0] + c * x[..., 1], x[..., 2]], axis=-1
    )
