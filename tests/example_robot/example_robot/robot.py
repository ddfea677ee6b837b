"""A toy robot: its body slides, its hand flies within reach of the body, on a clock that moves inside `sleep` alone."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from behaviours import (
    ArmPose,
    Command,
    CommandState,
    ConfigError,
    GripperModel,
    GripperState,
    Outcome,
    Pose,
    RgbdFrame,
    RobotError,
    RobotLimits,
    RobotModel,
    Vector,
    require_body,
    require_limits,
)
from example_robot.world import BLOCK_HALF_M, CAMERA, World

HEIGHT_M, REACH_M = 0.5, 1.3
BODY_FROM_HAND = {
    "stow": Pose(np.eye(3), np.array([0.4, 0.0, 0.2])),
    "ready": Pose.from_rpy((0.0, 0.3, 0.0), (0.6, 0.0, 0.4)),
    "carry": Pose(np.eye(3), np.array([0.5, 0.0, 0.3])),
}
HAND_FROM_CAMERA = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
"""The optical axis is the hand's x; the picture is upright when the hand is level."""


class ToyArm:
    """One straight link that points anywhere. Implements `perception.grasping.reach.Arm`."""

    shoulder_m = np.zeros(3)

    def joints_at(self, body_from_hand: Pose, seed: ArrayLike | None = None) -> Vector | None:
        """(1,) how far it is stretched, metres."""
        away_m = float(np.linalg.norm(body_from_hand.position_m))
        return np.array([away_m]) if away_m <= REACH_M else None


FULL_GAP_M, JAWS_S = 0.16, 0.5


class Motion:
    """A command: at each step `at` is given the share of it that is done, 0..1."""

    def __init__(self, seconds: float, at: Callable[[float], None], failure: str = "") -> None:
        self._left_s = self._seconds = max(seconds, 1e-6)
        self._at = at
        self._outcome = Outcome(CommandState.FAILED, failure) if failure else Outcome(CommandState.RUNNING)

    def advance(self, seconds: float) -> None:
        if self._outcome.state is CommandState.RUNNING:
            self._left_s = max(self._left_s - seconds, 0.0)
            self._at(1.0 - self._left_s / self._seconds)
            if self._left_s == 0.0:
                self._outcome = Outcome(CommandState.DONE)

    def poll(self) -> Outcome:
        return self._outcome

    def cancel(self) -> None:
        if self._outcome.state is CommandState.RUNNING:
            self._outcome = Outcome(CommandState.CANCELLED, "cancelled")


