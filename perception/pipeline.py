"""The whole perception of one frame: detector, depth repair, normals, heatmap, pose, each stage timed.

The tree runs the same steps as leaves; this is for pictures that are already there, and for measuring.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.grasping.grasp import GraspSettings, compute_grasp
from perception.models import Detector, Enough, HeatmapModel
from perception.rejection import Rejection
from perception.surface.depth import ObjectDepth, object_depth
from perception.surface.normals import object_normals
from perception.types import Detection, Grasp, Heatmap, Intrinsics, RgbdFrame

NORMAL_SIGMA_PX = 8.0
WARM_UPS = 3


@dataclass(eq=False)
class Perception:
    """What each stage gave; a stage that was not reached is None. grasp: the pose, or why there is none.

    normals: (H, W, 3) in the camera frame, 0 off the object. seconds: of each stage that ran: detector, depth,
    normals, heatmap, pose.
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
    detections = detector.detect(frame, labels, min_score, enough=lambda _: True)
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


def warm_up(detector: Detector, heatmap_model: HeatmapModel, labels: Sequence[str]) -> None:
    """Let the networks and everything after them work on a made-up picture, so that the first real one does not wait
    for memory and threads to be set up: that took 120 to 150 ms on two cores, the third and later ones 76 to 89 ms.

    labels: what will be looked for. ConfigError if the detector does not know one."""
    camera = Intrinsics(640, 480, 552.0, 552.0, 320.0, 240.0)
    mask = np.zeros(camera.shape, bool)
    mask[140:340, 290:350] = True
    depth = np.where(mask, np.float32(0.7), np.float32(1.5))
    rgb = np.where(mask[..., None], np.uint8(60), np.uint8(160)).repeat(3, axis=-1)
    ahead = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
    frame = RgbdFrame(rgb, depth, camera, ahead, 0.0)
    for _ in range(WARM_UPS):
        perceive(frame, _Pretended(detector, mask), heatmap_model, labels=labels)


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
