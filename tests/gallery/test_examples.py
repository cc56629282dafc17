"""The gallery is a regression test: each script runs, and checks a number."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))


def test_there_is_a_gallery():
    assert len(SCRIPTS) >= 3


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example_is_named_and_checks_a_number(script):
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", script.stem), "<problem>_<prior>_<solver>.py"
    tree = ast.parse(script.read_text(encoding="utf-8"))
    checks = [node for node in tree.body if isinstance(node, ast.Assert)]
    assert any(isinstance(node.test, ast.Compare) for node in checks)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example_runs(script, tmp_path):
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.iterdir()), "an example leaves no files"
