"""A robot for tests and for trying trees without any simulator: scripted, deterministic, on a virtual clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from behaviours.limits import require_limits
from behaviours.robot import HAND_ONLY, ArmPose, Command, CommandState, GripperState, Outcome
from behaviours.robots.fake.models import FakeDetector, FakeHeatmap
from behaviours.robots.fake.picking import FakePicking
from behaviours.robots.fake.steering import FollowCommand
from behaviours.robots.fake.world import HAND_CAMERA, FakeWorld
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT, SPOT_LIMITS
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose, wrapped_rad
from perception.types import RgbdFrame

__all__ = ["FakeDetector", "FakeHeatmap", "FakeRobot", "FakeScript"]

FULL_GAP_M = 0.157
"""Between the jaws' tips when fully open."""
OPEN_S = 0.8
REACH_IN_HAND_M = 0.07
PULL_OPENS = 0.05
"""How far a pull opens the jaws, 0..1."""


@dataclass(frozen=True)
class FakeScript:
    """What goes wrong on a fake robot.

    hidden_captures: pictures at the start without the bottle. misses: closings that miss it. slips: lifts after which
    it falls back. drops: walks on which it is lost halfway; it is back at its first place afterwards. pull_after_s:
    somebody pulls at it once the robot has held it still for so long. walk_blocked, arm_stalls: these motions fail.
    out_of_reach: the arm reaches nothing. lost_after_s: the connection is lost at this time.
    """

    hidden_captures: int = 0
    misses: int = 0
    slips: int = 0
    drops: int = 0
    pull_after_s: float | None = None
    walk_blocked: bool = False
    out_of_reach: bool = False
    arm_stalls: bool = False
    lost_after_s: float | None = None


class _FakeCommand:
    """Runs for a duration on the robot's clock; `at` is called with the fraction done, 0..1."""

    def __init__(self, robot: FakeRobot, duration_s: float, at: Callable[[float], None], failure: str = "") -> None:
        self._robot, self._at, self._failure = robot, at, failure
        self._start_s, self._duration_s = robot.now(), max(duration_s, 1e-3)
        self._outcome = Outcome(CommandState.RUNNING)

    def advance(self) -> None:
        if self._outcome.state is not CommandState.RUNNING:
            return
        fraction = min((self._robot.now() - self._start_s) / self._duration_s, 1.0)
        if self._failure and fraction >= 0.5:
            self._outcome = Outcome(CommandState.FAILED, self._failure)
            return
        self._at(fraction)
        if fraction >= 1.0:
            self._outcome = Outcome(CommandState.DONE)

    def poll(self) -> Outcome:
        return self._outcome

    def cancel(self) -> None:
        if self._outcome.state is CommandState.RUNNING:
            self._outcome = Outcome(CommandState.CANCELLED, "cancelled")


