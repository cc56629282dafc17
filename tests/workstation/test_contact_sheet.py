"""The sheet shows all that was found, hides what is asked to be hidden, and runs nothing."""

import re

from corporis.workstation.contact_sheet import (
    Card,
    ContactSheet,
    render_contact_sheet,
    write_contact_sheet,
)

CARDS = (
    Card("case-1", "benign", b"one", 3.2, {"organ": "colon"}, ("mucin high in both",)),
    Card("case-2", "malignant <b>", b"two", 9.0, differing=("nuclei: dark depth higher",)),
)


def sheet(**given):
    known = {"probabilities": {"benign": 0.9, "malignant": 0.1}, "methods": ["So it was done."]}
    return ContactSheet("q", "They vote for benign.", b"query", CARDS, **{**known, **given})


def outside_details(text):
    return re.sub(r"<details.*?</details>", "", text, flags=re.S)


def test_cases_reasons_and_votes_show():
    text = render_contact_sheet(sheet())
    for words in ("Benign", "case-1", "3.2 bits apart", "mucin high in both", "Organ: colon",
                  "nuclei: dark depth higher", "90 %", "They vote for benign.",
                  "For research use only", "So it was done."):  # fmt: skip
        assert words in text
    assert text.count("data:image/jpeg;base64,") == 3
    assert "malignant <b>" not in text and "<script>" not in text


def test_hidden_labels_show_only_when_asked_for():
    text = outside_details(render_contact_sheet(sheet(hides_labels=True)))
    for words in ("enign", "alignant", "case-1", "colon", "vote for"):
        assert words not in text
    assert "3.2 bits apart" in text and "mucin high in both" in text
    assert render_contact_sheet(sheet(hides_labels=True)).count("Show the diagnosis") == 2


def test_examples_have_no_region_and_no_distance():
    examples = ContactSheet("Examples", "2 of 9.", b"", (Card("a", "grade 3", b"x"),))
    text = render_contact_sheet(examples)
    assert "bits apart" not in text and 'id="region"' not in text and "Grade 3" in text


def test_the_unknown_looks_so():
    assert "conclusion unknown" in render_contact_sheet(sheet(is_alike=False))
    assert "conclusion uncertain" in render_contact_sheet(sheet())


def test_written_whole(tmp_path):
    path = write_contact_sheet(sheet(), tmp_path / "report.html")
    assert path.read_text().endswith("</html>\n")
