"""What pages cost the tick loop: the same ticks with a page open and without one, in turns.

The loop does not sleep, so it gives way to the threads of the pages as often as it ever could. Every leaf is ticked in
every tick; ten pictures of 640 x 480 are taken a second, and the page fetches each.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest

import trees
from app.base.interrupts import Interrupts
from app.views.feed import Feed
from app.web.controls import Controls
from app.web.live import LiveRun
from app.web.server import Pages
from behaviours.recording.folder import RunFolder
from behaviours.recording.monitor import Monitor
from behaviours.robots.fake.robot import FakeRobot
from tests.app.session.test_watching_cost import LEAVES, Quiet, tree_file
from tests.support.places import ROOT

BLOCK_S, ROUNDS, PICTURE_S = 0.5, 7, 0.1
BOUND = 1.3
"""Times the work without a page. The aim is 1.1. Pages want their share ten times a second, also where others leave the
loop little of the processor: the rest is for these."""
PAGE = """
import sys
from tests.app.web.sources import Watcher
import http.client
port, path = int(sys.argv[1]), sys.argv[2]
watcher = Watcher(port, path)
print("open", flush=True)
while (message := watcher.next()) is not None:
    for picture in message["grown"].get("pictures", [])[-1:]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", f"{path}picture/{picture[3]}")
        assert connection.getresponse().read()
"""


class Session:
    """What a page needs of a session."""

    def __init__(self, record: RunFolder, monitor: Monitor) -> None:
        self.record, self.monitor = record, monitor


@contextmanager
def open_page(pages: Pages) -> Iterator[None]:
    """A page in a process of its own, while the block lasts."""
    path = "/" + pages.address.split("/", 3)[3]
    words = [sys.executable, "-c", PAGE, str(pages.port), path]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


@pytest.mark.slow
def test_a_tick_while_a_page_is_open(tmp_path: Path) -> None:
    document = trees.load(tree_file(tmp_path, 500), LEAVES)
    tree = trees.build(document, Quiet(), lambda: 0.0)
    place = tmp_path / "run"
    place.mkdir()
    picture = cv2.imencode(".png", np.random.default_rng(0).integers(0, 90, (480, 640, 3), np.uint8))[1].tobytes()
    with FakeRobot() as robot, RunFolder(place) as record:
        record.clock = robot.now
        live = LiveRun("t", Controls(Interrupts()))
        monitor = Monitor(tree, "M", robot.now, record.log, "t", period_s=0.05)
        feed = Feed(live, monitor, robot)
        live.follow(Session(record, monitor), robot.model)  # type: ignore[arg-type]
        taken = 0

        def block() -> tuple[float, float]:
            """Wall seconds of a tick, without the time to take pictures, which both ways have; and the processor time
            of all other threads as a share of the loop's own."""
            nonlocal taken
            begin = now = time.perf_counter()
            whole, own = time.process_time(), time.thread_time()
            spent, count, next_s = 0.0, 0, begin
            while now - begin < BLOCK_S:
                if now >= next_s:
                    next_s += PICTURE_S
                    taken += 1
                    (place / "frames" / f"{taken:05d}.png").write_bytes(picture)
                    record.log.info("capture", file=f"{taken:05d}.png", camera="hand")
                before = time.perf_counter()
                monitor.times.tick()
                monitor.tick()
                feed.tick()
                now = time.perf_counter()
                spent, count = spent + now - before, count + 1
            whole, own = time.process_time() - whole, time.thread_time() - own
            return spent / count, (whole - own) / own

        walls, shares = [], []
        with Pages(live, 0) as pages:
            for _ in range(ROUNDS):
                alone_s, others = block()
                with open_page(pages):
                    wall_s, share = block()
                walls.append(wall_s / alone_s)
                shares.append(1 + share - others)
    print(f"while a page is open a tick takes {median(walls):.3f} times as long, and the processor does "
          f"{median(shares):.3f} times the work of the loop")  # fmt: skip
    assert median(shares) < BOUND
