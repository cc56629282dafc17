"""Public data sets: found, compared, and clearly asked for where they are not."""

import functools
import http.server
import threading

import pytest

from corporis.errors import BadInput
from corporis.imaging import registry
from corporis.imaging.registry import SETS, fetch


@pytest.mark.parametrize("name", sorted(SETS))
def test_every_set_is_complete(data_dir, monkeypatch, name):
    monkeypatch.setenv("CORPORIS_DATA", str(data_dir))
    assert fetch(name) == data_dir / SETS[name].path


def test_unknown_name():
    with pytest.raises(ValueError, match="sunnybrook"):
        fetch("moonbrook")


def test_missing_set_names_its_source(tmp_path, monkeypatch):
    monkeypatch.setenv("CORPORIS_DATA", str(tmp_path))
    with pytest.raises(BadInput, match=r"mshunshin/SegNetCMR at commit 1f41bb8b.*CC0"):
        fetch("sunnybrook")


def test_changed_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CORPORIS_DATA", str(tmp_path))
    path = tmp_path / SETS["pig_cine_sax"].path
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(BadInput, match="differs from the published file"):
        fetch("pig_cine_sax")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        """Say nothing on stderr."""


@pytest.fixture
def mirror(data_dir):
    handler = functools.partial(Quiet, directory=str(data_dir))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_mirror_fills_the_cache(tmp_path, monkeypatch, mirror, data_dir):
    monkeypatch.delenv("CORPORIS_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    monkeypatch.setenv("CORPORIS_DATA_URL", mirror)
    folder = fetch("pig_cine_dicom_example")
    original = data_dir / "cardiac" / "pig_cine_dicom_example"
    assert folder == tmp_path / "corporis" / "cardiac" / "pig_cine_dicom_example"
    for path in original.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_dead_mirror_is_one_line(tmp_path, monkeypatch):
    monkeypatch.delenv("CORPORIS_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    monkeypatch.setenv("CORPORIS_DATA_URL", "http://127.0.0.1:9")
    with pytest.raises(BadInput, match="cannot be fetched") as caught:
        fetch("pig_cine_dicom_example")
    assert "\n" not in str(caught.value)
    monkeypatch.delenv("CORPORIS_DATA_URL")
    with pytest.raises(BadInput, match="set CORPORIS_DATA"):
        fetch("pig_cine_dicom_example")


def test_registry_names_files_once():
    text = registry.resources.files("corporis.imaging").joinpath("registry.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(registry._registry())
