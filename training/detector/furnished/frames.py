"""Rooms' pictures with depth as a camera measures it, true instances and words: what a run sees, and what is there.

A file of a frame has depth_mm (h, w) uint16, registered, 0 for no return; instances (h, w) uint8, 0 for none; words,
(K,) uint8, which of `WORDS` each instance is; camera [fx, fy, cx, cy] in pixels and world_from_camera (4, 4). The
picture is a file of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_arrays, read_picture
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.geometry import Pose
from perception.surface.depth import median_depth
from perception.types import Intrinsics, RgbdFrame
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from training.dataset.folder import npz_bytes
from training.detector.furnished.shade import Outlines
from training.detector.rendered.raycast import View
from training.detector.words import WORDS

MOST_FRAMES = 3
"""A run takes the median of some frames; here it is that of 1 to this many."""
FINE = (0.4, 1.0)
"""Range of the pixels of the depth camera for one of the picture, along each side."""
LEAST_NOISE_MM = 1.0
"""Stereo cameras have less noise than the hand camera, whose worst is the most here."""
KEYS = ("depth_mm", "instances", "words", "camera", "world_from_camera")


@dataclass(frozen=True, eq=False)
class RoomFrame:
    """A frame and what it truly shows. instances: (h, w), 0 for none. words: of instance k at index k - 1."""

    frame: RgbdFrame
    instances: NDArray[np.uint8]
    words: tuple[str, ...]


def intrinsics_of(view: View) -> Intrinsics:
    """The camera of a view, whose optical axis is in the picture's middle."""
    height, width = view.size
    return Intrinsics(width, height, view.focal_px, view.focal_px, width / 2 - 0.5, height / 2 - 0.5)


def measured(seen: Outlines, view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    """(h, w) metres as a registered depth camera gives what a view shows, 0 for no return.

    Noise and losses are those of the hand camera's sensor, without what its place beside the colour camera makes of
    them. Of what is clear, a picture has no return, or what is behind it, or its own surface.
    """
    camera, usual = intrinsics_of(view), DepthSensorConfig()
    config = replace(
        usual, left_tan=-9.0, right_tan=9.0, corner_radius_px=0.0, baseline_m=0.0, lateral_m=(0.0, 0.0),
        vertical_m=(0.0, 0.0), roll_rad=0.0, native_focal_px=view.focal_px * float(rng.uniform(*FINE)),
    )  # fmt: skip
    sensor = DepthSensor(config, rng)
    material_mm = float(np.exp(rng.uniform(np.log(LEAST_NOISE_MM), np.log(usual.material_mm[1]))))
    clear = seen.through > seen.depth
    lost, behind = rng.random(2) < (0.4, 0.5)
    true = np.where(clear & behind, seen.through, seen.depth)
    true = np.where(np.isfinite(true) & ~(clear & lost), true, np.float32(0.0)).astype(np.float32)
    count = int(rng.integers(1, MOST_FRAMES + 1))
    return median_depth([sensor.measure(true, camera, material_mm=material_mm) for _ in range(count)])


def write_frame(
    path: Path, view: View, depth: NDArray[np.float32], instances: NDArray[np.uint8], words: list[str]
) -> None:
    """Write the file of a frame. depth: (h, w) metres, as measured."""
    k = intrinsics_of(view)
    content = npz_bytes(
        depth_mm=np.rint(1000.0 * depth).astype(np.uint16),
        instances=instances,
        words=np.array([WORDS.index(word) for word in words], np.uint8),
        camera=np.array([k.fx, k.fy, k.cx, k.cy]),
        world_from_camera=view.world_from_camera.matrix(),
    )
    write_atomic(path, content, parents=True)


def read_frame(picture: Path, path: Path) -> RoomFrame:
    """The frame of a picture and of the file beside it. ConfigError if they are none, or do not fit each other."""
    rgb = np.ascontiguousarray(read_picture(picture, "picture", cv2.IMREAD_COLOR)[..., ::-1], np.uint8)
    values = read_arrays(path, "frame", KEYS)
    if values["depth_mm"].shape != rgb.shape[:2]:
        raise ConfigError(f"{path}: the depth is {values['depth_mm'].shape}, the picture {rgb.shape[:2]}")
    height, width = rgb.shape[:2]
    camera = Intrinsics(width, height, *(float(value) for value in values["camera"]))
    depth = values["depth_mm"].astype(np.float32) * np.float32(0.001)
    frame = RgbdFrame(rgb, depth, camera, Pose.from_matrix(values["world_from_camera"]), 0.0, registered=True)
    return RoomFrame(frame, values["instances"], tuple(WORDS[k] for k in values["words"]))
