"""The whole bottle tree on the adapter, through the services of the Spot API, with the fake robot behind them."""

from __future__ import annotations

import pytest

pytest.importorskip("bosdyn.client")

from app.parts.simulated_spot import SimulatedSpot
from behaviours.registry import LEAVES
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot, FakeScript
from behaviours.robots.spot.options import SpotOptions
from behaviours.run_loop import RunResult, run_tree
from behaviours.services import Services
from behaviours.worker import Worker
from trees import build, load
from trees.library import find_tree

pytestmark = pytest.mark.slow


def run_on(robot: SimulatedSpot) -> RunResult:
    with robot, Worker() as worker:
        services = Services(robot, FakeDetector(), FakeHeatmap(), worker)
        tree = build(load(find_tree("grasp_bottle"), LEAVES), services, robot.now)
        return run_tree(tree, robot, worker, period_s=0.05, time_limit_s=300.0)


@pytest.mark.parametrize(
    ("script", "closings"), [(FakeScript(), 1), (FakeScript(misses=1), 2), (FakeScript(slips=1, hidden_captures=2), 2)]
)
def test_the_bottle_is_lifted_also_after_misses_and_slips(script: FakeScript, closings: int) -> None:
    body = FakeRobot(script)
    robot = SimulatedSpot(body, SpotOptions(at_end="stand"), speed=4.0)
    result = run_on(robot)
    assert result.success, result.reason
    log = robot.server.log
    assert log.errors == []
    assert set(log.claw_torques()) == {3.0}
    angles = [
        item.fields["command"]["synchronized_command"]["gripper_command"]["claw_gripper_command"]["trajectory"]
        for item in log.of("RobotCommand")
        if "gripper_command" in item.fields["command"].get("synchronized_command", {})
    ]
    assert sum("point" not in trajectory["points"][0] for trajectory in angles) == closings
    assert body.world.bottle_m[2] > body.world.table_m[2] + 0.1


def test_a_bottle_missed_three_times_fails_the_tree_and_not_the_run() -> None:
    robot = SimulatedSpot(FakeRobot(FakeScript(misses=9)), speed=6.0)
    result = run_on(robot)
    assert not result.success
    assert "object missed" in result.reason or "jaws met" in result.reason
