"""Habits of the source that a reader feels: length, words for every public name, no odd paths."""

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "corporis"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:work|tmp|root|home|opt|mnt|Users)/[\w.]")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def docstring_lines(tree: ast.AST) -> int:
    """How many lines of a file, class or function are its docstrings and those inside."""
    total = 0
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                total += first.end_lineno - first.lineno + 1
    return total


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) - docstring_lines(tree) <= LONGEST_FILE
    long = {
        node.name: length
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := node.end_lineno - node.lineno + 1 - docstring_lines(node)) > LONGEST_FUNCTION
    }
    assert not long, f"functions above {LONGEST_FUNCTION} lines: {long}"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_public_names_are_explained(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{relative(path)} has no docstring"
    bare = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not bare


@pytest.mark.parametrize(
    "room", [p.parent.relative_to(PACKAGE.parent).as_posix() for p in PACKAGE.rglob("__init__.py")]
)
def test_rooms_list_their_public_names(room):
    module = import_module(room.replace("/", "."))
    assert isinstance(module.__all__, list)
    for name in module.__all__:
        assert hasattr(module, name), f"{room}.__all__ names {name}, which is not there"


def tracked_text_files() -> list[Path]:
    """Files that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    endings = (".py", ".md", ".toml", ".txt", ".html", ".js", ".css", "Makefile", "run", ".csv")
    return [ROOT / line for line in listed.stdout.splitlines() if line.endswith(endings)]


def test_no_path_of_one_machine():
    files = [path for path in tracked_text_files() if path.is_file()]
    assert len(files) > 20
    hits = [
        f"{relative(path)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line) and path != Path(__file__).resolve()
    ]
    assert not hits


def test_every_room_is_mirrored_by_tests():
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.glob("[a-z]*.py"))}
    mirrored = {p.name for p in (ROOT / "tests").iterdir() if any(p.rglob("test_*.py"))}
    assert rooms <= mirrored, f"rooms without tests: {sorted(rooms - mirrored)}"
