"""One process at a time on one output: a second is told so at once, and a killed one leaves no
lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from corporis.errors import OutputError
from corporis.imaging.guard import one_line, shown


@contextmanager
def only_one(path: Path | str, doing: str) -> Iterator[None]:
    """A block that no other process runs for the same `path`, by the system's lock on a file.

    The lock is a hidden file beside `path` that is gone after the block. The system lets go of it
    when a process ends in whatever way, so that nothing has to be deleted after a kill.

    Parameters
    ----------
    path : path
        What is worked on; it need not be there.
    doing : str
        What the other process does, for the line: ``"reviewing"``.

    Raises
    ------
    OutputError
        If another process is in such a block, or the lock cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with only_one(Path(folder.name) / "out", "reviewing"):
    ...     os.listdir(folder.name)
    ['.out.lock']
    >>> os.listdir(folder.name)
    []
    >>> folder.cleanup()
    """
    path = Path(path).absolute()
    lock = path.with_name(f".{path.name[-200:]}.lock")
    made = [p for p in path.parents if not p.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _held(lock)
    except OSError as error:
        raise OutputError(
            f"{shown(path)} cannot be locked ({error.strerror or one_line(error)}): choose a "
            "folder you may write to"
        ) from error
    if handle is None:
        raise OutputError(f"{shown(path)}: another process is {doing} it: wait until it has ended")
    try:
        yield
    finally:
        # first the name, then the lock: whoever waits in between finds that the file has no name
        if os.name == "posix":
            lock.unlink(missing_ok=True)
        os.close(handle)
        if os.name != "posix":  # Windows deletes no file that is open
            lock.unlink(missing_ok=True)
        for folder in made:  # only where empty: nothing is left of a failed run
            with suppress(OSError):
                folder.rmdir()


def _held(lock: Path) -> int | None:
    """The open file, locked; None where another process has it."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if not _locked(handle):
            os.close(handle)
            return None
        try:
            is_named = os.path.samestat(os.fstat(handle), os.stat(lock))
        except FileNotFoundError:
            is_named = False
        if is_named:
            return handle
        os.close(handle)  # whoever had it before has just deleted it


def _locked(handle: int) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        # a disk without locks, as some networks have, tells nobody: one goes on as before
        return os.name == "posix" and not isinstance(error, BlockingIOError)
    return True
