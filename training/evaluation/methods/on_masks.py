"""Methods that look at each object's mask: the heatmap network, simple rules, and one that knows the truth.

The heatmap and the rules give a quality per pixel. `perception.grasping.grasp.compute_grasp` then finds depth, normal
and pose for all of them, so that only the choice of the pixel is compared. The heatmap's best pixels are checked for
support and jaw width, and the next pixel is tried if a check fails. A rule names one pixel, unless its name ends in
"+checks".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.geometry import Pose, Vector
from perception.grasping.choose import choose_grasp
from perception.grasping.grasp import compute_grasp
from perception.grasping.propose import propose_grasps
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings
from perception.networks.protocols import HeatmapModel
from perception.types import Grasp, Heatmap, Rejection, RgbdFrame
from perception.view import View
from training.evaluation.methods.interface import Look, Method, Proposal, Proposals, Truth
from training.evaluation.methods.names import CHECKED
from training.heatmap.baselines import HEIGHT_PROFILE, centroid_quality, height_bin

ONE_PIXEL = GraspSettings(candidates=1, support_margin_m=-10.0)
ANY_WIDTH = replace(SPOT.gripper, max_width_m=1.0, hulls=None)
"""For a rule: one pixel, without checks."""
ENOUGH = 3
"""Grasps of a mask that are proposed by its shape."""
Quality = Callable[[View, np.random.Generator], NDArray[np.float32]]


def predicted(model: HeatmapModel) -> Quality:
    """What a network thinks of each pixel."""
    return lambda view, _: model.predict(view).quality


def rule(name: str) -> Method:
    """One of names.RULES, perhaps with names.CHECKED."""
    return by_quality(_RULES[name.removesuffix(CHECKED)], checked=name.endswith(CHECKED))


def by_quality(quality: Quality, *, checked: bool) -> Method:
    """The grasp at each mask's best pixel, or with checks at its best that passes them; the best of all masks first."""
    settings, gripper = (GraspSettings(), SPOT.gripper) if checked else (ONE_PIXEL, ANY_WIDTH)

    def propose(look: Look, rng: np.random.Generator) -> Proposals:
        grasps: list[Proposal] = []
        seconds = {"quality": 0.0, "pose": 0.0}
        for number, detection in enumerate(look.detections):
            started = time.perf_counter()
            view = View(look.frame, detection)
            values = np.clip(quality(view, rng), 0.0, 1.0).astype(np.float32)
            between = time.perf_counter()
            new = _new(look) if checked else None
            grasp = compute_grasp(view, Heatmap(values), gripper=gripper, reach=new, settings=settings)
            seconds["quality"] += between - started
            seconds["pose"] += time.perf_counter() - between
            if not isinstance(grasp, Rejection):
                grasps.append(_proposal(grasp, number))
        return best_first(grasps, "no pose", seconds)

    return propose


def ours(model: HeatmapModel) -> Method:
    """What a run chooses for each mask with the approach "any"; the best of all masks first."""

    def propose(look: Look, rng: np.random.Generator) -> Proposals:
        grasps: list[Proposal] = []
        reasons = ["no mask"]
        seconds = {"quality": 0.0, "pose": 0.0}
        for number, detection in enumerate(look.detections):
            started = time.perf_counter()
            view = View(look.frame, detection)
            heatmap = model.predict(view)
            between = time.perf_counter()
            grasp = choose_grasp(
                view,
                heatmap,
                approach="any",
                gripper=SPOT.gripper,
                tips=SPOT_TIPS,
                reach=_new(look),
                settings=GraspSettings(),
            )
            seconds["quality"] += between - started
            seconds["pose"] += time.perf_counter() - between
            if isinstance(grasp, Rejection):
                reasons.append(str(grasp))
            else:
                grasps.append(_proposal(grasp, number))
        return best_first(grasps, reasons[-1], seconds)

    return propose


