"""``corporis review``: from a search through corrections and back, one line a mistake."""

import pytest

from cohorts.reviewed import rows_of, searched, some_of, truth_of
from test_cli import leave


def test_a_walk_there_and_back(tmp_path, capsys):
    made, slide, out = searched(tmp_path)
    truth = truth_of(made, out)
    a, b = some_of(truth, "long", 2)
    c, d, e = some_of(truth, "round", 3)
    words = [f"--set={n}={truth[n]}" for n in (a, b, c, d)]
    assert leave("review", out, *words, "--delete", str(e)) == 0
    said = capsys.readouterr().out
    assert "4 of 4 were wrong or unknown before" in said
    assert f"{len(truth) - 1} nuclei, step 1" in said
    row = rows_of(out)[a]
    assert leave("review", out, "--delete", str(a)) == 0
    place = f"{row['x_px']},{row['y_px']}=long"
    assert leave("review", out, "--add", place, "--slide", slide) == 0
    assert f"{len(truth) - 1} nuclei, step 3" in capsys.readouterr().out
    for step in (2, 1, 0):
        assert leave("review", out, "--undo") == 0
        assert f"step {step}" in capsys.readouterr().out
    assert len(rows_of(out)) == len(truth)
    assert leave("review", out, "--undo") == 2
    assert "nothing to undo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "x"), "--set: expected NUMBER=TYPE"),
        (("--add", "x"), "--add: expected X,Y"),
        (("--delete", "1"), "run corporis nuclei"),
        (("--delete", "x"), "Invalid value for '--delete'"),
    ],
)
def test_what_is_wrong_is_one_line(words, said, tmp_path, capsys):
    assert leave("review", tmp_path, *words) == 2
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err
    assert not list(tmp_path.iterdir())
