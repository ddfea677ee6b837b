"""The `Command` that a leaf holds while the robot carries out what was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from behaviours.robot import CommandState, Outcome
from behaviours.robots.spot.link.errors import FaultyRobotError, is_late
from behaviours.robots.spot.motion.progress import FALLEN, RUNNING, Judge, failed
from behaviours.robots.spot.state import RobotView
from perception.base.errors import RobotError

ATTEMPTS: Final = 3
"""How often a command is made anew whose end time has passed when it comes."""


class Sender(Protocol):
    """What a motion needs of the robot."""

    def now(self) -> float: ...

    def send(self, doing: str, command: Any) -> int: ...

    def again(self, motion: Motion, doing: str, command: Any) -> int | None:
        """Send a command of a running motion once more; its number, None if it was not taken this time."""

    def feedback(self, number: int) -> Any | None: ...

    def recent(self) -> RobotView | None:
        """The present state; None while the connection hangs."""

    def require_fit(self) -> None:
        """Look afresh; LostRobotError if the robot has stopped by itself."""

    def halt(self, parts: str) -> None:
        """Stop these parts, with a space between them, where they are, if the robot is still ours; raises nothing."""


@dataclass(frozen=True)
class Step:
    """One robot command. make: the message, made when it is its turn. judge: reads its feedback. due: whether the
    message must be made and sent once more, because it would soon run out."""

    doing: str
    make: Callable[[], Any]
    judge: Judge
    due: Callable[[], bool] = lambda: False


class Motion:
    """Sends its steps one after the other and judges them, one feedback RPC for each `poll`.

    parts: those of the robot that it moves, with a space between them.
    """

    def __init__(self, sender: Sender, parts: str, steps: Sequence[Step]) -> None:
        self._sender, self._parts = sender, parts
        self._steps = list(steps)
        self._outcome = RUNNING
        self._begin()

    def _begin(self) -> None:
        step = self._steps[0]
        for left in reversed(range(ATTEMPTS)):
            try:
                self._number = self._sender.send(step.doing, step.make())
                break
            except FaultyRobotError:
                self._sender.require_fit()
                self._outcome = failed(FALLEN)
                break
            except RobotError as error:
                if not left or not is_late(error.__cause__):
                    raise
            self._sender.require_fit()  # the answer tells the robot's clock, which has been set
        self._since_s = self._sender.now()

    @property
    def running(self) -> bool:
        return self._outcome.state is CommandState.RUNNING

    def renew(self) -> None:
        """Send a command that would soon run out once more. To be called at every tick, as `poll` does."""
        step = self._steps[0]
        if self.running and step.due():
            self._sender.require_fit()
            self._number = self._sender.again(self, step.doing, step.make()) or self._number

    def poll(self) -> Outcome:
        if not self.running:
            return self._outcome
        self.renew()
        feedback = self._sender.feedback(self._number)
        view = None if feedback is None else self._sender.recent()
        if view is None:  # arrival is judged by feedback and pose of the same moment
            return self._outcome
        judge, age_s = self._steps[0].judge, self._sender.now() - self._since_s
        outcome = judge(feedback, view, age_s)
        if outcome.state is not CommandState.RUNNING:
            # The end is judged by a look after it: the view may be a little older than the feedback that says "there",
            # and an e-stop or a fault ends motions too, which is more than a failure.
            self._sender.require_fit()
            view = self._sender.recent() or view
            outcome = failed(FALLEN) if view.falls() else judge(feedback, view, age_s)
        if outcome.state is CommandState.DONE and len(self._steps) > 1:
            self._steps.pop(0)
            self._begin()
        else:
            self._outcome = outcome
        return self._outcome

    def cancel(self) -> None:
        if self.running:
            self.overtaken()
            self._sender.halt(self._parts)

    def overtaken(self) -> None:
        """Another command has the part now, or everything was stopped: nothing needs to be sent."""
        if self.running:
            self._outcome = Outcome(CommandState.CANCELLED, "cancelled")


class Ended:
    """A command that is not even sent: done, or refused for a reason."""

    def __init__(self, refused: str = "") -> None:
        self._outcome = Outcome(CommandState.FAILED, refused) if refused else Outcome(CommandState.DONE)

    def poll(self) -> Outcome:
        return self._outcome

    def cancel(self) -> None:
        """Nothing moves."""
