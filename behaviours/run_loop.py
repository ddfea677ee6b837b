"""Ticks a tree until it ends, and stops the robot whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from py_trees.common import Status

from behaviours.robot import Robot
from behaviours.worker import Worker


class Ticked(Protocol):
    """A tree, as far as the loop needs it."""

    def tick(self) -> Status: ...

    def halt(self) -> None: ...

    def failure(self) -> tuple[str, str] | None: ...


@dataclass(frozen=True)
class RunResult:
    """How a run ended. reason: path and words of what failed, empty for a success. ticks: how many there were."""

    success: bool
    reason: str
    ticks: int


def run_tree(
    tree: Ticked,
    robot: Robot,
    worker: Worker,
    *,
    period_s: float,
    time_limit_s: float | None = None,
    before_tick: Callable[[], None] = lambda: None,
    on_tick: Callable[[], None] = lambda: None,
) -> RunResult:
    """Tick a tree until it succeeds or fails, or the time is over.

    robot: entered already; its clock is used. worker: waited for after each tick in simulated time, so that a seed
    always gives the same run. period_s: from tick to tick. time_limit_s: None for none. before_tick, on_tick: called
    before and after each tick; an error in them ends the run.

    At the end the tree is halted and the robot stopped, even after an error or an interruption, which is raised again.
    """
    ticks = 0
    started_s = robot.now()
    try:
        while True:
            before_tick()
            status = tree.tick()
            ticks += 1
            if robot.simulated_time:
                worker.wait()
            on_tick()
            if status != Status.RUNNING:
                break
            if time_limit_s is not None and robot.now() - started_s >= time_limit_s:
                return RunResult(False, f"not done after the time limit of {time_limit_s:g} s", ticks)
            robot.sleep(period_s)
    finally:
        try:
            tree.halt()
        finally:
            robot.stop()
    if status == Status.SUCCESS:
        return RunResult(True, "", ticks)
    where = tree.failure()
    return RunResult(False, f"{where[0]}: {where[1]}" if where else "the tree failed", ticks)
