"""The visible points of an object, asked how wide it is between the jaws and how good a grasp looks by geometry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.settings import ProposalSettings
from perception.grasping.surroundings import Surroundings
from perception.hand.family import Way


class VisibleShape:
    """heading: (3,) level, ahead of the camera. `flat`: whether the depth says clearly that it is a box."""

    def __init__(self, around: Surroundings, heading: Vector, settings: ProposalSettings) -> None:
        points = np.concatenate([around.own, around.unreturned])
        self.points = points[:: max(1, len(points) // settings.most_points)]
        self.heading, self.support, self.settings = heading, around.support, settings
        self.flat = around.view.box is not None
        low, high = np.quantile(self.points, [0.03, 0.97], axis=0)
        self.middle = 0.5 * (low + high)
        self.height_m = float(max(high[2] - self.support.height_m(self.middle), 0.005))
        view = around.view.frame.world_from_camera.rotation[:, 2]
        steepness = float(np.clip(-view[2], 0.0, 1.0))
        self.hidden_m = settings.hidden_share * 0.5 * min(self.height_m, 0.1) * (1.0 - steepness)
        self.middle[:2] += 0.5 * self.hidden_m * heading[:2]

    def span(self, point: Vector, way: Way, rotation: Vector) -> tuple[float, float]:
        """(low, high) metres along the jaw axis from a point: the extent of what comes between the jaws, up to the next
        gap in which a jaw finds place, drawn out on the far side."""
        local = (self.points - point) @ rotation
        before, after = self.settings.slab_m[way.depth]
        inside = (local[:, 0] > before) & (local[:, 0] < after) & (np.abs(local[:, 1]) < self.settings.breadth_m)
        along = np.sort(np.append(local[inside, 2], 0.0))
        gaps = np.flatnonzero(np.diff(along) > self.settings.gap_m)
        here = int(np.searchsorted(along, 0.0))
        under, over = gaps[gaps < here], gaps[gaps >= here]
        low = float(along[under[-1] + 1] if under.size else along[0])
        high = float(along[over[0]] if over.size else along[-1])
        far = float(rotation[:, 2] @ self.heading)
        return (low + min(0.0, far) * self.hidden_m, high + max(0.0, far) * self.hidden_m)

    def aligned(self, point: Vector, rotation: Vector) -> Vector | None:
        """A rotation (3, 3) whose jaws close level, turned about the vertical so that they close straight across the
        long side of the object about a point; None where that is not long, or lies along the jaws.

        Jaws 4 degrees askew hold a lying bottle half as often as straight ones, and at 10 degrees hardly ever.
        """
        s = self.settings
        near = self.points[np.linalg.norm(self.points - point, axis=1) < s.align_about_m, :2]
        if len(near) < s.align_points:
            return None
        spread, axes = np.linalg.eigh(np.cov(near.T))
        if spread[1] < s.align_length**2 * spread[0]:
            return None
        across = axes[:, 0]
        jaw = rotation[:2, 2] / np.linalg.norm(rotation[:2, 2])
        cosine, sine = float(jaw @ across), float(jaw[0] * across[1] - jaw[1] * across[0])
        if cosine < 0.0:
            cosine, sine = -cosine, -sine
        if cosine < np.cos(s.align_turn_rad):
            return None
        return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]]) @ rotation

    def score(self, way: Way, pose: Pose, width_m: float, overlap_m: float) -> float:
        """0 to 1, of what geometry says before free room is asked."""
        s = self.settings
        local = (self.points - pose.position_m) @ pose.rotation
        off = abs(float((self.middle - pose.position_m) @ pose.rotation[:, 1]))
        worth = 1.0 - s.worth_middle * min(off / s.off_m, 1.0)
        worth -= s.worth_overlap * float(np.clip(1.0 - overlap_m / s.overlap_m, 0.0, 1.0))
        worth -= s.worth_width * float(np.clip((width_m - s.width_m[0]) / (s.width_m[1] - s.width_m[0]), 0.0, 1.0))
        worth -= s.worth_unseen * abs(float(pose.rotation[:, 2] @ self.heading))
        worth -= s.worth_facing * self._slope(local)
        tall = float(np.clip((self.height_m - s.tall_m[0]) / (s.tall_m[1] - s.tall_m[0]), 0.0, 1.0))
        return worth - s.worth_steep * (tall if way.approach != "side" else 1.0 - tall)

    def _slope(self, local: NDArray[np.float64]) -> float:
        """0 to 1, for points (N, 3) in the hand frame: how little of a flank is seen at the two ends of what the jaws
        meet. A flank that faces the jaws is seen over some depth behind what is nearest to the palm."""
        near = local[(np.abs(local[:, 1]) < self.settings.breadth_m) & (local[:, 0] < self.settings.tip_x_m)]
        if len(near) < 8:
            return 1.0
        depth = near[np.argsort(near[:, 2], kind="stable"), 0]
        part = max(2, len(near) // 8)
        first = float(np.partition(depth, len(depth) // 32)[len(depth) // 32])
        drop = min(float(np.median(depth[:part])), float(np.median(depth[-part:]))) - first
        return float(np.clip(1.0 - drop / self.settings.flank_m, 0.0, 1.0))
