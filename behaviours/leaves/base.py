"""Base classes of the leaves: for those that move the robot, at once or after planning, and for those that compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from py_trees.common import Status

from behaviours.robot import Command, CommandState, Robot
from behaviours.services import Services
from behaviours.worker import Job
from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from perception.types import Rejection
from perception.view import View
from trees.data.ports import Direction, input_port
from trees.engine.leaf import Leaf

T = TypeVar("T")
DETECTION = input_port("detection", View, text="the object and the picture that it is in")
OBJECT = input_port("object", ObjectLocation, text="where the object stands")


class RobotLeaf(Leaf):
    """A leaf that uses the robot and the other services. context: the services of the run."""

    context: Services

    @property
    def robot(self) -> Robot:
        """The robot of the run."""
        return self.context.robot

    def check_inputs(self) -> None:
        """Read every input port, so that a bad value is told before anything is planned or moves."""
        for port in self.PORTS:
            if port.direction is Direction.INPUT:
                self.get(port.name)

    def succeed(self, message: str = "") -> Status:
        """SUCCESS. message: for the view and the log."""
        self.feedback_message = message
        return Status.SUCCESS

    def fail(self, reason: str) -> Status:
        """FAILURE with the reason, for an outcome that a tree expects."""
        self.feedback_message = reason
        return Status.FAILURE

    def run_on(self, message: str) -> Status:
        """RUNNING. message: the progress, for the view and the log."""
        self.feedback_message = message
        return Status.RUNNING


class JobLeaf(RobotLeaf, Generic[T]):
    """Gives work to the worker and takes the answer at a later tick; halting it drops the work."""

    _job: Job[T] | None = None

    def submit(self, work: Callable[[], T]) -> None:
        """Queue the work."""
        self._job, self._asked = self.context.worker.submit(work), False

    def answered(self) -> bool:
        """Whether the result can be taken; never in the first tick, so that runs repeat exactly."""
        asked, self._asked = self._asked, True
        return asked and self._job is not None and self._job.done

    def result(self) -> T:
        """The result, once it is answered; to be taken once."""
        assert self._job is not None
        job, self._job = self._job, None
        return job.result()

    def terminate(self, new_status: Status) -> None:
        if new_status == Status.INVALID and self._job is not None:
            self._job.cancel()
            self._job = None
        super().terminate(new_status)


class MotionLeaf(RobotLeaf):
    """Starts a command when it is entered, polls it at each tick, and cancels it when it is halted.

    Subclasses implement `start`, which returns the command, or the reason why there is none, and may implement
    `finished`.
    """

    def __init__(self, name: str, ports: Any, context: Services) -> None:
        super().__init__(name, ports, context)
        self._command: Command | None = None
        self._refused = ""
        self._since_s = 0.0

    def start(self) -> Command | str:
        """Start the motion: the robot's command, or the reason why there is none, which is a FAILURE."""
        raise NotImplementedError

    def finished(self, message: str) -> Status:
        """What the leaf returns once the command is done. message: what the robot said, or ""."""
        return self.succeed(message)

    def initialise(self) -> None:
        self._begin()
        started = self.start()
        if isinstance(started, str):
            self._refused = started
        else:
            self._command = started

    def _begin(self) -> None:
        self.check_inputs()
        self._command, self._refused = None, ""
        self._since_s = self.robot.now()

    def update(self) -> Status:
        if self._command is None:
            return self.fail(self._refused)
        outcome = self._command.poll()
        if outcome.state is CommandState.DONE:
            return self.finished(outcome.reason)
        if outcome.state is not CommandState.RUNNING:
            return self.fail(outcome.reason or outcome.state.value)
        elapsed = self.robot.now() - self._since_s
        if elapsed > self.context.settings.motion_timeout_s:
            self._command.cancel()
            return self.fail(f"not done after {elapsed:.0f} s")
        return self.run_on(f"{elapsed:.1f} s")

    def terminate(self, new_status: Status) -> None:
        if new_status == Status.INVALID and self._command is not None:
            self._command.cancel()
            self._command = None


class RouteLeaf(MotionLeaf):
    """A motion through several poses, one command after the other; each has the whole time of a motion.

    Subclasses implement `route` and `go`.
    """

    _left: Sequence[Pose] = ()

    def route(self) -> list[Pose] | str:
        """The poses to go through, at least one, the last is the goal; or the reason why there is none."""
        raise NotImplementedError

    def go(self, goal: Pose) -> Command:
        """Start the motion to one of the poses."""
        raise NotImplementedError

    def start(self) -> Command | str:
        route = self.route()
        return route if isinstance(route, str) else self._go_through(route)

    def _go_through(self, route: Sequence[Pose]) -> Command:
        goal, *self._left = route
        return self.go(goal)

    def finished(self, message: str) -> Status:
        if not self._left:
            return self.succeed(message)
        self._since_s, self._command = self.robot.now(), self._go_through(self._left)
        return self.run_on(f"{len(self._left) + 1} pieces left")


class PlannedMotionLeaf(JobLeaf[T | Rejection], MotionLeaf, Generic[T]):
    """A motion whose goal takes longer to compute than a tick: `plan` runs on the worker, then `begin` starts the
    motion.

    A plan that is a Rejection is a FAILURE with its reason, and nothing moves.
    """

    def plan(self) -> Callable[[], T | Rejection]:
        """Read the ports and return a function without arguments that computes the plan on the worker."""
        raise NotImplementedError

    def begin(self, plan: T) -> Command:
        """Start the motion of a plan."""
        raise NotImplementedError

    def initialise(self) -> None:
        self._begin()
        self.submit(self.plan())

    def update(self) -> Status:
        if self._job is not None:
            if not self.answered():
                return self.run_on("planning")
            result = self.result()
            if isinstance(result, Rejection):
                self._refused = result.reason
            else:
                self._since_s = self.robot.now()
                self._command = self.begin(result)
        return super().update()


class WorkLeaf(JobLeaf[T | Rejection], Generic[T]):
    """Gives work to the worker when it is entered and takes the result at a later tick. `update` never waits.

    Subclasses implement `work`, which reads the ports and returns the function to run, and `take`, which writes the
    result to the ports. A result that is a Rejection is a FAILURE with its reason.
    """

    def work(self) -> Callable[[], T | Rejection]:
        """Read the ports and return a function without arguments that the worker runs."""
        raise NotImplementedError

    def take(self, result: T) -> Status:
        """Write the result to the ports and return the status of the leaf."""
        raise NotImplementedError

    def initialise(self) -> None:
        self.check_inputs()
        self.submit(self.work())

    def update(self) -> Status:
        if not self.answered():
            return self.run_on("at work")
        result = self.result()
        return self.fail(result.reason) if isinstance(result, Rejection) else self.take(result)
