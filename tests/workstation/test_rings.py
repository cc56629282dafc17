"""Rings that follow the clock: cells, colours, words."""

import numpy as np
import pytest

from corporis.workstation.rings import (
    Cell,
    MovingRing,
    moving_bullseye,
    ring_figures,
    rings_data,
    sector_ring,
)


def ring():
    sectors = {"12 o'clock": (2.6, 3.7), "<6>": (-0.5, 0.5)}
    layers = {k: [np.array([0.0, -30.0, np.nan])] * 3 for k in sectors}
    whole = {k: np.array([0.0, -29.6, np.nan]) for k in sectors}
    return sector_ring("Mid", sectors, layers, whole)


def test_cells_are_coloured_and_written_by_frame():
    figure = ring()
    assert len(figure.cells) == 8
    rows = rings_data([figure])
    assert rows[3]["words"] == ["0", "−30", "–"]
    assert rows[0]["colours"][0] != rows[0]["colours"][1]
    assert rows[0]["colours"][2] == "#e6eaee"


def test_figures_number_their_cells_through():
    text = ring_figures([ring(), moving_bullseye("B", np.zeros((3, 17)), (7,))], frame=1)
    assert 'data-cell="7"' in text and 'data-cell="24"' in text and 'data-cell="25"' not in text
    assert "&lt;6&gt;" in text and "<6>" not in text
    assert text.count('class="mark"') == 1
    assert text.count('class="number"') == 17 and text.count(">anterior</text>") == 1
    assert ring_figures([]) == ""


def test_twelve_is_above_and_six_below():
    figure = ring()
    heights = {word: y for word, _, y in figure.words}
    assert heights["12 o'clock"] < -100 and heights["<6>"] > 100


def test_what_is_no_figure_is_refused():
    with pytest.raises(ValueError, match="must rise"):
        MovingRing("a", "%", [Cell("b", "M0 0Z", np.zeros(1))], low=1, high=1)
    with pytest.raises(ValueError, match="has no cells"):
        MovingRing("a", "%", [])
