"""Files and folders that appear complete or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from corporis.errors import OutputError
from corporis.imaging.guard import one_line, shown

LIST = ".corporis-files.json"
"""Names the files in an output folder that are ours, so that a second run replaces only them."""


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """A temporary path in the same folder that becomes `path` when the block succeeds.

    Parameters
    ----------
    path : path
        The file to write or replace; missing folders are created.

    Yields
    ------
    Path
        Write here. If the block raises, also by Ctrl-C, nothing is left and an older file stays.

    Raises
    ------
    OutputError
        If the folder cannot be created or written.

    Examples
    --------
    >>> folder = tempfile.TemporaryDirectory()
    >>> with atomic_path(Path(folder.name) / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> os.listdir(folder.name)
    ['a.txt']
    >>> folder.cleanup()
    """
    path = Path(path)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # the suffixes stay at the end: many writers choose the format by them
        handle, name = tempfile.mkstemp(prefix=".partial-", suffix=path.name[-80:], dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with _writing(path):
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)  # mkstemp makes private files
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path | str, content: bytes) -> Path:
    """Write a whole file, which appears complete or not at all.

    Raises
    ------
    OutputError
        If it cannot be written: no permission, no space, no such folder.
    """
    with atomic_path(path) as temporary, _writing(Path(path)):
        temporary.write_bytes(content)
    return Path(path)


class OutputFolder:
    """A folder for one run's results, complete or untouched.

    Used as a context manager: the run writes into a hidden temporary folder beside the wanted
    one, which takes its place when the block succeeds. Results of an earlier run are replaced;
    other files in the folder stay. If the block raises, also by Ctrl-C, nothing changes.

    Parameters
    ----------
    path : path

    Raises
    ------
    OutputError
        On entering, if the folder cannot be created or written, or holds files but none of an
        earlier run; on leaving, if a result would replace a file that is not ours.

    Examples
    --------
    >>> parent = tempfile.TemporaryDirectory()
    >>> with OutputFolder(Path(parent.name) / "out") as folder:
    ...     _ = (folder / "report.json").write_text("{}")
    >>> sorted(os.listdir(Path(parent.name) / "out"))
    ['.corporis-files.json', 'report.json']
    >>> parent.cleanup()
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self._temporary: Path | None = None
        self._made: list[Path] = []

    def __enter__(self) -> Path:
        target = self.path.absolute()
        if target.exists() and not target.is_dir():
            raise OutputError(f"{shown(self.path)} is a file: choose a folder for the results")
        if target.is_symlink() and not target.exists():
            raise OutputError(f"{shown(self.path)} is a link to nothing: choose another folder")
        with _writing(self.path):
            if target.is_dir() and any(target.iterdir()) and not (target / LIST).is_file():
                raise OutputError(
                    f"{shown(self.path)} holds other files: choose a new or empty folder, or one "
                    "of an earlier run"
                )
            self._made = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():  # a folder that exists may still be read-only
                with tempfile.TemporaryFile(dir=target):
                    pass
            self._temporary = Path(
                tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent)
            )
        return self._temporary

    def __exit__(self, kind, value, trace) -> None:
        temporary, target = self._temporary, self.path.absolute()
        assert temporary is not None
        try:
            if kind is None:
                with _writing(self.path):
                    self._publish(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            for folder in self._made:  # only where empty: nothing is left of a failed run
                with suppress(OSError):
                    folder.rmdir()

    def _publish(self, temporary, target):
        names = sorted(
            p.relative_to(temporary).as_posix() for p in temporary.rglob("*") if p.is_file()
        )
        (temporary / LIST).write_text(json.dumps(names, indent=0) + "\n")
        if not target.exists():
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o777 & ~mask)  # mkdtemp makes private folders
            os.replace(temporary, target)
            return
        ours = _listed(target)
        for name in names:
            if (target / name).exists() and name not in ours:
                raise OutputError(
                    f"{shown(self.path / name)} was not written by corporis and would be replaced: "
                    "move it or choose another folder"
                )
        both = sorted({*names, *ours})
        with atomic_path(target / LIST) as listing:  # first: an interruption forgets no file
            listing.write_text(json.dumps(both, indent=0) + "\n")
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(temporary / name, target / name)
        for name in ours - set(names):
            (target / name).unlink(missing_ok=True)
            with suppress(OSError):
                (target / name).parent.rmdir()
        os.replace(temporary / LIST, target / LIST)


def _listed(target):
    """Our files of an earlier run; names that lead out of the folder are not believed."""
    try:
        names = json.loads((target / LIST).read_text())
    except (OSError, ValueError):
        return set()
    root = target.resolve()
    inside = (n for n in names if isinstance(n, str)) if isinstance(names, list) else ()
    return {n for n in inside if (root / n).resolve().is_relative_to(root) and n != LIST}


@contextmanager
def _writing(path):
    try:
        yield
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise OutputError(
            f"{shown(path)} cannot be written ({reason}): choose a folder you may write to"
        ) from error
