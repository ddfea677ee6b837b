"""`spot-grasp run`: composes a run from its options and runs it, with a view, Groot2 and signals."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.base.exit_codes import run_code
from app.base.interrupts import Interrupts
from app.base.output import hurry, tell, tell_json, warn
from app.parts.robots import plugins
from app.session.options import RunOptions
from app.views.choose import make_view
from app.views.model import View
from behaviours.recording.folder import new_folder
from behaviours.recording.result import summary
from trees.library import find_tree

if TYPE_CHECKING:
    from app.session.compose import Parts
    from app.session.groot import Groot
    from app.session.substitute import Substitution
    from behaviours.recording.session import RunSession
    from behaviours.settings import Settings
    from trees import Document


def run(options: RunOptions, interrupts: Interrupts) -> int:
    """Run a tree and return the exit code: 0 it succeeded, 1 it failed.

    Everything that can be checked without a robot is checked first. An error that ends the run is raised again, and so
    is KeyboardInterrupt, after the robot has stopped and the run folder is closed.
    """
    from app.session.groot import Groot

    with Groot(options, lambda: interrupts.received is not None) as groot:
        return _run(options, interrupts, groot)


def _run(options: RunOptions, interrupts: Interrupts, groot: Groot) -> int:
    started_s = time.monotonic()
    hurry()
    import trees
    from app.base.known_leaves import known_leaves
    from app.parts.vocabulary import vocabulary
    from app.session.compose import compose
    from app.session.substitute import substitution_for
    from behaviours.recording.session import RunSession
    from behaviours.settings import Settings, read_settings

    file = find_tree(options.tree)
    files = [file, *map(find_tree, options.more)]
    document = trees.load(files, known_leaves(), options.tree_id, folders=options.folders)
    for problem in document.problems:
        warn(str(problem))
    substitution = substitution_for(options, document)
    settings = Settings() if options.settings is None else read_settings(options.settings)
    view = make_view(options.view)
    interrupts.hold()
    place = new_folder(options.record, file.stem, options.seed, datetime.now())
    try:
        interrupts.release()
        parts = compose(options, place)
        for problem in document.know(vocabulary(parts.detector, options.detector, options.robot, parts.robot)):
            warn(str(problem))
        interrupts.hold()
    except BaseException:
        with contextlib.suppress(OSError):
            place.rmdir()  # nothing has run: leave no empty folder behind
        raise
    session = RunSession(place, tree=file, robot=options.robot, seed=options.seed, began_s=started_s)
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
                    session.describe(_run_config(options, parts, settings))
                    session.record.copy_tree(document)
                    if substitution is not None:
                        session.record.copy_substitutions(substitution.text)
                    view.start()
                    _until_it_ends(options, interrupts, document, substitution, settings, parts, session, view, groot)
                except BaseException as error:
                    raised = error
                    result.fail(error)
                    raise
        finally:
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
    document: Document,
    substitution: Substitution | None,
    settings: Settings,
    parts: Parts,
    session: RunSession,
    view: View,
    groot: Groot,
) -> None:
    """Start the robot, build the tree and tick it. The result is in the session."""
    from app.views.feed import Feed
    from behaviours.worker import Worker

    view.stage(f"starting the robot: {options.robot}")
    with parts.robot as robot, Worker() as worker:
        hook = None if substitution is None else substitution.hook
        networks = parts.detector, parts.heatmap_model
        monitor = session.start(document, robot, *networks, worker, substitution=hook, settings=settings)
        feed = Feed(view, monitor, robot, options.watch)
        groot.publish(session)

        def on_tick() -> None:
            feed.tick()
            interrupts.check()

        try:
            interrupts.between_ticks()
            session.run(time_limit_s=options.time_limit_s, before_tick=interrupts.check, on_tick=on_tick)
        finally:
            interrupts.closing()
            session.settle(parts.ground_truth())
            feed.publish()


def _run_config(options: RunOptions, parts: Parts, settings: Settings) -> dict[str, Any]:
    """The options and parts of the run, for config.json."""
    return {
        "options": options.as_json(),
        "networks_sha256": parts.networks,
        "plugins": plugins(options.robot, options.detector),
        "settings": asdict(settings),
    }
