"""`spot-grasp run`: composes a run from its options and runs it, with a view, Groot2 and signals."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.exit_codes import run_code
from app.base.interrupts import Interrupts
from app.base.output import hurry, tell, tell_json, warn
from app.session.options import RunOptions
from app.views.choose import make_view
from app.views.model import View
from behaviours.recording.folder import new_folder
from behaviours.recording.result import summary

if TYPE_CHECKING:
    from app.session.compose import Parts
    from app.session.groot import Groot
    from app.session.rerun import Rerun
    from app.session.task import Task
    from app.session.web import Web
    from behaviours.recording.session import RunSession


def run(options: RunOptions, interrupts: Interrupts) -> int:
    """Run a tree and return the exit code: 0 it succeeded, 1 it failed.

    Everything that can be checked without a robot is checked first. An error that ends the run is raised again, and so
    is KeyboardInterrupt, after the robot has stopped and the run folder is closed.
    """
    from app.session.groot import Groot
    from app.session.rerun import Rerun
    from app.session.web import Web

    with (
        Groot(options, lambda: interrupts.received is not None) as groot,
        Rerun(options.rerun, Path(options.tree).stem) as rerun,
        Web(options, interrupts) as web,
    ):
        return _run(options, interrupts, groot, rerun, web)


def _run(options: RunOptions, interrupts: Interrupts, groot: Groot, rerun: Rerun, web: Web) -> int:
    started_s = time.monotonic()
    hurry()
    from app.session.compose import compose, description
    from app.session.task import read_task
    from behaviours.recording.session import RunSession

    task = read_task(options)
    for problem in task.document.problems:
        warn(str(problem))
    interrupts.hold()
    place = new_folder(options.record, task.file.stem, options.seed, datetime.now())
    try:
        interrupts.release()
        parts = compose(options, place)
        for problem in task.know(options, parts):
            warn(str(problem))
        view = web.beside(make_view(options.view), can_pause=parts.robot.simulated_time)
        interrupts.hold()
    except BaseException:
        with contextlib.suppress(OSError):
            place.rmdir()  # nothing has run: leave no empty folder behind
        raise
    session = RunSession(place, tree=task.file, robot=options.robot, seed=options.seed, began_s=started_s)
    result = session.result

    raised: BaseException | None = None

    def save() -> None:
        session.conclude(interrupts.received)
        interrupts.exit_code = result.exit_code = run_code(result.status, raised)
        session.finish()

    with session:
        try:
            with interrupts.guarding(None if parts.robot.simulated_time else parts.robot.stop, save):
                try:
                    interrupts.release()
                    session.describe(description(options, parts, task.settings))
                    task.keep(session)
                    view.start()
                    _until_it_ends(options, interrupts, task, parts, session, view, groot, rerun, web)
                except BaseException as error:
                    raised = error
                    result.fail(error)
                    raise
        finally:
            web.end(result)
            view.stop()
            if options.json:
                tell_json(result.as_json())
            else:
                tell(summary(result, place))
    if result.status == "interrupted":
        raise KeyboardInterrupt(result.reason)
    return run_code(result.status, None)


def _until_it_ends(
    options: RunOptions,
    interrupts: Interrupts,
    task: Task,
    parts: Parts,
    session: RunSession,
    view: View,
    groot: Groot,
    rerun: Rerun,
    web: Web,
) -> None:
    """Start the robot, build the tree and tick it. The result is in the session."""
    from app.views.feed import Feed
    from behaviours.recording.events import TRANSITION
    from behaviours.worker import Worker

    view.stage(f"starting the robot: {options.robot}")
    with parts.robot as robot, Worker() as worker:
        monitor = task.start(session, parts, robot, worker)
        feed = Feed(view, monitor, robot, options.watch)
        if (ticked := getattr(robot, "node_ticked", None)) is not None:
            monitor.follow(lambda event: ticked(event.data["path"]) if event.kind == TRANSITION else None)
        groot.publish(session)
        rerun.follow(session)
        web.follow(session, robot)

        def on_tick() -> None:
            feed.tick()
            interrupts.check()

        try:
            interrupts.between_ticks()
            session.run(time_limit_s=options.time_limit_s, before_tick=web.before_tick, on_tick=on_tick)
        finally:
            interrupts.closing()
            session.settle(parts.ground_truth())
            feed.publish()
