"""A judgement in words: findings with their normal ranges, and one sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from corporis.apps.diagnosis.judgement import Judgement
from corporis.apps.diagnosis.ranges import KnownHearts, Range, normal_range
from corporis.apps.diagnosis.vocabulary import EJECTION_FRACTION, NORMAL, WORDINGS, wording
from corporis.interfaces import Array

LEAST_SHARE = 0.1
"""A measure with a smaller share of all contributions did not drive the judgement."""


def finding(
    name: str, value: float, known: KnownHearts, contribution: float = 0.0, with_all: bool = False
) -> dict[str, Any]:
    """One measure held against its normal range.

    Parameters
    ----------
    contribution : float
        Log-odds for abnormal against normal.
    with_all : bool
        Also say what all known hearts had, for a heart unlike them.

    Returns
    -------
    dict
        ``text``, ``direction`` (below, within, above, or neutral without a range),
        ``contribution``, ``reference`` (where the range comes from), ``name``, ``value``,
        ``normal`` ((low, high) or None) and ``unit``.
    """
    words, normal = wording(name), normal_range(name, known)
    text = f"{words.words} {words.value(value)}, {_spoken(words, normal)}"
    every = known.all.get(name)
    if with_all and every is not None:
        text += f", in all hearts the judge knows {words.interval(every.low, every.high)}"
    return {
        "text": text,
        "direction": "neutral" if normal is None else normal.place(value),
        "contribution": contribution,
        "reference": "" if normal is None else normal.source,
        "name": name,
        "value": value,
        "normal": None if normal is None else (normal.low, normal.high),
        "unit": words.unit,
    }


def findings(
    features: Mapping[str, float | Array], judged: Judgement | None, known: KnownHearts, at_most=4
) -> list[dict[str, Any]]:
    """What drove the judgement, most important first; then what else lies outside normal.

    Without a judgement only what lies outside the normal range is told. The ejection fraction is
    always among them where it was measured: a reader looks for it.
    """
    is_strange = judged is not None and judged.state == "unlike any known"
    parts = {} if judged is None else dict(judged.contributions)
    names = _strangest(judged)[:2] if is_strange and judged is not None else []
    total = sum(abs(c) for c in parts.values())
    drivers = sorted(parts, key=lambda n: (-abs(parts[n]), n))
    drivers = [n for n in drivers if abs(parts[n]) > 0 and abs(parts[n]) >= LEAST_SHARE * total]
    names += [n for n in drivers if n not in names][: max(at_most - len(names), 0)]
    for name in WORDINGS:
        value = float(features.get(name, np.nan))
        normal = normal_range(name, known) if np.isfinite(value) else None
        outside = normal is not None and normal.place(value) != "within"
        if name not in names and (outside or (name == EJECTION_FRACTION and np.isfinite(value))):
            names.append(name)
    return [
        finding(n, float(features[n]), known, parts.get(n, 0.0), is_strange and i < 2)
        for i, n in enumerate(names)
    ]


def conclusion(judged: Judgement, told: list[dict[str, Any]]) -> str:
    """The judgement in one sentence."""
    groups = list(judged.probabilities)
    if judged.state == "unlike any known":
        return (
            f"This heart is unlike any the judge knows ({told[0]['text']}); of those, it "
            f"resembles {_called(groups[0])} most."
        )
    if judged.state == "uncertain":
        shares = ", ".join(f"{g} {_percent(p)}" for g, p in judged.probabilities.items())
        return f"No group is likely enough to call this heart normal or abnormal: {shares}."
    if judged.state == "normal":
        return f"This heart is like normal ones (probability {_percent(1 - judged.abnormal)})."
    reason = _reason(told)
    if judged.is_group_sure:
        return (
            f"This heart is abnormal and most resembles {judged.rival} (probability "
            f"{_percent(judged.probabilities[judged.rival])}){reason}."
        )
    kinds = " or ".join(sorted(g for g in groups if g != NORMAL))
    return (
        f"This heart is abnormal (probability {_percent(judged.abnormal)}), but whether it "
        f"resembles {kinds} is uncertain{reason}."
    )


def way_to_normal(judged: Judgement, features: Mapping[str, float | Array]) -> str:
    """The counterfactual as a sentence, "" where normal is the most probable already."""
    if next(iter(judged.probabilities)) == NORMAL:
        return ""
    if not judged.change.is_reachable:
        return (
            "No change of its measures within what the judge has seen would make normal the most "
            "probable."
        )
    changes = [
        f"{wording(n).words} were about {wording(n).value(v)} rather than "
        f"{wording(n).value(float(features[n]))}"
        for n, v in judged.changed.items()
    ]
    return f"Normal would be the most probable if {' and '.join(changes)}."


def responsible_segments(thickening, known: KnownHearts) -> list[int]:
    """AHA segments, 1 to 17, that thicken less than in every normal training heart.

    Examples
    --------
    >>> import numpy as np
    >>> known = KnownHearts(segment_low=np.full(17, 20.0))
    >>> responsible_segments([5.0, 25.0, np.nan] + 14 * [40.0], known)
    [1]
    """
    thickening = np.asarray(thickening, dtype=float)
    if thickening.shape != (17,):
        raise ValueError(f"thickening must be that of 17 segments, got {thickening.shape}")
    return [int(i) + 1 for i in np.flatnonzero(thickening < known.segment_low)]


def _strangest(judged: Judgement) -> list[str]:
    return sorted(judged.strangeness, key=lambda n: (-judged.strangeness[n], n))


def _reason(told) -> str:
    drivers = [f for f in told if f["contribution"] > 0]
    if not drivers:
        return ""
    first = max(drivers, key=lambda f: f["contribution"])
    words = wording(first["name"])
    normal = "" if first["normal"] is None else f" (normal {words.interval(*first['normal'])})"
    return f", above all by its {words.words} of {words.value(first['value'])}{normal}"


def _called(group: str) -> str:
    return "a normal heart" if group == NORMAL else group


def _spoken(words, normal: Range | None) -> str:
    if normal is None:
        return "normal range not known"
    return f"normal {words.interval(normal.low, normal.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
