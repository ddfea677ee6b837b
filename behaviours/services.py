"""What every leaf is given: the robot, the networks, the worker, and where to write down what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from behaviours.robot import Robot
from behaviours.settings import Settings
from behaviours.worker import Worker
from perception.networks.protocols import Detector, HeatmapModel
from perception.types import Detection, Grasp, Heatmap, RgbdFrame


class Recorder(Protocol):
    """Keeps pictures and reports of a run."""

    def frame(self, name: str, frame: RgbdFrame) -> None:
        """Keep a frame; `name` says what for."""

    def heatmap(self, name: str, frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> None:
        """Keep a heatmap over its frame, with the chosen pixel if there is one."""

    def report(self, words: str) -> None:
        """Keep what the tree has to say about its task."""


class NullRecorder:
    """Keeps nothing."""

    def frame(self, name: str, frame: RgbdFrame) -> None:
        del name, frame

    def heatmap(self, name: str, frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> None:
        del name, frame, detection, heatmap, grasp

    def report(self, words: str) -> None:
        del words


@dataclass(frozen=True)
class Services:
    """The context of every leaf.

    robot: to act and to look with. detector, heatmap_model: the networks. worker: runs inference off the tick thread.
    recorder: keeps pictures and reports of the run. settings: numbers that no port gives.
    """

    robot: Robot
    detector: Detector
    heatmap_model: HeatmapModel
    worker: Worker
    recorder: Recorder = field(default_factory=NullRecorder)
    settings: Settings = field(default_factory=Settings)
