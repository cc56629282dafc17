"""The order of the rooms, read off the source."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("architecture", ROOT / "docs/make_architecture.py")
architecture = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(architecture)

HEIGHT = {room: i for i, level in enumerate(architecture.LEVELS) for room in level}
IMPORTS = [
    (name, target)
    for name, path in architecture.modules().items()
    for target in architecture.imports(path)
]


def allowed(source: str, target: str) -> bool:
    """Whether a module of the first name may import one of the second."""
    here, there = source.split("."), target.split(".")
    if here[0] == there[0]:
        # one room is open within itself, but an application is a room of its own
        return here[0] != "apps" or len(there) < 2 or here[1:2] == there[1:2]
    if there[0] == architecture.BESIDE:
        return HEIGHT[here[0]] >= HEIGHT["apps"]
    if here[0] == architecture.BESIDE:
        return there[0] in architecture.NOUNS
    return HEIGHT[there[0]] < HEIGHT[here[0]]


def test_imports_point_down():
    assert len(IMPORTS) > 50
    upward = sorted({f"{a} imports {b}" for a, b in IMPORTS if not allowed(a, b)})
    assert not upward


def test_the_rule_itself_refuses():
    assert allowed("solvers.run", "operators")
    assert allowed("apps.heart_shape.body", "apps.heart_shape.polar")
    assert allowed("apps.heart_shape.body", "imaging.image")
    assert not allowed("operators.matrix", "solvers.run")
    assert not allowed("learning.networks", "deformables")
    assert not allowed("shapes.mesh", "imaging")
    assert not allowed("imaging.image", "operators")
    assert not allowed("apps.diagnosis", "apps.heart_shape")
    assert not allowed("cohorts.heart", "workstation.page")


def test_interfaces_and_errors_import_nothing_of_ours():
    assert not [(a, b) for a, b in IMPORTS if a in ("interfaces", "errors")]


def test_every_room_of_the_source_has_a_place():
    rooms = {name.split(".")[0] for name in architecture.modules()}
    assert rooms <= {*HEIGHT, architecture.BESIDE}


def test_architecture_page_says_what_the_imports_say():
    assert architecture.PAGE.read_text(encoding="utf-8") == architecture.page(), (
        "docs/architecture.md is not what the imports say: run python docs/make_architecture.py"
    )


@pytest.mark.parametrize("name", sorted(architecture.applications()))
def test_an_application_composes_rooms(name):
    used = [room for room, n in architecture.applications()[name].items() if n]
    assert len(used) >= 2, f"{name} uses {used}: move mathematics down into the rooms"
