"""Corrected radiographs as they are given to a lesson: read once, named, and looked at first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.apps.organs.radiograph_lessons import errors
from corporis.cohorts.chest_dictionary import ChestDictionary, Verdict
from corporis.cohorts.corrected import Corrected, read_corrected
from corporis.errors import BadInput

MOST_ERROR = 0.5
"""Mean error of all organs (1 - Jaccard overlap of the outlines with those that the application
finds) from which on outlines are held back as not of this image.

Kept networks err by 0.02 to 0.15 on JSRT, the one that was tried by 0.07 to 0.17 on 24 of its
radiographs, with noise as strong as a third of the contrast by up to 0.41. With one lung opaque as
a whole and half of the other it errs by 0.20 to 0.36, the most abnormal that was tried. Outlines
moved by 20 of 256 pixels have 0.56 to 0.70, by 30 at least 0.64, good outlines on an image of noise
0.52 to 0.72. Those of another patient, 0.34 to 0.78, may be closer than that, and those moved by 10
pixels, 0.43 to 0.55: a limit that held them back would hold back the sick, from whom most is
learned."""


@dataclass(frozen=True, eq=False)
class Given:
    """One radiograph, and what speaks against its outlines.

    Parameters
    ----------
    corrected : Corrected
    error : float
        1 less the overlap of its outlines with those that the application finds, all organs.
    """

    corrected: Corrected
    error: float

    @property
    def doubt(self) -> str:
        """Empty where outlines and image agree."""
        if self.error <= MOST_ERROR:
            return ""
        return f"outline and image disagree: error {self.error:.2f}, usual up to {MOST_ERROR}"


def read_given(
    paths: Sequence[Path | str],
    steps: Sequence[dict],
    dictionary: ChestDictionary,
    before: ChestRadiograph,
) -> tuple[list[Given], tuple[str, ...]]:
    """Radiographs that were not learned from yet, and remarks.

    The name that a report gave may have been given to another radiograph too: then the number made
    from the grey values is taken, which is this one's alone.

    Parameters
    ----------
    paths : sequence of path
        See `corporis.cohorts.corrected.read_corrected`.
    steps : sequence of dict
        Those in force.
    dictionary : ChestDictionary
    before : ChestRadiograph
        Finds what the outlines are compared with.

    Raises
    ------
    BadInput
        If one was learned from already, is given twice, or cannot be read.
    """
    learned, names = _recorded(steps)
    found: dict[str, Given] = {}
    remarks = []
    for path in paths:
        one = read_corrected(path, before)
        is_other = names.get(one.case, one.image) != one.image
        if is_other or one.image in dictionary.held:
            one = replace(one, case=one.image)
        if one.image in learned:
            raise BadInput(
                f"{Path(path).name}: {one.case} was learned from in step {learned[one.image]}: "
                "undo that step to learn other outlines of it"
            )
        if one.image in found:
            raise BadInput(f"{Path(path).name}: {one.case} was given twice: give it once")
        names[one.case] = one.image
        found[one.image] = Given(one, float(errors(before, [one.radiograph]).mean()))
        if one.is_turned:
            remarks.append(f"{one.source} ({one.case}): grey values are inverted, and were turned")
    return list(found.values()), tuple(remarks)


def _recorded(steps) -> tuple[dict[str, int], dict[str, str]]:
    """Steps by the images that were learned from in them, and images by the names of cases."""
    learned: dict[str, int] = {}
    names: dict[str, str] = {}
    for step in steps:
        for one in step.get("cases", ()):
            # once cases were called by their image; what is approved later comes without it
            names[one["case"]] = one.get("image") or names.get(one["case"], one["case"])
            if one["taken"]:
                learned[names[one["case"]]] = step["step"]
    return learned, names


def offered(
    dictionary: ChestDictionary,
    before: ChestRadiograph,
    given: Sequence[Given],
    approve: Sequence[str],
) -> tuple[ChestDictionary, tuple[Verdict, ...]]:
    """The dictionary with what was held back and is approved, and with what is new.

    Raises
    ------
    BadInput
        If a case that is approved neither is given nor was held back.
    """
    verdicts = []
    cases = {one.corrected.case for one in given}
    for case in (name for name in approve if name in dictionary.held):
        if case not in cases:  # a case given again is looked at again
            dictionary = dictionary.approved(case)
            verdicts.append(Verdict(case, True))
    for one in given:
        it = one.corrected
        dictionary, verdict = dictionary.offered(
            before.shapes, it.case, it.radiograph.inside, approve, one.doubt
        )
        verdicts.append(
            replace(
                verdict, image=it.image, source=it.source, is_unchanged=it.is_unchanged,
                error=one.error,
            )
        )  # fmt: skip
    unknown = set(approve) - {verdict.case for verdict in verdicts}
    if unknown:
        dictionary.approved(min(unknown))  # raises, and says what is held back
    return dictionary, tuple(verdicts)


def verdict_facts(verdict: Verdict) -> dict:
    """What is recorded of a case: no path, which may be a patient's name."""
    found = {
        "case": verdict.case,
        "taken": verdict.is_taken,
        "refused": not verdict.is_like,
        "words": verdict.words,
    }
    if verdict.error is not None:
        found |= {
            "image": verdict.image,
            "unchanged": verdict.is_unchanged,
            "error": round(verdict.error, 4),
        }
    return found
