"""Pieces in which masks differ."""

import numpy as np

from corporis.apps.organs.pieces import changed_pieces
from corporis.apps.organs.repair import Repaired
from corporis.apps.organs.repair_overruled import overruled_parts


def test_what_was_added_is_no_piece_of_what_was_removed_beside_it():
    before, after = np.zeros((2, 8, 8), bool)
    before[:, :4], after[:, 2:6] = True, True
    found = list(changed_pieces(before, after, 1))
    assert [change for change, _ in found] == ["added", "removed"]
    np.testing.assert_array_equal(found[0][1], after & ~before)
    np.testing.assert_array_equal(found[1][1], before & ~after)


def test_crumbs_are_left_out():
    before = np.zeros((6, 6), bool)
    after = before.copy()
    after[0, 0] = after[3:5, 3:5] = True
    assert [int(piece.sum()) for _, piece in changed_pieces(before, after, 2)] == [4]


def test_places_of_a_repair_are_told_from_the_organs_middle():
    given = np.zeros((20, 20, 20), bool)
    given[5:15, 5:15, 5:15] = True
    mended = given.copy()
    mended[12:15, 5:15, 5:15] = False
    chance = np.where(mended, 0.9, 0.1)
    found = Repaired(
        **dict.fromkeys(Repaired.__dataclass_fields__) | {"mask": mended, "chance": chance}
    )
    (part,) = overruled_parts(given, found, (2.0, 1.0, 1.0), 0.002)
    assert (part["change"], part["volume_ml"], part["chance"]) == ("removed", 0.6, 0.1)
    assert part["away_mm"] == [7.0, 0.0, 0.0]  # 3.5 planes of 2 mm above
