"""What is said of a motion: the table of measures, methods in sentences, references."""

from collections.abc import Iterator

import numpy as np

from corporis.apps.heart_motion.clinical import Clinical, clinical
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.regions import ACROSS_TAGS
from corporis.apps.heart_motion.summary import Summary, is_doubted
from corporis.interfaces import Measure

TAGS, BLIND, DENSE, CINE = "tags", "one family of tags", "displacements", "cine"

BEYOND = "not reached in the frames that are reported"

METHODS: tuple[tuple[set[str], str], ...] = (
    (
        {TAGS, BLIND},
        "Spacing, direction and phase of the tags are found in the spectrum of the first frame; "
        "the phases of all pixels and frames are fitted at once by a ring that moves in waves "
        "around it and polynomials across it, smoothly in space and time; phases that disagree "
        "with the others are believed less and less (graduated non-convexity). The area of muscle "
        "is held within 10 %.",
    ),
    (
        {TAGS, BLIND},
        "Tags count as faded from the first frame on from which less than a third of their signal "
        "in the wall has the phase that the motion gives it. Tissue counts as having left the "
        "plane where the tags' signal falls by almost a half and returns later, which fading "
        "tags do not do.",
    ),
    (
        {TAGS},
        "Intervals are 95 % of a sector's mean strain, from the fit's normal equations, widened "
        "by a factor found on virtual rings, whose true strain they hold in 96 to 100 % of cases.",
    ),
    (
        {DENSE},
        "A thin plate is fitted to the displacements of all frames, as stiff as predicting each "
        "pixel from the others asks for; pixels that disagree with the others are set aside "
        "(graduated non-convexity). Strain is from the plate's slopes.",
    ),
    (
        {CINE},
        "Neighbouring frames are registered, forwards from the first and backwards from the last; "
        "points of the wall ride on the displacements, and a ring that moves smoothly in space "
        "and time is fitted to them, points that disagree being believed less.",
    ),
    (
        set(),
        "All strain refers to the first frame (of displacements: to the state that they are "
        "counted from), which is taken to be end-diastole, and is seen in the plane of the image "
        "only.",
    ),
)
"""Sentences, each with the sources it is said of; of none it is said always."""

REFERENCES: tuple[tuple[set[str], str], ...] = (
    (
        {TAGS, BLIND},
        "Osman, Kerwin, McVeigh & Prince, Cardiac motion tracking using CINE harmonic phase (HARP) "
        "magnetic resonance imaging, Magn. Reson. Med. 42:1048-1060, 1999",
    ),
    (
        {TAGS, BLIND},
        "Axel & Dougherty, MR imaging of motion with spatial modulation of magnetization, "
        "Radiology 171:841-845, 1989",
    ),
    (
        {DENSE},
        "Aletras, Ding, Balaban & Wen, DENSE: displacement encoding with stimulated echoes in "
        "cardiac functional MRI, J. Magn. Reson. 137:247-252, 1999",
    ),
    ({DENSE}, "Duchon, Splines minimizing rotation-invariant semi-norms, LNM 571:85-100, 1977"),
    (
        set(),
        "Yu et al., Deformable models with sparsity constraints for cardiac motion analysis, "
        "Med. Image Anal. 18:927-937, 2014, doi:10.1016/j.media.2014.03.002",
    ),
    (
        set(),
        "Cerqueira et al., Standardized myocardial segmentation and nomenclature, Circulation "
        "105:539-542, 2002, doi:10.1161/hc0402.102975",
    ),
)


def measures(summary: Summary) -> tuple[Measure, ...]:
    """All numbers but those by sector, which are a table of their own."""
    rows = list(_together(summary))
    for film in summary.films:
        rows += _of_film(summary, film)
    return tuple(rows)


