"""What all tests share: where the data lie, seeds, and no silent skip."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data sets, named by ``CORPORIS_DATA``."""
    given = os.environ.get("CORPORIS_DATA")
    if not given:
        pytest.fail(
            "tests on public data sets need the variable CORPORIS_DATA, got none: set it to the "
            "folder that holds cardiac/, or leave them out with -m 'not data'",
            pytrace=False,
        )
    folder = Path(given).absolute()
    if not (folder / "cardiac").is_dir():
        pytest.fail(f"CORPORIS_DATA must hold cardiac/, {folder} does not", pytrace=False)
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20240607)


@pytest.fixture(autouse=True)
def _same_global_seed():
    """scikit-learn and others still draw from the global generator."""
    np.random.seed(0)


def pytest_collection_modifyitems(items):
    """Mark what reads public data sets, so that ``-m 'not data'`` can leave it out."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker("data")


def pytest_sessionfinish(session, exitstatus):
    """Where ``CI=true``, a test that did not run, or a warning, is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and _unfinished(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """Say what the rule above counts."""
    if os.environ.get("CI") == "true":
        for kind, count in _unfinished(terminalreporter).items():
            terminalreporter.write_line(f"with CI=true this is a failure: {count} {kind}", red=True)


def _unfinished(reporter):
    kinds = ("skipped", "xfailed", "xpassed", "warnings")
    return {kind: len(reporter.stats[kind]) for kind in kinds if reporter.stats.get(kind)}
