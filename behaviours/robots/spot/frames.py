"""Poses of the robot's frame trees as the program's own poses."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from perception.base.errors import RobotError
from perception.geometry import Pose

WORLD: Final = "vision"
"""The fixed frame everything is given in: gravity-aligned, corrected by what the robot sees."""
BODY: Final = "body"
HAND: Final = "hand"
MAX_DEPTH: Final = 32
"""Edges from any frame to the root; a longer way is a loop."""


def to_pose(proto: Any) -> Pose:
    """The pose of a bosdyn.api.SE3Pose; an unset rotation is none. ValueError if it is not finite."""
    q, p = proto.rotation, proto.position
    quaternion = np.array([q.w, q.x, q.y, q.z])
    return Pose.from_quaternion(quaternion if quaternion.any() else (1.0, 0.0, 0.0, 0.0), (p.x, p.y, p.z))


def fill_pose(proto: Any, pose: Pose) -> None:
    """Write a bosdyn.api.SE3Pose."""
    proto.position.x, proto.position.y, proto.position.z = (float(value) for value in pose.position_m)
    w, x, y, z = (float(value) for value in pose.quaternion_wxyz)
    proto.rotation.w, proto.rotation.x, proto.rotation.y, proto.rotation.z = w, x, y, z


def _root_from(snapshot: Any, frame: str) -> tuple[str, Pose]:
    """The root of the tree and root_from_frame."""
    pose, name = Pose.identity(), frame
    for _ in range(MAX_DEPTH):
        if name not in snapshot.child_to_parent_edge_map:
            raise RobotError(
                f"the robot's frame tree has no frame {name!r}; it has: "
                f"{', '.join(sorted(snapshot.child_to_parent_edge_map)) or 'none'}"
            )
        edge = snapshot.child_to_parent_edge_map[name]
        if not edge.parent_frame_name:
            return name, pose
        pose, name = to_pose(edge.parent_tform_child) @ pose, edge.parent_frame_name
    raise RobotError(f"the robot's frame tree goes round in a circle at {name!r}")


def transform(snapshot: Any, into: str, frame: str) -> Pose:
    """into_from_frame in a bosdyn.api.FrameTreeSnapshot. RobotError if it does not connect them."""
    root, root_from_into = _root_from(snapshot, into)
    other, root_from_frame = _root_from(snapshot, frame)
    if root != other:
        raise RobotError(f"the robot's frame tree does not connect {into!r} and {frame!r}")
    return root_from_into.inverse() @ root_from_frame
