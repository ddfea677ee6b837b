"""The whole perception of one frame, each stage timed: the same steps that a tree takes as leaves, on the same `View`.

For pictures that are already there, and for measuring.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perception.detection.look import DEFAULT as JUDGING
from perception.detection.look import look_for
from perception.detection.settings import JudgeSettings
from perception.geometry import Pose
from perception.grasping.choose import choose_grasp
from perception.grasping.grasp import DEFAULT
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings
from perception.hand.family import JawTips
from perception.hand.gripper import GripperModel
from perception.networks.protocols import Detector, Enough, HeatmapModel
from perception.types import Approach, Detection, Grasp, Heatmap, Intrinsics, Rejection, RgbdFrame
from perception.view import View

WARM_UPS = 3


@dataclass(eq=False)
class Perception:
    """The results of `perceive`; None for stages that were not reached.

    view: the frame with its best detection. heatmap: quality of each pixel. grasp: the grasp, or why there is none.
    seconds: duration of each stage that ran: detector, location, heatmap, pose.
    """

    view: View | None = None
    heatmap: Heatmap | None = None
    grasp: Grasp | Rejection = field(default_factory=lambda: Rejection("not looked yet"))
    seconds: dict[str, float] = field(default_factory=dict)


def perceive(
    frame: RgbdFrame,
    detector: Detector,
    heatmap_model: HeatmapModel,
    *,
    labels: Sequence[str],
    gripper: GripperModel,
    min_score: float = 0.25,
    approach: Approach = "side",
    tips: JawTips | None = None,
    reach: Reach | None = None,
    settings: GraspSettings = DEFAULT,
    judging: JudgeSettings = JUDGING,
) -> Perception:
    """Detect an object in a frame and choose a grasp on it.

    detector, heatmap_model: the networks. labels: what to look for, `thing` or `any` for whatever stands out of the
    ground; the best detection that has a place is taken. min_score: of a detection, 0..1. approach, tips, gripper,
    reach, settings: see `choose_grasp`. judging: see `look_for`. ConfigError if the detector does not know a label.
    """
    result = Perception()
    clock = _Clock(result.seconds)
    detections = look_for(detector, frame, labels, min_score, enough=lambda _: True, judging=judging)
    clock.lap("detector")
    if not detections:
        result.grasp = Rejection(f"no {' or '.join(labels)} in the picture with a score of at least {min_score:g}")
        return result
    views = (View(frame, detection) for detection in detections)
    result.view = next((view for view in views if not isinstance(view.location, Rejection)), View(frame, detections[0]))
    location = result.view.location
    clock.lap("location")
    if isinstance(location, Rejection):
        result.grasp = location
        return result
    result.heatmap = heatmap_model.predict(result.view)
    clock.lap("heatmap")
    result.grasp = choose_grasp(
        result.view,
        result.heatmap,
        approach=approach,
        gripper=gripper,
        tips=tips,
        reach=reach,
        settings=settings,
    )
    clock.lap("pose")
    return result


def warm_up(detector: Detector, heatmap_model: HeatmapModel, labels: Sequence[str], gripper: GripperModel) -> None:
    """Run all stages on a synthetic picture, so that the first real one does not wait for memory and threads.

    detector, heatmap_model, gripper: as for `perceive`. labels: what will be looked for. ConfigError if the detector
    does not know one.
    """
    camera = Intrinsics(640, 480, 552.0, 552.0, 320.0, 240.0)
    mask = np.zeros(camera.shape, bool)
    mask[140:340, 290:350] = True
    depth = np.where(mask, np.float32(0.7), np.float32(1.5))
    rgb = np.where(mask[..., None], np.uint8(60), np.uint8(160)).repeat(3, axis=-1)
    ahead = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
    frame = RgbdFrame(rgb, depth, camera, ahead, 0.0)
    for _ in range(WARM_UPS):
        perceive(frame, _Pretended(detector, mask), heatmap_model, labels=labels, gripper=gripper)


@dataclass(frozen=True, eq=False)
class _Pretended:
    """The detector looks, and then has seen this mask."""

    detector: Detector
    mask: NDArray[np.bool_]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.detector.labels

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        del enough  # the real picture may need every zoom
        self.detector.detect(frame, labels, min_score)
        (v, u) = np.nonzero(self.mask)
        box = float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1)
        return [Detection(labels[0], 1.0, self.mask, box)]


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds, self._last = seconds, time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage], self._last = now - self._last, now
