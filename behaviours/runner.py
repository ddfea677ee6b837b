"""Run a tree from a program in one line, recorded like `spot-grasp run`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from behaviours.part_checks import leaf_classes, wrong_detector, wrong_robot
from behaviours.recording.folder import new_folder
from behaviours.recording.recording import Recording, read_recording
from behaviours.recording.session import RunSession
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from behaviours.settings import Settings
    from perception.networks.protocols import Detector, HeatmapModel
    from trees import Leaf


def run(
    tree: Path | str,
    robot: Robot,
    *,
    detector: Detector | None = None,
    heatmap_model: HeatmapModel | None = None,
    out: Path | str | None = None,
    main: str | None = None,
    leaves: Iterable[type[Leaf]] = (),
    time_limit_s: float = 600.0,
    settings: Settings | None = None,
) -> Recording:
    """Run a tree on a robot until it succeeds or fails, and return what was recorded.

    tree: a file, or the name of a tree in the library. robot: not entered yet; it is entered, stopped and left here. If
    it has an attribute `seed`, the result names it; if it has a method `ground_truth`, that is the judge.
    detector, heatmap_model: None takes the shipped networks, and for the fake robot its own. out: the run folder, new
    or empty; None makes one under runs/. main: ID of the tree to run, else what the file says. leaves: classes of yours
    that the tree may name, beside the built-in ones and those of installed packages. time_limit_s: seconds on the
    robot's clock. settings: numbers that no port gives; None for the usual ones.

    A tree that fails is a result, not an error: see `Recording.result`. Warnings about the tree go to the logger
    `behaviours`. Before the robot is entered: TreeError for a tree that cannot be run, ConfigError for a robot,
    detector or folder that cannot be used. Whatever ends the run, the robot is stopped and the folder closed; then the
    error, or KeyboardInterrupt, is raised again.
    """
    import trees
    from behaviours.registry import LEAVES
    from behaviours.robot import picking
    from behaviours.vocabulary import label_names, robot_names
    from behaviours.worker import Worker

    if reason := wrong_robot(robot):
        raise ConfigError(f"behaviours.run: {robot!r} {reason}")
    if detector is not None and (reason := wrong_detector(detector)):
        raise ConfigError(f"behaviours.run: {detector!r} {reason}")
    file = trees.find_tree(str(tree))
    known = trees.PluginLeaves({**LEAVES, **{leaf.tag(): leaf for leaf in leaf_classes(leaves)}})
    document = trees.load(file, known, main)
    detector, heatmap_model = _networks(robot, detector, heatmap_model, settings)
    names = robot_names(robot.cameras, picks=picking(robot) is not None, whose="the robot")
    document.know({"label": label_names(detector, "the detector"), **names})
    for warning in document.problems:
        logging.getLogger("behaviours").warning("%s", warning)
    seed = getattr(robot, "seed", 0)
    folder = new_folder(None if out is None else Path(out), file.stem, seed, datetime.now())
    with RunSession(folder, tree=file, robot=type(robot).__name__, seed=seed) as session:
        session.describe({"program": True})
        session.record.copy_tree(document)
        with robot, Worker() as worker:
            session.start(document, robot, detector, heatmap_model, worker, settings=settings)
            try:
                session.run(time_limit_s=time_limit_s)
            finally:
                session.settle(getattr(robot, "ground_truth", dict)())
    return read_recording(folder)


def _networks(
    robot: Robot, detector: Detector | None, heatmap_model: HeatmapModel | None, settings: Settings | None
) -> tuple[Detector, HeatmapModel]:
    """The networks that were given, else those that fit the robot; a network file answers to the words of the settings,
    too. ModelError if a shipped one cannot be used."""
    from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot

    if detector is None and isinstance(robot, FakeRobot):  # the networks were not trained on its flat colours
        return FakeDetector(), heatmap_model or FakeHeatmap()
    from perception.detection.aliases import ALIASES, with_aliases
    from perception.detection.detector import OnnxDetector
    from perception.quality.heatmap import OnnxHeatmap

    detector = detector or OnnxDetector()
    if isinstance(detector, OnnxDetector):
        detector = with_aliases(detector, ALIASES if settings is None else settings.names)
    fake = isinstance(robot, FakeRobot)
    return detector, heatmap_model or (FakeHeatmap() if fake else OnnxHeatmap())
