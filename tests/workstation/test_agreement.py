"""The diagram of agreement: every pair a point, lines where the numbers say."""

import re
import xml.etree.ElementTree as Tree

import numpy as np
import pytest

from corporis.learning import bland_altman
from corporis.workstation.agreement import agreement_diagram


def test_points_and_lines_lie_where_the_numbers_say():
    random = np.random.default_rng(0)
    reference = random.uniform(0.4, 0.6, 25)
    measured = reference + random.normal(0.01, 0.02, 25)
    found = bland_altman(measured, reference)
    text = agreement_diagram(measured, reference, found, "ratio <1>", "{:.3f}")
    root = Tree.fromstring(text)  # well formed, and the title is escaped
    space = "{http://www.w3.org/2000/svg}"
    points = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter(f"{space}circle")]
    assert len(points) == 25
    heights = np.array([y for _, y in points])
    slope, start = np.polyfit(measured - reference, heights, 1)
    lines = [float(e.get("y1")) for e in root.iter(f"{space}line") if e.get("stroke") == "#2f6db5"]
    expected = [found.bias, *found.limits]
    np.testing.assert_allclose(lines, slope * np.array(expected) + start, atol=0.2)
    assert f"{found.bias:.3f}" in text and len(re.findall('opacity="0.15"', text)) == 3


def test_other_pairs_are_refused():
    found = bland_altman([1.0, 2, 4], [1.0, 2, 3])
    with pytest.raises(ValueError, match="expected 3 pairs"):
        agreement_diagram([1.0, 2], [1.0, 2], found, "x")
