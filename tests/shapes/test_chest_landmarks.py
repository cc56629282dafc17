"""Right lungs of radiographs: composition beside its rivals under gross errors.

Outlines of the JSRT subjects lie on manual contours; those of the other sources were fitted by a
network. All methods share the noise level, and nothing is tuned on the shapes that are tested.
"""

import numpy as np
import pytest

from corporis.shapes import PrincipalShapes, SparseShapeComposition

N_TESTS, NOISE_PX = 24, 4.0


@pytest.fixture(scope="module")
def lungs(data_dir):
    folder = data_dir / "shapes" / "chest_landmarks"
    names = ("jsrt", "padchest", "montgomery", "shenzhen")
    shapes = np.concatenate([np.load(folder / f"{n}.npz")["RL"] for n in names]).astype(float)
    order = np.random.default_rng(0).permutation(len(shapes))
    return shapes[order[N_TESTS:]], shapes[order[:N_TESTS]]


def contaminated(shapes, n_wrong, push_px, seed=1):
    """Noise everywhere, and a run of neighbouring landmarks pushed one way."""
    rng = np.random.default_rng(seed)
    seen = shapes + NOISE_PX * rng.normal(size=shapes.shape)
    for shape in seen:
        first, angle = rng.integers(shapes.shape[1]), rng.uniform(0, 2 * np.pi)
        run = (first + np.arange(n_wrong)) % shapes.shape[1]
        shape[run] += push_px * np.array([np.cos(angle), np.sin(angle)])
    return seen


def test_error_table_under_gross_errors(lungs):
    training, truth = lungs
    models = {
        "projection": PrincipalShapes(0.98, prior="box", noise=NOISE_PX),
        "gaussian": PrincipalShapes(40, noise=NOISE_PX),
        "lasso": SparseShapeComposition(1.0, gross_error=None),
        "coordinate": SparseShapeComposition(1.0, 6.0, gross_error="coordinate"),
        "landmark": SparseShapeComposition(1.0, 6.0),
        "redescending": SparseShapeComposition(1.0, 12.0, penalty="redescending"),
    }
    seen = {0: contaminated(truth, 0, 0.0), 11: contaminated(truth, 5, 100.0)}
    error = {}
    for name, model in models.items():
        model.fit(training)
        for percent, shapes in seen.items():
            distance = np.linalg.norm(model.transform(shapes) - truth, axis=2)
            error[name, percent] = distance.mean()
    given = np.linalg.norm(seen[0] - truth, axis=2).mean()
    assert max(error[name, 0] for name in models) < given  # every prior removes some noise
    assert error["landmark", 11] < 0.6 * error["projection", 11]
    assert error["landmark", 11] < 0.6 * error["gaussian", 11]
    assert error["landmark", 11] < 0.6 * error["lasso", 11]
    assert error["landmark", 11] < error["coordinate", 11]
    assert error["redescending", 11] < 0.8 * error["landmark", 11]


def test_scale_stays_over_200_alternations(lungs):
    training, truth = lungs
    model = SparseShapeComposition(1.0, 6.0).fit(training)
    search = model.alternation(contaminated(truth, 5, 100.0)[0], np.ones(44))
    scales = []
    for _ in range(200):
        search.step()
        scales.append(search.transform.scale)
    scales = np.array(scales) / scales[0]
    assert np.abs(scales - 1).max() < 0.05
    assert np.ptp(scales[100:]) < 1e-3
