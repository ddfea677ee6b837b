"""Saved colour and depth pictures with a mask of each object in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_array, read_picture
from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.geometry import Pose, rotation_from_vector
from perception.types import Intrinsics, RgbdFrame

Mask = NDArray[np.bool_]
LEVEL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Rotation world_from_camera of a camera that looks level along the world's x."""


@dataclass(frozen=True, eq=False)
class AnnotatedFrame:
    """A frame, its name, and the label and mask (H, W) of each object in it. masks: None if nobody drew any."""

    name: str
    frame: RgbdFrame
    masks: tuple[tuple[str, Mask], ...] | None


def annotated_frames(folder: Path, intrinsics: tuple[float, float, float, float] | None) -> Iterator[AnnotatedFrame]:
    """The frames of a folder, in the order of their names.

    Either each frame has a folder with rgb.png, depth_mm.png (16 bits, millimetres), meta.json (`intrinsics` [fx, fy,
    cx, cy] in pixels, `tilt_deg` below level, `roll_deg`) and masks/NN_label.png; its depth is registered. Or the
    folder has pairs rgb_NAME.png, depth_NAME.npy (millimetres) of a level camera, with masks in masks_NAME if there are
    any; these need `intrinsics`. ConfigError for anything else.
    """
    metas = sorted(folder.glob("*/meta.json"))
    pictures = sorted(folder.glob("rgb_*.png"))
    for meta in metas:
        facts: Any = read_json(meta, "facts of a frame")
        try:
            camera = [float(value) for value in facts["intrinsics"]]
            tilt, roll = (np.radians(float(facts.get(key, 0.0))) for key in ("tilt_deg", "roll_deg"))
        except (KeyError, TypeError, ValueError, AttributeError):
            camera, tilt, roll = [], 0.0, 0.0
        if len(camera) != 4:
            raise ConfigError(f"{meta}: expected `intrinsics` [fx, fy, cx, cy], `tilt_deg` and `roll_deg`")
        turn = rotation_from_vector([0.0, tilt, 0.0]) @ LEVEL @ rotation_from_vector([0.0, 0.0, -roll])
        depth = read_picture(meta.with_name("depth_mm.png"), "depth", cv2.IMREAD_UNCHANGED)
        yield _frame(meta.parent.name, meta.with_name("rgb.png"), depth, camera, turn, meta.with_name("masks"))
    for picture in pictures if not metas else ():
        if intrinsics is None:
            raise ConfigError(f"{folder}: has no meta.json; give --intrinsics fx,fy,cx,cy")
        name = picture.stem.removeprefix("rgb_")
        depth = read_array(folder / f"depth_{name}.npy", "depth")
        yield _frame(name, picture, depth, list(intrinsics), LEVEL, folder / f"masks_{name}")
    if not metas and not pictures:
        raise ConfigError(f"{folder}: has neither FRAME/meta.json nor rgb_NAME.png with depth_NAME.npy")


def _frame(name: str, rgb: Path, depth: NDArray[Any], camera: list[float], turn: Any, masks: Path) -> AnnotatedFrame:
    colour = np.ascontiguousarray(read_picture(rgb, "colour picture", cv2.IMREAD_COLOR)[..., ::-1], np.uint8)
    if depth.shape != colour.shape[:2]:
        raise ConfigError(f"{rgb}: the colour picture is {colour.shape[:2]}, its depth {depth.shape}")
    height, width = depth.shape
    metres = np.asarray(depth, np.float32) * np.float32(0.001)
    pose = Pose(turn, np.array([0.0, 0.0, 1.0]))
    registered = masks.name == "masks"
    frame = RgbdFrame(colour, metres, Intrinsics(width, height, *camera), pose, 0.0, registered=registered)
    drawn = None
    if masks.is_dir():
        drawn = tuple(
            (path.stem.partition("_")[2], read_picture(path, "mask", cv2.IMREAD_GRAYSCALE) > 0)
            for path in sorted(masks.glob("*_*.png"))
        )
    return AnnotatedFrame(name, frame, drawn)
