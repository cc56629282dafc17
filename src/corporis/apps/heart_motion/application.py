"""The heart in motion: from films to where muscle goes and how much it stretches."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from corporis.apps.heart_motion.account import METHODS, REFERENCES, measures
from corporis.apps.heart_motion.cine_film import follow_cine
from corporis.apps.heart_motion.dense_film import DensePlane, dense_planes, follow_dense
from corporis.apps.heart_motion.displacement_film import follow_displacements
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.sectors import Sectors
from corporis.apps.heart_motion.slices import SliceFilm, films_of
from corporis.apps.heart_motion.summary import Summary
from corporis.apps.heart_motion.tagged_film import are_convincing, follow_tags, tags_in
from corporis.errors import BadInput, NotFound, Unsupported
from corporis.imaging import Image
from corporis.interfaces import Case, Report

UNWRAPPED = (
    "{name}: the phases of DENSE are unwrapped from pixel to pixel, the most certain first, and "
    "from frame to frame; thin plates carry the displacement of what is in a pixel to material "
    "places."
)
BESIDE_CINE = (
    "{name}: a cine of the same frames lies beside the tags: the motion ends as it begins, and "
    "what registration of the cine shows counts with the tags, with a deviation of 2 pixels."
)
HARDLY = -3.0
"""Peak circumferential strain in per cent, above which the wall's place is doubted."""


@dataclass(frozen=True)
class HeartMotion:
    """Finds the motion and strain of a heart's wall, slice by slice.

    It takes films whose tags it finds in their spectrum, displacements that DENSE measured, and
    plain cine, which it follows by registration; the images say which. It gives the fact
    ``motion`` (a `Summary` with a `FilmMotion` a slice) and displacements as images.

    Parameters
    ----------
    given : Given
        The wall, insertions, levels and times, where the file does not hold them.
    progress : callable(text, fraction) or None

    Examples
    --------
    >>> HeartMotion().given.frame_ms is None
    True
    """

    given: Given = field(default_factory=Given)
    progress: Callable[[str, float], None] | None = None

    def __call__(self, case: Case) -> Report:
        """Follow all slices of a case.

        Raises
        ------
        BadInput
            If the wall is not known or lies outside, or nothing moves.
        NotFound
            If a film is said to be tagged and no tags are found.
        """
        images = {k: v for k, v in case.images.items() if isinstance(v, Image)}
        shown = {k: v for k, v in images.items() if v.facts.get("contrast") == "displacement"}
        try:
            phases = dense_planes(images)
        except ValueError as error:
            raise BadInput(str(error)) from error
        apart = {k for k, v in images.items() if v.facts.get("contrast") == "dense"} | set(shown)
        films = films_of({k: v for k, v in images.items() if k not in apart}, self.given)
        if not films and not shown and not phases:
            came = ", ".join(_frames(*pair) for pair in images.items()) or "no image"
            raise Unsupported(
                f"expected a film (tagged, DENSE or cine) of at least 4 frames, got {came}: give "
                "the folder or file of one"
            )
        if not films:
            self.given.check(len(shown) + len(phases))
        found, total = [], len(films) + len(shown) + len(phases)
        for number, film in enumerate(films):
            self._tell(f"following {film.name}", number / total)
            found.append(_followed(film))
        for number, (name, image) in enumerate(shown.items()):
            self._tell(f"following {name}", (len(films) + number) / total)
            found.append(self._displaced(number, name, image))
        for number, plane in enumerate(phases, len(shown)):
            self._tell(f"following {plane.name}", (len(films) + number) / total)
            found.append(self._encoded(number, plane))
        return _report(found, films, phases)

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)

    def _encoded(self, number: int, plane: DensePlane) -> FilmMotion:
        insertion = self.given.insertion(number, plane.strength.shape[-2:])
        sectors = Sectors(self.given.level(number, plane.name), insertion)
        try:
            found = follow_dense(plane, sectors, self.given.wall(number))
        except ValueError as error:
            raise BadInput(
                f"{plane.name}: {error}: give --wall ROW,COLUMN,INNER,OUTER in pixels"
            ) from error
        if found.times_ms is None and self.given.frame_ms is not None:
            found = replace(found, times_ms=self.given.frame_ms * np.arange(found.n_frames))
        return found

    def _displaced(self, number, name, image) -> FilmMotion:
        insertion = self.given.insertion(number, np.shape(image.data)[-2:])
        sectors = Sectors(self.given.level(number, name), insertion)
        moved = np.asarray(image.data, dtype=float)
        if len(moved) < 2:
            raise BadInput(f"{name}: expected displacements of at least 2 frames, got 1")
        times = image.times_ms
        if times is None and self.given.frame_ms is not None:
            times = self.given.frame_ms * np.arange(len(moved))
        try:
            found = follow_displacements(name, moved, sectors)
        except ValueError as error:
            raise BadInput(f"{name}: {error}") from error
        pixel = image.spacing[1:] if image.length_unit == "mm" else None
        return replace(found, times_ms=times, pixel_mm=pixel)


