"""One browser for the whole folder: starting Chromium is the slow part."""

import pytest

from workstation.browser import Browser


@pytest.fixture(scope="session")
def browser():
    with Browser() as chromium:
        yield chromium