def geometric(look: Look, rng: np.random.Generator) -> Proposals:
    """The best few grasps of each mask by the visible shape alone, of all ways of the family."""
    started = time.perf_counter()
    grasps: list[Proposal] = []
    reasons = ["no mask"]
    for number, detection in enumerate(look.detections):
        view = View(look.frame, detection)
        found = propose_grasps(view, gripper=SPOT.gripper, tips=SPOT_TIPS, reach=_new(look), most=ENOUGH)
        if isinstance(found, Rejection):
            reasons.append(str(found))
            continue
        grasps += [_proposal(grasp, number) for grasp in found]
    return best_first(grasps, reasons[-1], {"quality": 0.0, "pose": time.perf_counter() - started})


class _AnyArm:
    """Reaches everything: a gripper without a robot."""

    shoulder_m = np.zeros(3)

    def joints_at(self, body_from_hand: Pose, seed: ArrayLike | None = None) -> Vector:
        return np.zeros(0)


def _new(look: Look) -> Reach:
    """Refuses what failed in this scene, as a run does."""
    return Reach(_AnyArm(), Pose.identity(), GraspSettings(), look.tried)


def _proposal(grasp: Grasp, number: int) -> Proposal:
    return Proposal(
        grasp.world_from_hand,
        grasp.score,
        grasp.opening,
        detection=number,
        pixel_uv=grasp.pixel_uv,
        depth_m=grasp.depth_m,
        normal_world=grasp.normal_world,
    )


def best_first(grasps: list[Proposal], reason: str, seconds: dict[str, float]) -> Proposals:
    """The grasps by score, or the reason why there is none."""
    ranked = sorted(grasps, key=lambda grasp: -grasp.score)
    return Proposals(tuple(ranked), "" if ranked else reason, seconds)


def _centroid(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    return centroid_quality(np.asarray(view.detection.mask))


def _height(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    return np.asarray(HEIGHT_PROFILE, np.float32)[height_bin(np.asarray(view.detection.mask))]


def _random(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random patches of six pixels, large enough to survive smoothing."""
    height, width = view.detection.mask.shape
    spots = rng.uniform(0.1, 1.0, (-(-height // 6), -(-width // 6))).astype(np.float32)
    return np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


_RULES: dict[str, Quality] = {"centroid": _centroid, "height": _height, "random": _random}


def oracle(look: Look, rng: np.random.Generator) -> Proposals:
    """Grasps known to succeed: an upper bound for all methods. Those of labels have their surface point in view."""
    started = time.perf_counter()
    answers = [_known_grasp(look.frame, truth, number) for number, truth in enumerate(look.truths)]
    grasps = [grasp for grasp in answers if isinstance(grasp, Proposal)]
    reasons = [grasp for grasp in answers if isinstance(grasp, str)]
    seconds = {"quality": time.perf_counter() - started, "pose": 0.0}
    return best_first(grasps, reasons[0] if reasons else "no good grasp known", seconds)


def _known_grasp(frame: RgbdFrame, truth: Truth, number: int) -> Proposal | str:
    if truth.in_family is not None:
        object_from_hand, opening = truth.in_family
        return Proposal(truth.world_from_object @ object_from_hand, 1.0, opening, detection=number)
    camera_from_object = frame.world_from_camera.inverse() @ truth.world_from_object
    if len(truth.poses) == 0:
        return "no good grasp known"
    points = camera_from_object.transform(truth.points)
    facing = -np.einsum("ni,ni->n", truth.normals @ camera_from_object.rotation.T, points)
    pixels = np.floor(frame.intrinsics.project(points)).astype(int)
    height, width = truth.clean_depth.shape
    inside = (points[:, 2] > 0.05) & (pixels >= 0).all(axis=1) & (pixels < [width, height]).all(axis=1) & (facing > 0)
    index = np.flatnonzero(inside)
    behind = points[index, 2] - truth.clean_depth[pixels[index, 1], pixels[index, 0]]
    index = index[np.abs(behind) < 0.01]
    if index.size == 0:
        return "no good grasp in view"
    centre = truth.points.mean(axis=0)
    best = int(index[np.argmin(np.linalg.norm(truth.points[index] - centre, axis=1))])
    hand = truth.world_from_object @ truth.poses[best]
    normal = truth.world_from_object.rotation @ truth.normals[best]
    u, v = (int(value) for value in pixels[best])
    depth_m = float(points[best, 2])
    return Proposal(hand, 1.0, aside=False, detection=number, pixel_uv=(u, v), depth_m=depth_m, normal_world=normal)
