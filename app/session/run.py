"""`spot-grasp run`: one tree on one robot, recorded, watched, judged, and always closed whole."""

from __future__ import annotations

import contextlib
import platform
import sys
import time
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.base.interrupts import Interrupts
from app.base.output import hurry, tell, tell_json, warn
from app.base.plugins import plugins
from app.base.tree_file import find_tree
from app.session.folder import RunFolder, new_folder
from app.session.options import RunOptions
from app.session.result import EXIT_CODES, Result, summary
from app.views.choose import make_view
from app.views.model import View
from perception.base.errors import SpotGraspError
from perception.base.processor import processor

if TYPE_CHECKING:
    from app.session.compose import Parts
    from app.session.substitute import Substitution
    from app.session.watch import Watching
    from trees import Document

PERIOD_S: Final = 0.05
"""Robot seconds from tick to tick."""
PACKAGES: Final = ("spot-grasp", "numpy", "py_trees", "onnxruntime", "genesis-world", "torch", "opencv-python")


def run(options: RunOptions, interrupts: Interrupts) -> int:
    """Run it; see `_run`. Ports for those who watch are taken first and freed last."""
    from app.session.watch import Watching

    with Watching(options, lambda: interrupts.received is not None) as watching:
        return _run(options, interrupts, watching)


def _run(options: RunOptions, interrupts: Interrupts, watching: Watching) -> int:
    """Run it and return the exit code: 0 the tree succeeded, 1 it failed.

    Whatever can be checked without a robot is checked first. An error that ends the run is raised again, and so is
    KeyboardInterrupt, after the robot has stopped and the run folder is closed.
    """
    started_s = time.monotonic()
    hurry()
    import trees
    from app.base.known_leaves import known_leaves
    from app.base.vocabulary import vocabulary
    from app.session.compose import compose
    from app.session.substitute import substitution_for

    file = find_tree(options.tree)
    files = [file, *map(find_tree, options.more)]
    document = trees.load(files, known_leaves(), options.tree_id, folders=options.folders)
    for problem in document.problems:
        warn(str(problem))
    substitution = substitution_for(options, document)
    view = make_view(options.view)
    interrupts.hold()
    place = new_folder(options.record, file.stem, options.seed, datetime.now())
    try:
        interrupts.release()
        parts = compose(options, place / "video.mp4" if options.video else None, place)
        for problem in document.know(vocabulary(parts.detector, options.detector, options.robot, parts.robot.cameras)):
            warn(str(problem))
        interrupts.hold()
    except BaseException:
        with contextlib.suppress(OSError):
            place.rmdir()  # nothing has run: leave no empty folder behind
        raise
    result = Result(run=str(place), seed=options.seed, tree=str(file), robot=options.robot)
    with RunFolder(place) as record:

        def save() -> None:
            result.close(interrupts.received, time.monotonic() - started_s)
            interrupts.exit_code = result.exit_code
            with _quiet_after(sys.exc_info()[1]):
                record.finish(result.as_json())

        try:
            with interrupts.guarding(None if parts.robot.simulated_time else parts.robot.stop, save):
                try:
                    interrupts.release()
                    record.write_config(_config(options, file, parts))
                    record.copy_tree(document)
                    if substitution is not None:
                        record.copy_substitutions(substitution.text)
                    view.start()
                    _until_it_ends(options, interrupts, document, substitution, parts, record, view, watching, result)
                except BaseException as error:
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
    return EXIT_CODES[result.status]


def _until_it_ends(
    options: RunOptions,
    interrupts: Interrupts,
    document: Document,
    substitution: Substitution | None,
    parts: Parts,
    record: RunFolder,
    view: View,
    watching: Watching,
    result: Result,
) -> None:
    """Start the robot, build the tree and tick it; what came of it is written into `result`."""
    import trees
    from behaviours.run_loop import run_tree
    from behaviours.services import Services, Settings
    from behaviours.worker import Worker

    view.stage(f"starting the robot: {options.robot}")
    with parts.robot as robot, Worker() as worker:
        record.clock = robot.now
        record.log.info("robot ready", robot=options.robot, cpu_s=round(time.process_time(), 3))
        services = Services(robot, parts.detector, parts.heatmap_model, worker, record.log, record, Settings())
        substitute = None if substitution is None else substitution.hook(services, robot.now)
        tree = trees.build(document, services, robot.now, substitute)
        monitor = watching.attach(tree, document, robot, view, record, PERIOD_S)

        def on_tick() -> None:
            monitor.tick()
            interrupts.check()

        try:
            interrupts.between_ticks()
            outcome = run_tree(
                monitor.times,
                robot,
                worker,
                period_s=PERIOD_S,
                time_limit_s=options.time_limit_s,
                before_tick=interrupts.check,
                on_tick=on_tick,
            )
            result.status = "success" if outcome.success else "failure"
            if not outcome.success:
                result.reason = monitor.failure_words(outcome.reason)
        finally:
            interrupts.closing()
            result.attempts = monitor.attempts.count
            result.reports = list(record.reports)
            result.sim_s = round(robot.now(), 3)
            result.judge(parts.ground_truth())
            monitor.publish()


def _config(options: RunOptions, file: Path, parts: Parts) -> dict[str, Any]:
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "options": options.as_json(),
        "tree_file": str(file),
        "networks_sha256": parts.networks,
        "plugins": plugins(options.robot, options.detector),
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


@contextlib.contextmanager
def _quiet_after(error: BaseException | None) -> Any:
    """If an error is already on its way, one more from closing (say, the disk is still full) must not replace it."""
    try:
        yield
    except SpotGraspError:
        if error is None:
            raise
