"""Tells the log which commands a robot was given, and how each ended."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

from behaviours.recording.plain_values import plain
from behaviours.robot import CommandState

if TYPE_CHECKING:
    from behaviours.robot import Command, Outcome, Robot

MOTIONS: Final = ("walk_to", "set_body", "self_right", "move_arm", "move_hand", "set_gripper", "pick_in_image")
HIDDEN: Final = ("ground_truth", "true_poses")
"""What a simulated robot knows and no leaf may see."""


def told(robot: Robot, log: Any) -> Robot:
    """The robot as leaves get it: each command is a line `command` of the log when it starts, and a line `outcome` when
    a leaf learns that it has ended, or cancels it. It has no methods that tell the truth of a simulation.

    log: a structlog logger.
    """
    return cast("Robot", _Told(robot, log))


class _Told:
    def __init__(self, robot: Robot, log: Any) -> None:
        self._robot, self._log, self._numbers = robot, log, count(1)

    def __getattr__(self, name: str) -> Any:
        if name in HIDDEN:
            raise AttributeError(f"leaves do not see {name!r}, the truth of a simulation")
        value = getattr(self._robot, name)
        return self._telling(name, value) if name in MOTIONS else value

    def _telling(self, name: str, start: Callable[..., Command]) -> Callable[..., Command]:
        def starts(*args: Any, **kwargs: Any) -> Command:
            command, number = start(*args, **kwargs), next(self._numbers)
            given = inspect.signature(start).bind(*args, **kwargs).arguments
            self._log.info("command", number=number, command=name, arguments=plain(given))
            return _ToldCommand(command, number, name, self._log)

        return starts


class _ToldCommand:
    def __init__(self, command: Command, number: int, name: str, log: Any) -> None:
        self._command, self._number, self._name, self._log = command, number, name, log
        self._open = True

    def poll(self) -> Outcome:
        outcome = self._command.poll()
        if outcome.state is not CommandState.RUNNING:
            self._tell(outcome.state, outcome.reason)
        return outcome

    def cancel(self) -> None:
        self._command.cancel()
        self._tell(CommandState.CANCELLED, "")

    def _tell(self, state: CommandState, reason: str) -> None:
        if self._open:
            self._open = False
            self._log.info("outcome", number=self._number, command=self._name, state=state.value, reason=reason)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._command, name)
