"""A saved colour and depth picture as a frame. Every fault is a ConfigError that names the file and what to do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import PICTURE_BYTES, read_array, read_picture
from perception.base.errors import ConfigError
from perception.base.files import open_file
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame

WORLD_FROM_LEVEL_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""A camera that looks level along the world's x: optical x is world -y, optical y is world -z."""


NEAREST_M, FARTHEST_M = 0.05, 50.0
"""Bounds of the median depth of a camera that sees something to grasp."""
SCALES_M = (1.0, 0.001, 0.0001)
CAMERA_SIZES = (
    (320, 240), (424, 240), (480, 270), (640, 360), (640, 400), (640, 480), (800, 600), (848, 480), (960, 540),
    (1024, 768), (1280, 720), (1280, 800), (1280, 960), (1440, 1080), (1920, 1080), (2048, 1536), (2560, 1440),
    (3840, 2160), (4032, 3024),
)  # fmt: skip
"""Usual (width, height) of cameras."""
OFF_CENTRE = 0.2
"""How far from the middle of the picture the optical axis may be, as a share of its width or height."""
SIDES_PER_FOCAL_LENGTH = 0.08, 8.0
"""Width of the picture in focal lengths: fields of view of 5 to 152 degrees."""


def read_colour(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB."""
    picture = read_picture(path, "colour picture (--rgb)", cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def read_depth(path: Path, scale_m: float) -> NDArray[np.float32]:
    """(H, W) metres from .npy or a 16-bit picture; what is not finite or not above 0 becomes 0, no return."""
    if not (math.isfinite(scale_m) and scale_m > 0):
        raise ConfigError(f"--depth-scale {scale_m:g} must be above 0; 0.001 for millimetres, 1 for metres")
    what = "depth (--depth)"
    if path.suffix.lower() in (".npy", ".npz"):
        raw: Any = read_array(path, what)
    else:
        raw = read_picture(path, what, cv2.IMREAD_UNCHANGED)
        if raw.dtype == np.uint8:
            raise ConfigError(f"{path}: has 8 bits a pixel, too coarse for depth; save 16 bits or a .npy")
    if raw.ndim == 3 and raw.shape[2] == 1:
        raw = raw[..., 0]
    if raw.ndim != 2 or not np.issubdtype(raw.dtype, np.number) or np.iscomplexobj(raw):
        raise ConfigError(f"{path}: depth is {raw.dtype} {raw.shape}, expected one number a pixel (H, W)")
    with np.errstate(all="ignore"):
        depth = raw.astype(np.float32) * np.float32(scale_m)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0.0)).astype(np.float32)


def _check_scale(path: Path, metres: NDArray[np.float32], scale_m: float) -> None:
    """ConfigError if the depths cannot be those of a camera, with the scale that would make them so."""
    if not metres.any():
        raise ConfigError(f"{path}: not one pixel has depth; is --depth-scale {scale_m:g} right?")
    middle_m = float(np.median(metres[metres > 0]))
    if NEAREST_M <= middle_m <= FARTHEST_M:
        return
    fitting = [scale for scale in SCALES_M if 0.1 <= middle_m / scale_m * scale <= 10.0]
    hint = f"; with --depth-scale {fitting[0]:g} it is {middle_m / scale_m * fitting[0]:.3g} m" if fitting else ""
    raise ConfigError(
        f"{path}: the median depth is {middle_m:.3g} m with --depth-scale {scale_m:g}, no camera of a gripper sees that"
        f"{hint} (0.001 for millimetres, 1 for metres)"
    )


def read_mask(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(H, W) bool: where the picture is white. Edges may be grey, as JPEG and scaling make them."""
    what = "mask (--mask)"
    picture = read_picture(path, what, cv2.IMREAD_UNCHANGED)
    if picture.shape[:2] != shape:
        raise ConfigError(f"{path}: the mask is {_size(picture.shape)}, the colour picture {_size(shape)}")
    with open_file(path, what, PICTURE_BYTES) as file:
        lossy = file.read(3) in (b"\xff\xd8\xff", b"RIF")
    if picture.ndim == 3 and picture.shape[2] == 4 and np.ptp(picture[..., 3]) > 0:
        raise ConfigError(
            f"{path}: a cut-out with transparency; the mask is a picture of its own, white on the object: python -c "
            f"\"import cv2; cv2.imwrite('mask.png', cv2.imread('{path.name}', -1)[..., 3])\""
        )
    colours = picture[..., :3] if picture.ndim == 3 else picture[..., None]
    grey = colours.max(axis=2)
    if np.any(grey - colours.min(axis=2) > (32 if lossy else 0)):
        raise ConfigError(f"{path}: has colours; the mask must be white on one object and black elsewhere")
    if not grey.any():
        raise ConfigError(f"{path}: the mask is black all over; it must be white on the object")
    white = 255 if lossy else int(grey.max())
    unclear = (grey >= 32) & (grey < 224) if lossy else (grey > 0) & (grey < white)
    if (lossy and grey.max() < 128) or cv2.erode(unclear.astype(np.uint8), np.ones((5, 5), np.uint8)).any():
        values = ", ".join(map(str, np.unique(grey[grey > 0])[:6]))
        raise ConfigError(
            f"{path}: not black and white, has the values {values} ...; a label picture? One object's mask: python -c "
            f"\"import cv2; cv2.imwrite('mask.png', 255 * (cv2.imread('{path.name}', -1) == LABEL).astype('uint8'))\""
        )
    mask: NDArray[np.bool_] = grey > white / 2
    if mask.all():
        raise ConfigError(f"{path}: the mask is white all over; it must be black where the object is not")
    return mask


def parse_intrinsics(text: str, shape: tuple[int, int]) -> Intrinsics:
    """From "fx,fy,cx,cy" for a picture of `shape` (H, W)."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 4 or not all(math.isfinite(value) for value in values) or min(values[:2], default=0) <= 0:
        raise ConfigError(f"--intrinsics {text!r}: expected fx,fy,cx,cy in pixels, e.g. 552.03,552.03,320,240")
    for side, focal, name in ((shape[1], values[0], "fx"), (shape[0], values[1], "fy")):
        low, high = SIDES_PER_FOCAL_LENGTH
        if not low <= side / focal <= high:
            raise ConfigError(
                f"--intrinsics {text!r}: {name} {focal:g} px is no lens for a picture of {_size(shape)}; expected "
                f"{side / high:.0f} to {side / low:.0f} px"
            )
    _check_centre(text, values[2:], shape)
    return Intrinsics(shape[1], shape[0], *values)


def _check_centre(text: str, centre_px: list[float], shape: tuple[int, int]) -> None:
    """ConfigError if the principal point is that of a picture of another size."""
    sides = (shape[1], shape[0])
    if _off(centre_px, sides) <= 0.02:
        return
    fits = [size for size in CAMERA_SIZES if _off(centre_px, size) <= 0.02]
    if not fits and _off(centre_px, sides) <= OFF_CENTRE:
        return
    other = f"that of a picture of {fits[0][0]}x{fits[0][1]}" if fits else "far from its middle"
    raise ConfigError(
        f"--intrinsics {text!r}: the picture is {_size(shape)}, and the principal point {centre_px[0]:g},"
        f"{centre_px[1]:g} is {other}; give the intrinsics of this size (of a scaled picture all four scale with it, a "
        "cropped one must be filled up to the camera's size)"
    )


def _off(point: list[float], size: tuple[int, int]) -> float:
    """How far from the middle of a picture of (width, height), as a share of these, the larger of the two."""
    return max(abs(point[axis] / size[axis] - 0.5) for axis in (0, 1))


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
    _check_scale(depth, metres, scale_m)
    down = Pose.from_rpy((0.0, tilt_rad, 0.0)).rotation
    camera = parse_intrinsics(intrinsics, metres.shape)
    return RgbdFrame(colour, metres, camera, Pose(down @ WORLD_FROM_LEVEL_CAMERA, np.zeros(3)), 0.0, "saved")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
