"""One look through a robot's camera: what is detected, how far it is, and which grasp would be chosen."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any, Final

import numpy as np

from app.base.exit_codes import FAILURE, SUCCESS
from app.base.output import tell_result, warn
from app.commands.look.keep import Sight, keep_look, new_look
from app.parts.robots import onlooker, robot_options
from app.session.compose import open_networks
from behaviours.robot import Robot
from behaviours.settings import Settings, read_settings
from perception.detection.look import look_for
from perception.grasping.choose import choose_grasp
from perception.networks.protocols import HeatmapModel
from perception.surface.depth import fuse_depth
from perception.surface.locate import ObjectLocation
from perception.types import Approach, Grasp, Rejection
from perception.view import View

FRAMES: Final = 3
"""Pictures of which the depth is combined."""
UNSURE: Final = 0.05
"""Least score of what is listed; below --min-score it is not gripped and its mask not kept."""
MOST: Final = 12
"""Detections that are listed."""


def look(arguments: argparse.Namespace) -> int:
    """Run `spot-grasp look`; the exit code. ConfigError, ModelError or RobotError for what cannot be used."""
    settings = Settings() if arguments.settings is None else read_settings(arguments.settings)
    detector, heatmap_model, _ = open_networks(
        arguments.robot, arguments.detector, arguments.heatmap, arguments.settings
    )
    labels = tuple(arguments.label or detector.labels)
    robot = onlooker(arguments.robot, argparse.Namespace(**robot_options(arguments)), arguments.seed)
    with robot:
        frame = fuse_depth([robot.capture(arguments.camera) for _ in range(FRAMES)])
    found = look_for(
        detector, frame, labels, min(UNSURE, arguments.min_score), things=settings.things, judging=settings.judging
    )[:MOST]
    views = [View(frame, one, settings.surface) for one in found]
    sure = sum(one.score >= arguments.min_score for one in found)
    nothing = f"no {' or '.join(arguments.label or ['known object'])} in the picture, sure by {arguments.min_score:g}"
    seen = Sight(frame, views, sure, None, None, Rejection(nothing))
    sight = _chosen(robot, seen, heatmap_model, arguments.approach, settings)
    folder = new_look(arguments.out, arguments.camera)
    result = {"robot": arguments.robot, "folder": str(folder), **_result(sight)}
    keep_look(folder, sight, result, arguments.kept_as)
    tell_result(result, _words(result), as_json=arguments.json)
    if isinstance(sight.grasp, Grasp):
        return SUCCESS
    warn(sight.grasp.reason)
    return FAILURE


def _chosen(robot: Robot, seen: Sight, heatmap_model: HeatmapModel, approach: Approach, settings: Settings) -> Sight:
    """The same with the grasp on the best detection that can be gripped, else with the reason about the best one."""
    first: Sight | None = None
    for index, view in enumerate(seen.views[: seen.sure]):
        place = view.location
        if isinstance(place, Rejection):
            first = first or replace(seen, best=index, grasp=place)
            continue
        heatmap = heatmap_model.predict(view)
        grasp = choose_grasp(
            view,
            heatmap,
            approach=approach,
            gripper=robot.model.gripper,
            tips=robot.model.tips,
            reach=None,  # the robot will walk to it
            settings=settings.grasp,
        )
        sight = replace(seen, best=index, heatmap=heatmap, grasp=grasp)
        if isinstance(grasp, Grasp):
            return sight
        first = first or sight
    return first or seen


def _result(sight: Sight) -> dict[str, Any]:
    """What result.json and --json say, but for robot and folder. Lengths in metres, places in the camera's frame."""
    frame, grasp = sight.frame, sight.grasp
    camera = frame.world_from_camera.inverse()
    rows = []
    for index, view in enumerate(sight.views):
        one, place = view.detection, view.location
        row: dict[str, Any] = {
            "label": one.label, "score": round(one.score, 4), "sure": index < sight.sure, "px": int(one.mask.sum()),
            "box_uv": [round(value, 1) for value in one.box_uv],
        }  # fmt: skip
        if isinstance(place, ObjectLocation):
            row |= {
                "distance_m": round(float(np.linalg.norm(place.surface_m - frame.world_from_camera.position_m)), 3),
                "width_m": round(place.width_m, 3), "height_m": round(place.height_m, 3),
                "position_m": [round(float(value), 3) for value in camera.transform(place.position_m)],
            }  # fmt: skip
        else:
            row["reason"] = place.reason
        rows.append(row)
    result: dict[str, Any] = {
        "camera": frame.camera, "size": list(frame.intrinsics.shape[::-1]),
        "depth_share": round(float((frame.depth > 0).mean()), 3), "detections": rows,
        "found": isinstance(grasp, Grasp), "best": sight.best, "grasp": None, "reason": None,
    }  # fmt: skip
    if isinstance(grasp, Grasp):
        hand = camera @ grasp.world_from_hand
        result["grasp"] = {
            "pixel": [int(value) for value in grasp.pixel_uv], "depth_m": round(float(grasp.depth_m), 4),
            "score": round(float(grasp.score), 4), "width_m": round(float(grasp.width_m), 4),
            "hand_position_m": [round(float(value), 4) for value in hand.position_m],
            "quaternion_wxyz": [round(float(value), 5) for value in hand.quaternion_wxyz],
        }  # fmt: skip
    else:
        result["reason"] = grasp.reason
    return result


def _words(result: dict[str, Any]) -> str:
    """The result for people."""
    width, height = result["size"]
    lines = [
        f"{result['camera']} camera of {result['robot']}: {width}x{height}, depth on {result['depth_share']:.0%} of it"
    ]
    for number, row in enumerate(result["detections"]):
        where = (
            f"{row['distance_m']:.2f} m away, {1000 * row['width_m']:.0f} mm wide, {1000 * row['height_m']:.0f} mm high"
            if "distance_m" in row
            else row["reason"]
        )
        lines.append(f"  {number:02d} {row['label']:<12} {row['score']:.2f}{'' if row['sure'] else ' unsure'}  {where}")
    if (grasp := result["grasp"]) is not None:
        u, v = grasp["pixel"]
        lines.append(
            f"grasp on {result['best']:02d}: pixel ({u}, {v}) at {grasp['depth_m']:.3f} m, quality {grasp['score']:.2f}"
        )
    return "\n".join([*lines, f"kept in {result['folder']}"]) + "\n"
