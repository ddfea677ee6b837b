"""A saved colour and depth picture as a frame. Every fault is a ConfigError that names the file and what to do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.errors import ConfigError
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame

WORLD_FROM_LEVEL_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""A camera that looks level along the world's x: optical x is world -y, optical y is world -z."""


def read_colour(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB."""
    picture = cv2.imread(str(_existing(path, "colour picture")), cv2.IMREAD_COLOR)
    if picture is None:
        raise ConfigError(f"{path}: not a picture that can be read; give a png or jpg")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def read_depth(path: Path, scale_m: float) -> NDArray[np.float32]:
    """(H, W) metres from .npy or a 16-bit picture; what is not finite or not above 0 becomes 0, no return."""
    if not (math.isfinite(scale_m) and scale_m > 0):
        raise ConfigError(f"--depth-scale {scale_m:g} must be above 0; 0.001 for millimetres, 1 for metres")
    _existing(path, "depth")
    if path.suffix.lower() == ".npy":
        try:
            raw: Any = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ConfigError(f"{path}: not a readable .npy file: {error}") from error
    else:
        raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if raw is None:
            raise ConfigError(f"{path}: not a depth picture that can be read; give a .npy or a 16-bit .png")
        if raw.dtype == np.uint8:
            raise ConfigError(f"{path}: has 8 bits a pixel, too coarse for depth; save 16 bits or a .npy")
    if raw.ndim == 3 and raw.shape[2] == 1:
        raw = raw[..., 0]
    if raw.ndim != 2 or not np.issubdtype(raw.dtype, np.number) or np.iscomplexobj(raw):
        raise ConfigError(f"{path}: depth is {raw.dtype} {raw.shape}, expected one number a pixel (H, W)")
    depth = raw.astype(np.float32) * np.float32(scale_m)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0.0)).astype(np.float32)


def read_mask(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) bool: where the picture is not black."""
    picture = cv2.imread(str(_existing(path, "mask")), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ConfigError(f"{path}: not a picture that can be read; give a png, white on the object")
    if picture.shape != shape:
        raise ConfigError(f"{path}: the mask is {_size(picture.shape)}, the colour picture {_size(shape)}")
    mask: NDArray[np.bool_] = picture > 0
    if not mask.any():
        raise ConfigError(f"{path}: the mask is black all over; it must be white on the object")
    return mask


def parse_intrinsics(text: str, shape: tuple[int, int]) -> Intrinsics:
    """From "fx,fy,cx,cy" for a picture of `shape` (H, W)."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 4 or not all(math.isfinite(value) for value in values) or min(values[:2], default=0) <= 0:
        raise ConfigError(f"--intrinsics {text!r}: expected fx,fy,cx,cy in pixels, e.g. 552.03,552.03,320,240")
    return Intrinsics(shape[1], shape[0], *values)


def saved_frame(rgb: Path, depth: Path, scale_m: float, intrinsics: str, tilt_rad: float = 0.0) -> RgbdFrame:
    """The pair as a frame of a camera in the world's origin looking `tilt_rad` down. ConfigError if it is no pair."""
    if not abs(tilt_rad) <= math.pi / 2:
        raise ConfigError(f"--tilt {math.degrees(tilt_rad):g} must be within -90 to 90 degrees")
    colour, metres = read_colour(rgb), read_depth(depth, scale_m)
    if colour.shape[:2] != metres.shape:
        raise ConfigError(
            f"{rgb} is {_size(colour.shape)}, {depth} is {_size(metres.shape)}: depth must be given in the colour "
            "camera's frame, pixel for pixel"
        )
    if not metres.any():
        raise ConfigError(f"{depth}: not one pixel has depth; is --depth-scale {scale_m:g} right?")
    down = Pose.from_rpy((0.0, tilt_rad, 0.0)).rotation
    camera = parse_intrinsics(intrinsics, metres.shape)
    return RgbdFrame(colour, metres, camera, Pose(down @ WORLD_FROM_LEVEL_CAMERA, np.zeros(3)), 0.0, "saved")


def _existing(path: Path, what: str) -> Path:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; --{'rgb' if what == 'colour picture' else what} wants the {what}")
    return path


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