def _frames(name: str, image: Image) -> str:
    n = image.size("time") if "time" in image.axes else 1
    return f"{name} with {n} frame{'' if n == 1 else 's'}"


def _followed(film: SliceFilm) -> FilmMotion:
    """One film, by what its spectrum shows."""
    sectors, times = Sectors(film.level, film.insertion), film.fit_times_ms
    tags = None
    try:
        tags = tags_in(film.images, film.ring)
    except NotFound as error:
        if film.is_tagged:
            raise NotFound(f"{film.name}: {error}") from error
    if tags is not None and film.is_tagged is None:
        tags = tags if are_convincing(film.images, film.ring, tags) else None
    if tags is None or film.is_tagged is False:
        found = follow_cine(film.name, film.images, film.ring, sectors, times)
    else:
        found = follow_tags(
            film.name,
            film.images,
            film.ring,
            sectors,
            times,
            tags,
            rims_known=film.rims_known,
            cine=film.cine,
        )
    return replace(
        found,
        corner=film.corner,
        times_ms=film.times_ms,
        pixel_mm=film.pixel_mm,
        place=film.affine,
    )


def _report(found: list[FilmMotion], films: list[SliceFilm], phases: list[DensePlane]) -> Report:
    summary = Summary.of(found)
    sources = {f.source for f in found}
    warnings = [w for f in found for w in f.warnings]
    for film in found:
        course = film.whole.strain.get("circumferential")
        if course is not None and np.nanmin(course) > HARDLY:
            warnings.append(
                f"{film.name}: the wall shortens by less than {-HARDLY:g} % around: check whether "
                "the wall of the first frame lies in the muscle (its rims are drawn on the images)"
            )
    if any(f.sectors.insertion is None for f in found):
        warnings.append(
            "the insertion of the right ventricle was not given: sectors are named by the clock "
            "as displayed and have no segment numbers (--insertion ROW,COLUMN numbers them)"
        )
    if any(f.times_ms is None for f in found):
        warnings.append(
            "times of frames are not known: times to peak are in frames, and strain rates are not "
            "given (--frame-ms gives them)"
        )
    walls = [f"{f.name}: the wall of the first frame is from {f.wall_from}." for f in films]
    walls += [UNWRAPPED.format(name=plane.name) for plane in phases]
    beside = [f.name for f in films if f.cine is not None and not f.rims_known]
    walls += [BESIDE_CINE.format(name=name) for name in beside]
    methods = [text for kind, text in METHODS if not kind or kind & sources]
    return Report(
        "heart motion",
        measures(summary),
        {},
        {},
        {"motion": summary},
        (*walls, *methods),
        tuple(text for kind, text in REFERENCES if not kind or kind & sources),
        tuple(warnings),
    )
