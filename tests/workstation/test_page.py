"""The page as text: complete in itself, escaped, and right for odd inputs."""

import json
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from corporis.errors import OutputError
from corporis.interfaces import Measure, Mesh
from corporis.workstation import (
    BullsEye,
    Camera,
    Conclusion,
    Curve,
    Finding,
    Look,
    View,
    render_heart_page,
    write_heart_page,
)
from workstation.synthetic import heart_meshes, heart_page, heart_views

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&amp;\'"'
VOID = {"meta", "link", "img", "input", "br"}
SHAPES = {"path", "circle", "line", "polygon"}


class Reader(HTMLParser):
    """Collects elements, and checks that they are properly nested."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.words = [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def of_class(self, name):
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]


@pytest.fixture(scope="module")
def full():
    return render_heart_page(heart_page())


def embedded(text):
    return json.loads(re.search(r'id="study">(.*?)</script>', text, re.S)[1])


def test_page_is_self_contained(full):
    reader = Reader(full)
    for tag, attributes in reader.elements:
        for name in ("src", "href", "srcset", "data", "action"):
            address = attributes.get(name) or ""
            if tag == "a" and address.startswith("https://doi.org/"):
                continue
            assert address.startswith(("data:", "#")) or not address, (tag, name, address)
    assert "@import" not in full and "url(" not in full
    assert all(script.get("src") is None for script in reader.all("script"))
    policy = reader.all("meta")[1]["content"]
    assert "default-src 'none'" in policy and "unsafe-inline'; script" in policy
    script_rule = policy.split("script-src")[1].split(";")[0]
    assert "unsafe" not in script_rule and script_rule.count("sha256-") == 4


def test_every_outside_text_is_escaped():
    mesh = heart_meshes(3)["left_endocardium"]
    view = heart_views(2, 3, n_long=0)[1]
    view = View(HOSTILE, view.frames, {HOSTILE: view.contours["left endocardium"]}, 1.0, HOSTILE)
    page = heart_page(
        n_frames=3,
        case_name=HOSTILE,
        conclusion=Conclusion(HOSTILE),
        measures=[Measure(HOSTILE, 1.0, HOSTILE, note=HOSTILE)],
        views=[view],
        meshes={HOSTILE: mesh},
        looks={},
        curves=[Curve(HOSTILE, HOSTILE, np.ones(3))],
        bullseyes=[BullsEye(HOSTILE, HOSTILE, np.arange(17.0))],
        findings=[Finding(HOSTILE, reference=HOSTILE, value=1.0, normal=(0.0, 2.0), unit=HOSTILE)],
        probabilities={HOSTILE: 0.5},
        methods=[HOSTILE],
        references=[HOSTILE],
        warnings=[HOSTILE],
        provenance={HOSTILE: HOSTILE, "deep": {HOSTILE: [HOSTILE]}},
        date=HOSTILE,
    )
    text = render_heart_page(page)
    assert "<script>alert" not in text and "<img src=x" not in text
    reader = Reader(text)
    assert len(reader.all("script")) == 5
    assert all(not name.startswith("on") for _, a in reader.elements for name in a)
    assert all("src" in a and a["src"].startswith("data:") for a in reader.all("img"))
    assert embedded(text)["player"]["outlines"][0]["name"] == HOSTILE


def test_key_numbers_units_and_intervals(full):
    words = " ".join(Reader(full).words)
    shown = ("virtual-7", "2026-01-31", "Abnormal", "88 %", "101", "ml", "97.0 to 106")
    said = ("not measured", "the apex was not seen", "not a medical device", "85 %")
    assert [word for word in shown + said if word not in words] == []


def test_page_says_what_it_shows_to_who_cannot_see_it(full):
    reader = Reader(full)
    assert reader.all("html")[0]["lang"] == "en"
    assert all(image.get("alt") for image in reader.all("img"))
    assert all(drawing.get("aria-label") for drawing in reader.all("svg"))
    for button in reader.all("button"):
        assert button.get("aria-label"), button
    labels = [s["aria-label"] for s in reader.all("svg") if "bullseye" in s["class"]]
    assert "Segment 2: 15.0 %, drove the judgement" in labels[0]
    assert "Segment 17: not measured" in labels[0]


def test_unnumbered_segments_are_said_and_not_outlined():
    figure = BullsEye("Wall thickness", "mm", np.full(17, 8.0), {3}, is_numbered=False)
    text = render_heart_page(heart_page(bullseyes=[figure]))
    reader = Reader(text)
    assert not reader.of_class("mark") and not reader.of_class("wall")
    assert "insertion of the right ventricle was not seen" in text
    assert "Segment 3" not in text


def test_all_segments_unknown():
    figure = BullsEye("Wall thickness", "mm", np.full(17, np.nan))
    text = render_heart_page(heart_page(bullseyes=[figure]))
    drawing = text[text.index('<svg class="bullseye"') :].split("</svg>")[0]
    assert "A dash marks a segment" in text and "nan" not in drawing.lower()
    assert drawing.count("#e6eaee") == 17


def test_single_frame_has_no_player_and_no_curve():
    text = render_heart_page(heart_page(n_frames=1))
    reader = Reader(text)
    assert not reader.of_class("transport") and not reader.of_class("curve")
    assert "One frame: nothing moves." in text
    assert len(reader.of_class("tile")) == 5


def test_no_long_axis_no_surfaces_no_findings():
    page = heart_page(n_long=0, meshes={}, findings=[], probabilities={}, bullseyes=[], curves=[],
                      references=[], methods=[], provenance={}, warnings=[])  # fmt: skip
    text = render_heart_page(page)
    reader = Reader(text)
    assert "Long axis" not in text and not reader.of_class("viewer")
    assert {a["href"] for a in reader.all("a")} == {"#images", "#measures"}
    assert "scene" not in embedded(text)


def test_pixels_instead_of_millimetres():
    moving = {k: Mesh(m.points, m.cells, {}, None, "pixel") for k, m in heart_meshes(4).items()}
    views = [View(v.name, v.frames, v.contours, None) for v in heart_views(3, 4)]
    page = heart_page(
        n_frames=4,
        views=views,
        meshes=moving,
        camera=Camera(is_anatomical=False),
        times_ms=None,
        warnings=["No pixel spacing: volumes are in pixels."],
        measures=[Measure("end-diastolic volume", 15480.0, "px^3")],
        curves=[Curve("left ventricle", "px^3", np.array([4.0, 3.0, 2.0, 3.0]))],
    )
    text = render_heart_page(page)
    reader, data = Reader(text), embedded(text)
    assert "15\u202f480" in text and "px³" in text and "No pixel spacing" in text
    assert "Phase, % of the cycle" in text
    assert all(view["mm"] is None for view in data["player"]["views"])
    assert data["clock"]["times"] is None
    assert not reader.of_class("direction")


def test_page_of_a_whole_study_stays_small():
    generator = np.random.default_rng(0)
    # Pure noise without outlines: nothing to crop, nothing to compress.
    views = [View(f"{s}", generator.random((25, 256, 256), dtype=np.float32)) for s in range(10)]
    noisy = len(render_heart_page(heart_page(n_frames=25, views=views)))
    usual = len(render_heart_page(heart_page(10, 25, 3)))
    assert noisy < 12e6 and usual < 4e6


def test_written_file_is_the_page_and_nothing_else(tmp_path):
    page = heart_page(1, 2, 0, meshes={})
    path = write_heart_page(page, tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == render_heart_page(page)
    assert os.listdir(tmp_path) == ["report.html"]


def test_unwritable_output_is_one_clear_line(tmp_path):
    target = tmp_path / "report.html"
    target.mkdir()
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "file" / "report.html", target):
        with pytest.raises(OutputError, match=r"report.html cannot be written .*: choose"):
            write_heart_page(heart_page(1, 1, 0, meshes={}), path)
    assert sorted(os.listdir(tmp_path)) == ["file", "report.html"]


def test_rendering_twice_gives_the_same_bytes():
    assert render_heart_page(heart_page(2, 3)) == render_heart_page(heart_page(2, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: View("a", np.zeros((4, 4))), "must be (n_frames, rows, columns)"),
        (lambda: View("a", np.zeros((2, 4, 4)), {"b": [[]]}), "one list per frame (2), got 1"),
        (lambda: View("a", np.zeros((1, 4, 4)), {}, 0.0), "must be > 0 or None"),
        (lambda: BullsEye("a", "mm", np.zeros(16)), "must be (17,)"),
        (lambda: BullsEye("a", "mm", np.zeros(17), {0}), "must be 1 to 17"),
        (lambda: Conclusion("a", "fine"), "verdict must be one of"),
        (lambda: Conclusion("a", "normal", 1.2), "probability must be in 0..1"),
        (lambda: Finding("a", "up"), "direction must be one of"),
        (lambda: Finding("a", normal=(2.0, 1.0)), "must be increasing"),
        (lambda: Curve("a", "ml", np.zeros(3), np.zeros(3)), "both low and high"),
        (lambda: Curve("a", "ml", np.zeros(3), np.zeros(2), np.zeros(3)), "shape (3,), got (2,)"),
        (lambda: Look("red"), "must be #rrggbb"),
        (lambda: Look("#ff0000", 0.0), "opacity must be in (0, 1]"),
        (lambda: Camera((0, 0, 1), (0, 0, 2)), "must not be parallel"),
        (lambda: heart_page(times_ms=np.arange(3)), "times_ms must have shape (12,)"),
        (lambda: heart_page(times_ms=np.zeros(12)), "times_ms must increase"),
        (lambda: heart_page(es_index=12), "frame 12 is not one of 12"),
        (lambda: heart_page(meshes=heart_meshes(5)), "must be still or have 12 frames"),
        (lambda: heart_page(curves=[Curve("a", "ml", np.ones(2))]), "must have 12 values"),
        (lambda: heart_page(headline=["age"]), "headline names no measure: ['age']"),
        (lambda: heart_page(probabilities={"a": 2.0}), "must be in 0..1"),
    ],
)  # fmt: skip
def test_wrong_descriptions_are_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
