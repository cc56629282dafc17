"""Lessons from corrected radiographs: the evidence moved a little, measured on old and new."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.apps.organs.radiograph_evidence import RadiographEvidence
from corporis.apps.organs.radiograph_training import NETWORK, Radiograph, Views, loss
from corporis.learning.tuning import tuned
from corporis.shapes import jaccard

LEAST_FOLDS = 4
"""New radiographs from which on each half of them is measured by what the other half taught."""
MOST_MEASURED = 8
"""Old radiographs that are set aside to be measured."""
LOST = 0.01
"""Of Jaccard overlap, that old radiographs may lose, and new ones must gain more."""
SURE = 2.0
"""Standard errors by which the loss of a single organ must differ from none."""
LEARNING_RATE = 1e-4


@dataclass(frozen=True)
class Effort:
    """How much is done for a lesson.

    Parameters
    ----------
    n_steps : int
        Of optimisation.
    n_new, n_old : int
        Radiographs of either kind in each.
    """

    n_steps: int = 24
    n_new: int = 3
    n_old: int = 3


@dataclass(frozen=True)
class Trial:
    """Errors of radiographs before and after a lesson: 1 less the Jaccard overlap, all organs.

    Parameters
    ----------
    before, after : array, (n, 5)
        Of `ORGANS`.
    is_held_out : bool
        Whether the lesson that was measured had not seen these radiographs. The training that
        went before may have.
    """

    before: np.ndarray
    after: np.ndarray
    is_held_out: bool

    @property
    def change(self) -> float:
        """Mean error after less that before: negative is better."""
        return float(np.mean(self.after - self.before)) if len(self.before) else 0.0

    def facts(self) -> dict:
        """Numbers alone, for a record."""
        return {
            "n": len(self.before),
            "is_kept_aside_from_lesson": self.is_held_out,
            "before": round(float(self.before.mean()), 5),
            "after": round(float(self.after.mean()), 5),
            "before_by_organ": self.before.mean(axis=0).round(5).tolist(),
            "after_by_organ": self.after.mean(axis=0).round(5).tolist(),
        }


@dataclass(frozen=True)
class Lesson:
    """What became of the evidence.

    Parameters
    ----------
    application : ChestRadiograph
        With the revised evidence where that is kept.
    new, old : Trial
        Radiographs that were corrected, and earlier ones.
    is_kept : bool
        Whether the revised evidence is.
    reason : str
        Why not.
    """

    application: ChestRadiograph
    new: Trial
    old: Trial
    is_kept: bool
    reason: str


def lesson(
    before: ChestRadiograph,
    shapes_after,
    new: Sequence[Radiograph],
    old: Sequence[Radiograph],
    *,
    effort: Effort | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Lesson:
    """Revise the evidence by `new` radiographs while `old` ones are replayed.

    A part of the old ones is set aside and only measured. The network may have been trained on
    them once, so their error before is flattered, and a loss is rather seen than missed. With four
    new ones or more, each half is measured with what the other half taught. The revised evidence is
    kept unless the old ones lose more than 0.01 of overlap in the mean of all organs or of any
    organ, or the new ones gain less than the old ones lose. Of five organs one loses 0.01 by chance
    now and then, on a few radiographs above all a clavicle: an organ's loss counts only where it is
    two standard errors of these radiographs from none, so that one of them alone does not decide.

    Parameters
    ----------
    before : ChestRadiograph
    shapes_after : ChestShapes
        Fitted, with the shapes that were taken.
    new, old : sequence of Radiograph
        At least one, and at least two.

    Raises
    ------
    ValueError
        If there are fewer.
    corporis.errors.MissingExtra
        If torch is not installed.
    """
    if len(new) < 1 or len(old) < 2:
        raise ValueError(f"expected 1 new and 2 old radiographs, got {len(new)} and {len(old)}")
    effort = effort or Effort()
    order = np.random.default_rng(seed).permutation(len(old))
    n_measured = min(MOST_MEASURED, len(old) // 2)
    aside = [old[k] for k in order[:n_measured]]
    replayed = [old[k] for k in order[n_measured:]]
    parts = _halves(new)
    done, total = 0, len(parts) + (len(parts) > 1)

    def taught(cases):
        nonlocal done
        done += 1
        word = f"learning, {done} of {total}"

        def tell(step, value):
            if progress is not None:
                progress(word, (done - 1 + (step + 1) / effort.n_steps) / (total + 1))

        batches = Mixed(cases, replayed, effort, seed)
        network = tuned(
            NETWORK, before.evidence.network, batches, loss, n_steps=effort.n_steps,
            learning_rate=LEARNING_RATE, seed=seed, progress=tell,
        )  # fmt: skip
        return replace(before, evidence=RadiographEvidence(network), shapes=shapes_after)

    # each part is measured with what the others taught; a single part only with its own lesson
    lessons = [taught(_others(parts, number)) for number in range(len(parts))]
    final = taught(new) if len(parts) > 1 else lessons[0]
    if progress is not None:
        progress("measuring", total / (total + 1))
    known = Trial(errors(before, aside), errors(final, aside), True)
    fresh = Trial(
        np.concatenate([errors(before, part) for part in parts]),
        np.concatenate([errors(one, part) for one, part in zip(lessons, parts)]),
        len(parts) > 1,
    )
    reason = _objection(known, fresh)
    kept = replace(before, shapes=shapes_after) if reason else final
    return Lesson(kept, fresh, known, not reason, reason)


def errors(application: ChestRadiograph, cases: Sequence[Radiograph]) -> np.ndarray:
    """1 less the Jaccard overlap with the given outlines, on the network's square, (n, 5)."""
    found = [application.find(case.image).chances > 0.5 for case in cases]
    rows = [
        [1 - jaccard(mask, truth > 0.5) for mask, truth in zip(masks, case.inside, strict=True)]
        for masks, case in zip(found, cases, strict=True)
    ]
    return np.array(rows).reshape(-1, len(ORGANS))


