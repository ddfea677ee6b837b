"""The frame tree of the robot, as in every FrameTreeSnapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from bosdyn.api import geometry_pb2

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from perception.geometry import Pose

ODOM_FROM_VISION = Pose.from_rpy((0.0, 0.0, 0.1), (0.3, -0.2, 0.0))
"""The two inertial frames differ, to expose clients that confuse them. vision is the world frame."""
HAND, WRIST, BODY, FLAT, VISION, ODOM, GPE = (
    "hand",
    "arm0.link_wr1",
    "body",
    "flat_body",
    "vision",
    "odom",
    "gpe",
)


class Posed(Protocol):
    """Where a robot is: world_from_body, world_from_hand, and the height of the floor below it by its feet, metres."""

    @property
    def body(self) -> Pose: ...
    @property
    def hand(self) -> Pose: ...
    @property
    def floor_m(self) -> float: ...


@dataclass(frozen=True)
class Posture:
    """A `Posed`."""

    body: Pose
    hand: Pose
    floor_m: float


WRIST_FROM_HAND = Pose(np.eye(3), np.array([HAND_FROM_WRIST_X_M, 0.0, 0.0]))


def to_proto(pose: Pose) -> Any:
    """bosdyn.api.SE3Pose of a transform."""
    x, y, z = pose.position_m
    w, qx, qy, qz = pose.quaternion_wxyz
    return geometry_pb2.SE3Pose(
        position=geometry_pb2.Vec3(x=x, y=y, z=z), rotation=geometry_pb2.Quaternion(w=w, x=qx, y=qy, z=qz)
    )


def from_proto(pose: Any) -> Pose:
    """The transform of a bosdyn.api.SE3Pose; an unset rotation is the identity. ValueError if it is not finite."""
    rotation, position = pose.rotation, pose.position
    quaternion = np.array([rotation.w, rotation.x, rotation.y, rotation.z])
    if not quaternion.any():
        quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    return Pose.from_quaternion(quaternion, (position.x, position.y, position.z))


def vec3(values: Any) -> Any:
    """bosdyn.api.Vec3 of three numbers."""
    x, y, z = (float(value) for value in values)
    return geometry_pb2.Vec3(x=x, y=y, z=z)


def flat_of(body: Pose) -> Pose:
    """world_from_flat_body: the body's position and heading, level."""
    return level(body, float(body.position_m[2]))


def level(body: Pose, height_m: float) -> Pose:
    """The body's place and heading at a height of the world, level."""
    x, y, _ = body.position_m
    return Pose.from_rpy((0.0, 0.0, body.yaw_rad), (x, y, height_m))


def world_from(frame: str, at: Posed) -> Pose | None:
    """world_from_frame of a named frame, or None for an unknown one. The ground plane, gpe, is taken for level."""
    body, hand = at.body, at.hand
    match frame:
        case "vision":
            return Pose.identity()
        case "odom":
            return ODOM_FROM_VISION.inverse()
        case "body":
            return body
        case "flat_body":
            return flat_of(body)
        case "gpe":
            return level(body, at.floor_m)
        case "hand":
            return hand
        case "arm0.link_wr1" | "link_wr1":
            return hand @ WRIST_FROM_HAND.inverse()
    return None


def fill_tree(snapshot: Any, at: Posed, sensors: dict[str, tuple[str, Pose]] | None = None) -> None:
    """Fill a FrameTreeSnapshot. sensors: frame -> (parent, parent_from_frame)."""
    body, hand = at.body, at.hand
    inverse = body.inverse()

    def edge(child: str, parent: str, parent_from_child: Pose) -> None:
        item = snapshot.child_to_parent_edge_map[child]
        item.parent_frame_name = parent
        item.parent_tform_child.CopyFrom(to_proto(parent_from_child))

    edge(BODY, "", Pose.identity())
    edge(VISION, BODY, inverse)
    edge(ODOM, BODY, inverse @ ODOM_FROM_VISION.inverse())
    edge(FLAT, BODY, inverse @ flat_of(body))
    edge(GPE, BODY, inverse @ level(body, at.floor_m))
    edge(WRIST, BODY, inverse @ hand @ WRIST_FROM_HAND.inverse())
    edge(HAND, WRIST, WRIST_FROM_HAND)
    for name, (parent, pose) in (sensors or {}).items():
        edge(name, parent, pose)
