"""Keeps a view up to date while a run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from app.views.live import REFRESH_HZ
from app.views.model import RobotSample
from app.views.state import RunState, transition_of
from behaviours.recording.events import TRANSITION, Event

if TYPE_CHECKING:
    from app.views.model import View
    from behaviours.recording.monitor import Monitor
    from behaviours.robot import Robot


class Throttle:
    """`due` is true at most `hertz` times a second. clock: seconds; the wall clock by default."""

    def __init__(self, hertz: float = REFRESH_HZ, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = 1.0 / hertz
        self._clock = clock
        self._next_s = -float("inf")

    def due(self) -> bool:
        now = self._clock()
        if now < self._next_s:
            return False
        self._next_s = now + self._period_s
        return True


class Feed:
    """Follows a monitor and shows its run in a view. watch: blackboard keys to show, `key` or `Subtree/key`."""

    def __init__(self, view: View, monitor: Monitor, robot: Robot, watch: Sequence[str] = ()) -> None:
        self._view, self._monitor, self._robot = view, monitor, robot
        self._state = RunState(monitor.title, monitor.nodes, watch)
        self._throttle = Throttle()
        monitor.follow(self._take)

    def _take(self, event: Event) -> None:
        self._state.play(event)
        if event.kind == TRANSITION:
            self._view.transition(transition_of(event))

    def tick(self) -> None:
        """After each tick: publish a snapshot if it is time for one."""
        if self._throttle.due():
            self.publish()

    def publish(self) -> None:
        """Show the present state now."""
        sample = robot_sample(self._robot)
        self._view.robot(sample)
        ticks, words = self._monitor.times.ticks(), robot_words(sample)
        self._view.publish(partial(self._state.copy().snapshot, sample.robot_s, ticks, words, robot=sample))


def robot_sample(robot: Robot) -> RobotSample:
    """The robot now."""
    jaws = robot.gripper()
    body, hand = robot.body_pose(), robot.hand_pose()
    return RobotSample(robot.now(), body, hand, jaws.opening, jaws.torque_nm, jaws.holding)


def robot_words(sample: RobotSample) -> str:
    """Gripper and hand in a few words, for the view's head line."""
    holding = ", holding" if sample.holding else ""
    x, y, z = (sample.world_from_body.inverse() @ sample.world_from_hand).position_m
    return (
        f"gripper {100 * sample.opening:.0f} % at {sample.torque_nm:.1f} N·m{holding}   "
        f"hand {x:.2f} {y:+.2f} {z:+.2f} m from the body"
    )
