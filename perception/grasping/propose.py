"""Grasps of all ways of the family over an object's pixels, ranked by a network's maps of the ways, or by geometry.
Where there is a judge of single grasps, it ranks those again that can be done.

The span between the jaws is that of the visible points, drawn out on the far side, where a round thing hides a part of
itself. By geometry, good are: flanks that face the jaws, a mass in their middle, much of the object between them, and a
width that they hold well. Free room counts for both. The best that pass all checks are the answer: the gripper and its
way in are clear of what is seen, and the arm gets there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import numpy as np

from perception.geometry import Vector
from perception.grasping.grasp import inner_pixels
from perception.grasping.judge_input import judge_input
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings, ProposalSettings
from perception.grasping.surroundings import Surroundings, clearances, surroundings
from perception.grasping.visible_shape import VisibleShape
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
    also: Sequence[Grasp] = (),
) -> list[Grasp] | Rejection:
    """Up to `most` grasps that can be done, the best first, or a rejection that counts what ruled the others out.

    view: the frame with its detection. gripper: the jaws; it needs hulls (ValueError without). tips: how deep they may
    go. reach: what the arm reaches; None does not check it. approach: from where the hand may come. grasping, settings:
    how it is chosen. maps: the network's, None to rank by geometry. also: grasps made elsewhere, which the judge ranks
    with the others; another is taken only if it is clearly better. The same picture always gives the same grasps.
    """
    grasping = grasping or GraspSettings()
    rooms = rooms_of(gripper, grasping.standoff_m)
    around = surroundings(view, settings.clearance)
    if isinstance(around, Rejection):
        return around
    judge = None if maps is None else maps.judge
    label, tried = view.detection.label, 0
    found: list[Grasp] = []
    failures: Counter[str] = Counter()
    batches = ranked_grasps(around, ways_of(approach), gripper, tips, settings, maps)
    for ranked in batches if judge is None else _with_first(also, batches):
        poses, widths = [one.world_from_hand for one in ranked], [one.width_m for one in ranked]
        checked = clearances(around, poses, widths, rooms, settings.clearance)
        if judge is not None and maps is not None:
            scores = judge.rate(judge_input(around, ranked, checked, maps, gripper)).astype(np.float64)
        else:
            free = np.minimum(checked.free_m, settings.free_m) / settings.free_m
            scores = np.array([one.score for one in ranked]) + settings.worth_free * free
            scores -= settings.worth_hidden * checked.hidden
        preferred = np.array([any(one is other for other in also) for one in ranked])
        for index in np.argsort(-scores - grasping.clearly * preferred, kind="stable").tolist():
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


def ranked_grasps(
    around: Surroundings,
    ways: tuple[Way, ...],
    gripper: GripperModel,
    tips: JawTips,
    settings: ProposalSettings,
    maps: WayMaps | None,
) -> Iterator[list[Grasp]]:
    """Unchecked grasps of these ways with their scores, in batches, the best first, each turned to where the object is
    narrowest. maps: the network's; None to rank by geometry."""
    heading = heading_of(around.view.frame.world_from_camera)
    shape = VisibleShape(around, heading, settings)
    rough: list[tuple[float, float | None, Way, Pixel, Vector]] = []
    for rating, way, pixel in _rated(around, ways, settings, maps):
        rotation = rotation_of(way, pixel.normal, heading)
        low, high = shape.span(pixel.point, way, rotation)
        for turned, span in ((rotation, (low, high)), (rotation @ HALF_TURN, (-high, -low))):
            made = _made(shape, way, pixel, turned, span, gripper, tips, rating)
            if made is not None:
                rough.append((made.score, rating, way, pixel, turned))
    rough.sort(key=lambda one: -one[0])
    size = settings.candidates if maps is None or maps.judge is None else settings.judged
    for start in range(0, min(len(rough), settings.candidates * settings.batches), size):
        batch = []
        for _, rating, way, pixel, rotation in rough[start : start + size]:
            span_of = partial(shape.span, pixel.point, way)
            straight = None if way.approach == "side" else shape.aligned(pixel.point, rotation)
            narrow = narrowest(way, rotation, span_of) if straight is None else (straight, span_of(straight))
            made = _made(shape, way, pixel, *narrow, gripper, tips, rating)
            batch += [] if made is None else [made]
        if batch:
            yield batch


def _with_first(also: Sequence[Grasp], batches: Iterator[list[Grasp]]) -> Iterator[list[Grasp]]:
    """The batches, with the grasps that were made elsewhere among the first."""
    first = [*also, *next(batches, [])]
    return chain([first] if first else [], batches)


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


def _made(
    shape: VisibleShape,
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
    pose = hand_pose_of(way, pixel.point, rotation, span, pixel.ground_m, gripper, tips, flat=shape.flat)
    if pose is None:
        return None
    if rating is not None:
        rating -= shape.settings.worth_unseen * abs(float(pose.rotation[:, 2] @ shape.heading))
    else:
        depth = float(-(pixel.point - pose.position_m) @ rotation[:, 0])
        overlap = min(depth + tips.fixed_tip_x_m, shape.height_m if way.approach == "top" else np.inf)
        rating = shape.score(way, pose, width, overlap)
    return Grasp(pixel.uv, pixel.depth_m, pixel.point, pixel.normal, pose, width, rating, way=way.name)
