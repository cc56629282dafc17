"""The gate for hostile files."""

import numpy as np
import pytest

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import check_size, check_values, one_line, parsing


def test_one_line_is_printable_and_short(tmp_path):
    assert one_line("a\n\tb\x00\x1b[31m") == "a b??[31m"
    assert len(one_line("x" * 999, 50)) == 50


def test_anything_a_parser_raises_is_one_line(tmp_path):
    for error in (KeyError("a\nb"), RecursionError(), MemoryError(), ZeroDivisionError("x")):
        with pytest.raises(Unreadable) as caught, parsing(tmp_path / "file", "an image"):
            raise error
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is error
    with pytest.raises(KeyboardInterrupt), parsing(tmp_path, "an image"):
        raise KeyboardInterrupt


def test_sizes_and_values(tmp_path):
    check_size((10, 10), tmp_path)
    for shape in ((), (0, 3), (-1, 3), (2**20, 2**20)):
        with pytest.raises(Unsupported):
            check_size(shape, tmp_path)
    check_values(np.ones(3), tmp_path)
    with pytest.raises(Unsupported):
        check_values(np.array(["text"]), tmp_path)
    with pytest.raises(BadInput, match="1 of 2"):
        check_values(np.array([1, np.inf]), tmp_path)
