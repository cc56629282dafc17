r"""Motion of a ring from tracked points, some of them grossly wrong.

``min sum_tj w_tj |u(X_j, t) - d_tj|^2 / (2 sigma^2) + smoothness(u)`` over the motion `u` and the
trust `w` in every observation, which falls from 1 to 0 where it disagrees by more than a few
deviations (Geman and McClure). What is trusted at first is what a thin plate through the points
believes, which is stiff until the gross errors are found; a ring with courses of its own for
every wave would follow them.
"""

from dataclasses import dataclass, field

import numpy as np

from corporis.apps.heart_motion.equations import RingCourses, Smoothness, area_blocks
from corporis.apps.heart_motion.motion import RingMotion
from corporis.apps.heart_motion.timeline import Timeline
from corporis.deformables import Annulus, ThinPlate

NORMAL = 1.1774
"""Median length of two standard normal numbers."""
FEWEST = 10
"""Points seen in all frames that a thin plate is put through, at least."""


@dataclass(frozen=True)
class PointFit:
    """Motion of a ring from displacements of material points.

    Parameters
    ----------
    smoothness : Smoothness
    believed : float or None
        Deviations beyond which an observation is disbelieved; None is the quadratic model, which
        believes everything.
    noise_px : float or None
        Deviation of a good observation along each axis; None estimates it from the residuals.
    area_spread : float or None
        How far the area of muscle may change; None leaves it free.
    n_courses, n_final : int
        Courses of time; rounds of motion and trust, >= 1.

    References
    ----------
    Blake & Zisserman (1987), Visual Reconstruction; Yang, Antonante, Tzoumas & Carlone (2020),
    IEEE Robot. Autom. Lett. 5, 1127-1134, doi:10.1109/LRA.2020.2965893
    """

    smoothness: Smoothness = field(default_factory=Smoothness)
    believed: float | None = 3.0
    noise_px: float | None = None
    area_spread: float | None = None
    n_courses: int = 12
    n_final: int = 6

    def __post_init__(self):
        for name in ("believed", "noise_px", "area_spread"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be > 0 or None, got {value}")

    def __call__(
        self,
        rest: np.ndarray,
        displacement: np.ndarray,
        ring: Annulus,
        times_ms: np.ndarray,
        *,
        starts_at_rest: bool = True,
    ) -> RingMotion:
        """The motion that most observations agree on.

        Parameters
        ----------
        rest : array, (n, 2)
            Material points, in pixels.
        displacement : array, (n_frames, n, 2)
            NaN where a point was not seen.
        ring : Annulus
        times_ms : array, (n_frames,)
        starts_at_rest : bool
            Whether nothing has moved in the first frame.

        Raises
        ------
        ValueError
            If shapes do not match or nothing was seen.
        """
        rest, seen = np.asarray(rest, dtype=float), np.asarray(displacement, dtype=float)
        if seen.shape != (len(times_ms), *rest.shape) or rest.shape[-1] != 2:
            raise ValueError(
                "displacement must be (n_frames, n, 2) for rest (n, 2) and one time a frame, got "
                f"{seen.shape}, {rest.shape} and {len(times_ms)} times"
            )
        present = np.all(np.isfinite(seen), axis=-1)
        if not np.any(present):
            raise ValueError("no displacement is finite: nothing was seen")
        timeline = Timeline(times_ms, self.n_courses, starts_at_rest)
        courses = RingCourses(ring, timeline, self.smoothness)
        fit = _Fit(self, courses, rest, np.where(present[..., None], seen, 0), present)
        numbers, noise, trust = fit.run()
        return RingMotion(ring, numbers, timeline.times_ms, noise, trust[..., None], rest)


class _Fit:
    def __init__(self, settings, courses, rest, seen, present):
        self.settings, self.courses, self.rest = settings, courses, rest
        self.basis = courses.ring.basis(rest)
        self.seen, self.present = seen, present.astype(float)

    def run(self):
        settings, trust = self.settings, self.present
        found = np.zeros((self.courses.timeline.count, *self.courses.ring.shape))
        if settings.believed is None:
            noise = settings.noise_px or self._noise(self.seen)
            for _ in range(3):  # the noise settles with the residuals
                found = self._solved(found, trust, noise)
                noise = settings.noise_px or self._noise(self._off(found))
            return self.courses.at_frames(found), noise, trust
        trust = self._first_trust()
        noise = settings.noise_px or self._noise(self.seen)
        for _ in range(settings.n_final):
            found = self._solved(found, trust, noise)
            off = self._off(found)
            noise = settings.noise_px or self._noise(off)
            limit = settings.believed * noise
            trust = self.present / (1 + self._square(off) / limit**2) ** 2
        return self.courses.at_frames(found), noise, trust

    def _first_trust(self):
        """What a thin plate through the points that were seen in all frames disbelieves."""
        whole = self.present.all(axis=0)
        trust = self.present.copy()
        if whole.sum() >= FEWEST:
            plate = ThinPlate(believed=self.settings.believed)
            trust[:, whole] = plate.fit(self.rest[whole], self.seen[:, whole]).trust
        return trust

    def _off(self, found):
        return self.seen - np.matmul(self.basis, self.courses.at_frames(found))

    def _square(self, off):
        """Squared residuals (t, n), at least the median of the point over the film.

        A point that is wrong most of the time is disbelieved all the time.
        """
        square = np.sum(off**2, axis=-1)
        seen = self.present > 0
        usual = np.zeros(square.shape[1])
        for j in np.flatnonzero(seen.any(axis=0)):
            usual[j] = np.median(square[seen[:, j], j])
        return np.maximum(square, usual)

    def _noise(self, off):
        """From the median length of what is left, once more without what is beyond three of it."""
        length = np.linalg.norm(off, axis=-1)[self.present > 0]
        usual = np.median(length)
        return max(float(np.median(length[length <= 3 * usual])) / NORMAL, 1e-3)

    def _solved(self, found, trust, noise):
        """The weighted least-squares motion; with the area held, one step from `found`."""
        courses, settings = self.courses, self.settings
        weight = trust / noise**2
        off = self._off(found)
        gram = np.matmul(self.basis.T * weight[:, None, :], self.basis)
        n_times, m = len(gram), gram.shape[1]
        blocks = np.einsum("tpq,ij->tpiqj", gram, np.eye(2)).reshape(n_times, 2 * m, 2 * m)
        right = np.matmul(self.basis.T, weight[..., None] * off).reshape(n_times, -1)
        if settings.area_spread is not None:
            _, F = courses.geometry(courses.at_frames(found))
            share = courses.area / courses.area.sum() * len(self.basis)
            more = area_blocks(courses.slopes, F, share / settings.area_spread**2)
            blocks, right = blocks + more[0], right + more[1]
        return found + courses.step(found, blocks, right)
