"""The real Spot, or whatever speaks its API, behind the robot protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from behaviours.limits import require_body, require_limits, require_pick
from behaviours.robot import ArmPose, Command, GripperState
from behaviours.robots.spot import arm
from behaviours.robots.spot.camera import images
from behaviours.robots.spot.camera.capture import take
from behaviours.robots.spot.control.onlooker import LOOKING, Onlooker
from behaviours.robots.spot.control.session import Session
from behaviours.robots.spot.link.connection import Connection, Target
from behaviours.robots.spot.model import SPOT, SPOT_LIMITS
from behaviours.robots.spot.motion import commands, pick, progress
from behaviours.robots.spot.motion.motion import Ended, Step
from behaviours.robots.spot.motion.walk import Walk
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.parts import Parts
from behaviours.robots.spot.state import RobotView
from behaviours.robots.spot.watch import StateWatch
from perception.base.errors import RobotError
from perception.geometry import Pose
from perception.types import Approach, RgbdFrame

SLICE_S: Final = 0.1
"""Longest wait without looking at the robot."""
STANDSTILL: Final = 50.0
"""A clock that is so much slower than ours stands still."""
NOT_CONNECTED: Final = "the robot is not connected; use it inside `with SpotRobot(...) as robot:`"


class SpotRobot:
    """Implements `behaviours.robot.Robot` on bosdyn-client; use it as a context manager.

    target: which robot. options: what may be done to get and to leave it. The world is the robot's `vision` frame;
    `now` counts the robot's seconds since the robot was entered. session: how control is got and given back.
    looks_only: no control is taken, the robot stays as it is, and commands are a RobotError before they are sent.
    """

    simulated_time = False
    limits, model = SPOT_LIMITS, SPOT
    cameras = tuple(images.CAMERAS)

    def __init__(
        self,
        target: Target,
        options: SpotOptions | None = None,
        *,
        session: Callable[[Connection, SpotOptions], Session] = Session,
        looks_only: bool = False,
    ) -> None:
        self._target, self._options = target, options or SpotOptions()
        self._make_session = Onlooker if looks_only else session
        self._services = LOOKING if looks_only else None
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._parts: Parts | None = None
        self._stops = 0

    # life

    def __enter__(self) -> Self:
        self._connection = Connection(self._target, self._services)
        try:
            self._connection.open()
            self._session = self._make_session(self._connection, self._options)
            self._session.begin()
            self._connection.clock.start()
            commanded, rights = self._services is None, self._options.self_right
            self._connection.link.rights = rights
            watch = StateWatch(self._connection, self._target.hostname, commanded=commanded, rights=rights)
            self._parts = Parts(self._connection, self._session, watch)
            self._session.entered(watch.look)
        except BaseException:  # also an interruption: what was begun is taken back
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            self._close()

    def _close(self) -> None:
        try:
            if self._session is not None:
                self._session.end()
        finally:
            self._session = self._parts = None
            if self._connection is not None:
                self._connection.close()

    def _in_session(self) -> Parts:
        """RobotError outside `with`, and after the robot was lost."""
        connection = self.connection
        if self._parts is None:
            raise RobotError(NOT_CONNECTED)
        connection.link.require()
        return self._parts

    @property
    def connection(self) -> Connection:
        """The connection, inside `with`. RobotError outside."""
        if self._connection is None:
            raise RobotError(NOT_CONNECTED)
        return self._connection

    # looking

    def now(self) -> float:
        return self._connection.clock.now() if self._connection is not None else 0.0

    def sleep(self, seconds: float) -> None:
        parts = self._in_session()
        clock, begun_s = self.connection.clock, time.monotonic()
        end_s = clock.now() + seconds
        while True:
            parts.session.pulse.beat()
            parts.renew()
            left_s = end_s - clock.now()
            if left_s <= 0.0:
                break
            if time.monotonic() - begun_s > STANDSTILL * seconds + 10.0:
                raise RobotError(f"the clock of {self._target.hostname} stands still")
            time.sleep(max(min(left_s / clock.pace, SLICE_S), 1e-4))
            if parts.watch.is_old:
                parts.watch.look()
        self.connection.keep_synchronised()

    def _view(self) -> RobotView:
        """The present state of the robot; the last one known while the connection hangs."""
        return self._in_session().watch.view()

    def body_pose(self) -> Pose:
        return self._view().body()

    def hand_pose(self) -> Pose:
        return self._view().hand()

    def gripper(self) -> GripperState:
        return self._view().gripper()

    def joints(self) -> dict[str, float]:
        return self._view().joints()

    def capture(self, camera: str) -> RgbdFrame:
        self._in_session()
        stops = self._stops
        return take(camera, self.connection, lambda: self._stops != stops)

    # moving

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        require_limits(self.limits, "walk_to", world_from_goal, **limits)
        walk = Walk(self.connection.clock, self.body_pose, world_from_goal, **limits)
        judge = progress.walk(world_from_goal, walk.lasts)
        return self._in_session().start("base", [Step("walking", walk.make, judge, walk.due)])

    def set_body(self, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> Command:
        require_body(self.limits, height_m, pitch_rad, max_speed_mps=max_speed_mps)
        seconds = commands.body_time_s(height_m, pitch_rad, self.body_pose(), max_speed_mps)
        message = commands.body_pose(height_m, pitch_rad, seconds)
        return self._in_session().start(
            "base", [Step("posing the body", lambda: message, progress.body_pose(pitch_rad, seconds))]
        )

    def self_right(self) -> Command:
        parts = self._in_session()
        parts.watch.look()
        falls = self._view().falls()
        if not falls:
            return Ended()
        parts.session.clear(falls)
        parts.watch.look()
        steps = [
            Step("self-righting", commands.self_right, progress.righted),
            Step("standing up", commands.stand, progress.stands()),
        ]
        return parts.start("base arm gripper", steps)

    def move_arm(self, pose: ArmPose, *, max_joint_speed_radps: float) -> Command:
        require_limits(self.limits, "move_arm", pose, max_joint_speed_radps=max_joint_speed_radps)
        goal = np.asarray(arm.POSES[pose])

        def make() -> Any:
            return commands.joint_move(self._view().arm_joints(), goal, max_speed_radps=max_joint_speed_radps)

        steps = [Step("moving the arm", make, progress.joints(goal))]
        if pose == "stow":
            if self.gripper().holding:
                return Ended("the arm is not stowed while the gripper holds something")
            steps.append(Step("stowing the arm", commands.stow, progress.stowed))
        return self._in_session().start("arm", steps)

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        require_limits(self.limits, "move_hand", world_from_hand, max_speed_mps=max_speed_mps)
        view = self._view()
        goal = view.body().inverse() @ world_from_hand
        if arm.inverse(goal, view.arm_joints()) is None:
            self._in_session().cancel("arm")
            x, y, z = goal.position_m
            return Ended(
                f"out of reach: no arm posture puts the hand at ({x:.2f}, {y:.2f}, {z:.2f}) m in the body frame"
            )

        def make() -> Any:
            return commands.hand_move(self.hand_pose(), world_from_hand, max_speed_mps=max_speed_mps)

        return self._in_session().start("arm", [Step("moving the hand", make, progress.hand(world_from_hand))])

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        require_limits(self.limits, "set_gripper", opening, max_torque_nm=max_torque_nm)
        self._in_session().torque_nm = max_torque_nm
        message = commands.claw(opening, max_torque_nm=max_torque_nm)
        return self._in_session().start(
            "gripper", [Step("moving the gripper", lambda: message, progress.jaws(opening))]
        )

    def pick_in_image(
        self,
        frame: RgbdFrame,
        pixel_uv: tuple[int, int],
        *,
        approach: Approach,
        palm_to_fingertip: float,
        max_torque_nm: float,
    ) -> Command:
        limits = {"palm_to_fingertip": palm_to_fingertip, "max_torque_nm": max_torque_nm}
        require_pick(self.limits, frame.intrinsics.shape, pixel_uv, approach, **limits)
        self._in_session().torque_nm = max_torque_nm
        message = pick.request(frame, pixel_uv, approach, palm_to_fingertip)
        sender = pick.ManipulationSender(self._in_session(), self.connection)
        motion = self._in_session().start("base arm gripper", [Step("picking", lambda: message, pick.judge)], sender)
        return pick.Pick(motion, lambda: self.set_gripper(0.0, max_torque_nm=max_torque_nm))

    def stop(self) -> None:
        self._stops += 1
        if (parts := self._parts) is not None:
            parts.stop()