class FakeRobot(FakePicking):
    """A robot without physics; implements `behaviours.robot.Robot` and `PicksInImage`.

    script: what goes wrong, None for nothing. world: what it sees, None for a bottle on a table. real_time: keep pace
    with the wall clock, for watching and for signals.

    stops: how often `stop` was called; commands: every command started, by part, for tests.
    """

    simulated_time = True
    limits, model = SPOT_LIMITS, SPOT
    cameras = HAND_ONLY

    def __init__(
        self, script: FakeScript | None = None, *, world: FakeWorld | None = None, real_time: bool = False
    ) -> None:
        self.script, self.world, self._real_time = script or FakeScript(), world or FakeWorld(), real_time
        self.stops = 0
        self.commands: list[tuple[str, _FakeCommand | FollowCommand]] = []
        self._now_s = 0.0
        self._entered = False
        self._active: dict[str, _FakeCommand | FollowCommand] = {}
        self._body = Pose(np.eye(3), np.array([0.0, 0.0, SPOT.body_height_m]))
        self._body_from_hand = arm.forward(arm.STOW)
        self._opening, self._torque_nm = 0.0, 0.0
        self._held: Pose | None = None
        self._held_which = 0
        self._pulled, self._still_since_s = False, 0.0
        self._at_first = [foot.copy() for foot in self.world.feet()]
        self._captures = self._misses = self._slips = self._drops = 0

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._entered = False

    def now(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        self._connected()
        if self._real_time:
            time.sleep(seconds)
        self._now_s += seconds
        for command in list(self._active.values()):
            command.advance()
        if self._held is not None:
            self.world.put(self._held_which, (self.hand_pose() @ self._held).position_m)
            self._maybe_pulled()

    def _maybe_pulled(self) -> None:
        """Somebody pulls at the bottle, if the script says so: the jaws give way a little."""
        if any(command.poll().state is CommandState.RUNNING for command in self._active.values()):
            self._still_since_s = self._now_s
        after_s = self.script.pull_after_s
        if not self._pulled and after_s is not None and self._now_s - self._still_since_s >= after_s:
            self._pulled = True
            self._opening, self._torque_nm = self._opening + PULL_OPENS, self._torque_nm / 2

    def _connected(self) -> None:
        lost = self.script.lost_after_s
        if not self._entered:
            raise RobotError("the fake robot is not connected; use it inside `with FakeRobot() as robot:`")
        if lost is not None and self._now_s >= lost:
            raise RobotError(f"the connection to the fake robot was lost at {self._now_s:.2f} s")

    def capture(self, camera: str) -> RgbdFrame:
        if camera not in self.cameras:
            raise ConfigError(f"unknown camera {camera!r}; this robot has: {', '.join(self.cameras)}")
        self._connected()
        self._captures += 1
        pose = self.hand_pose() @ SPOT.hand_from_camera
        self.world.bottle_hidden = self._captures <= self.script.hidden_captures
        rgb, depth = self.world.render(pose)
        return RgbdFrame(rgb, depth, HAND_CAMERA, pose, self._now_s, camera)

    def body_pose(self) -> Pose:
        return self._body

    def hand_pose(self) -> Pose:
        return self._body @ self._body_from_hand

    def gripper(self) -> GripperState:
        return GripperState(self._opening, self._torque_nm, self._held is not None)

    def _start(self, part: str, duration_s: float, at: Callable[[float], None], failure: str = "") -> Command:
        return self._take_over(part, _FakeCommand(self, duration_s, at, failure))

    def _take_over(self, part: str, command: _FakeCommand | FollowCommand) -> Command:
        self._connected()
        if part in self._active:
            self._active[part].cancel()
        self._active[part] = command
        self.commands.append((part, command))
        return command

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        require_limits(self.limits, "walk_to", world_from_goal, **limits)
        start, goal = self._body, world_from_goal
        turn = wrapped_rad(goal.yaw_rad - start.yaw_rad)
        line = goal.position_m[:2] - start.position_m[:2]

        def at(fraction: float) -> None:
            x, y = start.position_m[:2] + fraction * line
            z = start.position_m[2] + fraction * (SPOT.body_height_m - start.position_m[2])
            pitch = (1.0 - fraction) * start.rpy_rad[1]
            self._body = Pose.from_rpy((0.0, pitch, start.yaw_rad + fraction * turn), (x, y, z))
            if fraction >= 0.5 and self._held is not None and self._drops < self.script.drops:
                self._drops += 1
                self._let_go()
                self.world.put(self._held_which, self._at_first[self._held_which].copy())

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

    def _hand_path(self, goal: Pose) -> Callable[[float], None]:
        start = self._body_from_hand

        def at(fraction: float) -> None:
            before = self.hand_pose().position_m[2]
            self._body_from_hand = start.towards(goal, fraction)
            self._rest_on_support()
            if fraction >= 1.0 and self.hand_pose().position_m[2] >= before and self._held is not None:
                self._lifted()

        return at

    def _rest_on_support(self) -> None:
        """What is held goes no lower than what is below it, and neither does the hand."""
        if self._held is not None:
            foot = (self.hand_pose() @ self._held).position_m
            above = self.world.feet()[self._held_which]
            sunk_m = self.world.support_z_m(np.array([*foot[:2], above[2]])) - foot[2]
            if sunk_m > 0.0:
                here = self._body_from_hand
                self._body_from_hand = Pose(here.rotation, here.position_m + np.array([0.0, 0.0, sunk_m]))

    def _let_go(self) -> None:
        self._held, self._opening, self._torque_nm = None, 0.0, 0.0

    def _lifted(self) -> None:
        """The bottle slips out at the end of a lift, if the script says so."""
        if self._slips < self.script.slips:
            self._slips += 1
            self._let_go()
            self.world.settle(self._held_which)

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        require_limits(self.limits, "set_gripper", opening, max_torque_nm=max_torque_nm)
        start = self._opening

        def at(fraction: float) -> None:
            self._opening = start + fraction * (opening - start)
            width = 2 * self.world.radius_m / FULL_GAP_M
            if opening > start:
                if self._held is not None and not self._pulled:  # who pulled at it has it in the hand now
                    self.world.settle(self._held_which)
                self._held, self._torque_nm = None, 0.0
            elif self._opening <= width and (which := self._between_jaws()) is not None:
                self._grip(which, max_torque_nm)
            if fraction >= 1.0 and opening < start and self._held is None:
                self._misses += 1

        return self._start("gripper", OPEN_S, at)

    def _grip(self, which: int, torque_nm: float) -> None:
        self._opening, self._torque_nm = 2 * self.world.radius_m / FULL_GAP_M, torque_nm
        self._held_which, self._pulled, self._still_since_s = which, False, self._now_s
        self._held = self.hand_pose().inverse() @ Pose(np.eye(3), self.world.feet()[which])

    def _missed(self) -> bool:
        """Whether a pick misses, as the script says; it counts as a closing."""
        missed = self._misses < self.script.misses
        self._misses += missed
        return missed

    def _between_jaws(self) -> int | None:
        """Which bottle's flank the hand, as it is, would close on; None if on none."""
        if self._misses < self.script.misses:
            return None
        hand = self.hand_pose()
        for which, foot in enumerate(self.world.feet()):
            x, _, z = hand.inverse().transform(np.array([*foot[:2], hand.position_m[2]]))
            within = 0.0 < hand.position_m[2] - foot[2] < self.world.height_m
            if within and abs(x) < REACH_IN_HAND_M and -0.04 < z < 0.12:
                return which
        return None

    def put_between_jaws(self) -> None:
        """Put the bottle where the open jaws would close on its flank, for the contract."""
        self.world.put(0, self.hand_pose().position_m - np.array([0.0, 0.0, self.world.height_m / 2]))

    def stop(self) -> None:
        self.stops += 1
        for command in self._active.values():
            command.cancel()
