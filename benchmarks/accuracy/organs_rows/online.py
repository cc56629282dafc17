"""Shapes arrive one by one: asked for or at random, healthy or poisoned."""

from functools import partial

import numpy as np

from corporis.learning import GrowingShapes
from corporis.shapes import SparseShapeComposition, procrustes_mean, suppose
from organs_rows.dictionary import GROSS_PX, chosen_weight, whole
from organs_rows.landmarks import MOST_A_FOLD, NOISE_PX, mean_error, spoilt

N_FOUNDING, SHARE, N_A_ROUND, N_RANDOM = 20, 0.25, 10, 5
POISONED = 0.05
NOTE = (
    "online_*: twenty shapes found the frame, others are asked for by their noisy outlines (4 px) "
    "until a quarter of all is there, ten a round; outlines that were not asked for stay in the "
    "dictionary as what they most probably are (suppose, whose two numbers were chosen on left "
    "lungs and hearts), for chosen, random and founding shapes alike. The chosen stand for all: "
    "with the approved they have the mean and covariance of all. *_alone: without the unapproved, "
    "chosen so that least is left unexplained. The weight of the code is chosen for every "
    "dictionary by the same rule on its own approved shapes. Poison: a run of ten moved by 100 px, "
    "ten scattered landmarks, a mirrored lung, landmarks numbered from elsewhere, a lung half as "
    "wide."
)


def row(number, train, test, identities):
    """Errors (px) with all shapes, with a quarter asked for or random, and after poison."""
    test, identities = test[:MOST_A_FOLD], identities[:MOST_A_FOLD]
    seen = [spoilt(x, 0.0, (), [i, 5]) for x, i in zip(test, identities)]
    rng = np.random.default_rng([5, number])
    order = rng.permutation(len(train))
    founding, pool = train[order[:N_FOUNDING]], train[order[N_FOUNDING:]]
    n_wanted = int(SHARE * len(train)) - N_FOUNDING
    outlines = np.stack([spoilt(x, 0.0, (), [3, k]) for k, x in enumerate(pool)])

    def error(shapes, unapproved=None):
        known = partial(_with_supposed, unapproved=unapproved) if unapproved is not None else whole
        weight = chosen_weight(shapes, dictionary=known)
        model = SparseShapeComposition(weight, GROSS_PX).adopt(*known(shapes))
        return mean_error([model.explain(y).shape for y in seen], test)

    def errors(asked):
        approved = np.concatenate([founding, pool[asked]])
        return error(approved, np.delete(outlines, asked, axis=0)), error(approved)

    found = {"fold": number, "n": len(test), "px_all": error(train)}
    found["px_founding"], found["px_founding_alone"] = errors(np.zeros(0, int))
    given = founding, pool, outlines, n_wanted
    found["px_asked"] = errors(_asked(*given, is_supposed=True))[0]
    found["px_asked_alone"] = errors(_asked(*given, is_supposed=False))[1]
    draws = [errors(rng.permutation(len(pool))[:n_wanted]) for _ in range(N_RANDOM)]
    found["px_random"], found["px_random_alone"] = map(list, zip(*draws))
    offered, is_wrong = _with_poison(pool, rng)
    model = GrowingShapes(noise=NOISE_PX).fit(founding).partial_fit(offered)
    accepted = np.array([offer.is_accepted for offer in model.offers_])
    found["px_poison"] = error(np.concatenate([founding, offered[accepted]]))
    found["px_poison_taken"] = error(np.concatenate([founding, offered]))
    found["poison_accepted"] = float(accepted[is_wrong].mean())
    found["healthy_refused"] = float(1 - accepted[~is_wrong].mean())
    return ("online", found)


def _with_supposed(shapes, unapproved):
    """Mean and atoms: approved shapes, and what the unapproved outlines most probably are."""
    found = procrustes_mean(np.concatenate([shapes, unapproved]))
    known, seen = np.split(found.aligned, [len(shapes)])
    supposed = suppose(known, seen, NOISE_PX)
    return found.mean, np.concatenate([known, supposed.shapes])


def _asked(founding, pool, outlines, n_wanted, is_supposed):
    """Places in the pool, asked for in rounds."""
    model, asked = GrowingShapes(noise=NOISE_PX).fit(founding), np.zeros(0, int)
    while len(asked) < n_wanted:
        rest = np.setdiff1d(np.arange(len(pool)), asked)
        n_more = min(N_A_ROUND, n_wanted - len(asked))
        fresh = rest[model.ask(outlines[rest], n_more, others_are_supposed=is_supposed)]
        model.partial_fit(pool[fresh])
        asked = np.concatenate([asked, fresh])
    return asked


def _with_poison(pool, rng):
    """The pool with one poisoned shape for nineteen healthy ones, and which they are."""
    n_wrong = round(POISONED / (1 - POISONED) * len(pool))
    wrong = np.stack([_poisoned(pool[k], k) for k in rng.choice(len(pool), n_wrong, replace=False)])
    offered = np.concatenate([pool, wrong])
    order = rng.permutation(len(offered))
    return offered[order], order >= len(pool)


def _poisoned(shape, number):
    kinds = (
        lambda: spoilt(shape, 100.0, (10,), [number, 1]),
        lambda: spoilt(shape, 100.0, (1,) * 10, [number, 2]),
        lambda: shape * [-1, 1],
        lambda: np.roll(shape, len(shape) // 4, axis=0),
        lambda: shape * [0.5, 1],
    )
    return kinds[number % len(kinds)]()


def figures(rows) -> dict:
    """Excess over the error with all shapes; random with its range over folds and draws."""
    mine = [r for kind, r in rows if kind == "online"]
    if not mine:
        return {}
    weights = np.array([r["n"] for r in mine], float)

    def mean(values):
        return float(np.average(values, weights=weights))

    everything = mean([r["px_all"] for r in mine])

    def excess(kind):
        return mean([r[kind] for r in mine]) / everything - 1

    found = {"online_px_all": everything}
    for ending in ("", "_alone"):
        draws = [
            mean([r[f"px_random{ending}"][k] for r in mine]) / everything - 1
            for k in range(N_RANDOM)
        ]
        found |= {
            f"online_excess_error{ending}": excess(f"px_asked{ending}"),
            f"online_excess_error_random{ending}": float(np.mean(draws)),
            f"online_excess_error_random{ending}_low": min(draws),
            f"online_excess_error_random{ending}_high": max(draws),
            f"online_excess_error_founding{ending}": excess(f"px_founding{ending}"),
        }
    return found | {
        "online_poison_excess_error": excess("px_poison"),
        "online_poison_excess_error_unguarded": excess("px_poison_taken"),
        "online_poison_accepted": mean([r["poison_accepted"] for r in mine]),
        "online_healthy_refused": mean([r["healthy_refused"] for r in mine]),
    }
