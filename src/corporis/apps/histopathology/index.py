"""Cases on disk: one SQLite file that holds what each case is, looks like, and its codes.

A case is added or deleted in one transaction, so that a killed process leaves it whole or absent;
two processes wait for each other. Features and codes carry a checksum each.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, OutputError, Unreadable

VERSION = 3
APPLICATION = 0x636F7270
"""Marks an SQLite file as ours."""
WAIT_S = 60.0
"""How long one process waits for another that writes."""
MODEL = "model"
"""The part that says how codes are made."""
TABLES = """
CREATE TABLE part (name TEXT PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, patient TEXT,
    label TEXT NOT NULL, facts TEXT NOT NULL, thumbnail BLOB NOT NULL,
    n_views INTEGER NOT NULL, n_features INTEGER NOT NULL, features BLOB NOT NULL,
    features_checksum INTEGER NOT NULL, codes BLOB, codes_checksum INTEGER
);
CREATE INDEX entry_digest ON entry (digest);
"""


@dataclass(frozen=True)
class Entry:
    """One diagnosed case.

    Parameters
    ----------
    name : str
        Unique in an index.
    label : str
        Diagnosis.
    patient : str or None
        Whose; cases of one patient are never shown as likes of each other unless asked.
    digest : str
        SHA-256 of the image file, by which a case is known again.
    facts : dict of str
        Further columns to filter by: organ, stain, grade.
    thumbnail : bytes
        JPEG.
    features : ndarray, (n_views, n_features), float32
    """

    name: str
    label: str
    patient: str | None
    digest: str
    facts: dict[str, str]
    thumbnail: bytes
    features: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Codes:
    """The codes of some cases, one after the other.

    Parameters
    ----------
    ids : int array, (n_cases,)
    codes : uint64 array, (n_codes, n_words)
    starts : int array, (n_cases,)
        Where each case's codes begin.
    """

    ids: np.ndarray
    codes: np.ndarray
    starts: np.ndarray


class CaseIndex:
    """An index file, opened for reading and writing.

    Parameters
    ----------
    path : path
        Made if missing and `is_new_allowed`.
    is_new_allowed : bool

    Raises
    ------
    BadInput
        If it is missing, no index, or of another version.
    """

    def __init__(self, path, *, is_new_allowed: bool = False):
        self.path = Path(path)
        if not self.path.is_file() and not is_new_allowed:
            raise BadInput(f"{self.path.name}: no such index: make one with corporis slides index")
        try:
            self._db = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
        except sqlite3.Error as error:
            raise OutputError(f"{self.path.name} cannot be opened: {error}") from error
        with self._checked():
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
        try:
            self._prepare(is_new_allowed)
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> "CaseIndex":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _prepare(self, is_new_allowed):
        application, version = self._marks()
        if is_new_allowed and application == 0 and not self._has_tables():
            with self._transaction():
                # another process may have made it while this one waited
                if not self._has_tables():
                    for statement in TABLES.split(";"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA application_id = {APPLICATION}")
                    self._db.execute(f"PRAGMA user_version = {VERSION}")
            application, version = self._marks()
        if application != APPLICATION:
            raise BadInput(f"{self.path.name}: not an index of cases: choose another file")
        if version != VERSION:
            raise BadInput(
                f"{self.path.name}: an index of version {version}, this program reads version "
                f"{VERSION}: make it anew with corporis slides index"
            )

    def _marks(self):
        with self._checked():
            return tuple(
                self._db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            )

    def _has_tables(self):
        with self._checked():
            found = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return found[0] > 0

    def add(
        self, entry: Entry, codes: np.ndarray | None = None, *, made_by: bytes | None = None
    ) -> int:
        """Add one case, with its codes where they are known; its number.

        Parameters
        ----------
        entry : Entry
        codes : uint64 array, (n_views, n_words), optional
        made_by : bytes, optional
            The part ``model`` that made the codes: where another process has replaced it since,
            they are left out, and made when the index is next learned.

        Raises
        ------
        BadInput
            If a case of this name is there.
        """
        features = np.ascontiguousarray(entry.features, "<f4")
        held = features.tobytes()
        with self._transaction():
            if self.part(MODEL) != made_by:
                codes = None
            row = (
                entry.name, entry.digest, entry.patient, entry.label, json.dumps(entry.facts),
                entry.thumbnail, *features.shape, held, zlib.crc32(held), *_sealed(codes),
            )  # fmt: skip
            found = self._db.execute("SELECT 1 FROM entry WHERE name = ?", row[:1]).fetchone()
            if found:
                raise BadInput(f"{entry.name}: already in {self.path.name}: delete it first")
            marks = ", ".join("?" * (len(row) + 1))
            return self._db.execute(
                f"INSERT INTO entry VALUES ({marks})", (None, *row)
            ).lastrowid or 0  # fmt: skip

    def delete(self, name: str) -> None:
        """Remove one case.

        Raises
        ------
        BadInput
            If there is none of this name.
        """
        with self._transaction():
            if not self._db.execute("DELETE FROM entry WHERE name = ?", (name,)).rowcount:
                raise BadInput(f"{name}: no such case in {self.path.name}")

    def learn(self, parts: dict[str, bytes], codes: Iterable[tuple[int, np.ndarray]]) -> None:
        """Replace the named parts (how codes are made) and with them all codes, at once.

        Parameters
        ----------
        parts : dict of bytes
        codes : iterable of (case's number, codes)
            Cases that are not named are left without codes.
        """
        with self._transaction():
            for name, content in parts.items():
                self._db.execute(
                    "INSERT OR REPLACE INTO part VALUES (?, ?, ?)",
                    (name, content, zlib.crc32(content)),
                )
            self._db.execute("UPDATE entry SET codes = NULL, codes_checksum = NULL")
            for number, words in codes:
                self._db.execute(
                    "UPDATE entry SET codes = ?, codes_checksum = ? WHERE id = ?",
                    (*_sealed(words), number),
                )

    def settle(self, name: str, content: bytes) -> bytes:
        """Store a part where there is none yet; what is there then, whoever came first."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO part VALUES (?, ?, ?)", (name, content, zlib.crc32(content))
            )
        return self.part(name) or b""

    def part(self, name: str) -> bytes | None:
        """A stored part; None where there is none.

        Raises
        ------
        Unreadable
            If its checksum differs.
        """
        with self._checked():
            found = self._db.execute(
                "SELECT content, checksum FROM part WHERE name = ?", (name,)
            ).fetchone()
        return None if found is None else self._whole(found[0], found[1], name)

    def names(self) -> list[str]:
        """Names of all cases, in the order in which they came."""
        with self._checked():
            return [row[0] for row in self._db.execute("SELECT name FROM entry ORDER BY id")]

    def entries(self, ids: Sequence[int] | None = None) -> Iterator[tuple[int, Entry]]:
        """Cases with their numbers: all in the order of numbers, or those numbered, in theirs."""
        query = (
            "SELECT id, name, label, patient, digest, facts, thumbnail, n_views, n_features, "
            "features, features_checksum FROM entry"
        )
        with self._checked():
            rows: Iterator[tuple]
            if ids is None:
                rows = iter(self._db.execute(f"{query} ORDER BY id"))
            else:
                found = (
                    self._db.execute(f"{query} WHERE id = ?", (int(i),)).fetchone() for i in ids
                )
                rows = (row for row in found if row is not None)
            for row in rows:
                held = self._whole(row[9], row[10], row[1])
                features = np.frombuffer(held, "<f4").reshape(row[7:9])
                name, label, patient, digest, facts = row[1:6]
                yield (
                    row[0],
                    Entry(name, label, patient, digest, json.loads(facts), row[6], features),
                )

    def known(self, digest: str) -> list[tuple[str, str | None]]:
        """Names and patients of the cases made from this very file."""
        with self._checked():
            return self._db.execute(
                "SELECT name, patient FROM entry WHERE digest = ?", (digest,)
            ).fetchall()

    def select(self, **facts: str) -> list[tuple[int, str, str, str | None]]:
        """Number, name, label and patient of the cases that have codes and all these facts."""
        with self._checked():
            rows = self._db.execute(
                "SELECT id, name, label, patient, facts FROM entry "
                "WHERE codes IS NOT NULL ORDER BY id"
            ).fetchall()
        return [
            row[:4]
            for row in rows
            if all(json.loads(row[4]).get(name) == value for name, value in facts.items())
        ]

    def codes(self, ids: Sequence[int]) -> Codes:
        """Codes of the cases numbered, in the order of numbers."""
        wanted, found, kept = set(map(int, ids)), [], []
        with self._checked():
            query = (
                "SELECT id, name, n_views, codes, codes_checksum FROM entry "
                "WHERE codes IS NOT NULL ORDER BY id"
            )
            for number, name, n_views, held, checksum in self._db.execute(query):
                if number in wanted:
                    words = np.frombuffer(self._whole(held, checksum, name), "<u8")
                    found.append(words.reshape(n_views, -1))
                    kept.append(number)
        if not found:
            return Codes(np.zeros(0, int), np.zeros((0, 1), np.uint64), np.zeros(0, int))
        counts = [len(words) for words in found]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return Codes(np.array(kept), np.concatenate(found).astype(np.uint64), starts)

    def _whole(self, content, checksum, name):
        if zlib.crc32(content) != checksum:
            raise Unreadable(f"{self.path.name}: {name} is damaged: delete that case and add it")
        return content

    @contextmanager
    def _transaction(self):
        with self._checked():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _checked(self):
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"{self.path.name}: {error}: is another process writing, or the disk full?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{self.path.name}: not an index that can be read: {error}") from error


def _sealed(codes):
    """Codes as bytes and their checksum, or nothing twice."""
    if codes is None:
        return None, None
    held = np.ascontiguousarray(codes, "<u8").tobytes()
    return held, zlib.crc32(held)
