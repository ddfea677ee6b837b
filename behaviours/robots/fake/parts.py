"""The fake robot's clock, body, arm and jaws, and the commands that move them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from behaviours.robot import CommandState, GripperState, Outcome
from behaviours.robots.fake.jaws import FakeJaws
from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.world import FakeWorld
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT, SPOT_LIMITS
from perception.base.errors import RobotError
from perception.geometry import Pose

FALLEN: Final = "the robot has fallen"

LIES_M: Final = 0.12
"""Height of the body of a robot that lies."""

Law = Callable[[float], Outcome | None]
"""Moves a part, given the seconds since the start of its command; None until it knows how the command ended."""


class FakeCommand:
    """A command that follows a law. now: the robot's clock."""

    def __init__(self, now: Callable[[], float], law: Law) -> None:
        self._now, self._law = now, law
        self._start_s = now()
        self._outcome = Outcome(CommandState.RUNNING)

    def advance(self) -> None:
        if self._outcome.state is CommandState.RUNNING:
            self._outcome = self._law(self._now() - self._start_s) or self._outcome

    def poll(self) -> Outcome:
        return self._outcome

    def cancel(self) -> None:
        if self._outcome.state is CommandState.RUNNING:
            self._outcome = Outcome(CommandState.CANCELLED, "cancelled")


class FakeParts:
    """Where the parts are and what they do. commands: every command started, by part, for tests."""

    limits, model = SPOT_LIMITS, SPOT
    fallen = False
    """It lies after a fall, and every motion but getting up fails."""

    def __init__(self, script: FakeScript, world: FakeWorld) -> None:
        self.script, self.world = script, world
        self.commands: list[tuple[str, FakeCommand]] = []
        self._now_s = 0.0
        self._entered = False
        self._active: dict[str, FakeCommand] = {}
        self._body = Pose(np.eye(3), np.array([0.0, 0.0, SPOT.body_height_m]))
        self._body_from_hand = arm.forward(arm.STOW)
        self._hand = self._body, self._body_from_hand, self._body @ self._body_from_hand
        self._jaws = FakeJaws(world, script)

    def now(self) -> float:
        return self._now_s

    def body_pose(self) -> Pose:
        return self._body

    def hand_pose(self) -> Pose:
        body, hand = self._body, self._body_from_hand
        if self._hand[0] is not body or self._hand[1] is not hand:
            self._hand = body, hand, body @ hand
        return self._hand[2]

    def gripper(self) -> GripperState:
        return self._jaws.state()

    def _connected(self) -> None:
        lost = self.script.lost_after_s
        if not self._entered:
            raise RobotError("the fake robot is not connected; use it inside `with FakeRobot() as robot:`")
        if lost is not None and self._now_s >= lost:
            raise RobotError(f"the connection to the fake robot was lost at {self._now_s:.2f} s")

    def _advance(self, seconds: float) -> None:
        self._now_s += seconds
        for command in list(self._active.values()):
            command.advance()
        moving = any(command.poll().state is CommandState.RUNNING for command in self._active.values())
        self._jaws.carry(self.hand_pose(), self._now_s, moving=moving)

    def _start(self, part: str, duration_s: float, at: Callable[[float], None], failure: str = "") -> FakeCommand:
        """Move a part for a while; `at` is called with the fraction done, 0..1. failure: why it fails halfway."""

        def law(time_s: float) -> Outcome | None:
            fraction = min(time_s / max(duration_s, 1e-3), 1.0)
            if failure and fraction >= 0.5:
                return Outcome(CommandState.FAILED, failure)
            at(fraction)
            return Outcome(CommandState.DONE) if fraction >= 1.0 else None

        return self._follow(part, law)

    def _follow(self, part: str, law: Law) -> FakeCommand:
        """Move a part by a law; what it did before is cancelled."""
        self._connected()
        self._cancel(part)
        command = FakeCommand(self.now, law if part == "whole" else self._unless_fallen(law))
        self._active[part] = command
        self.commands.append((part, command))
        return command

    def _unless_fallen(self, law: Law) -> Law:
        def upright(time_s: float) -> Outcome | None:
            outcome = None if self.fallen else law(time_s)
            return Outcome(CommandState.FAILED, FALLEN) if self.fallen else outcome

        return upright

    def _cancel(self, *parts: str) -> None:
        for part in parts:
            if part in self._active:
                self._active[part].cancel()

    def _fall(self) -> None:
        """Fall onto the left side: every motion ends."""
        self.fallen = True
        x, y, _ = self._body.position_m
        self._body = Pose.from_rpy((-1.5, 0.0, self._body.yaw_rad), (x, y, LIES_M))

    def _hand_path(self, goal: Pose) -> Callable[[float], None]:
        """Moves the hand straight to body_from_hand, given the fraction of the way."""
        start = self._body_from_hand

        def at(fraction: float) -> None:
            before = self.hand_pose().position_m[2]
            self._body_from_hand = start.towards(goal, fraction)
            here, sunk_m = self._body_from_hand, self._jaws.sunk_m(self.hand_pose())
            if sunk_m > 0.0:  # what is held rests on what is below it, and the hand goes no lower
                self._body_from_hand = Pose(here.rotation, here.position_m + np.array([0.0, 0.0, sunk_m]))
            if fraction >= 1.0 and self.hand_pose().position_m[2] >= before:
                self._jaws.slip()

        return at
