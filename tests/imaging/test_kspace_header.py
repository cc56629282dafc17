"""The XML header: facts, and attacks refused."""

from pathlib import Path

import pytest

from corporis.errors import Unreadable
from corporis.imaging.kspace_header import parse_header
from imaging.kspace_files import xml

PATH = Path("scan.h5")


def test_facts():
    more = (
        "<acquisitionSystemInformation><systemFieldStrength_T>2.89</systemFieldStrength_T>"
        "</acquisitionSystemInformation><sequenceParameters><TR>9</TR><TE>2</TE><TE>4</TE>"
        "<flipAngle_deg>many</flipAngle_deg></sequenceParameters>"
    )
    header = parse_header(xml(more=more, centre=2), PATH)
    assert header.encoded.matrix == (8, 6, 1)
    assert header.encoded.extent_mm == (160, 120, 5)
    assert header.trajectory == "cartesian"
    assert header.centres == {"kspace_encoding_step_1": 2}
    assert header.facts == {
        "field_strength_t": 2.89,
        "frequency_hz": 63870000.0,
        "tr_ms": 9.0,
        "te_ms": (2.0, 4.0),
    }
    assert parse_header(xml().encode() + b"\n\0", PATH).encoded == header.encoded


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (xml().replace("<ismrmrdHeader", ENTITIES + "<ismrmrdHeader"), "never expanded"),
        (
            xml().replace(
                "<ismrmrdHeader", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><ismrmrdHeader'
            ),
            "never expanded",
        ),
        (xml().replace("1.0", '1.0" encoding="utf-16').encode("utf-16"), "cannot be parsed"),
        ("<a>" * 100 + "</a>" * 100, "nested deeper than 64"),
        ("<a>" * 2**21 + "</a>", "more than"),
        (xml()[:-30], "cannot be parsed"),
        ("", "cannot be parsed"),
        (b"\xff\xfe\x00", "cannot be parsed"),
        ("<ismrmrdHeader/>", "no encoding"),
        ("<other><encoding/></other>", "no encoding in <other>"),
        (xml().replace("<z>1</z>", ""), "no matrixSize of encodedSpace"),
        (xml().replace("<x>8</x>", "<x>eight</x>"), "cannot be parsed"),
        (xml(encoded=(8, -6, 1)), "1 to 65535"),
        (xml(centre="middle"), "cannot be parsed"),
    ],
)
def test_bad_headers(text, words):
    with pytest.raises(Unreadable, match=words) as caught:
        parse_header(text, PATH)
    assert str(caught.value).startswith("scan.h5: expected")
    assert "\n" not in str(caught.value)


def test_an_unknown_extent_is_unknown():
    header = parse_header(xml(extent=("nan", 120, 5)), PATH)
    assert header.encoded.extent_mm == (0, 0, 0)
