"""Write ``architecture.md`` from the imports: ``python docs/make_architecture.py``.

The tables say what is, not what was meant: they are read off the source with `ast`, and a test
fails when the page and the source disagree.
"""

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "corporis"
PAGE = Path(__file__).resolve().parent / "architecture.md"

# from the ground up; rooms in one row do not import each other
LEVELS = (
    ("interfaces", "arrays", "errors", "estimators"),
    ("laws",),
    ("operators",),
    ("functionals",),
    ("solvers",),
    ("shapes",),
    ("deformables", "flows", "learning"),
    ("apps", "phantoms"),
    ("cohorts",),
    ("workstation",),
    ("options",),
    ("terminal",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
MATHEMATICS = (
    "operators",
    "functionals",
    "solvers",
    "shapes",
    "deformables",
    "flows",
    "learning",
)
BESIDE = "imaging"
NOUNS = ("interfaces", "arrays", "errors", "estimators")

HEAD = """\
# Architecture

Two sentences: **mathematics does not know about files; applications do not know about each
other.** Imports point down only, and `imaging` stands beside the mathematics: it knows the nouns
alone, and the seven mathematical rooms never use it.

```text
{picture}
```

This page is written by `python docs/make_architecture.py` from the imports themselves.

## Rooms

| room | what it is | imports |
|---|---|---|
{rooms}

## Applications by room

How often an application's files import a mathematical room. An application that uses fewer than
two of them is a sign that the framework is not general there.

| application | {header} | rooms used |
|---|{rule}|---|
{applications}
"""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name, without the package's own name."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts:
            found[".".join(parts)] = path
    return found


def imports(path: Path) -> list[str]:
    """What a file imports from this package, at the top or inside functions, dotted."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            raise ValueError(f"{path.name}:{node.lineno}: relative import, write it in full")
        if isinstance(node, ast.ImportFrom) and node.module == "corporis":
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module.removeprefix("corporis.") if _ours(node.module) else "")
        elif isinstance(node, ast.Import):
            found += [a.name.removeprefix("corporis.") for a in node.names if _ours(a.name)]
    return [name for name in found if name and not name.startswith("__")]


def _ours(module):
    return module.startswith("corporis.")


def rooms() -> dict[str, dict[str, int]]:
    """For each room, how often its files import which other room."""
    table: dict[str, dict[str, int]] = {}
    for name, path in modules().items():
        room = name.split(".")[0]
        row = table.setdefault(room, {})
        for target in (found.split(".")[0] for found in imports(path)):
            if target != room:
                row[target] = row.get(target, 0) + 1
    return table


def applications() -> dict[str, dict[str, int]]:
    """For each application, how often its files import which mathematical room."""
    table: dict[str, dict[str, int]] = {}
    for name, path in modules().items():
        parts = name.split(".")
        if parts[0] != "apps" or len(parts) < 2:
            continue
        row = table.setdefault(parts[1], dict.fromkeys(MATHEMATICS, 0))
        for target in (found.split(".")[0] for found in imports(path)):
            if target in row:
                row[target] += 1
    return table


def page() -> str:
    """The whole page."""
    order = [room for level in LEVELS for room in level]
    order.insert(order.index("apps"), BESIDE)
    table = rooms()
    unknown = set(table) - set(order)
    if unknown:
        raise ValueError(f"rooms without a place in the order: {sorted(unknown)}")
    lines = [
        f"| `{room}` | {_summary(room)} | {', '.join(sorted(table[room])) or 'nothing'} |"
        for room in reversed(order)
        if room in table
    ]
    counts = [
        f"| `{name}` | {' | '.join(str(n or '') for n in row.values())} "
        f"| {sum(n > 0 for n in row.values())} |"
        for name, row in sorted(applications().items())
    ]
    picture = "\n  >  ".join(" | ".join(level) for level in reversed(LEVELS[:-1]))
    return HEAD.format(
        picture=picture,
        rooms="\n".join(lines),
        header=" | ".join(MATHEMATICS),
        rule="|".join("---" for _ in MATHEMATICS),
        applications="\n".join(counts),
    )


def _summary(room):
    path = SOURCE / room / "__init__.py"
    path = path if (SOURCE / room).is_dir() else SOURCE / f"{room}.py"
    if not path.exists():
        raise ValueError(f"the room {room} needs an __init__.py with a docstring")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split()).rstrip(":")
    return first.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
