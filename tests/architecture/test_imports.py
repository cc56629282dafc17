"""Starting must be quick, and the core must do without what only some users install."""

import resource
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

import corporis

SOURCE = Path(corporis.__file__).parent
HEAVY = ("torch", "pydicom", "onnxruntime", "sklearn", "matplotlib", "numba", "scipy", "skimage")
MATHEMATICS = "operators functionals solvers shapes deformables flows learning".split()


def seconds(*command: str) -> float:
    """Processor time of the quickest of five runs: the machine may be busy with other things."""
    best = float("inf")
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def loaded(statement: str) -> set[str]:
    """The top-level packages in memory after a statement in a fresh process."""
    code = f"{statement}\nimport sys; print(*{{m.split('.')[0] for m in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_import_is_quick():
    assert seconds("-c", "import corporis") < 0.2


def test_help_is_quick():
    assert seconds("-m", "corporis", "--help") < 0.5


@pytest.mark.parametrize("statement", ["import corporis", "import corporis.cli"])
def test_import_loads_nothing_heavy(statement):
    assert not loaded(statement).intersection(HEAVY)


@pytest.mark.parametrize("room", [*MATHEMATICS, "imaging", "phantoms", "apps", "cohorts"])
def test_no_room_needs_torch(room):
    assert "torch" not in loaded(f"import corporis.{room}")


def test_every_lazy_name_resolves():
    for name in corporis.__all__:
        assert getattr(corporis, name) is not None
    assert set(corporis.__all__) <= set(dir(corporis))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        corporis.nothing  # noqa: B018


LAZY = sorted(
    ".".join(path.parent.relative_to(SOURCE.parent).parts) for path in SOURCE.rglob("__init__.pyi")
)


@pytest.mark.parametrize("room", LAZY)
def test_every_name_of_a_stub_is_loaded_when_asked_for(room):
    code = (
        f"import {room} as room, sys\n"
        "before = {m for m in sys.modules if m.startswith(room.__name__ + '.')}\n"
        "for name in room.__all__:\n"
        "    value = getattr(room, name)\n"
        "    assert not hasattr(value, '__path__') and type(value).__name__ != 'module', name\n"
        "    assert name in dir(room)\n"
        "print(len(before), len(room.__all__))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    n_before, n_names = map(int, run.stdout.split())
    assert n_before == 0 and n_names > 0


@pytest.mark.parametrize("organ", ["chest", "hippocampus", "ct"])
def test_outlining_an_organ_starts_without_what_starts_slowly(organ):
    statement = f"from corporis.commands.organs import outlining; outlining({organ!r}, False)"
    assert not loaded(statement).intersection(
        {"sklearn", "numba", "nibabel", "pydicom", "skimage", "onnxruntime", "pywt", "rich"}
    )


def test_a_plain_install_brings_no_torch():
    plain = [line for line in requires("corporis") if "extra ==" not in line]
    assert len(plain) > 15
    assert not [line for line in plain if line.startswith(("torch", "onnxscript", "pyvista"))]
