"""Parts of a radiograph where the shapes overruled the evidence, and the reasons given."""

import numpy as np
import pytest

from corporis.apps.organs.radiograph_overruled import overruled_parts


def drawn(*boxes):
    """Masks of five organs, the first of them the union of boxes (rows, columns)."""
    found = np.zeros((5, 90, 60), bool)
    for rows, columns in boxes:
        found[0, slice(*rows), slice(*columns)] = True
    return found


BODY = ((0, 90), (10, 50))


def test_what_agrees_is_not_listed():
    assert overruled_parts(drawn(BODY), drawn(BODY), np.zeros((5, 90, 60)), (1.0, 1.0)) == []


@pytest.mark.parametrize(
    ("chance", "why"),
    [(0.4, "undecided there (chance 0.40)"), (0.05, "inside of the expected shape (chance 0.05)")],
)
def test_an_added_part_says_where_how_large_and_why(chance, why):
    alone = drawn(((0, 60), (10, 50)), ((60, 90), (10, 40)))
    (part,) = overruled_parts(drawn(BODY), alone, np.full((5, 90, 60), chance), (2.0, 2.0))
    assert (part["organ"], part["change"], part["third"]) == ("left lung", "added", "lower")
    assert part["side"] == "left"  # the patient's left is on the image's right
    assert part["area"] == pytest.approx(30 * 10 * 4 / 100) and part["unit"] == "cm^2"
    assert why in part["why"]


def test_an_island_is_no_piece_of_the_rest_and_crumbs_are_left_out():
    alone = drawn(((10, 90), (10, 50)), ((0, 6), (0, 6)), ((0, 1), (55, 56)))
    chances = np.full((5, 90, 60), 0.9)
    (part,) = overruled_parts(drawn(((10, 90), (10, 50))), alone, chances, None)
    assert (part["change"], part["third"], part["side"]) == ("removed", "upper", "right")
    assert part["unit"] == "px^2" and part["area"] == 36
    assert "not one piece with the rest" in part["why"]


def test_what_the_evidence_does_not_show_at_all():
    (part,) = overruled_parts(drawn(BODY), drawn(), np.full((5, 90, 60), 0.01), None)
    assert "shows nothing near it" in part["why"]
