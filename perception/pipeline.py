"""The whole perception of one frame: detector, depth repair, normals, heatmap, pose, each stage timed.

The tree runs the same steps as leaves; this is for pictures that are already there, and for measuring.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perception.depth import ObjectDepth, object_depth
from perception.geometry import Pose
from perception.grasp import GraspSettings, compute_grasp
from perception.models import Detector, HeatmapModel
from perception.normals import object_normals
from perception.rejection import Rejection
from perception.types import Detection, Grasp, Heatmap, RgbdFrame

STAGES = ("detector", "depth", "normals", "heatmap", "pose")
NORMAL_SIGMA_PX = 8.0


@dataclass(eq=False)
class Perception:
    """What each stage gave; a stage that was not reached is None. grasp: the pose, or why there is none.

    normals: (H, W, 3) in the camera frame, 0 off the object. seconds: of each stage that ran.
    """

    detection: Detection | None = None
    depth: ObjectDepth | None = None
    normals: NDArray[np.float32] | None = None
    heatmap: Heatmap | None = None
    grasp: Grasp | Rejection = field(default_factory=lambda: Rejection("not looked yet"))
    seconds: dict[str, float] = field(default_factory=dict)


def perceive(
    frame: RgbdFrame,
    detector: Detector,
    heatmap_model: HeatmapModel,
    *,
    labels: Sequence[str],
    min_score: float = 0.25,
    world_from_body: Pose | None = None,
    settings: GraspSettings | None = None,
) -> Perception:
    """All stages on one frame; the best detection is taken. world_from_body: None leaves the arm's reach out of it."""
    found = Perception()
    clock = _Clock(found.seconds)
    detections = detector.detect(frame, labels, min_score)
    clock.lap("detector")
    if not detections:
        found.grasp = Rejection(f"no {' or '.join(labels)} in the picture with a score of at least {min_score:g}")
        return found
    found.detection = detections[0]
    mask = found.detection.mask
    found.depth = object_depth(frame.depth, mask, frame.intrinsics, frame.world_from_camera)
    clock.lap("depth")
    found.normals = object_normals(found.depth.depth, frame.intrinsics, NORMAL_SIGMA_PX, found.depth.near, mask)
    clock.lap("normals")
    found.heatmap = heatmap_model.predict(frame, found.detection)
    clock.lap("heatmap")
    found.grasp = compute_grasp(
        frame, found.detection, found.heatmap, world_from_body=world_from_body, settings=settings, seen=found.depth
    )
    clock.lap("pose")
    return found


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds, self._last = seconds, time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage], self._last = now - self._last, now
