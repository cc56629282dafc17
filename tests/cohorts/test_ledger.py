"""A ledger: steps on record, taken whole or not at all, whenever the process is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from corporis.cohorts.digests import file_digests
from corporis.cohorts.ledger import JOURNAL, LOCK, STEPS, Ledger
from corporis.errors import BadInput, OutputError, Unreadable

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from corporis.cohorts import ledger

def dying(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def half(self, line):
    with (self.folder / ledger.JOURNAL).open("ab") as stream:
        stream.write(b'{"kind": "step", "st')
        stream.flush()
    dying()

moment = sys.argv[2]
if moment == "before the files are in place":
    os.replace = dying
elif moment == "before the line":
    ledger.Ledger._append = dying
elif moment == "within the line":
    ledger.Ledger._append = half
elif moment == "after the line":
    whole = ledger.Ledger._append
    ledger.Ledger._append = lambda self, line: (whole(self, line), dying())

def write(folder):
    (folder / "a.txt").write_text("new")
    if moment == "among the files":
        dying()
    (folder / "b.txt").write_text("new")

book = ledger.Ledger(Path(sys.argv[1]))
with book.lock():
    book.add(write, {}, who="b")
"""


def step(text):
    def write(folder):
        (folder / "a.txt").write_text(text)
        (folder / "b.txt").write_text(text)

    return write


@pytest.fixture
def book(tmp_path):
    (tmp_path / "a.txt").write_text("founding")
    found = Ledger(tmp_path)
    with found.lock():
        found.add(step("old"), {"n": 3}, who="a")
    return found


def test_steps_are_on_record_and_come_undone(book):
    with book.lock():
        assert book.add(step("new"), {}, who=" b\n") == 2
        assert (book.current() / "b.txt").read_text() == "new"
        assert book.undo("c") == 2 and (book.current() / "b.txt").read_text() == "old"
        assert book.add(step("other"), {}, who="b") == 3  # numbers are never given again
        assert book.undo() == 3 and book.undo() == 1
        assert (book.current() / "a.txt").read_text() == "founding"
        with pytest.raises(BadInput, match="nothing to undo"):
            book.undo()
    lines = book.lines()
    assert [(line["kind"], line["step"]) for line in lines] == [
        ("step", 1), ("step", 2), ("undo", 2), ("step", 3), ("undo", 3), ("undo", 1)
    ]  # fmt: skip
    assert [line["who"] for line in lines[:3]] == ["a", "b", "c"] and lines[0]["n"] == 3
    assert all(line["when"].endswith("+00:00") for line in lines)


@pytest.mark.parametrize(
    "moment",
    ["among the files", "before the files are in place", "before the line", "within the line",
     "after the line"],
)  # fmt: skip
def test_a_killed_process_leaves_the_old_or_the_new(book, moment):
    words = [sys.executable, "-c", KILLED, str(book.folder), moment]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    assert subprocess.run(words, env=environment).returncode == -signal.SIGKILL
    expected = "new" if moment == "after the line" else "old"
    assert {(book.current() / name).read_text() for name in ("a.txt", "b.txt")} == {expected}
    with book.lock():  # the lock died too, and the next step goes through
        number = book.add(step("next"), {}, who="a")
    assert number == (3 if expected == "new" else 2)
    assert (book.current() / "b.txt").read_text() == "next"
    assert len(book.lines()) == number
    assert not list((book.folder / STEPS).glob("*.partial"))


def test_two_processes_do_not_meet(book):
    with book.lock():
        words = [sys.executable, "-c", KILLED, str(book.folder), ""]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        other = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert other.returncode == 1 and "another process is learning here" in other.stderr
    assert len(book.lines()) == 1


def test_what_fails_leaves_nothing(book):
    def failing(folder):
        (folder / "a.txt").write_text("new")
        raise ValueError("no")

    with book.lock(), pytest.raises(ValueError, match="no"):
        book.add(failing, {})
    assert os.listdir(book.folder / STEPS) == ["0001"] and len(book.lines()) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "expected one of step"),
        ("{}", "expected one of step"),
        ('{"kind": "burn", "step": 1}', "expected one of step"),
        ('{"kind": "step", "step": 0}', "no number of a step: 0"),
        ('{"kind": "undo", "step": "1"}', "no number of a step: 1"),
        ('{"kind": "step", "step": 1}', "does not say who"),
        ('{"kind": "step", "step": 1, "who": "a"}', "does not say when"),
        ('{"kind": "refused", "who": "a", "when": "soon"}', "does not say when"),
        ('{"kind": "refused", "who": "a", "when": "2026-01-01", "cases": [{}]}', "cases are none"),
        ("\x00", "Expecting value"),
    ],
)
def test_a_damaged_record_is_one_line(book, text, why):
    with (book.folder / JOURNAL).open("a") as stream:
        stream.write(text + "\n")
    with pytest.raises(Unreadable, match=f"line 2 is no step that was recorded here .*{why}"):
        book.steps()


def test_what_was_refused_is_on_record_and_no_step(book):
    with book.lock():
        book.refuse({"cases": [{"case": "a", "taken": False}]}, who="b")
        assert book.step() == 1 and [line["kind"] for line in book.lines()] == ["step", "refused"]
        assert book.add(step("new"), {}) == 2 and book.undo() == 2 and book.step() == 1
    assert book.lines()[1]["who"] == "b"


def test_a_step_says_what_its_files_are(book):
    held = book.lines()[0]["after"]
    assert held == file_digests(book.current()) and sorted(held) == ["a.txt", "b.txt"]
    assert held["a.txt"] == hashlib.sha256(b"old").hexdigest()[:16]


def test_lost_files_are_named(book):
    (book.folder / STEPS / "0001").rename(book.folder / "elsewhere")
    with pytest.raises(Unreadable, match="step 1 is on record, but its files are gone"):
        book.current()
    with book.lock():
        book.undo()
    assert book.current() == book.folder


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"), Ledger(tmp_path / "no").lock():
        pass


def test_a_line_holds_text_of_any_language(book):
    with book.lock():
        book.add(step("x"), {}, who="Zoë")
    assert json.loads((book.folder / JOURNAL).read_bytes().splitlines()[1])["who"] == "Zoë"
    assert (book.folder / LOCK).is_file()
