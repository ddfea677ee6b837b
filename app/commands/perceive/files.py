"""The perception on a saved pair of pictures: what it found, as files and as one line of JSON."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.exit_codes import FAILURE, SUCCESS
from app.base.output import tell_result, warn
from app.commands.perceive.saved_frame import read_mask, saved_frame
from app.parts.networks import open_detector
from behaviours.recording.overlay import heatmap_picture
from behaviours.robots.spot.model import SPOT
from behaviours.settings import Settings, read_settings
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.networks.protocols import Detector, Enough
from perception.pipeline import Perception, perceive, warm_up
from perception.quality.heatmap import OnnxHeatmap
from perception.types import Detection, Grasp, RgbdFrame

DEFAULT_LABELS = ("bottle",)


class GivenMask:
    """A detector whose answer is known: implements `perception.networks.protocols.Detector`."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self._mask = mask
        self.labels = DEFAULT_LABELS

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        """The one mask, as the first label."""
        rows, columns = np.flatnonzero(self._mask.any(axis=1)), np.flatnonzero(self._mask.any(axis=0))
        box = float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1
        return [Detection(labels[0], 1.0, self._mask, box)]


def perceive_files(arguments: argparse.Namespace) -> int:
    """Run `spot-grasp perceive`; 0 with a grasp, 1 without. ConfigError or ModelError for what cannot be used."""
    tilt = math.radians(arguments.tilt)
    frame = saved_frame(arguments.rgb, arguments.depth, arguments.depth_scale, arguments.intrinsics, tilt)
    frame = replace(frame, registered=arguments.registered)
    if not 0 <= arguments.min_score <= 1:
        raise ConfigError(f"--min-score {arguments.min_score:g} must be within 0 to 1")
    labels = tuple(arguments.label or DEFAULT_LABELS)
    settings = Settings() if arguments.settings is None else read_settings(arguments.settings)
    detector: Detector
    if arguments.mask is not None:
        detector = GivenMask(read_mask(arguments.mask, frame.intrinsics.shape))
    else:
        detector = open_detector(arguments.detector, settings.names)
    heatmap = OnnxHeatmap(arguments.heatmap) if arguments.heatmap else OnnxHeatmap()
    warm_up(detector, heatmap, labels, SPOT.gripper)
    perception = perceive(
        frame,
        detector,
        heatmap,
        labels=labels,
        gripper=SPOT.gripper,
        min_score=arguments.min_score,
        approach=arguments.approach,
        tips=SPOT.tips,
        settings=settings.grasp,
        judging=settings.judging,
    )
    files = _write(perception, arguments.out) if arguments.out is not None else {}
    result = {**_result(perception, frame), **files}
    if arguments.out is not None:
        write_atomic(arguments.out / "result.json", json_text(result, indent=1).encode(), parents=True)
    tell_result(result, _sentence(perception, result), as_json=arguments.json)
    if isinstance(perception.grasp, Grasp):
        return SUCCESS
    warn(perception.grasp.reason)
    return FAILURE


def _result(perception: Perception, frame: RgbdFrame) -> dict[str, Any]:
    """What the JSON line says, but for the files. Poses are turned into the camera's frame."""
    camera_from_world = frame.world_from_camera.inverse()
    result: dict[str, Any] = {
        "found": isinstance(perception.grasp, Grasp),
        "reason": None,
        "label": perception.view.detection.label if perception.view else None,
        "detection_score": round(perception.view.detection.score, 4) if perception.view else None,
        "pixel": None,
        "depth_m": None,
        "position_m": None,
        "quaternion_wxyz": None,
        "hand_position_m": None,
        "normal": None,
        "width_m": None,
        "score": None,
        "frame": "camera",
        "depth_shift_px": perception.view.repaired.shift_px if perception.view else None,
        "stage_s": {stage: round(value, 5) for stage, value in perception.seconds.items()},
        "total_s": round(sum(perception.seconds.values()), 5),
    }
    if isinstance(perception.grasp, Grasp):
        grasp = perception.grasp
        hand: Pose = camera_from_world @ grasp.world_from_hand
        result |= {
            "pixel": [int(grasp.pixel_uv[0]), int(grasp.pixel_uv[1])],
            "depth_m": round(float(grasp.depth_m), 5),
            "position_m": _rounded(camera_from_world.transform(grasp.point_world_m)),
            "quaternion_wxyz": _rounded(hand.quaternion_wxyz, 7),
            "hand_position_m": _rounded(hand.position_m),
            "normal": _rounded(camera_from_world.rotation @ grasp.normal_world),
            "width_m": round(float(grasp.width_m), 5),
            "score": round(float(grasp.score), 5),
        }
    else:
        result["reason"] = perception.grasp.reason
    return result


def _rounded(values: NDArray[Any], digits: int = 5) -> list[float]:
    return [round(float(value), digits) for value in values]


def _sentence(perception: Perception, result: dict[str, Any]) -> str:
    if perception.view is None:
        return ""
    lines = [f"{result['label']} {result['detection_score']:.2f}, {int(perception.view.detection.mask.sum())} px"]
    if result["found"]:
        u, v = result["pixel"]
        x, y, z = result["position_m"]
        lines.append(f"grasp at pixel ({u}, {v}), {result['depth_m']:.3f} m, quality {result['score']:.2f}")
        lines.append(f"at ({x:.3f}, {y:.3f}, {z:.3f}) m in the camera frame, {1000 * result['width_m']:.0f} mm wide")
    lines.append("  ".join(f"{stage} {1000 * value:.0f} ms" for stage, value in result["stage_s"].items()))
    return "\n".join(lines) + "\n"


def _write(perception: Perception, out: Path) -> dict[str, str]:
    """The pictures of the stages that were reached; {name: file}."""
    pictures: dict[str, NDArray[Any]] = {}
    if perception.view is not None:
        mask, normals = perception.view.detection.mask, perception.view.normals
        pictures["mask"] = mask.astype(np.uint8) * 255
        known = normals.any(axis=-1, keepdims=True) & mask[..., None]
        colour = np.where(known, (1.0 - normals) / 2.0 * 255, 0)
        pictures["normals"] = np.ascontiguousarray(colour[..., ::-1].astype(np.uint8))
        if perception.heatmap is not None:
            quality = (np.clip(perception.heatmap.quality, 0, 1) * 255).astype(np.uint8)
            pictures["heatmap"] = cv2.applyColorMap(quality, cv2.COLORMAP_TURBO) * mask[..., None]
            grasp = perception.grasp if isinstance(perception.grasp, Grasp) else None
            pictures["overlay"] = heatmap_picture(
                perception.view.frame, perception.view.detection, perception.heatmap, grasp
            )
    files = {}
    for name, picture in pictures.items():
        good, content = cv2.imencode(".png", picture)
        assert good
        write_atomic(out / f"{name}.png", content.tobytes(), parents=True)
        files[name] = str(out / f"{name}.png")
    return files
