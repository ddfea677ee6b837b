"""A robot for tests and for trying trees without any simulator: scripted, deterministic, on a virtual clock."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import numpy as np

from behaviours.limits import require_limits
from behaviours.robot import HAND_ONLY, ArmPose, Command
from behaviours.robots.fake.models import FakeDetector, FakeHeatmap
from behaviours.robots.fake.picking import FakePicking
from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.world import HAND_CAMERA, FakeWorld
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose, wrapped_rad
from perception.types import RgbdFrame

__all__ = ["FakeDetector", "FakeHeatmap", "FakeRobot", "FakeScript"]

OPEN_S = 0.8


class FakeRobot(FakePicking):
    """A robot without physics; implements `behaviours.robot.Robot` and `PicksInImage`.

    script: what goes wrong, None for nothing. world: what it sees, None for a bottle on a table. real_time: keep pace
    with the wall clock, for watching and for signals.

    stops: how often `stop` was called; commands: every command started, by part, for tests.
    """

    simulated_time = True
    cameras = HAND_ONLY

    def __init__(
        self, script: FakeScript | None = None, *, world: FakeWorld | None = None, real_time: bool = False
    ) -> None:
        super().__init__(script or FakeScript(), world or FakeWorld())
        self._real_time = real_time
        self.stops = self._captures = self._walks = 0

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._entered = False

    def sleep(self, seconds: float) -> None:
        self._connected()
        if self._real_time:
            time.sleep(seconds)
        self._advance(seconds)

    def capture(self, camera: str) -> RgbdFrame:
        if camera not in self.cameras:
            raise ConfigError(f"unknown camera {camera!r}; this robot has: {', '.join(self.cameras)}")
        self._connected()
        self._captures += 1
        pose = self.hand_pose() @ SPOT.hand_from_camera
        self.world.bottle_hidden = self._captures <= self.script.hidden_captures
        rgb, depth = self.world.render(pose)
        return RgbdFrame(rgb, depth, HAND_CAMERA, pose, self._now_s, camera)

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        require_limits(self.limits, "walk_to", world_from_goal, **limits)
        start, goal = self._body, world_from_goal
        self._walks += 1
        falls = self._walks <= self.script.falls
        turn = wrapped_rad(goal.yaw_rad - start.yaw_rad)
        line = goal.position_m[:2] - start.position_m[:2]

        def at(fraction: float) -> None:
            x, y = start.position_m[:2] + fraction * line
            z = start.position_m[2] + fraction * (SPOT.body_height_m - start.position_m[2])
            pitch = (1.0 - fraction) * start.rpy_rad[1]
            self._body = Pose.from_rpy((0.0, pitch, start.yaw_rad + fraction * turn), (x, y, z))
            if fraction >= 0.5:
                self._jaws.drop()
            if fraction >= 0.5 and falls:
                self._fall()

        duration = max(float(np.linalg.norm(line)) / max_speed_mps, abs(turn) / max_yaw_rate_radps)
        return self._start("base", duration, at, "blocked by an obstacle" if self.script.walk_blocked else "")

    def move_arm(self, pose: ArmPose, *, max_joint_speed_radps: float) -> Command:
        require_limits(self.limits, "move_arm", pose, max_joint_speed_radps=max_joint_speed_radps)
        return self._start("arm", 2.0 / max_joint_speed_radps, self._hand_path(arm.forward(arm.POSES[pose])))

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        require_limits(self.limits, "move_hand", world_from_hand, max_speed_mps=max_speed_mps)
        goal = self._body.inverse() @ world_from_hand
        x, y, z = goal.position_m
        failure = ""
        if self.script.out_of_reach or arm.inverse(goal, arm.READY) is None:
            failure = f"out of reach: no arm posture puts the hand at ({x:.2f}, {y:.2f}, {z:.2f}) m in the body frame"
        elif self.script.arm_stalls:
            failure = "arm stalled 80 mm from the goal"
        if failure:
            return self._start("arm", 0.0, lambda _fraction: None, failure)
        distance = self._body_from_hand.distance_m(goal)
        return self._start("arm", distance / max_speed_mps, self._hand_path(goal))

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        require_limits(self.limits, "set_gripper", opening, max_torque_nm=max_torque_nm)
        start = self._jaws.opening

        def at(fraction: float) -> None:
            self._jaws.move(start, opening, fraction, max_torque_nm, self.hand_pose(), self._now_s)

        return self._start("gripper", OPEN_S, at)

    def put_between_jaws(self) -> None:
        """Put the bottle where the open jaws would close on its flank, for the contract."""
        self.world.put(0, self.hand_pose().position_m - np.array([0.0, 0.0, self.world.height_m / 2]))

    def stop(self) -> None:
        self.stops += 1
        self._cancel(*self._active)
