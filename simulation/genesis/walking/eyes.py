"""What the simulated robot sees of the floor around it while it walks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.floor.ground import heights_above
from perception.floor.plan import FloorPlan, frame_points
from perception.geometry import Pose
from perception.types import RgbdFrame
from simulation.genesis.plant import GenesisPlant

Array = NDArray[np.float64]


class FloorEyes:
    """The robot's own view of the floor: four depth cameras round its body, without faults, and what they have shown.

    look: takes a depth picture from world_from_camera. plant: where the robot is. feet: (N, 3) where its feet touch the
    ground, world frame.
    """

    RANGE_M: Final = 4.0
    EVERY: Final = 4
    """Pixels from one that is used to the next."""
    DOWN_RAD: Final = 0.44
    MOUNTS_M: Final = ((0.0, 0.42, 0.0), (np.pi / 2, -0.13, 0.11), (np.pi, -0.42, 0.0), (-np.pi / 2, -0.13, -0.11))
    """Heading of each camera, and its place ahead of the body's centre and to its left."""
    BODY_M: Final = (0.7, 0.35)
    """Half the length and breadth round the body in which returns are of the robot, whose legs swing out."""
    ARM_M: Final = 0.3
    """And so are those nearer than this to its arm in the floor plan, no further than this below the hand: what it
    holds."""

    def __init__(self, look: Callable[[Pose], RgbdFrame], plant: GenesisPlant, feet: Callable[[], Array]) -> None:
        self._look, self._plant, self._feet = look, plant, feet
        self.plan = FloorPlan()

    def look(self) -> None:
        """Look round, and remember what stands where."""
        body, hand = self._plant.body(), self._plant.hand()
        points = np.concatenate([self._points(body, *mount) for mount in self.MOUNTS_M])
        points = points[~self._own(points, body, hand)]
        self.plan = self.plan.seen(points, heights_above(points, self._feet()))

    def _points(self, body: Pose, heading_rad: float, ahead_m: float, left_m: float) -> Array:
        x, y, z = body.position_m
        c, s = np.cos(body.yaw_rad), np.sin(body.yaw_rad)
        place = (x + c * ahead_m - s * left_m, y + s * ahead_m + c * left_m, z)
        upright = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
        towards = Pose.from_rpy((0.0, self.DOWN_RAD, body.yaw_rad + heading_rad), place) @ upright
        return frame_points(self._look(towards), range_m=self.RANGE_M, every=self.EVERY)

    def _own(self, points: Array, body: Pose, hand: Pose) -> NDArray[np.bool_]:
        """(N,) which points (N, 3) are of the robot or of what it holds."""
        middle, arm = body.position_m[:2], (hand.position_m - body.position_m)[:2]
        beside = points[:, :2] - middle
        share = np.clip(beside @ arm / max(float(arm @ arm), 1e-9), 0.0, 1.0)
        by_arm = np.linalg.norm(beside - share[:, None] * arm, axis=1) < self.ARM_M
        by_arm &= points[:, 2] > hand.position_m[2] - self.ARM_M
        c, s = np.cos(body.yaw_rad), np.sin(body.yaw_rad)
        by_body = (np.abs(beside @ np.array([[c, -s], [s, c]])) < self.BODY_M).all(axis=1)
        return np.asarray(by_body | by_arm)
