"""What the methods without masks share: the foreground of a depth picture, and a gripper that must be free of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, Vector, unit
from perception.hand.rooms import rooms_of
from simulation.trials.free_gripper import PRE_GRASP_M
from training.evaluation.methods.interface import Look

Array = NDArray[np.float64]
RING_PX = 30
BIN_M = 0.005
ABOVE_M = (0.006, 0.02)
"""A point this far above the support belongs to an object: three times the plane's noise, within these bounds."""
MOST_POINTS = 4000
TIPS_X_M = 0.015
"""Where contacts lie along the hand's x: 25 mm behind the end of the fixed jaw."""
CLEAR_M = 0.003


@dataclass(frozen=True, eq=False)
class Foreground:
    """What stands on the support. mask: (H, W). depth: (H, W) metres, smoothed. points: (N, 3) world, of the mask, in
    the order of its pixels. support_z_m: height of the support's plane."""

    mask: NDArray[np.bool_]
    depth: NDArray[np.float32]
    points: Array
    support_z_m: float

    def sample(self, rng: np.random.Generator) -> Array:
        """Up to MOST_POINTS of the points."""
        chosen = rng.permutation(len(self.points))[:MOST_POINTS]
        return self.points[chosen]


def foreground(look: Look) -> Foreground | None:
    """The points above the support, in the workspace, or on the masks where that is not known; None without any.

    The support is the most frequent height: in the workspace, or else in a ring of RING_PX about the masks.
    """
    frame = look.frame
    depth = cv2.medianBlur(frame.depth, 5)
    seen = depth > 0
    v, u = np.nonzero(seen)
    points = np.zeros((*depth.shape, 3))
    points[v, u] = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth[v, u]))
    masks = np.zeros(depth.shape, bool)
    for detection in look.detections:
        masks |= detection.mask
    if look.workspace_m is None:
        room = masks & seen
        about = seen & ~masks & cv2.dilate(masks.astype(np.uint8), np.ones((RING_PX, RING_PX), np.uint8)).astype(bool)
    else:
        low, high = look.workspace_m
        about = seen & (points[..., :2] > low[:2]).all(axis=-1) & (points[..., :2] < high[:2]).all(axis=-1)
        room = about & (points[..., 2] < high[2])
    heights = points[about][:, 2]
    if heights.size < 50:
        return None
    edges = np.arange(heights.min(), heights.max() + 2 * BIN_M, BIN_M)
    counts, edges = np.histogram(heights, edges)
    near = heights[np.abs(heights - (edges[int(counts.argmax())] + BIN_M / 2)) < 3 * BIN_M]
    support = float(np.median(near))
    spread = 3 * 1.48 * float(np.median(np.abs(near - support)))
    mask = room & (points[..., 2] > support + np.clip(spread, *ABOVE_M))
    mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)
    return Foreground(mask, depth, points[mask], support) if mask.sum() >= 50 else None


def is_free(world_from_hand: Pose, points: Array, support_z_m: float) -> bool:
    """Whether the open gripper touches neither the points (N, 3) nor the support, at the grasp and on its way in."""
    room = rooms_of(SPOT.gripper, PRE_GRASP_M).jaws[-1].coming
    if world_from_hand.transform(room.corners)[:, 2].min() < support_z_m + CLEAR_M:
        return False
    return room.clearance_m(world_from_hand.inverse().transform(points)) > CLEAR_M


def poses_between(first: Vector, second: Vector, approach: Vector) -> tuple[Pose, Pose]:
    """world_from_hand with the contacts first and second (3,) between Spot's finger tips; the fixed jaw at the first,
    and at the second. So a grasp of another hand is carried over: its approach becomes the hand's x, its jaw axis the
    hand's z, and its two contacts lie TIPS_X_M before the hand's origin, the fixed jaw's clearance from its contact.

    approach: (3,) direction in which the hand moves in; the part of it along the contacts is left out.
    """
    axis = unit(second - first)
    x = unit(approach - (approach @ axis) * axis)
    width = float(np.linalg.norm(second - first))
    off = SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m + width / 2
    made = []
    for z in (axis, -axis):
        rotation = np.stack([x, np.cross(z, x), z], axis=1)
        made.append(Pose(rotation, (first + second) / 2 - rotation @ [TIPS_X_M, 0.0, off]))
    return made[0], made[1]
