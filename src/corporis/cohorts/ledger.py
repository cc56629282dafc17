"""A folder that is revised step by step: every step is on record, none is half done, all undone.

The record is a file to which lines are only ever added. A line counts once it is complete, and it
is written last: a process that is killed at any moment leaves the folder as it was before the step,
or as it is after it.
"""

import getpass
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corporis.cohorts.digests import file_digests
from corporis.errors import BadInput, OutputError, Unreadable
from corporis.imaging.guard import one_line, shown

JOURNAL = "learning.jsonl"
STEPS = "learned"
LOCK = ".learning.lock"
PARTIAL = ".partial"
KINDS = ("step", "undo", "refused")
"""A step, its undoing, and a call that changed nothing as all that was given was refused."""


@dataclass(frozen=True)
class Ledger:
    """The steps of one folder.

    Parameters
    ----------
    folder : path
        Whose own files are the state before the first step.

    Examples
    --------
    >>> import tempfile
    >>> parent = tempfile.TemporaryDirectory()
    >>> ledger = Ledger(Path(parent.name))
    >>> with ledger.lock():
    ...     n = ledger.add(lambda new: (new / "a.txt").write_text("one"), {"case": "a"}, who="me")
    >>> n, ledger.current().name, [line["who"] for line in ledger.lines()]
    (1, '0001', ['me'])
    >>> with ledger.lock():
    ...     ledger.undo("me")
    1
    >>> ledger.current() == Path(parent.name)
    True
    >>> parent.cleanup()
    """

    folder: Path

    def lines(self) -> list[dict]:
        """Everything that was ever done here, oldest first; an incomplete last line is none.

        Raises
        ------
        Unreadable
            If a line is damaged, or was not written here.
        """
        path = self.folder / JOURNAL
        if not path.is_file():
            return []
        found = []
        for number, line in enumerate(_complete(path).decode("utf-8", "replace").splitlines(), 1):
            try:
                held = json.loads(line)
                _check(held)
            except ValueError as error:
                raise self.damaged(number, error) from None
            found.append(held)
        return found

    def damaged(self, number: int, why: object) -> Unreadable:
        """The error that says what is wrong with a line, counted from 1."""
        return Unreadable(
            f"{shown(self.folder / JOURNAL)}: line {number} is no step that was recorded here "
            f"({one_line(why, 60)}): restore the file from a copy"
        )

    def steps(self) -> list[dict]:
        """The steps in force, oldest first: those that were not undone."""
        found: list[dict] = []
        for line in self.lines():
            if line["kind"] == "step":
                found.append(line)
            elif line["kind"] == "undo":
                found = [step for step in found if step["step"] != line["step"]]
        return found

    def step(self) -> int:
        """The number of the last step in force; 0 before the first."""
        return max((int(step["step"]) for step in self.steps()), default=0)

    def current(self) -> Path:
        """The folder that holds the present state.

        Raises
        ------
        Unreadable
            If the last step's files are gone.
        """
        steps = self.steps()
        if not steps:
            return self.folder
        path = self.place(steps[-1]["step"])
        if not path.is_dir():
            raise Unreadable(
                f"{shown(path)}: step {steps[-1]['step']} is on record, but its files are gone: "
                "restore them, or undo the step"
            )
        return path

    def add(self, write: Callable[[Path], object], facts: dict, *, who: str | None = None) -> int:
        """Take one step; its number is returned. The lock must be held.

        Digests of the files that it left are recorded as ``after``.

        Parameters
        ----------
        write : callable(folder)
            Writes the whole new state into a folder that is empty.
        facts : dict
            What is recorded beside number, time and person; numbers and text alone.
        who : str, optional
            By default the account's name.
        """
        number = 1 + max((line.get("step", 0) for line in self.lines()), default=0)
        place = self.place(number)
        partial = place.with_name(place.name + PARTIAL)
        try:
            for rest in (partial, place):  # of a process that was killed
                shutil.rmtree(rest, ignore_errors=True)
            partial.mkdir(parents=True)
            write(partial)
            facts = {**facts, "after": file_digests(partial)}
            for path in partial.rglob("*"):
                _settle(path)
            os.replace(partial, place)
            _settle(place.parent)
            self._append({"kind": "step", "step": number, **_signed(who), **facts})
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return number

    def refuse(self, facts: dict, *, who: str | None = None) -> None:
        """Record a call that took no step. The lock must be held."""
        try:
            self._append({"kind": "refused", **_signed(who), **facts})
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def undo(self, who: str | None = None) -> int:
        """Take the last step back; its number is returned. Its files stay. Needs the lock.

        Raises
        ------
        BadInput
            If no step is in force.
        """
        steps = self.steps()
        if not steps:
            raise BadInput(f"{shown(self.folder)}: nothing to undo: no step was taken here")
        number = int(steps[-1]["step"])
        try:
            self._append({"kind": "undo", "step": number, **_signed(who)})
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        return number

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes out; it ends with the process, however that ends.

        Raises
        ------
        BadInput
            If another process is at work here.
        OutputError
            If the folder cannot be written.
        """
        try:
            stream = (self.folder / LOCK).open("a+b")
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        with stream:
            try:
                _locked(stream)
            except OSError:
                raise BadInput(
                    f"{shown(self.folder)}: another process is learning here: wait for its end"
                ) from None
            yield

    def place(self, number: int) -> Path:
        """Where the state after a step lies."""
        return self.folder / STEPS / f"{int(number):04d}"

    def _append(self, line) -> None:
        path = self.folder / JOURNAL
        text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        with path.open("a+b") as stream:
            stream.truncate(len(_complete(path)))  # of a line whose writer was killed
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        _settle(path.parent)


def _check(line) -> None:
    """Raises ValueError, and says what is missing."""
    if not isinstance(line, dict) or line.get("kind") not in KINDS:
        raise ValueError(f"expected one of {', '.join(KINDS)}")
    number = line.get("step")
    if line["kind"] != "refused" and (type(number) is not int or number < 1):
        raise ValueError(f"no number of a step: {number}")
    who, when = line.get("who"), line.get("when")
    if not isinstance(who, str):
        raise ValueError("it does not say who")
    try:
        datetime.fromisoformat(when if isinstance(when, str) else "")
    except ValueError:
        raise ValueError("it does not say when") from None
    cases = line.get("cases", [])
    if not isinstance(cases, list) or not all(map(_is_case, cases)):
        raise ValueError("its cases are none")


def _is_case(one) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("case"), str)
        and isinstance(one.get("taken"), bool)
    )


def _complete(path) -> bytes:
    """The lines of a file that end."""
    held = path.read_bytes()
    return held[: held.rfind(b"\n") + 1]


def _signed(who) -> dict:
    """Who, and when."""
    name = one_line(who or _account(), 60)
    return {"who": name, "when": datetime.now(UTC).isoformat(timespec="seconds")}


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "unknown"


def _settle(path) -> None:
    """Wait until a file or folder is on the disk."""
    if path.is_dir() and os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(stream) -> None:
    """Lock a file for this process, or raise OSError at once."""
    if os.name == "nt":
        import msvcrt

        getattr(msvcrt, "locking")(stream.fileno(), getattr(msvcrt, "LK_NBLCK"), 1)  # noqa: B009
    else:
        import fcntl

        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unwritable(folder, error) -> OutputError:
    reason = error.strerror or one_line(error)
    return OutputError(f"{shown(folder)} cannot be written ({reason}): change its permissions")
