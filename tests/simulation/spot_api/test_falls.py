"""Falls, and what makes a robot fall on purpose: what a client is told, and what the simulated robot is told."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.client.robot_command import BehaviorFaultError, RobotCommandBuilder

from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from simulation.spot_api import SpotServer
from simulation.spot_api.body.machine import FALL
from simulation.spot_api.faults.spec import LEG_KINDS, FaultSpec
from tests.support.spot_api import spot, standing, wait_for

pytestmark = pytest.mark.slow

STAND = RobotCommandBuilder.synchro_stand_command()


def test_a_robot_that_has_fallen_has_a_behaviour_fault_until_it_is_cleared() -> None:
    robot = FakeRobot()
    with spot(robot) as server:
        robot.fallen = True
        wait_for(lambda: server.machine.faults())
        assert [fault.cause for fault in server.machine.faults()] == [FALL]
        time.sleep(0.1)
        assert len(server.machine.faults()) == 1, "one fall is one fault"
        assert server.machine.clear_fault(server.machine.faults()[0].number)


def test_commands_are_refused_until_the_fault_of_a_fall_is_cleared_and_the_robot_has_righted_itself() -> None:
    robot = FakeRobot()
    with standing(robot=robot) as (server, client):
        robot.fallen = True
        [fault] = wait_for(lambda: list(client.state().behavior_fault_state.faults))
        with pytest.raises(BehaviorFaultError):
            client.send(STAND)
        client.command.clear_behavior_fault(fault.behavior_fault_id)
        with pytest.raises(BehaviorFaultError):
            client.send(STAND)
        number = client.send(RobotCommandBuilder.selfright_command())
        wait_for(lambda: client.feedback(number).full_body_feedback.selfright_feedback.status == 1)
        assert server.world.snapshot.body.position_m[2] < 0.2, "it stands up by itself"
        assert not client.state().behavior_fault_state.faults
        number = client.send(STAND)
        wait_for(lambda: client.mobility(number).stand_feedback.status == 1)
        assert abs(server.world.snapshot.body.position_m[2] - 0.52) < 0.02


class Beset(FakeRobot):
    """A fake on legs that keeps what befalls it."""

    on_legs = True

    def __init__(self) -> None:
        super().__init__()
        self.befell: list[tuple[Any, ...]] = []
        self.disturbance: Any = self

    def push(self, impulse_ns: Any) -> None:
        self.befell.append(("push", impulse_ns))

    def load(self, mass_kg: float) -> None:
        self.befell.append(("load", mass_kg))

    def slip(self, foot: str, slips: bool) -> None:
        self.befell.append(("slip", foot, slips))

    def sink(self, foot: str, sinks: bool) -> None:
        self.befell.append(("sink", foot, sinks))


def test_pushes_loads_and_slips_begin_by_their_triggers_and_end() -> None:
    robot = Beset()
    faults = [
        FaultSpec("body_pushed", leaf="Walk*", impulse_ns=(0.0, 150.0, 0.0)),
        FaultSpec("body_pushed", leaf="*/Recover/*", impulse_ns=(1.0, 0.0, 0.0)),
    ]
    with spot(robot, faults=faults) as server:
        server.faults.tick("Grasp/Sequence/Look")
        wait_for(lambda: server.world.snapshot.simulated_s > 1.0)
        assert robot.befell == []
        server.faults.tick("Grasp/Sequence/WalkToObject")
        wait_for(lambda: robot.befell)
        server.faults.tick("Grasp/Sequence/WalkToObject")
        begun_s = server.world.snapshot.simulated_s
        wait_for(lambda: server.world.snapshot.simulated_s > begun_s + 0.5)
        assert robot.befell == [("push", (0.0, 150.0, 0.0))], "one fault happens once"
        server.faults.add(FaultSpec("hand_loaded", load_kg=2.0, for_s=0.5))
        server.faults.add(FaultSpec("foot_slips", foot="hr", for_s=0.5))
        server.faults.add(FaultSpec("foot_sinks", foot="fl", for_s=0.5))
        wait_for(lambda: len(robot.befell) == 7)
        loads, slips = {("load", 2.0), ("load", 0.0)}, {("slip", "hr", True), ("slip", "hr", False)}
        assert set(robot.befell[1:]) == loads | slips | {("sink", "fl", True), ("sink", "fl", False)}


@pytest.mark.parametrize("kind", LEG_KINDS)
def test_a_body_on_rails_is_refused_what_only_legs_can_have(kind: Any) -> None:
    with pytest.raises(
        ConfigError, match=f"{kind}: only a body on legs can have it; take genesis without --base rails"
    ):
        SpotServer(FakeRobot(), faults=[FaultSpec(kind)])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"impulse_ns": (0.0, 501.0, 0.0)}, "impulse_ns"),
        ({"impulse_ns": 150.0}, "impulse_ns"),
        ({"load_kg": 2.5}, "at most 2"),
        ({"foot": "left"}, "fl, fr, hl, hr"),
        ({"leaf": 3}, "leaf"),
    ],
)
def test_a_push_a_load_and_a_foot_have_bounds(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        FaultSpec("body_pushed", **more)
