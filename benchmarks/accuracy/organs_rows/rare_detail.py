"""A detail that one training shape in a hundred has: who keeps it?"""

import numpy as np

from corporis.shapes import PosteriorShapes, PrincipalShapes, SparseShapeComposition
from organs_rows.dictionary import chosen_weight
from organs_rows.landmarks import MOST_A_FOLD, NOISE_PX

DETAIL_PX, WIDTH, N_CASES, SIGHT_PX = 40.0, 3, 10, 1.0
"""Height and half width (landmarks) of the bump; noise is that of a careful outline."""
NOTE = (
    "rare_detail_*: right lungs, one training shape in a hundred with a bump of 40 px (two forms "
    "of it in each fold, a width of seven landmarks); test lungs have it too, seen with noise of "
    "1 px; ratio: their error over the same lungs' error without the bump, by the same model, over "
    "all landmarks, and (_there) over those of the bump. Principal shapes keep 98 % of variance."
)


def row(number, train, test, identities):
    """Error on the bump's landmarks with and without it, px, of every prior."""
    rng = np.random.default_rng([9, number])
    places = np.arange(len(train[0]))
    middle = int(rng.integers(len(places)))
    bump = np.exp(-0.5 * (_around(places, middle) / (WIDTH / 2)) ** 2)
    is_there = np.abs(_around(places, middle)) <= WIDTH
    rare = rng.choice(len(train), max(2, len(train) // 100), replace=False)
    trained = train.copy()
    trained[rare] = [_with_bump(x, bump) for x in train[rare]]
    test = test[: min(MOST_A_FOLD, N_CASES)]
    models = {
        "": SparseShapeComposition(chosen_weight(train, SIGHT_PX), 3 * SIGHT_PX).fit(trained),
        "_pca": PrincipalShapes(modes=0.98, prior="box").fit(trained),
        "_posterior": PosteriorShapes(noise=NOISE_PX / 4).fit(trained),
    }
    found = {"fold": number, "n": len(test)}
    for name, model in models.items():
        for kind in ("with", "without"):
            truths = [_with_bump(x, bump) if kind == "with" else x for x in test]
            seen = [x + SIGHT_PX * rng.standard_normal(x.shape) for x in truths]
            errors = np.array(
                [np.linalg.norm(model.explain(y).shape - x, axis=1) for x, y in zip(truths, seen)]
            )
            found[f"{kind}{name}"] = float(errors.mean())
            found[f"{kind}_there{name}"] = float(errors[:, is_there].mean())
    return ("rare_detail", found)


def _around(places, middle):
    n = len(places)
    return (places - middle + n // 2) % n - n // 2


def _with_bump(shape, bump):
    """Pushed out along the contour's normals."""
    along = np.roll(shape, -1, axis=0) - np.roll(shape, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    outward = np.sign(np.sum(normal * (shape - shape.mean(axis=0))))
    return shape + outward * DETAIL_PX * bump[:, None] * normal


def figures(rows) -> dict:
    """Error with the detail over error without it; 1 means that nothing is lost."""
    mine = [r for kind, r in rows if kind == "rare_detail"]
    found = {}
    for name in ("", "_pca", "_posterior") if mine else ():
        for place in ("", "_there"):
            with_it, without = (
                float(np.mean([r[f"{kind}{place}{name}"] for r in mine]))
                for kind in ("with", "without")
            )
            found[f"rare_detail_px{place}{name}"] = with_it
            found[f"rare_detail_ratio{place}{name}"] = with_it / without
    return found