def _together(summary: Summary) -> Iterator[Measure]:
    end = next((e for e in summary.end_systole if e is not None), None)
    left_out = [f.name for f in summary.films if is_doubted(f)]
    beside = f"; without {', '.join(left_out)}" if left_out else ""
    for component in ("circumferential", "radial"):
        course = summary.mean(component)
        found = Clinical()
        if course is not None:
            found = clinical(course, end, shortens=component != "radial")
        why = f"mean over slices{beside}" if course is not None else _unknown(summary)
        name = f"global {component} strain"
        for word, value in (("end-systolic", found.end_systolic), ("peak", found.peak)):
            beyond = course is not None and value is None
            yield Measure(f"{name}, {word}", value, "%", note=BEYOND if beyond else why)
    spread = summary.dyssynchrony_ms
    why = "" if spread is not None else "times of frames, or strain of three sectors, not known"
    yield Measure("dyssynchrony", spread, "ms", note=why or f"over sectors{beside}")
    yield from _twist(summary)


def _twist(summary: Summary) -> Iterator[Measure]:
    twist = summary.twist
    if twist is None:
        why = "needs two slices whose levels are known (--level), with equal frames"
        yield Measure("peak twist", None, "°", note=why)
        return
    between = f"{twist.lower} against {twist.upper}"
    note = f"{between}; {twist.note}" if twist.note else between
    yield Measure("peak twist", twist.peak, "°", note=note)
    if twist.distance_mm is None:
        why = "the distance of the slices is not known"
        yield Measure("peak torsion", None, "°/mm", note=why)
    elif twist.peak is not None:
        yield Measure("peak torsion", twist.peak / twist.distance_mm, "°/mm", note=note)


def _of_film(summary: Summary, film: FilmMotion) -> Iterator[Measure]:
    name, whole = film.name, film.whole
    doubt = "tissue leaves through the plane" if is_doubted(film) else ""
    components = [c for c in whole.strain if c == ACROSS_TAGS] or ["circumferential", "radial"]
    if ACROSS_TAGS in whole.strain:
        for component in ("circumferential", "radial"):
            why = "one family of tags: strain along its lines is unknown"
            yield Measure(f"{name}, {component} strain", None, "%", note=why)
    for component in components:
        found = summary.clinical(whole, component)
        yield from _numbers(name, component, found, film, doubt)
    turn = film.rotation
    known = turn[np.isfinite(turn)]
    peak = float(known[np.argmax(np.abs(known))]) if len(known) else None
    yield Measure(f"{name}, peak rotation", peak, "°", note=doubt)
    yield Measure(f"{name}, frames reported", film.n_reported, "", note=f"of {film.n_frames}")
    share = 100 * film.rejected_share
    yield Measure(f"{name}, observations rejected", share, "%", note="as grossly wrong")


def _numbers(name, component, found, film, doubt) -> Iterator[Measure]:
    strain = f"{name}, {component} strain"
    for word, value in (("peak", found.peak), ("end-systolic", found.end_systolic)):
        yield Measure(f"{strain}, {word}", value, "%", note=BEYOND if value is None else doubt)
    if film.times_ms is None:
        frame = None if found.peak_frame is None else found.peak_frame + 1
        yield Measure(f"{strain}, frame of the peak", frame, "", note=f"of {film.n_frames}")
    else:
        yield Measure(f"{strain}, time to peak", found.time_to_peak_ms, "ms", note=doubt)
        yield Measure(f"{strain} rate, systolic", found.systolic_rate, "1/s", note=doubt)
        yield Measure(f"{strain} rate, diastolic", found.diastolic_rate, "1/s", note=doubt)
    if component != "radial":
        late = found.post_systolic
        yield Measure(f"{name}, post-systolic shortening", late, "% of the peak", note=doubt)


def _unknown(summary: Summary) -> str:
    if any(f.source == BLIND for f in summary.films):
        return "one family of tags: unknown"
    if all(is_doubted(f) for f in summary.films):
        return "tissue leaves through all planes"
    return "slices differ in their number of frames"
