"""Tiles on disk: whole or absent, of one run, and taken up again after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei import outline_nuclei
from corporis.cohorts.nuclei_tiles import TileStore, fingerprint
from corporis.errors import OutputError, Unreadable
from corporis.phantoms import HardCoreProcess, NuclearTissue


def some(n, seed=0):
    rng = np.random.default_rng(seed)
    outlines = tuple(rng.random((k + 3, 2)) for k in range(n))
    return TileNuclei(rng.random((n, 2)), outlines, ("shape.a", "b.c"), rng.random((n, 2)))


@pytest.mark.parametrize("n", [0, 1, 4])
def test_a_tile_comes_back(tmp_path, n):
    store = TileStore(tmp_path / "held")
    assert store.begin({"side": 1}) == set()
    store.add(7, some(n))
    kept, given = store[7], some(n)
    np.testing.assert_array_equal(kept.centres, given.centres)
    np.testing.assert_allclose(kept.features, given.features, rtol=1e-6)
    assert kept.names == given.names and len(kept.outlines) == n
    for one, other in zip(kept.outlines, given.outlines, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert len(list(store)) == len(store) == 1
    linked = store.link_into(tmp_path / "other")
    store.remove()
    assert not store.folder.exists() and len(linked[7].centres) == n


def test_tiles_of_another_run_are_not_taken_and_damaged_ones_are_made_anew(tmp_path):
    store = TileStore(tmp_path / "held")
    store.begin({"side": 1})
    for number in (0, 1, 2):
        store.add(number, some(2))
    path = tmp_path / "held" / "0000001.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Unreadable, match="cannot be read"):
        store[1]
    assert store.begin({"side": 1}) == {0, 2}
    assert store.begin({"side": 2}) == set() and len(store) == 0


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="holds other files"):
        TileStore(tmp_path).begin({})
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_fingerprints_tell_files_by_size_and_ends(tmp_path):
    marks = set()
    for number, content in enumerate((b"", b"a" * 3_000_000, b"a" * 3_000_001, b"b" * 3_000_000)):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        marks.add(fingerprint(path))
    assert len(marks) == 4


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory):
    """A tiled slide of two levels."""
    rng = np.random.default_rng(3)
    shape = (640, 672)
    points = HardCoreProcess(0.0009, 30.0).sample(shape, rng)
    image = NuclearTissue(radius_px=(8.0, 11.0)).at(points, shape, rng).image
    path = tmp_path_factory.mktemp("pyramid") / "slide.tif"
    options = {
        "photometric": "rgb",
        "tile": (256, 256),
        "resolution": (40000, 40000),
        "resolutionunit": "CENTIMETER",
    }
    with tifffile.TiffWriter(path) as file:
        file.write(image, subifds=1, **options)
        file.write(image[::2, ::2], subfiletype=1, **options)
    return path


def test_a_killed_run_goes_on_where_it_stopped(pyramid, tmp_path):
    kept = tmp_path / "out.unfinished"
    words = (sys.executable, "-m", "corporis", "nuclei", str(pyramid), "-o", str(tmp_path / "out"))
    source = str(Path(__file__).resolve().parents[2] / "src")
    run = subprocess.Popen(
        [*words, "--side", "256"], env={**os.environ, "PYTHONPATH": source}, stderr=subprocess.PIPE
    )
    patience = time.monotonic() + 120
    while len(list(kept.glob("[0-9]*.npz"))) < 2 and run.poll() is None:
        assert time.monotonic() < patience
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    _, said = run.communicate()
    assert b"9 tiles of 256 pixels, about 0.6 GB of memory" in said
    done = {path.name: path.stat().st_mtime_ns for path in kept.glob("[0-9]*.npz")}
    assert 2 <= len(done) < 9 and not (tmp_path / "out").exists()
    heard = []

    def tell(line):
        heard.append(line)
        again = {path.name: path.stat().st_mtime_ns for path in kept.glob("[0-9]*.npz")}
        assert again == done

    found = outline_nuclei(pyramid, tmp_path / "out", side=256, tell=tell)
    assert heard[0].endswith(f"{len(done)} tiles were finished before") and not kept.exists()
    held = tmp_path / "out" / "tiles"
    assert {p.name: p.stat().st_mtime_ns for p in held.glob("*.npz")}.items() >= done.items()
    assert found == outline_nuclei(pyramid, tmp_path / "at-once", side=256)
    for name in ("nuclei.geojson", "nuclei.csv"):
        one, other = ((tmp_path / folder / name).read_bytes() for folder in ("out", "at-once"))
        assert one == other
