"""The physics thread, the only one that touches the robot. Other threads ask it, or read its snapshots."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from behaviours.robot import GripperState
from perception.base.errors import RobotError
from perception.geometry import Pose, Vector, rotation_vector
from simulation.spot_api.body.steering import Guarded, Steerable
from simulation.spot_api.rpc.clock import RobotClock

T = TypeVar("T")

STEP_S = 0.02
"""Simulated seconds between two checks of the command queue: the longest wait of a command."""
START_LIMIT_S = 600.0
"""Longest time to build the scene; the first time kernels are compiled."""
CALL_LIMIT_S = 120.0
FAILED_STEPS = 10
"""The simulation ends after this many failed steps in a row."""
LAG_LIMIT_S = 0.1
"""A simulation further behind the wall clock than this does not catch up."""


@dataclass(frozen=True)
class Snapshot:
    """The robot at one moment.

    body, hand: world_from_body, world_from_hand. floor_m: height of the floor below it, by its feet. arm: (6,), legs:
    (12,) radians. arm_rate: (6,) rad/s. body_velocity, hand_velocity: (6,) m/s and rad/s, world frame.
    """

    simulated_s: float
    body: Pose
    hand: Pose
    floor_m: float
    gripper: GripperState
    arm: Vector
    arm_rate: Vector
    legs: Vector
    body_velocity: Vector
    hand_velocity: Vector


class World:
    """Runs a robot on its own thread, at `speed` simulated seconds per second (None: as fast as possible).

    Use it as a context manager. `clock` is the robot's clock. `on_step` functions run on the physics thread after each
    step of STEP_S, with the robot. trouble: called between two steps with the error of a failed step.
    """

    def __init__(
        self,
        robot: Steerable,
        speed: float | None = 1.0,
        trouble: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self.clock = RobotClock(speed)
        self.on_step: list[Callable[[Steerable], None]] = []
        self._robot, self._speed, self._trouble = robot, speed, trouble
        self._troubles: list[Exception] = []
        self._failed_steps = 0
        self._queue: queue.SimpleQueue[tuple[Callable[[Steerable], Any], Future[Any]]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._started: Future[None] = Future()
        self._error: BaseException | None = None
        self._snapshot: Snapshot | None = None
        self._due = 0.0
        self._thread = threading.Thread(target=self._run, name="physics", daemon=True)

    def __enter__(self) -> World:
        self._thread.start()
        try:
            self._started.result(timeout=START_LIMIT_S)
        except BaseException:
            self._stopping.set()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=CALL_LIMIT_S)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state. RobotError if the simulation has not started or has ended."""
        self._alive()
        if self._snapshot is None:
            raise RobotError("the simulated robot has not started; use `with World(...) as world:`")
        return self._snapshot

    def _alive(self) -> None:
        if self._error is not None:
            raise RobotError(f"the simulation has ended: {self._error}") from self._error

    def call(self, work: Callable[[Steerable], T]) -> T:
        """Run `work` with the robot on the physics thread, between two steps; returns its result. RobotError at the
        end.
        """
        self._alive()
        if threading.current_thread() is self._thread:
            return work(self._robot)
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future.result(timeout=CALL_LIMIT_S)

    def run_until(self, simulated_s: float) -> None:
        """Wait until the simulated time since the start is reached. RobotError if it takes too long."""
        begin = time.monotonic()
        while self.snapshot.simulated_s < simulated_s:
            if time.monotonic() - begin > START_LIMIT_S:
                raise RobotError(f"the simulation has not come to {simulated_s} s within {START_LIMIT_S:.0f} s")
            time.sleep(0.005)

    def _run(self) -> None:
        try:
            with self._robot as entered:
                self._robot = robot = cast(Steerable, Guarded(entered, self._troubles.append))
                self._publish(robot)
                self._started.set_result(None)
                while not self._stopping.is_set():
                    self._turn(robot)
        except BaseException as error:
            self._error = error
            if not self._started.done():
                self._started.set_exception(error)
        finally:
            self._refuse_the_rest()

    def _turn(self, robot: Steerable) -> None:
        """One physics step, then the queue until the wall clock has caught up."""
        try:
            robot.sleep(STEP_S)
            self._publish(robot)
            self._failed_steps = 0
        except RobotError:
            raise
        except Exception as error:
            self._failed_steps += 1
            if self._failed_steps >= FAILED_STEPS:
                raise
            self._troubles.append(error)
        for function in list(self.on_step):
            try:
                function(robot)
            except Exception as error:  # of one command or fault; the others continue
                self._troubles.append(error)
        self._tell_troubles()
        due = self._next_due()
        while not self._stopping.is_set():
            left = due - time.monotonic()
            try:
                work, future = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            self._do(work, future, robot)

    def _tell_troubles(self) -> None:
        troubles, self._troubles[:] = list(self._troubles), []
        for error in troubles:
            self._trouble(error)

    def _next_due(self) -> float:
        """Monotonic time of the next step. At most LAG_LIMIT_S of a delay is caught up."""
        now = time.monotonic()
        if self._speed:
            self._due = max(self._due + STEP_S / self._speed, now - LAG_LIMIT_S)
        return self._due if self._speed else now

    def _do(self, work: Callable[[Steerable], Any], future: Future[Any], robot: Steerable) -> None:
        try:
            result = work(robot)
            self._publish(robot)
        except Exception as error:  # passed to the caller of `call`
            future.set_exception(error)
        else:
            future.set_result(result)

    def _refuse_the_rest(self) -> None:
        while not self._queue.empty():
            _, future = self._queue.get()
            future.set_exception(RobotError("the simulation has ended"))

    def _publish(self, robot: Steerable) -> None:
        now, body, hand = robot.now(), robot.body_pose(), robot.hand_pose()
        arm, before = robot.arm_joints(), self._snapshot
        zero = np.zeros(6)
        rates = (zero, zero, zero)
        if before is not None:
            elapsed = now - before.simulated_s
            if elapsed > 0:
                rates = (
                    (arm - before.arm) / elapsed,
                    velocity_between(before.body, body, elapsed),
                    velocity_between(before.hand, hand, elapsed),
                )
            else:
                rates = (before.arm_rate, before.body_velocity, before.hand_velocity)
        self._snapshot = Snapshot(
            now, body, hand, robot.floor_m, robot.gripper(), arm, rates[0], robot.leg_joints(), rates[1], rates[2]
        )
        self.clock.advanced(now, STEP_S)


def velocity_between(before: Pose, after: Pose, elapsed_s: float) -> Vector:
    """(6,) mean linear and angular velocity from one pose to another, in their parent frame."""
    turn = rotation_vector(after.rotation @ before.rotation.T)
    return np.concatenate([after.position_m - before.position_m, turn]) / elapsed_s
