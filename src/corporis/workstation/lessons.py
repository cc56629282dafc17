"""What was learned from corrected radiographs, in sentences and as a table of steps."""

from pathlib import Path

from corporis.apps.organs.chest_shape import ORGANS
from corporis.cohorts.chest_lessons import Learned
from corporis.cohorts.ledger import Ledger


def sentences(found: Learned, weights: Path) -> list[str]:
    """What one call did, line by line."""
    lines = list(found.remarks)
    for verdict in found.verdicts:
        if verdict.is_taken:
            lines.append(f"{verdict.case}: taken")
        elif verdict.is_like:
            lines.append(
                f"{verdict.case}: held back: {verdict.words}; if it is right give it again with "
                f"--approve {verdict.case}"
            )
        else:
            lines.append(f"{verdict.case}: refused: {verdict.words}")
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
    """All steps as rows of a table, the head first."""
    in_force = {step["step"] for step in ledger.steps()}
    rows: list[tuple[str, ...]] = [("step", "when", "who", "what", "old error", "new error")]
    for line in ledger.lines():
        if line["kind"] == "undo":
            what, errors = f"undid step {line['step']}", ("", "")
        else:
            what, errors = _what(line), _from_to(line.get("evidence", {}))
            what += "" if line["step"] in in_force else " (undone)"
        number = str(line["step"]) if line["kind"] == "step" else ""
        rows.append((number, line["when"][:16].replace("T", " "), line["who"], what, *errors))
    return rows


def _errors(lesson) -> list[str]:
    kind = "held out" if lesson.new.is_held_out else "learned from, not held out"
    lines = ["error (1 - Jaccard overlap, mean of five organs), before -> after:"]
    for word, trial in ((f"new, {kind}", lesson.new), ("old, held out", lesson.old)):
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
    taken, held = sum(c["taken"] for c in cases), sum(not c["taken"] for c in cases)
    words = [f"{taken} taken"] + ([f"{held} held back"] if held else [])
    if line.get("evidence", {}).get("revised"):
        words.append("evidence revised")
    return ", ".join(words)


def _from_to(evidence) -> tuple[str, str]:
    if "old" not in evidence:
        return "", ""
    found = []
    for kind in ("old", "new"):
        mark = "" if evidence[kind]["is_held_out"] else "*"
        found.append(f"{evidence[kind]['before']:.4f} -> {evidence[kind]['after']:.4f}{mark}")
    return found[0], found[1]
