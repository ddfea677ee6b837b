"""A real browser without a window, for tests of pages. They are skipped where there is none."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""Tests run as root in containers, and draw without a graphics card."""
WAIT_MS: Final = 30_000


def browser_program() -> str | None:
    """The program, None if there is none or the package that drives it lacks."""
    if find_spec("playwright") is None:
        return None
    return next((place for name in NAMES if (place := shutil.which(name))), None)


def until(page: Any, expression: str) -> None:
    """Wait until a JavaScript expression is true; the page's policy forbids `wait_for_function`."""
    end_s = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end_s, f"never true: {expression}"
        page.wait_for_timeout(30)


@contextmanager
def browser() -> Iterator[Any]:
    """A browser of playwright's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser_program(), args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def tab(opened: Any, address: str, **options: Any) -> Iterator[Any]:
    """A page at an address. It must log no error, and no text in it may have opened a dialog."""
    context = opened.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    try:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(address)
        yield page
        wrong = [text for text in wrong if "net::ERR" not in text]  # connections end when runs do
        assert not wrong, wrong
    finally:
        context.close()
