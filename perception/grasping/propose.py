"""Grasps of all ways of the family over an object's pixels, ranked by a network's maps of the ways, or by geometry.

The span between the jaws is that of the visible points, drawn out on the far side, where a round thing hides a part of
itself. By geometry, good are: flanks that face the jaws, a mass in their middle, much of the object between them, and a
width that they hold well. Free room counts for both. The best that pass all checks are the answer: the gripper and its
way in are clear of what is seen, and the arm gets there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.grasp import inner_pixels
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings, ProposalSettings
from perception.grasping.surroundings import Surroundings, clearances, surroundings
from perception.hand.family import WAYS, JawTips, Way, applies, hand_pose_of, heading_of, narrowest, rotation_of
from perception.hand.gripper import GripperModel
from perception.hand.rooms import rooms_of
from perception.surface.depth import depth_around
from perception.types import Approach, Grasp, Rejection, WayMaps
from perception.view import View

HALF_TURN: Final = np.diag([1.0, -1.0, -1.0])
DEFAULT: Final = ProposalSettings()


def ways_of(approach: Approach) -> tuple[Way, ...]:
    """The ways of the family that come from there; those from above are straight or at 45 degrees."""
    return tuple(way for way in WAYS if approach == "any" or (way.approach == "side") == (approach == "side"))


def propose_grasps(
    view: View,
    *,
    gripper: GripperModel,
    tips: JawTips,
    reach: Reach | None,
    approach: Approach = "any",
    most: int = 1,
    grasping: GraspSettings | None = None,
    settings: ProposalSettings = DEFAULT,
    maps: WayMaps | None = None,
) -> list[Grasp] | Rejection:
    """Up to `most` grasps that can be done, the best first, or a rejection that counts what ruled the others out.

    view: the frame with its detection. gripper: the jaws; it needs hulls (ValueError without). tips: how deep they may
    go. reach: what the arm reaches; None does not check it. approach: from where the hand may come. grasping, settings:
    how it is chosen. maps: the network's, None to rank by geometry. The same picture always gives the same grasps.
    """
    grasping = grasping or GraspSettings()
    rooms = rooms_of(gripper, grasping.standoff_m)
    around = surroundings(view, settings.clearance)
    if isinstance(around, Rejection):
        return around
    label, tried = view.detection.label, 0
    found: list[Grasp] = []
    failures: Counter[str] = Counter()
    for ranked in _ranked(around, ways_of(approach), gripper, tips, settings, maps):
        poses, widths = [one.world_from_hand for one in ranked], [one.width_m for one in ranked]
        checked = clearances(around, poses, widths, rooms, settings.clearance)
        free = np.minimum(checked.free_m, settings.free_m) / settings.free_m
        scores = np.array([one.score for one in ranked]) + settings.worth_free * free
        scores -= settings.worth_hidden * checked.hidden
        for index in np.argsort(-scores, kind="stable").tolist():
            opening = rooms.opening(int(checked.opened[index]))
            grasp = replace(ranked[index], score=float(np.clip(scores[index], 0.0, 1.0)), opening=opening)
            tried += 1
            problem = checked.problems[index] or (reach.problem(grasp.world_from_hand) if reach is not None else None)
            if problem:
                failures[problem] += 1
                continue
            found.append(grasp)
            if len(found) == most:
                break
        if found:
            return found
    if not tried:
        return Rejection(f"no grasp of the {label} fits between the jaws and above the support (approach {approach})")
    counts = ", ".join(f"{count} {reason}" for reason, count in failures.most_common())
    return Rejection(f"none of {tried} grasps on the {label} by its shape can be done: {counts}")


def _ranked(
    around: Surroundings,
    ways: tuple[Way, ...],
    gripper: GripperModel,
    tips: JawTips,
    settings: ProposalSettings,
    maps: WayMaps | None,
) -> Iterator[list[Grasp]]:
    """Unchecked grasps with their scores, in batches, the best first, each turned to where the object is narrowest."""
    heading = heading_of(around.view.frame.world_from_camera)
    shape = _Shape(around, heading, settings)
    rough: list[tuple[float, float | None, Way, Pixel, Vector]] = []
    for rating, way, pixel in _rated(around, ways, settings, maps):
        rotation = rotation_of(way, pixel.normal, heading)
        low, high = shape.span(pixel.point, way, rotation)
        for turned, span in ((rotation, (low, high)), (rotation @ HALF_TURN, (-high, -low))):
            made = _made(shape, way, pixel, turned, span, gripper, tips, rating)
            if made is not None:
                rough.append((made.score, rating, way, pixel, turned))
    rough.sort(key=lambda one: -one[0])
    for start in range(0, min(len(rough), settings.candidates * settings.batches), settings.candidates):
        batch = []
        for _, rating, way, pixel, rotation in rough[start : start + settings.candidates]:
            narrow = narrowest(way, rotation, partial(shape.span, pixel.point, way))
            made = _made(shape, way, pixel, *narrow, gripper, tips, rating)
            batch += [] if made is None else [made]
        if batch:
            yield batch


def _rated(
    around: Surroundings, ways: tuple[Way, ...], settings: ProposalSettings, maps: WayMaps | None
) -> list[tuple[float | None, Way, Pixel]]:
    """Pixels with the ways that apply there, and what the network says of each. With maps more pixels are looked at,
    and only the best pairs are kept."""
    pixels = _pixels(around, settings.pixels if maps is None else settings.rated_pixels, settings)
    if maps is None:
        return [(None, way, pixel) for pixel in pixels for way in ways if applies(way, pixel.normal)]
    liked = [(float(maps.at(pixel.uv)[WAYS.index(way)]), way, pixel) for pixel in pixels for way in ways]
    liked.sort(key=lambda one: -one[0])
    return list(islice((one for one in liked if applies(one[1], one[2].normal)), settings.rated))


@dataclass(frozen=True, eq=False)
class Pixel:
    """A pixel that may be gripped at, its depth, its point and outward normal in the world, and the ground's height
    under it."""

    uv: tuple[int, int]
    depth_m: float
    point: Vector
    normal: Vector
    ground_m: float


def _pixels(around: Surroundings, about: int, settings: ProposalSettings) -> list[Pixel]:
    """About so many pixels spread evenly over the inside of the mask, where the depth is the object's own."""
    view = around.view
    camera, pose = view.frame.intrinsics, view.frame.world_from_camera
    inner = inner_pixels(view.detection.mask)
    v, u = np.nonzero(inner)
    if not v.size:
        return []
    step = max(1.0, float(np.sqrt(v.size / about)))
    cells: Any = np.stack([v // step, u // step], axis=1).astype(np.intp)
    _, which = np.unique(cells, axis=0, return_inverse=True)
    which = which.reshape(-1)
    count = np.bincount(which)
    middle = np.stack([np.bincount(which, v) / count, np.bincount(which, u) / count], axis=1)[count >= step * step / 3]
    masked = np.where(view.detection.mask, view.repaired.depth, np.float32(0.0))
    found = []
    for row, column in np.rint(middle).astype(int).tolist():
        depth = depth_around(masked, (column, row), settings.depth_px)
        normal = pose.rotation @ view.normals[row, column].astype(np.float64)
        if depth is None or not inner[row, column]:
            continue
        point = pose.transform(camera.back_project(column, row, depth))
        nearest = float(np.linalg.norm(around.own - point, axis=1).min())
        if nearest > settings.on_object_m:
            continue
        ground_m = float(around.support.height_m(point))
        found.append(
            Pixel((column, row), depth, point, normal if normal.any() else np.array([0.0, 0.0, 1.0]), ground_m)
        )
    return found


class _Shape:
    """The visible points of an object, asked for spans and scores."""

    def __init__(self, around: Surroundings, heading: Vector, settings: ProposalSettings) -> None:
        points = np.concatenate([around.own, around.unreturned])
        self.points = points[:: max(1, len(points) // settings.most_points)]
        self.heading, self.support, self.settings = heading, around.support, settings
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


def _made(
    shape: _Shape,
    way: Way,
    pixel: Pixel,
    rotation: Vector,
    span: tuple[float, float],
    gripper: GripperModel,
    tips: JawTips,
    rating: float | None,
) -> Grasp | None:
    """The grasp of a way at a pixel, None if it does not fit between jaws and ground. Its score is the rating, less
    where the jaws close along the line of sight, as the far side is unseen; or by shape."""
    width = span[1] - span[0]
    if width > gripper.max_width_m - gripper.clearance_m:
        return None
    pose = hand_pose_of(way, pixel.point, rotation, span, pixel.ground_m, gripper, tips)
    if pose is None:
        return None
    if rating is not None:
        rating -= shape.settings.worth_unseen * abs(float(pose.rotation[:, 2] @ shape.heading))
    else:
        depth = float(-(pixel.point - pose.position_m) @ rotation[:, 0])
        overlap = min(depth + tips.fixed_tip_x_m, shape.height_m if way.approach == "top" else np.inf)
        rating = shape.score(way, pose, width, overlap)
    return Grasp(pixel.uv, pixel.depth_m, pixel.point, pixel.normal, pose, width, rating)
