"""The XML header of an ISMRMRD file: technical facts, parsed safely, nobody named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from corporis.errors import Unreadable
from corporis.imaging.guard import one_line, parsing, shown

LONGEST = 2**22
DEEPEST = 64
IN_PIXELS = "corporis_length_unit"
"""Name of a user parameter: the format wants lengths, and some scans have none."""

NUMBERS = {
    "acquisitionSystemInformation/systemFieldStrength_T": "field_strength_t",
    "experimentalConditions/H1resonanceFrequency_Hz": "frequency_hz",
    "sequenceParameters/TR": "tr_ms",
    "sequenceParameters/TE": "te_ms",
    "sequenceParameters/TI": "ti_ms",
    "sequenceParameters/flipAngle_deg": "flip_angle_deg",
    "sequenceParameters/echo_spacing": "echo_spacing_ms",
}


@dataclass(frozen=True)
class Space:
    """A matrix and its extent, each (x, y, z): x along the readout."""

    matrix: tuple[int, int, int]
    extent_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Header:
    """What the XML header says of the first encoding.

    Parameters
    ----------
    encoded, wanted : Space
        As measured, and as the scanner was asked to reconstruct.
    trajectory : str
        ``cartesian``, ``radial``, ``spiral``, ...
    centres : mapping of str to int
        Index of frequency 0 of ``kspace_encoding_step_1`` and ``_2``.
    facts : mapping
        Field strength, times of the sequence, acceleration, calibration mode.
    """

    encoded: Space
    wanted: Space
    trajectory: str
    centres: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def parse_header(text: str | bytes, path: Path) -> Header:
    """The header of an ISMRMRD file.

    Parameters
    ----------
    text : str or bytes
        At most `LONGEST` bytes of UTF-8.
    path : Path
        For error lines.

    Raises
    ------
    Unreadable
        If it is not well-formed, nested deeper than `DEEPEST`, declares a document type or
        entities, or lacks the encoded matrix.
    """
    with parsing(path, "an ISMRMRD header in XML"):
        root = _tree(text, path)
        encoding = root.find("encoding")
        if root.tag != "ismrmrdHeader" or encoding is None:
            raise ValueError(f"no encoding in <{one_line(root.tag, 40)}>")
        encoded = _space(encoding, "encodedSpace")
        wanted = _space(encoding, "reconSpace") if _has(encoding, "reconSpace") else encoded
        centres = {}
        for step in ("kspace_encoding_step_1", "kspace_encoding_step_2"):
            word = encoding.findtext(f"encodingLimits/{step}/center")
            if word is not None:
                centres[step] = int(word)
        kind = one_line(encoding.findtext("trajectory") or "cartesian", 30).lower()
        return Header(encoded, wanted, kind, centres, _facts(root, encoding))


class _Shallow(ElementTree.TreeBuilder):
    """Refuses what only an attack needs; names lose their namespace."""

    depth = 0

    def start(self, tag, attrs):
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"nested deeper than {DEEPEST}")
        return super().start(tag.rsplit("}", 1)[-1], attrs)

    def end(self, tag):
        self.depth -= 1
        return super().end(tag.rsplit("}", 1)[-1])

    def doctype(self, name, public, system):
        raise ValueError("a document type is declared")


def _tree(text, path):
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} bytes, more than {LONGEST}")
    # as a string the text's own claim of an encoding, in which a declaration could hide, is void
    text = text.decode("utf-8") if isinstance(text, bytes) else text
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable(
            f"{shown(path)}: expected a plain XML header, got one that declares entities or a "
            "document type, which are never expanded: write the header without them"
        )
    parser = ElementTree.XMLParser(target=_Shallow())
    parser.feed(text.rstrip("\0 \n"))
    return parser.close()


def _has(element, name):
    return element.find(name) is not None


def _space(encoding, name):
    def numbers(group, kind):
        words = [encoding.findtext(f"{name}/{group}/{axis}") for axis in "xyz"]
        if None in words:
            raise ValueError(f"no {group} of {name}")
        return tuple(kind(word) for word in words)

    matrix = numbers("matrixSize", int)
    if not all(1 <= n < 2**16 for n in matrix):
        raise ValueError(f"{name} has the matrix {matrix}, expected 1 to 65535")
    extent = numbers("fieldOfView_mm", float) if _has(encoding, f"{name}/fieldOfView_mm") else ()
    known = len(extent) == 3 and all(isfinite(v) and 0 <= v < 1e5 for v in extent)
    return Space(matrix, extent if known else (0.0, 0.0, 0.0))


def _facts(root, encoding):
    facts: dict[str, Any] = {}
    for place, name in NUMBERS.items():
        values = [_number(e.text) for e in root.findall(place)]
        values = [v for v in values if v is not None and v > 0]
        if values:
            facts[name] = values[0] if len(set(values)) == 1 else tuple(values)
    factor = "parallelImaging/accelerationFactor/kspace_encoding_step_"
    steps = [_number(encoding.findtext(factor + n)) for n in "12"]
    if any(v is not None and v > 1 for v in steps):
        facts["acceleration"] = tuple(v or 1.0 for v in steps)
    mode = encoding.findtext("parallelImaging/calibrationMode")
    if mode:
        facts["calibration_mode"] = one_line(mode, 30)
    for parameter in root.findall("userParameters/userParameterString"):
        if parameter.findtext("name") == IN_PIXELS:
            facts["in_pixels"] = parameter.findtext("value") == "pixel"
    return facts


def _number(word):
    try:
        value = float(word)
    except (TypeError, ValueError):
        return None
    return value if isfinite(value) else None
