"""The pages a newcomer reads: links lead somewhere, code compiles, fragments are named rightly."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")])
BUILT = ("gallery/", "_build/")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    local = [t for t in targets if "://" not in t and not any(part in t for part in BUILT)]
    missing = [t for t in local if not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_on_pages_compiles(page):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S)
    for block in blocks:
        compile(block, name(page), "exec")


def test_the_readme_example_runs(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == ["[", "2.5", "0.", "-1.", "]", "tolerance"]


def test_fragments_are_named_by_topic_and_kind():
    fragments = [p for p in (ROOT / "changelog.d").iterdir() if p.name != "README.md"]
    assert all(
        re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md", path.name)
        and path.read_text(encoding="utf-8").strip()
        for path in fragments
    )


def test_every_apt_package_of_ci_is_in_the_readme():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^packages=\((.*)\)$", script, flags=re.M)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [p for p in listed.split() if f"`{p}`" not in readme] == []


def test_the_licence_is_apache():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
