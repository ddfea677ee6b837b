"""A Spot that is only looked at: nothing is taken, nothing is sent that could move it, whoever controls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from behaviours.robot import CommandState
from behaviours.robots.spot.robot import SpotRobot
from perception.base.errors import RobotError
from perception.types import RgbdFrame
from simulation.spot_api import SpotServer
from tests.behaviours.spot.test_session import holder
from tests.support.spot_api import connect, spot
from tests.support.spot_robot import target_of

pytestmark = pytest.mark.slow

READING = (
    "Auth", "Directory", "TimeSync", "RobotId", "ImageService.ListImageSources", "ImageService.GetImage",
    "RobotStateService.GetRobotState",
)  # fmt: skip
"""Beginnings of the names of all calls that an onlooker makes."""


def nothing_taken(server: SpotServer) -> None:
    assert server.log.commands == []
    assert [name for name in server.log.counts if not name.startswith(READING)] == []
    assert not server.machine.motors_on()


MOTIONS: dict[str, Callable[[SpotRobot, RgbdFrame], Any]] = {
    "walk_to": lambda robot, _: robot.walk_to(robot.body_pose(), max_speed_mps=0.3, max_yaw_rate_radps=0.3),
    "set_body": lambda robot, _: robot.set_body(0.05, 0.1, max_speed_mps=0.1),
    "move_arm": lambda robot, _: robot.move_arm("ready", max_joint_speed_radps=0.5),
    "move_hand": lambda robot, _: robot.move_hand(robot.hand_pose(), max_speed_mps=0.1),
    "set_gripper": lambda robot, _: robot.set_gripper(1.0, max_torque_nm=1.0),
    "pick_in_image": lambda robot, frame: robot.pick_in_image(
        frame, (320, 240), approach="any", palm_to_fingertip=0.5, max_torque_nm=1.0
    ),
}


def reason(start: Callable[[SpotRobot, RgbdFrame], Any], robot: SpotRobot, frame: RgbdFrame) -> str:
    """Why a motion was not started: what was raised, or why it failed at once."""
    try:
        command = start(robot, frame)
    except RobotError as error:
        return str(error)
    outcome = command.poll()
    assert outcome.state is CommandState.FAILED
    command.cancel()
    return str(outcome.reason)


def test_every_motion_is_refused_before_it_is_sent() -> None:
    with spot(speed=1.0) as server:
        with SpotRobot(target_of(server), looks_only=True) as robot:
            frame = robot.capture("hand")
            assert (frame.depth > 0).any()
            assert np.isfinite(robot.body_pose().position_m).all()
            for name, start in MOTIONS.items():
                assert "only looks" in reason(start, robot, frame), name
            robot.stop()
        nothing_taken(server)


def test_the_command_looks_while_somebody_else_has_the_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with spot(speed=1.0, password="a-secret-of-the-robot") as server:
        monkeypatch.setenv("BOSDYN_CLIENT_USERNAME", "user")
        monkeypatch.setenv("BOSDYN_CLIENT_PASSWORD", "a-secret-of-the-robot")
        where = ["--hostname", "127.0.0.1", "--port", str(server.port), "--certificate", str(server.ca_file)]
        words = ["look", *where, "--out", str(tmp_path / "looks"), "--json"]
        assert main([*words, "--label", "bottle"], Interrupts()) in (0, 1)
        nothing_taken(server)
        assert holder(server) == ""
        connect(server, "tablet").leases.acquire()
        before = len(server.log.commands)
        assert main([*words, "--camera", "frontleft"], Interrupts()) in (0, 1)
        assert len(server.log.commands) == before
        assert "tablet" in holder(server)
    for line, camera in zip(capsys.readouterr().out.splitlines(), ("hand", "frontleft"), strict=True):
        result = json.loads(line)
        assert (result["robot"], result["camera"]) == ("spot", camera)
        assert (Path(result["folder"]) / "rgb.png").is_file()
