"""One browser for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.web.browser import browser, browser_program


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if browser_program() is None:
        pytest.skip("no chromium, or no playwright")
    with browser() as opened:
        yield opened