class Mixed:
    """Batches of new and old radiographs, each varied as in the training."""

    def __init__(self, new, old, effort, seed):
        self.new = Views(new, effort.n_new, seed)
        self.old = Views(old, effort.n_old, seed + 1)

    def __call__(self, step):
        """Input (n, 1, 256, 256) and shares (n, 5, 256, 256)."""
        from corporis.learning.networks import import_torch

        torch = import_torch()
        return tuple(torch.cat(both) for both in zip(self.new(step), self.old(step), strict=True))


def _halves(new):
    if len(new) < LEAST_FOLDS:
        return [list(new)]
    return [list(new[0::2]), list(new[1::2])]


def _others(parts, number):
    if len(parts) == 1:
        return parts[0]
    return [case for k, part in enumerate(parts) if k != number for case in part]


def _objection(known, fresh) -> str:
    """Why a lesson is not kept; empty where it is."""
    if known.change > LOST:
        return f"old radiographs would lose {known.change:.4f} of overlap, {LOST} at most may be"
    organ, lost = _worst_organ(known)
    if lost > LOST:
        return (
            f"old radiographs would lose {lost:.4f} of the {organ}'s overlap, at most {LOST} may be"
        )
    if fresh.change + max(known.change, 0.0) >= 0:
        return (
            f"new radiographs would gain {-fresh.change:.4f} of overlap, old ones lose "
            f"{known.change:.4f}"
        )
    return ""


def _worst_organ(known) -> tuple[str, float]:
    """The organ that loses most for sure, and how much."""
    losses = known.after - known.before
    n = len(losses)
    mean = losses.mean(axis=0)
    error = losses.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(len(ORGANS))
    sure = np.where(mean > SURE * error, mean, 0.0)
    worst = int(np.argmax(sure))
    return ORGANS[worst], float(sure[worst])
