"""Whole runs of the fake, watched and commanded over the web: what comes, pause, stop, and the end."""

from __future__ import annotations

import functools
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.session.options import RunOptions
from app.session.run import run
from app.web.hub import Hub
from behaviours.robots.fake import robot as fake
from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from tests.app.web.sources import Still, Watcher, press
from tests.support.places import ROOT

SLOW = (
    '<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Sequence>'
    '<MoveArm name="&lt;script&gt;alert(1)&lt;/script&gt;" pose="ready" max_joint_speed_radps="0.05"/>'
    '<Sleep msec="100000"/></Sequence></BehaviorTree></root>'
)


class Served:
    """The address of the pages of a run, as it was printed, with what `sources.press` needs of `Pages`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.port = int(re.search(r":(\d+)/", address)[1])  # type: ignore[index]
        self.path = "/" + address.split("/", 3)[3]


def watched(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Served], None],
    tree: str = "grasp_bottle",
    **options: Any,
) -> tuple[int, dict[str, Any]]:
    """Run the fake with pages, call `act` with their address on a thread; exit code and result."""
    threads: list[threading.Thread] = []

    def note(text: str) -> None:
        address = re.search(r"http://\S+", text)
        assert address
        threads.append(threading.Thread(target=act, args=(Served(address[0]),)))
        threads[0].start()

    monkeypatch.setattr("app.session.web.note", note)
    place = tmp_path / "run"
    with Interrupts() as interrupts:
        try:
            code = run(RunOptions(tree, robot="fake", view="none", record=place, web=0, **options), interrupts)
        except KeyboardInterrupt:
            code = 130
        finally:
            for thread in threads:
                thread.join(60)
    return code, json.loads((place / "result.json").read_text())


@pytest.mark.slow
def test_a_page_sees_the_run_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The robot's time stands still between two ticks until the page has had one more message."""
    messages: list[dict[str, Any]] = []
    looked = threading.Semaphore(0)

    class Waits(FakeRobot):
        def sleep(self, seconds: float) -> None:
            if len(messages) < 60:
                assert looked.acquire(timeout=60)
            super().sleep(seconds)

    def watch(served: Served) -> None:
        watcher = Watcher(served.port, served.path)
        while (message := watcher.next()) is not None:
            messages.append(message)
            looked.release()

    monkeypatch.setattr("app.web.server.Hub", functools.partial(Hub, period_s=0.005))
    monkeypatch.setattr(fake, "FakeRobot", Waits)
    code, result = watched(tmp_path, monkeypatch, watch, watch=("object",))
    assert (code, result["status"]) == (0, "success")
    last = messages[-1]["now"]
    assert last["ended"] == ["success", ""]
    assert last["robot"]["holding"]
    assert len(last["robot"]["hand"]) == len(last["robot"]["body"]) == 12
    assert {thing["kind"] for thing in last["placed"]} == {"object", "grasp"}
    assert last["watched"][0][1].startswith("{label: bottle")
    pictures = [item for message in messages for item in message["grown"].get("pictures", [])]
    assert {item[2] for item in pictures} >= {"capture", "heatmap"}
    statuses = {row[1] for message in messages for row in message["rows"]}
    assert {"IDLE", "RUNNING", "SUCCESS"} <= statuses


def until(watcher: Watcher, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first message that fits."""
    while (message := watcher.next()) is not None:
        if fits(message["now"]):
            return message
    raise AssertionError("the run ended before")


def test_stop_does_what_a_first_ctrl_c_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.xml").write_text(SLOW)
    stopped: list[float] = []
    pressed: list[float] = []

    class Notes(FakeRobot):
        def stop(self) -> None:
            stopped.append(time.monotonic())
            super().stop()

    def stop(served: Served) -> None:
        watcher = Watcher(served.port, served.path)
        until(watcher, lambda now: now.get("t", 0) > 0.2)
        pressed.append(time.monotonic())
        for _ in range(3):  # pressed in a hurry: still the first Ctrl-C alone
            assert press(served, "stop") == 204  # type: ignore[arg-type]
        assert until(watcher, lambda now: bool(now["ended"]))["now"]["ended"][0] == "interrupted"

    monkeypatch.setattr(fake, "FakeRobot", Notes)
    code, result = watched(tmp_path, monkeypatch, stop, str(tmp_path / "slow.xml"), robot_options={"real_time": True})
    assert (code, result["status"], result["reason"]) == (130, "interrupted", "interrupted by SIGINT")
    assert stopped[0] - pressed[0] < 5.0  # about 0.05 s; the bound is for a machine that is very busy


def test_a_simulated_run_is_paused_and_goes_on_or_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.xml").write_text(SLOW)

    def pause(served: Served) -> None:
        watcher = Watcher(served.port, served.path)
        until(watcher, lambda now: now.get("t", 0) > 0.1)
        assert press(served, "pause") == 204  # type: ignore[arg-type]
        until(watcher, lambda now: now["paused"])
        ticks = [until(watcher, lambda now: True)["now"]["ticks"][0] for _ in range(4)]
        assert len(set(ticks[1:])) == 1  # the tick in progress may still have ended
        assert press(served, "resume") == 204  # type: ignore[arg-type]
        until(watcher, lambda now: now["ticks"][0] > ticks[-1])
        assert press(served, "pause") == 204  # type: ignore[arg-type]
        assert press(served, "stop") == 204  # type: ignore[arg-type]
        assert until(watcher, lambda now: bool(now["ended"]))["now"]["ended"][0] == "interrupted"

    code, _ = watched(tmp_path, monkeypatch, pause, str(tmp_path / "slow.xml"), robot_options={"real_time": True})
    assert code == 130


def test_a_robot_whose_clock_goes_on_is_not_paused() -> None:
    from app.web.controls import Controls

    controls = Controls(Interrupts())
    assert not controls.act("pause")
    assert not controls.paused
    assert not controls.act("dance")


def test_a_taken_port_ends_the_run_before_a_folder_is_made(tmp_path: Path) -> None:
    from app.web.server import Pages

    with Pages(Still(), 0) as pages, pytest.raises(ConfigError, match="--web 0"):
        run(RunOptions("search", robot="fake", view="none", record=tmp_path / "r", web=pages.port), Interrupts())
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_the_command_prints_the_address_and_a_press_ends_it_with_130(tmp_path: Path) -> None:
    (tmp_path / "slow.xml").write_text(SLOW)
    command = [sys.executable, "-m", "app", "run", str(tmp_path / "slow.xml"), "--robot", "fake", "--real-time"]
    process = subprocess.Popen(
        [*command, "--web", "0", "--view", "none", "--record", str(tmp_path / "r")],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        served = Served(process.stderr.readline().split()[-1])
        watcher = Watcher(served.port, served.path)
        until(watcher, lambda now: now.get("t", 0) > 0.2)
        assert press(served, "stop") == 204  # type: ignore[arg-type]
        assert process.wait(60) == 130
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
