"""The diffs of CONTRIBUTING.md work as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "tests/laws", "tests/conftest.py", "changelog.d", "pyproject.toml", "README.md")
USE = """
import numpy as np
import corporis
from corporis.apps.movement import Movement
from corporis.deformables import Modes
from corporis.imaging import Image
from corporis.interfaces import Application, Case, Mesh
from corporis.operators import Shift

random = np.random.default_rng(0)
frames = 0.1 * random.standard_normal((20, 1, 30, 30))
frames[:, :, 10:15, 10:15] += 3 * np.sin(np.arange(20))[:, None, None, None]
case = Case("a", {"cine": Image(frames, ("time", "slice", "row", "column"), np.eye(4))})
assert isinstance(Movement(), Application)
(share,) = Movement()(case).measures
assert abs(share.value - 100 * 25 / 900) < 1e-9, share

body = Modes(Mesh(np.eye(3), np.array([[0, 1, 2]])), random.standard_normal((2, 3, 3)))
q, v = random.standard_normal(2), random.standard_normal(2)
slope = (body.points(q + 1e-6 * v) - body.points(q - 1e-6 * v)) / 2e-6
assert np.allclose(body.tangent(q) @ v, slope, atol=1e-8)
assert np.allclose(body.internal().gradient(q), q)

x, y = random.standard_normal((4, 3)), random.standard_normal((4, 3))
A = Shift((4, 3), steps=2)
assert abs(np.vdot(A @ x, y) - np.vdot(x, A.H @ y)) < 1e-12
print(corporis.__file__)
"""


@pytest.fixture(scope="module")
def patched(tmp_path_factory) -> Path:
    """A copy of the source with all diffs of the page applied."""
    folder = tmp_path_factory.mktemp("patched")
    leave = shutil.ignore_patterns("__pycache__", "*.npz", "*.onnx")
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, folder / name)
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    diffs = re.findall(r"```diff\n(.*?)```", page, flags=re.S)
    assert len(diffs) == 3
    for diff in diffs:
        command = ["git", "apply", "-"]
        run = subprocess.run(command, input=diff, text=True, cwd=folder, capture_output=True)
        assert run.returncode == 0, f"{run.stderr}\nmend the diff in CONTRIBUTING.md:\n{diff}"
    return folder


def in_copy(folder: Path, *arguments: str) -> str:
    """What Python prints when it runs on the copy."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    run = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_what_the_diffs_add_works(patched):
    assert Path(in_copy(patched, "-W", "error", "-c", USE).strip()).is_relative_to(patched)


def test_what_the_diffs_add_obeys_the_laws(patched):
    added = ["tests/laws", "src/corporis/operators/shift.py", "src/corporis/deformables/modes.py"]
    chosen = "Shift or Modes or shift or (enrolled and (operators or deformables))"
    out = in_copy(patched, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", chosen, *added)
    passed = [line for line in out.splitlines() if "PASSED" in line]
    assert any("operators.Shift" in line for line in passed)
    assert any("deformables.Modes" in line for line in passed)
    assert len([line for line in passed if "enrolled" in line]) == 2


def test_what_the_diffs_add_is_in_style(patched):
    files = [str(p) for p in patched.rglob("*.py") if p.name in ("shift.py", "modes.py")]
    files += [str(p) for p in (patched / "src/corporis/apps/movement").iterdir()]
    assert len(files) == 3
    in_copy(patched, "-m", "ruff", "check", *files)
    in_copy(patched, "-m", "ruff", "format", "--check", *files)
