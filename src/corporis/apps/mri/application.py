"""From k-space to images: what was measured in, the best image and how it was made out."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from corporis.apps.mri.account import measures, methods, references, warnings
from corporis.apps.mri.along_trajectory import encode_trajectory
from corporis.apps.mri.encoding import Encoding, encode, encode_series
from corporis.apps.mri.grid import Grid
from corporis.apps.mri.memory import check_memory
from corporis.apps.mri.noise_map import g_factor
from corporis.apps.mri.phase_contrast import velocity
from corporis.apps.mri.planes import OUTER, each_plane, planes_of
from corporis.apps.mri.reconstruct import SINGLE, Method, reconstruct
from corporis.apps.mri.together import AXIS, WITH_COILS, reconstruct_together
from corporis.errors import Unsupported
from corporis.imaging import Image, KSpace
from corporis.interfaces import Case, Measure, Report
from corporis.operators import Trajectory


@dataclass(frozen=True)
class Reconstruction:
    """Reconstructs the k-space of a case, plane by plane.

    It reads the image ``kspace`` and gives the images ``reconstruction`` (magnitude) and ``phase``
    (radians), and the facts ``slices`` (a `Slice` a plane), ``encodings`` and ``zero_filled``, the
    first plane's zero-filled image.

    Parameters
    ----------
    method : Method
    weight, noise, n_iterations
        As in `reconstruct`; None lets the data decide.
    n_sets : int or None
        Sets of coil maps, 1 or 2; None decides by their eigenvalues.
    n_coils : int or None
        Compress to so many coils.
    rad_s_per_cm : float or None
        Phase of one cm/s. With it the first plane is the reference, and the image ``velocity``
        (cm/s) holds what the others show.
    wants_noise_map : bool
        Also give the image ``g_factor``: how the pattern amplifies noise, by pseudo replicas of
        the least-squares image. Needs one set of maps.
    may_be_real : bool
        Whether conjugate symmetry may be used where one side of k-space was not measured; never
        with `rad_s_per_cm`, where phase is what is looked for.
    grid : Grid
        Of the images given; the g-factor keeps the scan's.
    progress : callable(text, fraction) or None

    Raises
    ------
    ValueError
        If `n_sets` is not 1, 2 or None, or `rad_s_per_cm` is 0 or not finite.
    """

    method: Method = Method.PATCHES
    weight: float | None = None
    noise: float | None = None
    n_iterations: int | None = None
    n_sets: int | None = None
    n_coils: int | None = None
    rad_s_per_cm: float | None = None
    wants_noise_map: bool = False
    may_be_real: bool = True
    grid: Grid = field(default_factory=Grid)
    progress: Callable[[str, float], None] | None = None

    def __post_init__(self):
        if self.rad_s_per_cm is not None and not 0 < abs(self.rad_s_per_cm) < np.inf:
            raise ValueError(f"rad_s_per_cm must be finite and not 0, got {self.rad_s_per_cm}")
        if self.n_sets not in (None, 1, 2):
            raise ValueError(f"n_sets must be 1, 2 or None, got {self.n_sets}")

    def __call__(self, case: Case) -> Report:
        """Reconstruct.

        Raises
        ------
        Unsupported
            If there is no k-space on a raster, it does not fit into memory, or it cannot be
            calibrated.
        """
        kspace = case.images.get("kspace")
        if not isinstance(kspace, KSpace):
            raise Unsupported(f"{case.name}: expected k-space, got none: read it with read_kspace")
        need = check_memory(kspace, n_pixels=math.prod(self.grid.matrix or (0,)))
        kspace = planes_of(kspace)
        self._check_axes(kspace)
        sizes = [kspace.size(a) for a in OUTER if a in kspace.axes]
        # phases of frames are compared: their coils must be the same
        wants_phase = self.rad_s_per_cm is not None and kspace.is_cartesian
        if (self.method in WITH_COILS or wants_phase) and kspace.n_coils > 1:
            encodings = self._encoded_together(kspace)
        else:
            encodings = [self._encoded(plane) for plane in each_plane(kspace)]
        if self.method in SINGLE:
            slices = [self._slice(e, n, len(encodings)) for n, e in enumerate(encodings)]
        else:
            slices = self._together(encodings)
        slices = [replace(s, image=self.grid(s.image)) for s in slices]
        return self._report(kspace, slices, encodings, sizes, need)

    def _encoded(self, plane: KSpace) -> Encoding:
        if not plane.is_cartesian:
            return encode_trajectory(
                np.asarray(plane.data),
                np.asarray(plane.trajectory),
                plane.matrix or (),
                maps=plane.maps,
                noise_scan=plane.noise,
                n_coils=self.n_coils,
            )
        return encode(
            np.asarray(plane.data),
            plane.sampled,
            maps=plane.maps,
            noise_scan=plane.noise,
            n_sets=self.n_sets,
            n_coils=self.n_coils,
        )

    def _encoded_together(self, kspace: KSpace) -> list[Encoding]:
        planes = list(each_plane(kspace))
        if self.n_sets == 2:
            raise Unsupported(
                "frames that are joined or compared share one set of coil maps, got 2: "
                "leave out --sets"
            )
        return encode_series(
            np.stack([np.asarray(p.data) for p in planes]),
            np.stack([p.sampled for p in planes]),
            maps=planes[0].maps,
            noise_scan=kspace.noise,
            n_coils=self.n_coils,
        )

    def _slice(self, encoding, number, total):
        def watch(text: str, share: float, gap: float | None) -> None:
            if self.progress is not None:
                where = f"{text}, plane {number + 1} of {total}" if total > 1 else text
                known = "" if gap is None else f", gap {100 * gap:.2g} %"
                self.progress(where + known, 0.05 + 0.9 * (number + share) / total)

        return reconstruct(
            encoding,
            self.method,
            weight=self.weight,
            noise=self.noise,
            n_iterations=self.n_iterations,
            may_be_real=self.may_be_real and self.rad_s_per_cm is None,
            watch=watch,
        )

    def _check_axes(self, kspace):
        if self.method in SINGLE:
            return
        if not kspace.is_cartesian:
            raise Unsupported(
                f"{self.method} joins planes on a raster, got samples along a trajectory: use "
                "patches or tv, which take each plane alone"
            )
        outer = [a for a in OUTER if a in kspace.axes and kspace.size(a) > 1]
        if outer != [AXIS[self.method]]:
            named = f"{AXIS[self.method]},row,column"
            raise Unsupported(
                f"{self.method} joins the planes along the axis {AXIS[self.method]}, got the axes "
                f"{', '.join(outer) or 'of one plane'}: say what the axes mean (--axes {named}), "
                "or use patches, which takes each plane alone"
            )

    def _together(self, encodings):
        def watch(text: str, share: float, gap: float | None) -> None:
            if self.progress is not None:
                self.progress(text, 0.05 + 0.9 * share)

        return reconstruct_together(encodings, self.method, watch)

    def _report(self, kspace, slices, encodings, sizes, need):
        stack = np.stack([s.image for s in slices]).reshape(*sizes, *slices[0].image.shape)
        axes = (*(a for a in OUTER if a in kspace.axes), "row", "column")
        images = {
            "reconstruction": self._image(kspace, np.abs(stack), axes),
            "phase": self._image(kspace, np.angle(stack).astype(np.float32), axes),
        }
        found = measures(kspace, slices, encodings, need)
        if self.wants_noise_map:
            maps = [_g_factor(e) for e in encodings]
            images["g_factor"] = kspace.image(np.stack(maps).reshape(*sizes, *maps[0].shape), axes)
        if self.rad_s_per_cm is not None:
            images["velocity"], peak = self._velocity(kspace, slices)
            found = (peak, *found)
        return Report(
            "mri",
            found,
            images,
            facts={
                "slices": tuple(slices),
                "encodings": tuple(encodings),
                "zero_filled": self.grid(encodings[0].image(encodings[0].start())),
            },
            methods=(*methods(slices, encodings, self._given(kspace)), *self._words()),
            references=references(self.method, encodings, self._given(kspace)),
            warnings=warnings(kspace, encodings, self.n_sets is None),
        )

    def _given(self, kspace: KSpace) -> frozenset[str]:
        """What the data did not decide: maps, noise, weight."""
        known = {"maps": kspace.maps, "noise": self.noise, "weight": self.weight}
        return frozenset(name for name, value in known.items() if value is not None)

    def _words(self) -> tuple[str, ...]:
        """Sentences on velocity, interpolation and shift, where there are such."""
        found = []
        if self.rad_s_per_cm is not None:
            limit = np.pi / abs(self.rad_s_per_cm)
            found.append(
                f"Velocity: phase against the first plane, {self.rad_s_per_cm:g} rad s/cm, "
                f"unwrapped where neighbours tell; without that it would be within {limit:.3g} "
                "cm/s."
            )
        if self.grid.matrix is not None:
            found.append(
                f"The image was interpolated to {self.grid.matrix[0]} by {self.grid.matrix[1]} "
                "pixels by zeros around its frequencies, which adds no detail."
            )
        if self.wants_noise_map and not self.grid.is_own:
            found.append("The g-factor map keeps the raster of the scan.")
        if any(self.grid.shift):
            found.append(
                f"The image was moved by {self.grid.shift[0]:g} pixels down and "
                f"{self.grid.shift[1]:g} to the right within its field of view, which stays."
            )
        return tuple(found)

    def _velocity(self, kspace, slices):
        """Velocity of all planes but the first, and the largest where there is signal."""
        outer = [a for a in OUTER if a in kspace.axes and kspace.size(a) > 1]
        if len(outer) != 1 or outer[0] == "slice":
            raise Unsupported(
                "velocity needs frames or contrasts of one plane, the first without encoding, got "
                f"the axes {', '.join(outer) or 'of one plane'}"
            )
        first = slices[0].image
        maps = [velocity(first, s.image, self.rad_s_per_cm) for s in slices[1:]]
        strong = np.abs(first) > 0.3 * np.abs(first).max()
        peak = Measure(
            "largest velocity",
            float(max(np.quantile(np.abs(m[strong]), 0.999) for m in maps)),
            "cm/s",
            note="99.9th percentile of its size, where the reference has signal",
        )
        # of the size of the reconstruction, so that it lies where that lies: 0 for the reference
        stack = np.stack([np.zeros(first.shape), *maps]).astype(np.float32)
        return self._image(kspace, stack, (outer[0], "row", "column")), peak

    def _image(self, kspace: KSpace, data, axes) -> Image:
        if self.grid.matrix is None:
            return kspace.image(data, axes)
        facts = {**kspace.facts, "reconstructed_matrix": self.grid.matrix}
        if kspace.field_of_view_mm is not None:
            facts["reconstructed_field_of_view_mm"] = kspace.field_of_view_mm[-2:]
        else:
            sides = zip((kspace.matrix or ())[-2:], self.grid.matrix, strict=True)
            facts["reconstructed_steps"] = tuple(old / new for old, new in sides)
        return replace(kspace, facts=facts).image(data, axes)


def _g_factor(encoding: Encoding) -> np.ndarray:
    """NaN where two places overlap: there is no single factor."""
    if encoding.n_sets > 1:
        raise Unsupported(
            "the g-factor needs one set of coil maps, got two, for two places overlap in a pixel: "
            "ask for one with --sets 1"
        )
    if isinstance(encoding.operator, Trajectory):
        raise Unsupported("the g-factor needs k-space on a raster, got samples along a trajectory")
    return g_factor(encoding).astype(np.float32)
