"""Measurements in pictures, for grasp planning: where a ray ends, and how wide an object is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from perception.geometry import Pose, Vector, looking_along, unit
from simulation.spot_api.body.frames import Posed, from_proto, world_from
from simulation.spot_api.body.steering import Steerable

SAME_OBJECT_M = 0.05
"""Neighbouring depths that differ by less belong to one object."""


@dataclass(frozen=True)
class Girth:
    """An object seen from one side. middle_m: (3,) middle of its near surface, world. width_m: across the view."""

    middle_m: Vector
    width_m: float


def end_of_ray(robot: Steerable, start_m: Vector, direction: Vector) -> Vector | None:
    """(3,) first point of a ray on a surface, world frame, metres; None if it meets none."""
    ahead = unit(direction)
    up = np.array([0.0, 0.0, 1.0]) if abs(ahead[2]) < 0.95 else np.array([1.0, 0.0, 0.0])
    frame = robot.look(looking_along(start_m, ahead, up), colour=False)
    camera = frame.intrinsics
    depth = float(frame.depth[round(camera.cy), round(camera.cx)])
    return start_m + ahead * depth if depth > 0 else None


def girth(robot: Steerable, point_m: Vector, direction: Vector, across: Vector, distance_m: float) -> Girth | None:
    """The object at a point, seen along a direction from a distance, and its width along `across`; None without one."""
    place = point_m - unit(direction) * distance_m
    frame = robot.look(looking_along(place, direction, np.cross(across, direction)), colour=False)
    camera = frame.intrinsics
    row, column = frame.depth[round(camera.cy)], round(camera.cx)
    if not row[column] > 0:
        return None
    left = right = column
    while left > 0 and abs(float(row[left - 1] - row[left])) < SAME_OBJECT_M and row[left - 1] > 0:
        left -= 1
    while right < camera.width - 1 and abs(float(row[right + 1] - row[right])) < SAME_OBJECT_M and row[right + 1] > 0:
        right += 1
    near = float(row[left : right + 1].min())
    middle = (left + right) / 2
    surface = frame.world_from_camera.transform(camera.back_project(middle, camera.cy, near))
    return Girth(surface, (right - left + 1) * near / camera.fx)


def ray_in_image(request: Any, at: Posed) -> tuple[Vector, Vector] | None:
    """(start, direction), each (3,), world frame, of the ray through a pixel of a request.

    The request's own camera model and frame tree are used. None if the tree has no path from camera to inertial frame.
    """
    world_from_sensor = _through_tree(request.transforms_snapshot_for_camera, request.frame_name_image_sensor, at)
    if world_from_sensor is None:
        return None
    model = request.camera_model.intrinsics
    x = (request.pixel_xy.x - model.principal_point.x) / model.focal_length.x
    y = (request.pixel_xy.y - model.principal_point.y) / model.focal_length.y
    return world_from_sensor.position_m, world_from_sensor.rotation @ unit((x, y, 1.0))


def _through_tree(tree: Any, frame: str, at: Posed) -> Pose | None:
    """world_from_frame by the edges of a snapshot: from the frame and from an inertial frame to the root."""

    def to_root(name: str) -> Pose | None:
        pose = Pose.identity()
        for _ in range(len(tree.child_to_parent_edge_map) + 1):
            if name not in tree.child_to_parent_edge_map:
                return None
            edge = tree.child_to_parent_edge_map[name]
            if not edge.parent_frame_name:
                return pose
            pose, name = from_proto(edge.parent_tform_child) @ pose, edge.parent_frame_name
        return None

    sensor = to_root(frame)
    for inertial in ("vision", "odom"):
        root, world = to_root(inertial), world_from(inertial, at)
        if sensor is not None and root is not None and world is not None:
            return world @ root.inverse() @ sensor
    return None
