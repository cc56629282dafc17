"""The index keeps every case whole: under kill -9, two processes, damage and other versions."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from apps.histopathology.stained import entry
from corporis.apps.histopathology.index import MODEL, CaseIndex
from corporis.errors import BadInput, Unreadable

CODES = np.arange(5, dtype=np.uint64)[:, None]
WRITER = """
import sys
import numpy as np
from corporis.apps.histopathology.index import CaseIndex, Entry

path, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
features = np.arange(200_000, dtype=np.float32).reshape(-1, 4)
print("ready", flush=True)
with CaseIndex(path, is_new_allowed=True) as index:
    for number in range(count):
        name = f"{prefix}{number}"
        index.add(Entry(name, "benign", None, name, {}, b"x" * 100_000, features))
        print(number, flush=True)
"""


@pytest.fixture
def index(tmp_path):
    with CaseIndex(tmp_path / "cases.index", is_new_allowed=True) as made:
        yield made


def writer(path, prefix, count):
    command = [sys.executable, "-c", WRITER, str(path), prefix, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def test_what_goes_in_comes_out(index):
    one = entry("one", "benign", "7", seed=1, organ="colon")
    number = index.add(one, CODES)
    ((found, back),) = index.entries()
    assert found == number
    np.testing.assert_array_equal(back.features, one.features)
    same = ("name", "label", "patient", "digest", "facts", "thumbnail")
    assert all(getattr(back, name) == getattr(one, name) for name in same)
    assert index.names() == ["one"]
    assert index.known("one-digest") == [("one", "7")]
    held = index.codes([number])
    np.testing.assert_array_equal(held.codes, CODES)
    assert held.starts.tolist() == [0]


def test_cases_are_chosen_by_facts_and_need_codes(index):
    a = index.add(entry("a", "benign", organ="colon", stain="H&E"), CODES)
    index.add(entry("b", "benign", organ="lung"), CODES)
    index.add(entry("c", "benign", organ="colon"))
    assert index.select(organ="colon") == [(a, "a", "benign", None)]
    assert len(index.select()) == 2
    assert index.select(organ="colon", stain="IHC") == []


def test_chosen_cases_come_in_the_order_asked_for(index):
    numbers = [index.add(entry(name, "benign"), CODES + i) for i, name in enumerate("abc")]
    names = [e.name for _, e in index.entries(numbers[::-1])]
    assert names == ["c", "b", "a"]
    held = index.codes(numbers[1:])
    assert held.ids.tolist() == numbers[1:] and held.starts.tolist() == [0, 5]
    np.testing.assert_array_equal(held.codes, np.concatenate([CODES + 1, CODES + 2]))
    assert len(index.codes([]).ids) == 0


def test_a_deleted_case_is_gone_and_may_come_back(index):
    index.add(entry("a", "benign"), CODES)
    index.add(entry("b", "benign"), CODES)
    with pytest.raises(BadInput, match="a: already in"):
        index.add(entry("a", "malignant"))
    index.delete("a")
    assert index.names() == ["b"]
    with pytest.raises(BadInput, match="a: no such case"):
        index.delete("a")
    index.add(entry("a", "malignant"), CODES)
    assert index.names() == ["b", "a"]


def test_learning_replaces_all_codes_at_once(index):
    numbers = [index.add(entry(name, "benign"), CODES) for name in "ab"]
    index.learn({MODEL: b"first"}, [(numbers[0], CODES + 9)])
    assert index.part(MODEL) == b"first"
    assert [row[0] for row in index.select()] == [numbers[0]]

    def failing():
        yield numbers[1], CODES
        raise RuntimeError

    with pytest.raises(RuntimeError):
        index.learn({MODEL: b"second"}, failing())
    assert index.part(MODEL) == b"first"
    np.testing.assert_array_equal(index.codes(numbers).codes, CODES + 9)


def test_codes_of_a_model_that_was_replaced_are_left_out(index):
    index.learn({MODEL: b"new"}, [])
    index.add(entry("late", "benign"), CODES, made_by=b"old")
    index.add(entry("good", "benign"), CODES, made_by=b"new")
    assert [row[1] for row in index.select()] == ["good"]
    assert index.names() == ["late", "good"]


def test_a_part_is_settled_once(index):
    assert index.settle("network", b"first") == b"first"
    assert index.settle("network", b"second") == b"first"
    assert index.part("network") == b"first" and index.part("other") is None


def test_no_case_is_lost_or_halved_under_kill_9(tmp_path):
    path = tmp_path / "cases.index"
    rng = np.random.default_rng(0)
    promised = 0
    for round_ in range(6):
        process = writer(path, f"{round_}-", 10_000)
        assert process.stdout.readline() == "ready\n"
        said = [process.stdout.readline() for _ in range(int(rng.integers(1, 4)))]
        time.sleep(rng.uniform(0, 0.03))  # somewhere within a transaction
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        promised += len([line for line in said if line.strip().isdigit()])
        with CaseIndex(path) as index:
            held = list(index.entries())  # checksums are compared on the way
            assert promised <= len(held) <= promised + 1 + round_
            assert all(len(e.thumbnail) == 100_000 and e.features.size == 200_000 for _, e in held)


def test_two_processes_add_to_one_index(tmp_path):
    path = tmp_path / "cases.index"
    both = [writer(path, prefix, 12) for prefix in "ab"]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    with CaseIndex(path) as index:
        assert sorted(index.names()) == sorted(f"{p}{n}" for p in "ab" for n in range(12))


def test_damage_is_noticed_and_named(index):
    number = index.add(entry("a", "benign"), CODES)
    with sqlite3.connect(index.path) as other:
        other.execute("UPDATE entry SET codes = zeroblob(40)")
    other.close()
    with pytest.raises(Unreadable, match="a is damaged"):
        index.codes([number])


def test_another_version_another_file_and_no_file_are_one_line(tmp_path):
    path = tmp_path / "cases.index"
    with pytest.raises(BadInput, match="corporis slides index"):
        CaseIndex(path)
    assert not path.exists()
    CaseIndex(path, is_new_allowed=True).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(BadInput, match="version 99, this program reads version 3"):
        CaseIndex(path)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    for is_new_allowed in (False, True):
        with pytest.raises(BadInput, match="not an index"):
            CaseIndex(foreign, is_new_allowed=is_new_allowed)
    text = Path(tmp_path / "notes.txt")
    text.write_text("not a database at all, but long enough to be one" * 30)
    with pytest.raises(Unreadable, match=r"notes\.txt"):
        CaseIndex(text)
