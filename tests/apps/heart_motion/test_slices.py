"""Films with their walls: from the file, from what is given, or a clear line."""

import numpy as np
import pytest

from corporis.apps.heart_motion import Given, Insertion
from corporis.apps.heart_motion.slices import films_of
from corporis.errors import BadInput
from corporis.imaging import Image


def film(rng, n_frames=6, shape=(70, 90), **facts):
    data = rng.uniform(0, 1, (n_frames, *shape))
    return Image(data, ("time", "row", "column"), np.diag([8.0, 1.5, 1.5, 1]), facts=facts)


def test_the_given_wall_is_cut_out_evenly(rng):
    given = Given([(30.0, 45.0, 8.0, 13.0)], [Insertion((20.0, 36.0))], ["mid"], 33.0)
    (found,) = films_of({"a": film(rng)}, given)
    rows, columns = found.images.shape[1:]
    assert rows % 2 == columns % 2 == 0 and rows < 70 and columns < 90
    assert np.allclose(found.ring.centre + found.corner, [30, 45]) and found.rims_known
    assert np.allclose(np.add(found.insertion.anterior, found.corner), [20, 36])
    assert found.level == "mid" and found.times_ms.tolist() == [0, 33, 66, 99, 132, 165]
    assert found.pixel_mm == (1.5, 1.5) and found.is_tagged is None


def test_walls_from_landmarks_and_masks(rng):
    turn = np.linspace(0, 2 * np.pi, 5)[:4]
    marks = np.array([35.0, 44.0]) + 12 * np.stack([np.cos(turn), np.sin(turn)], -1)
    tagged = film(rng, landmarks=marks, contrast="tagged")
    (found,) = films_of({"basal": tagged}, Given())
    assert not found.rims_known and found.is_tagged and found.level == "basal"
    assert np.allclose(found.ring.centre + found.corner, [35, 44], atol=1e-6)
    radius = np.hypot(*(np.indices((70, 90)) - np.array([33.0, 41.0])[:, None, None]))
    mask = film(rng).with_data(((radius > 9) & (radius < 15))[None], axes=("time", "row", "column"))
    (found,) = films_of({"a": film(rng), "expert_myocardium_mask": mask}, Given())
    assert found.rims_known and abs(found.ring.inner - 9) < 1 and abs(found.ring.outer - 15) < 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given(), "expected where the muscle is in the first frame"),
        (Given([(3.0, 45.0, 8.0, 13.0)]), "does not lie in the image of 70 x 90 pixels"),
        (Given([(30.0, 45.0, 8.0, 13.0)] * 3), "one for each of 1 slices, got 3"),
        (
            Given([(30.0, 45.0, 8.0, 13.0)], [Insertion((20.0, 36.0), (71.0, 40.0))]),
            "--insertion: 71,40 does not lie in the image of 70 x 90 pixels",
        ),
    ],
)
def test_what_is_missing_is_one_line(rng, given, words):
    with pytest.raises(BadInput, match=words):
        films_of({"a": film(rng)}, given)


def test_what_does_not_move_is_no_film(rng):
    assert films_of({"a": film(rng, n_frames=2)}, Given()) == []


def test_given_numbers_are_checked():
    with pytest.raises(ValueError, match="0 < inner < outer"):
        Given([(1.0, 2.0, 5.0, 4.0)])
    with pytest.raises(ValueError, match="a level is one of"):
        Given(levels=["middle"])
    with pytest.raises(ValueError, match="time between frames must be > 0"):
        Given(frame_ms=0.0)
