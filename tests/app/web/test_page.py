"""The page in a real browser: it loads, follows, commands, reconnects; with many nodes, by keyboard, in little room."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.replay.deck import Deck
from app.replay.web import ReplayPages
from app.web.server import Pages
from behaviours.recording.recording import read_recording
from tests.app.replay.test_replay import DEMO, written
from tests.app.web.browser import tab, until
from tests.app.web.sources import Still
from tests.support.html_tags import HOSTILE
from trees import NodeView

SAID = "document.activeElement.getAttribute('aria-label')"
SCENE = "Robot, objects and grasp in 3D"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def source() -> Still:
    return Still()


@pytest.fixture
def pages(source: Still) -> Iterator[Pages]:
    with Pages(source, 0) as pages:
        yield pages


def item(page: Any, number: int) -> Any:
    return page.locator('[role="treeitem"]').nth(number)


def test_it_loads_follows_and_shows_texts_as_texts(chromium: Any, source: Still, pages: Pages) -> None:
    source.nodes[2] = NodeView(3, HOSTILE, HOSTILE, HOSTILE, "Action", 1, "IDLE", "", {HOSTILE: HOSTILE})
    source.now |= {"watched": [[HOSTILE, HOSTILE]], "reports": [HOSTILE]}
    with tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        assert page.title() == "still – spot-grasp"
        assert page.get_by_role("treeitem").count() == 3
        source.rows[2] = ("FAILURE", 1.25, HOSTILE)
        source.grown["log"].append([0, 1.25, HOSTILE, "RUNNING", "FAILURE", HOSTILE])
        source.grown["samples"] += [[1, 0.0, 1.0, 0.0], [2, 1.25, 0.5, 3.0]]
        source.now["t"] = 1.25
        page.wait_for_selector('li[data-status="FAILURE"]')
        assert item(page, 2).get_attribute("aria-label").endswith(", failed")
        assert "1.25 s" in item(page, 2).inner_text()
        page.wait_for_selector("#log td.FAILURE")
        assert "alert(1)" in page.locator("#log").inner_text()
        assert "alert(1)" in page.locator("#reports").inner_text()
        assert page.locator("img[src=x], script:not([src])").count() == 0
        assert page.locator("#plots").inner_text().split() == [
            "Opening",
            "(%)",
            "50",
            "%",
            "Torque",
            "(N·m)",
            "3.00",
            "N·m",
        ]
        assert page.evaluate("scene.gl !== null")


def press(page: Any, button: str) -> None:
    """Click a button of the run, and wait until the server has answered."""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name=button).click()


def test_buttons_are_pressed_and_say_what_goes_on(chromium: Any, source: Still, pages: Pages) -> None:
    with tab(chromium, pages.address) as page:
        press(page, "Pause")
        source.now["paused"] = True
        press(page, "Resume")
        source.now["paused"] = False
        press(page, "Stop the robot")
        source.now["stopping"] = True
        until(page, "document.querySelector('#status').textContent === 'stopping'")
        assert [name for name, _ in source.pressed] == ["pause", "resume", "stop"]
        source.now["ended"] = ["interrupted", "interrupted by SIGINT"]
        until(page, "document.querySelector('#status').textContent === 'interrupted'")
        assert page.get_by_role("button", name="Stop the robot").is_disabled()
        assert "spot-grasp replay runs/x --web" in page.get_by_role("alert").inner_text()


def test_it_comes_back_after_a_lost_connection(chromium: Any, source: Still, pages: Pages) -> None:
    with tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        server = pages._server
        with server._lock:
            for connection in server._known.values():
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        source.rows[1] = ("RUNNING", 2.0, "again")
        page.wait_for_selector('li[data-status="RUNNING"]')
        until(page, "document.querySelector('#notice').hidden")


def test_pictures_lie_over_each_other_and_each_can_be_chosen(chromium: Any, source: Still, pages: Pages) -> None:
    png = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    for number, (event, name) in enumerate((("capture", "frames/1.png"), ("heatmap", "heatmaps/2.png"))):
        source.pictures[name] = png
        source.grown["pictures"].append([number, 0.0, event, name, f"words of {event}"])
    with tab(chromium, pages.address) as page:
        until(page, "document.querySelector('#overlay').naturalWidth === 64")
        assert page.locator("#frame").get_attribute("alt").startswith("words of capture")
        page.get_by_role("button", name="capture at 0.0 s").click()
        until(page, "document.querySelector('#overlay').hidden")
        page.get_by_role("button", name="heatmap at 0.0 s").click()
        page.get_by_role("checkbox", name="mask and heatmap").uncheck()
        until(page, "document.querySelector('#overlay').hidden")


def test_a_page_that_is_told_all_twice_while_it_loads_shows_it_once(chromium: Any, pages: Pages) -> None:
    with tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        kept = page.evaluate(
            """() => {
                const grown = () => ({ pictures: [[0, 0, "capture", "1.png", ""]] });
                const part = () => ({ epoch: state.epoch, now: state.now, rows: [], grown: grown() });
                state.pending = { ...part(), whole: true };
                take({ ...part(), whole: true });
                const twice = state.pending.grown.pictures.length;
                take(part());
                const after = state.pending.grown.pictures.length;
                state.pending = null;
                return [twice, after];
            }"""
        )
        assert kept == [1, 2]


def test_a_tree_of_500_nodes_follows_the_running_path_and_is_searched(chromium: Any) -> None:
    source = Still(500)
    depths = [0, *(1 + (n % 5) for n in range(499))]
    source.nodes = [
        NodeView(n + 1, f"M/n{n}", f"n{n}", "Act", "Action", depth, "IDLE", "", {"p": str(n)})
        for n, depth in enumerate(depths)
    ]
    with Pages(source, 0) as pages, tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        assert page.get_by_role("treeitem", include_hidden=True).count() == 500
        for number in (0, 496, 497, 498):
            source.rows[number] = ("RUNNING", 1.0, "")
        page.wait_for_selector('li[data-find^="n498 "][data-status="RUNNING"]')
        assert item(page, 498).is_visible()
        assert not item(page, 5).is_visible()
        page.get_by_role("searchbox").fill("n123")
        until(page, "document.querySelector('.hits').textContent === '1 found'")
        assert item(page, 123).is_visible()
        page.get_by_role("button", name="Unfold").click()
        assert item(page, 5).is_visible()
        assert page.get_by_role("button", name="Follow").get_attribute("aria-pressed") == "false"


def test_the_tree_and_all_else_is_reached_by_keyboard(chromium: Any, pages: Pages) -> None:
    with tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        page.get_by_role("button", name="Unfold").click()
        names = []
        for _ in range(25):
            page.keyboard.press("Tab")
            names.append(page.evaluate(f"({SAID} || document.activeElement.textContent).slice(0, 40)"))
        for wanted in ("Follow", "Search the tree", "n0 (Act), has not run", "Changes of the tree", SCENE):
            assert wanted in names
        page.keyboard.press("Shift+Tab")
        item(page, 0).focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate(SAID).startswith("n1 ")
        page.keyboard.press("End")
        assert page.evaluate(SAID).startswith("n2 ")
        page.keyboard.press("Enter")
        assert item(page, 2).locator("dl").is_visible()
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(SAID).startswith("n0 ")
        page.keyboard.press("ArrowLeft")
        assert item(page, 0).get_attribute("aria-expanded") == "false"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(SAID).startswith("n1 ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_window(chromium: Any, pages: Pages, scheme: str) -> None:
    with tab(chromium, pages.address, viewport={"width": 400, "height": 700}, color_scheme=scheme) as page:
        page.wait_for_selector('[role="tree"]')
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.evaluate("window.scrollTo(0, 1e6)")
        assert page.get_by_role("button", name="Stop the robot").is_visible()
        for role in ("main", "banner", "alert", "log", "tree", "toolbar"):
            assert page.get_by_role(role, include_hidden=True).count() == 1


def test_a_replay_is_moved_by_its_time_line_and_keys(chromium: Any, tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path))
    deck = Deck(recording)
    deck.paused = True
    with Pages(ReplayPages(recording, deck), 0) as pages, tab(chromium, pages.address) as page:
        page.wait_for_selector('[role="tree"]')
        page.get_by_role("button", name="One change forward").click()
        page.wait_for_selector('li[data-status="SUCCESS"]')
        assert deck.time_s == 3.0
        page.get_by_role("slider", name="Time of the run").fill("1.2")
        until(page, "document.querySelector('#clock').textContent === '1.20 s'")
        page.get_by_role("button", name="To the end").click()
        until(page, "document.querySelector('#status').textContent === 'failure'")
        assert page.locator("#log tr").count() == sum(line["event"] == "transition" for line in DEMO)
        assert page.get_by_role("button", name="Stop the robot").count() == 0


def test_a_file_of_show_folds_by_script_and_is_open_without(chromium: Any, tmp_path: Path) -> None:
    out = tmp_path / "tree.html"
    assert main(["show", "clear_bin", "--out", str(out)], Interrupts()) == 0
    with tab(chromium, out.as_uri()) as page:
        first = item(page, 0).locator(".node").first
        box = first.bounding_box()
        assert box is not None
        assert box["x"] < 100  # the root is in sight
        assert box["y"] < 200
        shown = page.locator('[role="treeitem"]:visible').count()
        page.get_by_role("button", name="Fold", exact=True).click()
        assert page.locator('[role="treeitem"]:visible').count() < shown
        page.get_by_role("searchbox").fill("verifygrasp")
        assert page.locator("li.hit:visible").count() > 0
    with tab(chromium, out.as_uri(), java_script_enabled=False) as page:
        assert page.locator('[role="treeitem"]:visible').count() == page.locator('[role="treeitem"]').count() > 300


def test_a_script_in_a_file_of_show_that_is_not_ours_does_not_run(chromium: Any, tmp_path: Path) -> None:
    out = tmp_path / "tree.html"
    assert main(["show", "search", "--out", str(out)], Interrupts()) == 0
    out.write_text(out.read_text().replace("</main>", "<script>document.title = 'taken'</script></main>"))
    with pytest.raises(AssertionError, match="Content Security Policy"), tab(chromium, out.as_uri()) as page:
        assert page.title() == "Search"


def test_a_report_opens_from_the_disk(chromium: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    written(run)
    (run / "config.json").write_text(json.dumps({"options": {"tree": HOSTILE}, "versions": {"numpy": "2"}}))
    assert main(["report", str(run)], Interrupts()) == 0
    with tab(chromium, (run / "report.html").as_uri(), viewport={"width": 400, "height": 700}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert page.get_by_role("heading", name="What was asked").is_visible()
        assert "alert(1)" in page.locator("table.pairs").first.inner_text()
        page.get_by_role("button", name="Diagram").click()
