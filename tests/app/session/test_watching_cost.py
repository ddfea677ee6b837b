"""What watching costs a tick: the same tree with and without everything that watches it, measured in turns.

Every leaf is ticked in every tick and does nothing: the worst case, a bare leaf takes some microseconds."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import trees
from app.groot.publisher import Publisher
from app.groot.source import Source
from app.views.feed import Feed
from app.views.live import LiveView
from behaviours.recording.btlog import BtLog
from behaviours.recording.folder import RunFolder
from behaviours.recording.monitor import Monitor
from behaviours.robots.fake.robot import FakeRobot
from tests.support.free_ports import free_port
from tests.support.groot_client import Client
from tests.support.trees_leaves import Act
from trees.groot_xml import tree_xml

LEAVES = {"Act": Act}
BLOCK = 10
ROUNDS = 40
BOUND = 6.0
"""Times a bare tick: about 2 on a quiet machine."""


def tree_file(folder: Path, leaves: int) -> Path:
    """A sequence that never ends: all but its last leaf have succeeded, the last one runs."""
    acts = '<Act seq="S"/>' * (leaves - 1) + '<Act seq="R"/>'
    path = folder / "tree.xml"
    path.write_text(
        f'<root BTCPP_format="4" main_tree_to_execute="M"><BehaviorTree ID="M"><ReactiveSequence>{acts}'
        "</ReactiveSequence></BehaviorTree></root>"
    )
    return path


class Quiet(list[str]):
    """Events that nobody keeps."""

    def append(self, _: str) -> None:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("leaves", [50, 500])
def test_a_watched_tick(tmp_path: Path, leaves: int) -> None:
    """A view that draws, a log, a btlog and a publisher; processor time of the tick thread, median over blocks."""
    document = trees.load(tree_file(tmp_path, leaves), LEAVES)
    bare = trees.build(document, Quiet(), lambda: 0.0)
    watched = trees.build(document, Quiet(), lambda: 0.0)
    (tmp_path / "run").mkdir()
    port = free_port()
    with (
        FakeRobot() as robot,
        RunFolder(tmp_path / "run") as record,
        Publisher(port) as publisher,
        open("/dev/null", "w") as nowhere,
    ):
        view = LiveView(nowhere)
        view.start()
        monitor = Monitor(watched, "M", robot.now, record.log, "t", period_s=0.05)
        feed = Feed(view, monitor, robot)
        xml = tree_xml("M", watched.nodes(), LEAVES)
        log = BtLog(tmp_path / "tree.btlog", xml, 0)
        source = Source(watched, "M", xml, monitor.board)
        monitor.follow_statuses(log.append)
        monitor.follow_statuses(source.changed)
        publisher.serve(source)
        ratios = []

        def block(tick: Any) -> float:
            begin = time.thread_time()
            for _ in range(BLOCK):
                tick()
            return time.thread_time() - begin

        def watched_tick() -> None:
            monitor.times.tick()
            monitor.tick()
            feed.tick()

        try:
            with Client(port) as client:
                client.tree()
                for _ in range(ROUNDS):
                    plain = block(bare.tick)
                    ratios.append(block(watched_tick) / plain)
                assert len(client.statuses()) == leaves + 1
        finally:
            view.stop()
            log.close()
    print(f"{leaves} leaves: a watched tick takes {median(ratios):.2f} times a bare one")
    assert median(ratios) < BOUND
