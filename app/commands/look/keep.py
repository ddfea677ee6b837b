"""A look as files, in a form that `spot-grasp train detector --data` and `spot-grasp perceive` read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.recording.overlay import detections_picture, heatmap_picture
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from perception.types import Grasp, Heatmap, Rejection, RgbdFrame
from perception.view import View


@dataclass(frozen=True, eq=False)
class Sight:
    """What one look has found. views: the detections, best first; those before `sure` have at least the score that was
    asked for. best: which of them the grasp, or the reason why there is none, is about."""

    frame: RgbdFrame
    views: Sequence[View]
    sure: int
    best: int | None
    heatmap: Heatmap | None
    grasp: Grasp | Rejection


def new_look(out: Path, camera: str) -> Path:
    """Make the next folder `NNN_CAMERA` in `out`. ConfigError if it cannot be made."""
    number = 1
    while True:
        folder = out / f"{number:03d}_{camera}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError as error:
            if not out.is_dir():
                raise ConfigError(f"{out}: not a folder") from error
            number += 1


def keep_look(folder: Path, sight: Sight, result: Mapping[str, Any], kept_as: str | None = None) -> None:
    """Write picture, depth, camera, the masks of what is sure, the result, and drawings of detections and grasp.

    kept_as: the label of the masks; None for each one's own.
    """
    frame, detections = sight.frame, [view.detection for view in sight.views]
    depth_mm = np.clip(np.rint(frame.depth * 1000.0), 0, 65535).astype(np.uint16)
    pictures: dict[str, NDArray[Any]] = {
        "rgb": np.ascontiguousarray(frame.rgb[..., ::-1]),
        "depth_mm": depth_mm,
        "detections": detections_picture(frame, detections, sight.sure),
    }
    for index, one in enumerate(detections[: sight.sure]):
        label = re.sub(r"[^\w .-]", "-", kept_as or one.label)
        pictures[f"masks/{index:02d}_{label}"] = one.mask.astype(np.uint8) * 255
    if sight.heatmap is not None and sight.best is not None:
        chosen = sight.grasp if isinstance(sight.grasp, Grasp) else None
        pictures["grasp"] = heatmap_picture(frame, detections[sight.best], sight.heatmap, chosen)
    (folder / "masks").mkdir()
    for name, picture in pictures.items():
        good, content = cv2.imencode(".png", picture)
        assert good
        write_atomic(folder / f"{name}.png", content.tobytes())
    write_atomic(folder / "meta.json", json_text(_meta(frame), indent=1).encode())
    write_atomic(folder / "result.json", json_text(dict(result), indent=1).encode())


def _meta(frame: RgbdFrame) -> dict[str, Any]:
    """The camera: intrinsics [fx, fy, cx, cy], and how far it looks below level and is rolled about its axis."""
    k, rotation = frame.intrinsics, frame.world_from_camera.rotation
    tilt = math.asin(max(-1.0, min(1.0, -float(rotation[2, 2]))))
    roll = math.atan2(float(rotation[2, 0]), -float(rotation[2, 1]))
    return {
        "intrinsics": [round(value, 3) for value in (k.fx, k.fy, k.cx, k.cy)],
        "tilt_deg": round(math.degrees(tilt), 1),
        "roll_deg": round(math.degrees(roll), 1),
        "source": f"spot-grasp look, {frame.camera} camera",
    }
