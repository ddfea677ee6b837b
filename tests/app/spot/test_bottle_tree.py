"""The whole bottle tree on the adapter, through the services of the Spot API, with the fake robot behind them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

pytest.importorskip("bosdyn.client")

from app.parts.simulated_spot import SimulatedSpot
from behaviours.registry import LEAVES
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot, FakeScript
from behaviours.robots.spot.options import AtEnd, SpotOptions
from behaviours.run_loop import RunResult, run_tree
from behaviours.services import Services
from behaviours.worker import Worker
from trees import build, load
from trees.library import find_tree

pytestmark = pytest.mark.slow

SCRIPTS: tuple[tuple[FakeScript, int, AtEnd], ...] = (
    (FakeScript(), 1, "stand"),
    (FakeScript(misses=1), 2, "stand"),
    (FakeScript(slips=1, hidden_captures=2), 2, "stand"),
    (FakeScript(misses=9), 3, "found"),
)
"""What the fake does, how often the jaws close, and how the robot is left."""


def run_on(robot: SimulatedSpot) -> RunResult:
    with robot, Worker() as worker:
        services = Services(robot, FakeDetector(), FakeHeatmap(), worker)
        tree = build(load(find_tree("grasp_bottle"), LEAVES), services, robot.now)
        return run_tree(tree, robot, worker, period_s=0.05, time_limit_s=300.0)


@dataclass
class Play:
    """A run by a script of the fake, and what the server logged."""

    body: FakeRobot
    robot: SimulatedSpot
    result: RunResult


@pytest.fixture(scope="module")
def plays() -> list[Play]:
    """Of every script; all at once, since a run mostly waits for the robot."""

    def play(item: tuple[FakeScript, int, AtEnd]) -> Play:
        body = FakeRobot(item[0])
        robot = SimulatedSpot(body, SpotOptions(at_end=item[2]), speed=4.0)
        return Play(body, robot, run_on(robot))

    with ThreadPoolExecutor(len(SCRIPTS)) as pool:
        return list(pool.map(play, SCRIPTS))


@pytest.mark.parametrize("number", range(3))
def test_the_bottle_is_lifted_also_after_misses_and_slips(plays: list[Play], number: int) -> None:
    play, closings = plays[number], SCRIPTS[number][1]
    assert play.result.success, play.result.reason
    log = play.robot.server.log
    assert log.errors == []
    assert set(log.claw_torques()) == {3.0}
    angles = [
        item.fields["command"]["synchronized_command"]["gripper_command"]["claw_gripper_command"]["trajectory"]
        for item in log.of("RobotCommand")
        if "gripper_command" in item.fields["command"].get("synchronized_command", {})
    ]
    assert sum("point" not in trajectory["points"][0] for trajectory in angles) == closings
    assert play.body.world.bottle_m[2] > play.body.world.table_m[2] + 0.1


def test_a_bottle_missed_three_times_fails_the_tree_and_not_the_run(plays: list[Play]) -> None:
    result = plays[3].result
    assert not result.success
    assert "object missed" in result.reason or "jaws met" in result.reason
