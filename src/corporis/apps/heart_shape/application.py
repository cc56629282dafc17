"""The heart-shape application: from cine images to a measured heart."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from corporis.apps.heart_shape.body import Rigidity
from corporis.apps.heart_shape.contours import long_axis_contours, slice_contours, slice_labels
from corporis.apps.heart_shape.evidence import Border
from corporis.apps.heart_shape.features import features
from corporis.apps.heart_shape.numbers import Numbers, measures
from corporis.apps.heart_shape.orientation import anterior_insertion
from corporis.apps.heart_shape.outline import look, outline
from corporis.apps.heart_shape.planes import choose_planes
from corporis.apps.heart_shape.plausibility import doubts
from corporis.apps.heart_shape.prior import ShapePrior
from corporis.apps.heart_shape.rebuild import left_surface, right_surface
from corporis.apps.heart_shape.sharpening import sharpened
from corporis.imaging.image import Image
from corporis.interfaces import Case, Mesh, Report


class Evidence(Protocol):
    """What gives per-pixel probabilities: called with a stack (n_slices, n_times, rows, cols)."""

    def __call__(self, stack, *, progress=None): ...


@dataclass(frozen=True)
class HeartShape:
    """Finds, outlines, rebuilds and measures the heart in cine MRI.

    Parameters
    ----------
    evidence : Evidence
        Learned pixel evidence, `PixelEvidence.load()` by default in the study.
    rigidity : Rigidity
        How much the surfaces may bend.
    border : Border
        Where the evidence draws the cavity's border, for the report to say.
    series : str or None
        Name of the short-axis series where the case leaves a choice.
    progress : callable(text, fraction) or None

    Examples
    --------
    >>> HeartShape(evidence=None).rigidity.lone
    2.0
    """

    evidence: Evidence
    rigidity: Rigidity = field(default_factory=Rigidity)
    prior: ShapePrior | None = None
    series: str | None = None
    border: Border = Border.EXPERT
    progress: Callable[[str, float], None] | None = None

    def __call__(self, case: Case) -> Report:
        """Outline and measure one case.

        Raises
        ------
        BadInput
            If the short axis cannot be told among the images, or they cannot be short-axis cine
            MRI.
        NotFound
            If no left ventricle is found.
        """
        stack, views = choose_planes(case.images, self.series)
        doubted = doubts(case.images, stack, is_chosen=self.series is not None)
        self._tell("finding the heart", 0.05)
        maps = self.evidence(stack.frames)
        if self.border is Border.BLOOD:  # where blood ends can be seen; where experts draw cannot
            maps = sharpened(stack.frames, maps)
        self._tell("outlining", 0.5)
        seen = look(maps, stack.missing, stack.frames)
        found = outline(stack, seen, self.rigidity, views=views, prior=self.prior)
        self._tell("rebuilding", 0.8)
        return self._report(stack, views, found, doubted)

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)

    def _report(self, stack, views, found, doubted) -> Report:
        times = stack.times_ms
        unit = stack.length_unit
        meshes = _surfaces(found, times, unit) if stack.has_depth else {}
        insertion = None
        if found.right is not None:
            insertion = anterior_insertion(
                found.right,
                found.body.frame,
                found.body.ends.towards_apex,
                has_patient_axes=unit == "mm",
            )
        numbers = Numbers.of(stack, found, insertion)
        meshes = numbers.paint(meshes)
        contours = slice_contours(stack, found)
        facts = {
            "heart_features": features(numbers, found),
            "heart_numbers": numbers,
            "short_axis": stack,
            "long_axis": views,
            "contours": contours,
            "long_axis_contours": long_axis_contours(views, meshes),
            "overruled": found.overruled,
        }
        labels = slice_labels(stack, contours)
        return Report(
            "heart shape",
            measures(numbers, stack),
            {"heart_labels": _label_image(stack, labels)},
            meshes,
            facts,
            (*_METHODS, _BORDERS[self.border]),
            _REFERENCES,
            (*doubted, *numbers.warnings),
        )


def _surfaces(found, times, unit) -> dict[str, Mesh]:
    meshes = {
        "left_endocardium": left_surface(found.body, "cavity", times, unit),
        "left_epicardium": left_surface(found.body, "outer", times, unit),
    }
    if found.right is not None:
        right = right_surface(found.body, found.right, times, unit)
        if right is not None:
            meshes["right_endocardium"] = right
    return meshes


def _label_image(stack, labels) -> Image:
    first = stack.affines[0].copy()
    if len(stack.affines) > 1:
        first[:3, 0] = (stack.affines[-1][:3, 3] - first[:3, 3]) / (len(stack.affines) - 1)
    return Image(
        labels,
        ("slice", "time", "row", "column"),
        first,
        stack.length_unit,
        "label",
        times_ms=stack.times_ms,
    )


_METHODS = (
    "A small network trained on the CC0 Sunnybrook cine data and on virtual hearts gives, for "
    "every pixel, the probability of left cavity, left muscle and right cavity; it first locates "
    "the ventricle in the whole image. A second one looks for the right cavity in wider windows; "
    "its border lies where blood ends in the image, going out from the left wall.",
    "Along rays from the ventricle's centre the probability of being inside is read as the "
    "survival function of the boundary's distance; its moments give the squared radius and its "
    "spread.",
    "Endocardium, wall and right ventricle are deformable surfaces in space and time, fitted to "
    "these observations by convex minimisation with explicit sparse gross errors of single rays "
    "and of whole image planes.",
    "End-diastole and end-systole are the largest and the smallest volume of the left ventricle.",
)
_BORDERS = {
    Border.EXPERT: "Papillary muscles and trabeculae are counted as cavity, whose border is drawn "
    "where the experts of the Sunnybrook set draw it, about a millimetre outside of the blood.",
    Border.BLOOD: "Papillary muscles and trabeculae are counted as cavity, whose border is drawn "
    "where blood meets muscle: the image's own brightness moves it there within three pixels.",
}
_REFERENCES = (
    "Yu et al., Deformable models with sparsity constraints for cardiac motion analysis, "
    "Medical Image Analysis 18:927-937, 2014, doi:10.1016/j.media.2014.03.002",
    "Cerqueira et al., Standardized myocardial segmentation and nomenclature for tomographic "
    "imaging of the heart, Circulation 105:539-542, 2002, doi:10.1161/hc0402.102975",
    "Radau et al., Evaluation framework for algorithms segmenting short axis cardiac MRI, "
    "The MIDAS Journal, 2009 (Sunnybrook data)",
)
