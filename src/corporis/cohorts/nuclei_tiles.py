"""Nuclei kept tile by tile on disk: what a run has finished, and what a review begins from."""

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.errors import OutputError, Unreadable
from corporis.imaging.guard import shown
from corporis.imaging.output import write_bytes
from corporis.imaging.slide import files_of

RUN = "run.json"
"""Says which run the tiles are of."""
SAMPLE = 1 << 20
"""Bytes at each end of a file that tell it from others."""


class TileStore:
    """A folder with one file a finished tile; each appears whole or not at all.

    Parameters
    ----------
    folder : path
        Need not be there yet.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store, none = TileStore(folder.name), np.zeros((0, 2))
    >>> store.add(3, TileNuclei(none, (), ("shape.area_px",), np.zeros((0, 1))))
    >>> sorted(store.numbers()), len(store[3].centres)
    ([3], 0)
    >>> folder.cleanup()
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def begin(self, run: dict) -> set[int]:
        """Make the folder, or go on in it: numbers of the tiles of this very run that are there.

        Tiles of another run, which differs in slide, weights or knobs, are deleted.

        Raises
        ------
        OutputError
            If the folder holds something else.
        """
        said = self.folder / RUN
        wanted = json.dumps(run, sort_keys=True)
        if self.folder.exists() and any(self.folder.iterdir()):
            if not said.is_file():
                raise OutputError(
                    f"{shown(self.folder)} is kept for unfinished runs and holds other files: "
                    "move it, or choose another output folder"
                )
            if said.read_text() == wanted:
                return {number for number in self.numbers() if self._is_whole(number)}
            self.remove()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(said, wanted.encode())
        return set()

    def remove(self) -> None:
        """Delete the folder with all tiles; its description goes last."""
        for path in self.folder.glob("*.npz"):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, number: int, tile: TileNuclei) -> None:
        """Keep one tile; features and outlines in 32 bits."""
        counts = [len(outline) for outline in tile.outlines]
        held = BytesIO()
        np.savez(
            held,
            centres=tile.centres,
            points=np.concatenate([np.zeros((0, 2)), *tile.outlines]).astype(np.float32),
            counts=np.array(counts, int),
            names=np.array(tile.names),
            features=np.asarray(tile.features, np.float32),
        )
        write_bytes(self._path(number), held.getvalue())

    def numbers(self) -> list[int]:
        """Of the tiles that are there, rising."""
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.npz"))

    def __getitem__(self, number: int) -> TileNuclei:
        path = self._path(number)
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as held:
                points, counts = held["points"].astype(float), held["counts"]
                outlines = tuple(np.split(points, np.cumsum(counts)[:-1])) if len(counts) else ()
                return TileNuclei(
                    held["centres"], outlines, tuple(held["names"].tolist()), held["features"]
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise Unreadable(
                f"{shown(path)}: a tile's nuclei cannot be read: run corporis nuclei again"
            ) from error

    def __iter__(self) -> Iterator[TileNuclei]:
        return (self[number] for number in self.numbers())

    def __len__(self) -> int:
        return len(self.numbers())

    def link_into(self, folder) -> "TileStore":
        """The same tiles in another folder of the same disk, without copying where it can."""
        other = TileStore(folder)
        other.folder.mkdir(parents=True, exist_ok=True)
        for number in self.numbers():
            try:
                os.link(self._path(number), other._path(number))
            except OSError:  # a disk without hard links
                shutil.copyfile(self._path(number), other._path(number))
        return other

    def _path(self, number):
        return self.folder / f"{number:07d}.npz"

    def _is_whole(self, number):
        try:
            self[number]
        except Unreadable:
            return False
        return True


def fingerprint(path) -> str:
    """What tells a slide from others: SHA-256 of the size and the two ends of each of its files."""
    digest = hashlib.sha256()
    for part in files_of(Path(path)):
        size = part.stat().st_size
        digest.update(str(size).encode())
        with open(part, "rb") as file:
            digest.update(file.read(SAMPLE))
            file.seek(max(size - SAMPLE, 0))
            digest.update(file.read())
    return digest.hexdigest()
