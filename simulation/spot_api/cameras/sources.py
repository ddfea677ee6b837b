"""The cameras: names of their image sources, mounting poses and formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from behaviours.robots.spot.model import WRIST_FROM_COLOR_CAMERA
from perception.geometry import Pose
from simulation.spot_api.body.frames import BODY, WRIST

HAND_SCALE, BODY_SCALE = 1000.0, 999.0
"""Raw depth counts per metre."""
MAX_DEPTH_COUNT = 65534
"""0 and 65535 mean no depth."""


@dataclass(frozen=True)
class Camera:
    """A camera. frame: name of its optical frame. parent_from_sensor: its mounting pose on the parent frame."""

    frame: str
    parent: str
    parent_from_sensor: Pose


@dataclass(frozen=True)
class Source:
    """An image source. depth_scale: counts per metre, 0 for pictures. channels: 3 for colour, 1 for grey."""

    name: str
    camera: str
    kind: Literal["visual", "depth"]
    channels: int
    depth_scale: float


def _optical(yaw_deg: float, down_deg: float, roll_deg: float) -> Pose:
    """body_from_optical for a view direction, rolled about it. At roll 0 the picture is upright."""
    upright = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
    towards = Pose.from_rpy(np.radians([0.0, down_deg, yaw_deg]))
    return towards @ upright @ Pose.from_rpy((0.0, 0.0, np.radians(roll_deg)))


def _body_camera(name: str, place_m: tuple[float, float, float], yaw: float, down: float, roll: float) -> Camera:
    return Camera(f"{name}_fisheye", BODY, Pose(_optical(yaw, down, roll).rotation, np.array(place_m)))


CAMERAS = {
    "hand": Camera("hand_color_image_sensor", WRIST, WRIST_FROM_COLOR_CAMERA),
    "frontleft": _body_camera("frontleft", (0.414, 0.037, 0.02), -16.0, 27.0, 78.0),
    "frontright": _body_camera("frontright", (0.414, -0.037, 0.02), 16.0, 27.0, 102.0),
    "left": _body_camera("left", (-0.13, 0.11, 0.035), 90.0, 20.0, 1.0),
    "right": _body_camera("right", (-0.13, -0.11, 0.035), -90.0, 20.0, 181.0),
    "back": _body_camera("back", (-0.42, -0.037, 0.01), 180.0, 20.0, 1.0),
}
"""The hand camera's pose is that of real robots' frame trees. The body cameras' poses are approximate; their rolls are
those that make pictures upright with the vendor's published angles, to a degree (see `look` about level cameras)."""

SOURCES = {
    source.name: source
    for source in (
        Source("hand_color_image", "hand", "visual", 3, 0.0),
        Source("hand_depth_in_hand_color_frame", "hand", "depth", 1, HAND_SCALE),
        *(Source(f"{name}_fisheye_image", name, "visual", 1, 0.0) for name in CAMERAS if name != "hand"),
        *(Source(f"{name}_depth_in_visual_frame", name, "depth", 1, BODY_SCALE) for name in CAMERAS if name != "hand"),
    )
}
