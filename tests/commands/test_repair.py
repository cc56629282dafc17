"""``corporis repair``: each mask that cannot be mended is one line, before anything is learned."""

import numpy as np
import pytest

from test_cli import leave

BALL = np.pad(np.ones((2, 2, 2), np.uint8), 1)


@pytest.mark.parametrize(
    "arrays, words, said",
    [
        (
            {"other": BALL},
            (),
            "expected mask (or label) and spacing (or affine) in it, got spacing, other",
        ),
        ({"mask": BALL[0]}, (), "expected a volume as mask, got the shape (4, 4)"),
        ({"mask": 0 * BALL}, (), "expected a label with a voxel inside, got none"),
        ({"mask": BALL.cumsum(0)}, (), "expected one label, got 1, 2: say the organ's with"),
        ({"mask": BALL}, ("--label", 3), "expected 3 with a voxel inside, got 1"),
        ({"mask": BALL.astype(object)}, (), "expected plain arrays, got Python objects in 'mask'"),
        ({"mask": np.where(BALL, 1.0, np.nan)}, (), "56 of 64 values are NaN or infinite"),
    ],
)
def test_what_is_no_mask_is_one_line_and_leaves_nothing(tmp_path, capsys, arrays, words, said):
    np.savez(tmp_path / "a.npz", **{"spacing": np.ones(3), **arrays})
    rest = ("-o", tmp_path / "out", "--organ", "kidney", "--shapes", tmp_path, *words)
    assert leave("repair", tmp_path / "a.npz", *rest) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "a.npz: " in lines[0] and said in lines[0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_what_is_no_archive_is_one_line(tmp_path, capsys):
    (tmp_path / "a.npz").write_bytes(b"a letter")
    words = ("-o", tmp_path / "out", "--organ", "kidney", "--shapes", tmp_path)
    assert leave("repair", tmp_path / "a.npz", *words) == 2
    assert "a.npz: expected an .npz archive of plain arrays" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