class ToyRobot:
    """Implements `behaviours.robot.Robot`, and the class itself `behaviours.robot_kind.RobotKind`."""

    limits = RobotLimits(
        walking_speed_mps=1.0,
        yaw_rate_radps=1.5,
        joint_speed_radps=2.5,
        hand_speed_mps=1.0,
        jaw_torque_nm=10.0,
        body_lower_m=0.1,
        body_raise_m=0.1,
        body_pitch_rad=0.2,
        body_speed_mps=0.2,
    )
    model = RobotModel(
        arm=ToyArm(),
        gripper=GripperModel(
            fixed_jaw_z_m=-0.08,
            clearance_m=0.02,
            close_gap_m=0.005,
            min_depth_m=0.01,
            max_depth_m=0.03,
            round_depth_m=0.03,
            max_width_m=0.14,
            half_breadth_m=0.03,
            open_z_m=(-0.09, 0.09),
            low_x_m=(-0.05, 0.05),
        ),
        hand_from_camera=HAND_FROM_CAMERA,
        hand_camera=CAMERA,
        body_height_m=HEIGHT_M,
    )
    cameras = ("hand",)
    simulated_time = True

    @staticmethod
    def add_options(options: argparse._ArgumentGroup) -> None:
        options.add_argument(
            "--block-x", type=float, default=1.8, metavar="M", help="where on the table the block stands, 1.75 to 1.85"
        )

    @classmethod
    def make(cls, options: argparse.Namespace, *, seed: int, folder: Path | None) -> ToyRobot:
        if not 1.75 <= options.block_x <= 1.85:
            raise ConfigError(f"--block-x {options.block_x:g} must be from 1.75 to 1.85")
        return cls(options.block_x, seed)

    def __init__(self, block_x_m: float = 1.8, seed: int = 0) -> None:
        self._world, self._time_s, self._connected = World(), 0.0, False
        self._world.block_m[:2] = block_x_m, np.random.default_rng(seed).uniform(-0.02, 0.02)
        self._first_m = self._world.block_m.copy()
        self._body, self._body_from_hand = Pose(np.eye(3), np.array([0.0, 0.0, HEIGHT_M])), BODY_FROM_HAND["stow"]
        self._opening, self._torque_nm = 0.0, 0.0
        self._hand_from_block: Pose | None = None
        self._motions: dict[str, Motion] = {}

    def __enter__(self) -> Self:
        self._connected = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._connected = False

    def ground_truth(self) -> dict[str, float]:
        """How far the block is above where it stood, for the result of a run."""
        return {"object_lift_m": float(self._world.block_m[2] - self._first_m[2])}

    def now(self) -> float:
        return self._time_s

    def sleep(self, seconds: float) -> None:
        self._time_s += seconds
        for motion in self._motions.values():
            motion.advance(seconds)
        if self._hand_from_block is not None:
            self._world.block_m = (self.hand_pose() @ self._hand_from_block).position_m

    def capture(self, camera: str) -> RgbdFrame:
        if camera not in self.cameras:
            raise ConfigError(f"unknown camera {camera!r}; this robot has: {', '.join(self.cameras)}")
        pose = self.hand_pose() @ HAND_FROM_CAMERA
        rgb, depth = self._world.draw(pose)
        return RgbdFrame(rgb, depth, CAMERA, pose, self._time_s, camera)

    def body_pose(self) -> Pose:
        return self._body

    def hand_pose(self) -> Pose:
        return self._body @ self._body_from_hand

    def gripper(self) -> GripperState:
        return GripperState(self._opening, self._torque_nm, self._hand_from_block is not None)

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        require_limits(self.limits, "walk_to", world_from_goal, **limits)
        start = self._body
        goal = Pose.from_rpy((0.0, 0.0, world_from_goal.yaw_rad), (*world_from_goal.position_m[:2], HEIGHT_M))

        def at(share: float) -> None:
            self._body = start.towards(goal, share)

        return self._start(
            "base", max(start.distance_m(goal) / max_speed_mps, start.angle_rad(goal) / max_yaw_rate_radps), at
        )

    def set_body(self, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> Command:
        require_body(self.limits, height_m, pitch_rad, max_speed_mps=max_speed_mps)
        return self._start("base", 0.0, lambda share: None, "the toy robot's body stands on wheels")

    def self_right(self) -> Command:
        return self._start("base", 0.0, lambda share: None)

    def move_arm(self, pose: ArmPose, *, max_joint_speed_radps: float) -> Command:
        require_limits(self.limits, "move_arm", pose, max_joint_speed_radps=max_joint_speed_radps)
        return self._start("arm", 2.0 / max_joint_speed_radps, self._way(BODY_FROM_HAND[pose]))

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        require_limits(self.limits, "move_hand", world_from_hand, max_speed_mps=max_speed_mps)
        goal = self._body.inverse() @ world_from_hand
        away_m = float(np.linalg.norm(goal.position_m))
        reached = self.model.arm.joints_at(goal) is not None
        failure = "" if reached else f"out of reach: {away_m:.2f} m from the body, {REACH_M} m is the most"
        seconds = max(self._body_from_hand.distance_m(goal) / max_speed_mps, self._body_from_hand.angle_rad(goal))
        return self._start("arm", seconds, self._way(goal), failure)

    def _way(self, body_from_goal: Pose) -> Callable[[float], None]:
        start = self._body_from_hand

        def at(share: float) -> None:
            self._body_from_hand = start.towards(body_from_goal, share)

        return at

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        require_limits(self.limits, "set_gripper", opening, max_torque_nm=max_torque_nm)
        start, gap = self._opening, float(2 * BLOCK_HALF_M[1] / FULL_GAP_M)

        def at(share: float) -> None:
            self._opening = start + share * (opening - start)
            if opening >= start:
                self._hand_from_block, self._torque_nm = None, 0.0
            elif self._opening <= gap and self._between_jaws():
                self._opening, self._torque_nm = gap, max_torque_nm
                self._hand_from_block = self.hand_pose().inverse() @ Pose(np.eye(3), self._world.block_m)

        return self._start("gripper", JAWS_S, at)

    def _between_jaws(self) -> bool:
        """Whether the block's surface is within 8 cm of the middle between the tips of the jaws."""
        off = np.abs(self.hand_pose().position_m - self._world.block_m) - BLOCK_HALF_M
        return float(np.linalg.norm(np.maximum(off, 0.0))) < 0.08

    def put_between_jaws(self) -> None:
        """For the contract: put the block where the jaws close."""
        self._world.block_m = self.hand_pose().position_m.copy()

    def _start(self, part: str, seconds: float, at: Callable[[float], None], failure: str = "") -> Motion:
        if not self._connected:
            raise RobotError("the toy robot is not connected; use it inside `with`")
        if part in self._motions:
            self._motions[part].cancel()
        self._motions[part] = Motion(seconds, at, failure)
        return self._motions[part]

    def stop(self) -> None:
        for motion in self._motions.values():
            motion.cancel()
