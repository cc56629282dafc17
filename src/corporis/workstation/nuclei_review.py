"""A review of nuclei as a person meets it: one call corrects, learns, and shows what changed."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from corporis.cohorts.nuclei_review import Requests, review_nuclei
from corporis.errors import BadInput
from corporis.imaging.guard import one_line
from corporis.interfaces import Measure
from corporis.workstation.html import measure_table, text_list
from corporis.workstation.nuclei import write_report

HONEST = (
    "Errors are of corrections alone, each judged by what the others taught. A person corrects "
    "what is wrong more often than what is right, so these are no error rates of all nuclei."
)


def run_review(
    folder: Path | str,
    requests: Requests | None = None,
    *,
    slide: Path | str | None = None,
    is_undoing: bool = False,
) -> dict:
    """Correct nuclei and write all results and the report anew.

    As `corporis.cohorts.nuclei_review.review_nuclei`, and ``report.html``.
    """

    def report(new, summary, tiles):
        write_report(new, summary, tiles, account_of(summary["review"]))

    return review_nuclei(folder, requests, slide=slide, is_undoing=is_undoing, also=report)


def account_of(review: dict) -> str:
    """The report's part on corrections, HTML; empty where none was made."""
    if not review["steps"]:
        return ""
    counts = [
        Measure("steps", review["steps"], "", note="each can be undone"),
        Measure("types given", review["labelled"], ""),
        Measure("deleted", review["deleted"], ""),
        Measure("outlines drawn anew", review["drawn"], ""),
        Measure("added", review["added"], ""),
    ]
    table = measure_table([m for m in counts if m.value])
    return f"{text_list(sentences(review))}{table}<p>{escape(HONEST)}</p>"


def sentences(review: dict) -> list[str]:
    """What was learned, and how it did on corrections that were held out."""
    trials, said = review["trials"], []
    if "types" in trials:
        trial = trials["types"]
        n, before, after = trial["n"], int(trial["before"]), int(trial["after"])
        verdict = (
            f"{review['types_changed_of_others']} other nuclei were given another type by it."
            if trial["is_used"]
            else "It did worse than what was there, and is not used."
        )
        said.append(
            f"Types: {before} of {n} were wrong or unknown before; learned from the others, "
            f"{after} of {n} would be wrong. {verdict}"
        )
    elif review["labelled"]:
        said.append("Types: all that were given are the same: give an example of another.")
    if "false" in trials:
        trial = trials["false"]
        n = trial["n"]
        said.append(
            f"No nuclei: of {n} deleted, what the others teach would have caught "
            f"{n - int(trial['after'])}, and {trial['n_harmed']} of {review['labelled']} that were "
            "given a type would have gone. "
            + (
                f"It took {review['filtered']} others away, as was asked."
                if trial["is_used"]
                else "It takes nothing away unless asked (--filter)."
            )
        )
        if review["suspects"]:
            numbers = ", ".join(map(str, review["suspects"]))
            said.append(f"Most like the deleted, and worth a look: {numbers}.")
    if "outlines" in trials:
        trial = trials["outlines"]
        said.append(
            f"Outlines: the mean overlap (IoU) with {trial['n']} drawn ones was "
            f"{trial['before']:.3f}, and {trial['after']:.3f} where the others taught how wide. "
            + (
                f"All others were scaled by {review['growth']:.3f}, but not into their neighbours; "
                "their colours stay as they were measured."
                if trial["is_used"]
                else "It did not help, and is not used."
            )
        )
    return said


def parsed_labels(texts: Sequence[str]) -> dict[int, str]:
    """``number=type`` of each.

    Raises
    ------
    BadInput
        If one is anything else.

    Examples
    --------
    >>> parsed_labels(["12=lymphocyte", "13=epithelial"])
    {12: 'lymphocyte', 13: 'epithelial'}
    """
    found = {}
    for text in texts:
        number, sign, name = text.partition("=")
        if not sign or not number.isdigit() or not name.strip():
            raise BadInput(f"--set: expected NUMBER=TYPE, got {one_line(text, 60)}")
        found[int(number)] = name.strip()
    return found


def parsed_places(texts: Sequence[str]) -> list[tuple[float, float, str]]:
    """``x,y`` or ``x,y=type`` of each, in pixels of the slide.

    Raises
    ------
    BadInput
        If one is anything else.

    Examples
    --------
    >>> parsed_places(["10,20.5", "3,4=lymphocyte"])
    [(10.0, 20.5, ''), (3.0, 4.0, 'lymphocyte')]
    """
    found = []
    for text in texts:
        place, _, name = text.partition("=")
        try:
            x, y = (float(part) for part in place.split(","))
        except ValueError:
            raise BadInput(f"--add: expected X,Y or X,Y=TYPE, got {one_line(text, 60)}") from None
        found.append((x, y, name.strip()))
    return found
