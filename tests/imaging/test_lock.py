"""One process at a time, and none is kept waiting by one that was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from corporis.errors import OutputError
from corporis.imaging.lock import only_one

HOLDS = (
    "import sys, time\n"
    "from corporis.imaging.lock import only_one\n"
    "with only_one(sys.argv[1], 'reviewing'):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(600)\n"
)


@pytest.fixture
def other(tmp_path):
    source = str(Path(__file__).resolve().parents[2] / "src")
    run = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": source},
    )
    assert run.stdout.readline() == b"held\n"
    yield run
    run.kill()
    run.communicate()


def test_a_second_process_is_told_so_and_a_killed_one_holds_nothing(other, tmp_path):
    for _ in range(2):
        with pytest.raises(OutputError, match="another process is reviewing it: wait"):
            with only_one(tmp_path / "out", "reviewing"):
                pass
    with only_one(tmp_path / "else", "reviewing"):
        pass
    other.send_signal(signal.SIGKILL)
    other.wait()
    with only_one(tmp_path / "out", "reviewing"):
        assert (tmp_path / ".out.lock").is_file()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_goes_with_an_error_too(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), only_one(tmp_path / "out", "reviewing"):
            raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made_and_go_when_nothing_came_of_it(tmp_path):
    with only_one(tmp_path / "a" / "b" / "out", "reviewing"):
        assert (tmp_path / "a" / "b").is_dir()
    assert list(tmp_path.iterdir()) == []
    with only_one(tmp_path / "a" / "b" / "out", "reviewing"):
        (tmp_path / "a" / "kept").write_text("here")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["kept"]
    with pytest.raises(OutputError, match="cannot be locked"):
        with only_one(tmp_path / "a" / "kept" / "out", "reviewing"):
            pass
