"""What was learned from corrected radiographs, in sentences and as a table of steps."""

from pathlib import Path

from corporis.apps.organs.chest_shape import ORGANS
from corporis.cohorts.chest_dictionary import Verdict
from corporis.cohorts.chest_lessons import Learned
from corporis.cohorts.ledger import Ledger


def sentences(found: Learned, weights: Path) -> list[str]:
    """What one call did, line by line."""
    lines = [*found.remarks, *map(_said, found.verdicts)]
    if found.lesson is not None:
        lines += _errors(found.lesson)
    if found.step is None:
        return lines
    lines.append(f"{found.n_shapes} outlines known")
    if found.n_kept:
        lines.append(
            f"{weights} holds {found.n_kept} radiographs to replay: treat it as patients' images"
        )
    lines.append(f"step {found.step}: {weights} (take it back with --undo)")
    return lines


def listed(ledger: Ledger) -> list[tuple[str, ...]]:
    """All that is on record as rows of a table, the head first.

    Raises
    ------
    corporis.errors.Unreadable
        If a line is damaged, or is no lesson's.
    """
    in_force = {step["step"] for step in ledger.steps()}
    rows: list[tuple[str, ...]] = [("step", "when", "who", "what", "old error", "new error")]
    for place, line in enumerate(ledger.lines(), 1):
        number, errors = "", ("", "")
        if line["kind"] == "undo":
            what = f"undid step {line['step']}"
        else:
            try:
                what, errors = _what(line), _from_to(line.get("evidence", {}))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise ledger.damaged(place, "its evidence has no errors") from None
        if line["kind"] == "step":
            number = str(line["step"])
            what += "" if line["step"] in in_force else " (undone)"
        rows.append((number, line["when"][:16].replace("T", " "), line["who"], what, *errors))
    return rows


def _said(verdict: Verdict) -> str:
    name = f"{verdict.source} ({verdict.case})" if verdict.source else verdict.case
    same = "; not changed: taken as approved as it is" if verdict.is_unchanged else ""
    if verdict.is_taken:
        return f"{name}: taken{same}"
    if verdict.is_like:
        return (
            f"{name}: held back: {verdict.words}; if it is right give it again with "
            f"--approve {verdict.case}"
        )
    return f"{name}: refused: {verdict.words}"


def _errors(lesson) -> list[str]:
    new = "each half kept aside from the other's lesson"
    if not lesson.new.is_held_out:
        new = "learned from, not held out"
    old = "kept aside from this lesson, maybe not from the training"
    lines = ["error (1 - Jaccard overlap, mean of five organs), before -> after:"]
    for word, trial in ((f"new, {new}", lesson.new), (f"old, {old}", lesson.old)):
        lines.append(
            f"  {word} ({len(trial.before)}): {trial.before.mean():.4f} -> {trial.after.mean():.4f}"
        )
        ends = zip(ORGANS, trial.before.mean(axis=0), trial.after.mean(axis=0), strict=True)
        lines.append("    " + ", ".join(f"{o} {a:.3f} -> {b:.3f}" for o, a, b in ends))
    if lesson.is_kept:
        return [*lines, "the evidence was revised"]
    return [*lines, f"the evidence stays as it was: {lesson.reason}"]


def _what(line) -> str:
    cases = line.get("cases", [])
    n_taken = sum(case["taken"] for case in cases)
    n_refused = sum(case.get("refused", False) for case in cases)
    n_unchanged = sum(case["taken"] and case.get("unchanged", False) for case in cases)
    counts = (
        (n_taken, "taken" + (f" ({n_unchanged} not changed)" if n_unchanged else "")),
        (len(cases) - n_taken - n_refused, "held back"),
        (n_refused, "refused"),
    )
    words = [f"{n} {word}" for n, word in counts if n] or ["nothing taken"]
    if line.get("evidence", {}).get("revised"):
        words.append("evidence revised")
    return ", ".join(words)


def _from_to(evidence) -> tuple[str, str]:
    """Errors before and after, a star where the lesson saw the radiographs."""
    if "old" not in evidence:
        return "", ""
    found = []
    for kind in ("old", "new"):
        trial = evidence[kind]
        # the second is what earlier versions wrote
        is_aside = trial.get("is_kept_aside_from_lesson", trial.get("is_held_out", False))
        mark = ("" if is_aside else "*") + ("" if evidence["revised"] else " (not kept)")
        found.append(f"{trial['before']:.4f} -> {trial['after']:.4f}{mark}")
    return found[0], found[1]
