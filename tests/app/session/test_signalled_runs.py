"""Whatever reads a run, and whenever it is told to end: the robot stands still, the result is whole, the code is right.

SPOT_GRASP_EXHAUSTIVE=200 asks for 200 moments of each robot instead of a few.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("bosdyn.client")

from tests.support.signalled import START, WAYS, Walked, start, wait_until
from tests.support.spot_api import spot

pytestmark = pytest.mark.slow

MOMENTS = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "0"))
STILL_S = 1.0 if MOMENTS else 4.0
"""The robot stands still so soon after a signal, by its own clock; a test of every day leaves a busy machine more."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LEAVING_S = 60.0
WORKERS = 3 if MOMENTS else 2


def whole_result(folder: Path) -> dict[str, object]:
    """What result.json holds; nothing half written lies beside it."""
    assert not list(folder.rglob("*.part"))
    for line in (folder / "log.jsonl").read_text().splitlines():
        json.loads(line)
    result = json.loads((folder / "result.json").read_text())
    assert isinstance(result, dict)
    return result


def one_moment(number: int, robot: str, folder: Path) -> float:
    """Signal one run at one moment; for how long the robot's body moved on, on its own clock."""
    chance = random.Random(f"{robot} {number}")
    ways = {"stdout": chance.choice(WAYS[:4]), "stderr": WAYS[number % len(WAYS)]}
    name = SIGNALS[number % len(SIGNALS)]
    early = chance.random() < 0.25
    twice_s = chance.choice((None, 0.0, 0.5))
    at_end = chance.choice(("stand", "found"))
    told = f"moment {number}: {robot}, {name.name}, {ways}, early {early}, again after {twice_s}, {at_end}"
    with spot(speed=1.0) as server:
        walked = Walked(server)
        ours = (server, ("--at-end", at_end)) if robot == "spot" else (None, ())
        run = start(folder, ours[0], **ways, more=ours[1])
        try:
            wait_until(run.ready if early else run.ticks, run)
            time.sleep(chance.uniform(0.0, 1.5))
            sent_s = walked.now_s
            run.process.send_signal(name)
            if twice_s is not None:
                time.sleep(twice_s)
                run.process.send_signal(name)
            code = run.end(LEAVING_S)
        finally:
            run.process.kill()
        assert code == 130, told
        if (folder / "log.jsonl").exists():
            result = whole_result(folder)
            assert (result["status"], result["exit_code"]) == ("interrupted", 130), told
            if ways["stdout"] == "read" and twice_s != 0.5:
                assert json.loads(run.out) == result, told
        else:
            assert early, told
            assert not folder.exists(), told
        took_s = walked.moved_s - sent_s
        print(f"{told}: {took_s:.2f} s", flush=True)
        assert took_s <= STILL_S, f"{told}: it moved on for {took_s:.2f} s"
        return max(took_s, 0.0)


@pytest.mark.parametrize("robot", ["fake", "spot"])
def test_a_run_signalled_at_any_moment(robot: str, tmp_path: Path) -> None:
    numbers = range(MOMENTS) if MOMENTS else {"fake": (0, 2), "spot": (1, 3)}[robot]
    with ThreadPoolExecutor(WORKERS) as pool:
        took_s = list(pool.map(lambda number: one_moment(number, robot, tmp_path / f"r{number}"), numbers))
    walking = sum(one > 0.0 for one in took_s)
    print(f"{robot}: {len(took_s)} moments, {walking} in a walk; it went on for {max(took_s):.2f} s at most")


STUCK = {
    "a leaf that sleeps": "import time; time.sleep(600)",
    "a leaf that swallows everything": """
while True:
    try:
        import time; time.sleep(600)
    except BaseException:
        pass""",
    "a library that does not return": """
import ctypes
libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
libc.pthread_mutex_lock(mutex); libc.pthread_mutex_lock(mutex)""",
}
HELD_UP = """
from behaviours.leaves.telling import Report
def update(self):
    open({mark!r}, "w").close()
    exec({work!r})
Report.update = update
{start}
"""


def stuck(what: str, folder: Path) -> None:
    """A tick that does not end, and two signals."""
    mark = folder / "held up"
    code = HELD_UP.format(mark=str(mark), work=STUCK[what], start=START)
    with spot(speed=1.0) as server:
        walked = Walked(server)
        run = start(folder / "r", server, stdout="read", stderr="unread", code=code, more=("--at-end", "stand"))
        try:
            wait_until(mark.exists, run)
            sent_s = walked.now_s
            run.process.send_signal(signal.SIGTERM)
            if what != "a leaf that sleeps":
                time.sleep(1.5)
                stops = [call for call in server.log.of("RobotCommand") if "stop" in str(call.fields)]
                assert stops, f"{what}: the robot was told to stop while the main thread was held up"
                run.process.send_signal(signal.SIGTERM)
            assert run.end() == 130, what
        finally:
            run.process.kill()
        assert walked.moved_s - sent_s <= STILL_S, what
    result = whole_result(folder / "r")
    assert (result["status"], result["reason"]) == ("interrupted", "interrupted by SIGTERM"), what


def test_a_tick_that_does_not_end_stops_the_robot_and_ends(tmp_path: Path) -> None:
    names = list(STUCK) if MOMENTS else list(STUCK)[1:]
    for number in range(len(names)):
        (tmp_path / str(number)).mkdir()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda number: stuck(names[number], tmp_path / str(number)), range(len(names))))
