"""Pictures with depth: which sources make one, and from the image service's answer to an `RgbdFrame`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.camera.lens import lens_of, undistorted
from behaviours.robots.spot.frames import WORLD, transform
from behaviours.robots.spot.link.errors import NoPictureError
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame

NO_DEPTH: Final = (0, 65535)
"""Raw values that mean: nothing came back."""
DEFAULT_SCALE: Final = 1000.0
"""Counts for a metre where a source does not say: the hand's. Some sources leave it 0."""
JPEG_QUALITY: Final = 95.0


@dataclass(frozen=True)
class Camera:
    """visual, depth: image sources; the depth is registered to the picture. quarter_turns: anticlockwise, upright."""

    visual: str
    depth: str
    quarter_turns: int = 0


CAMERAS: Final = {
    "hand": Camera("hand_color_image", "hand_depth_in_hand_color_frame"),
    "frontleft": Camera("frontleft_fisheye_image", "frontleft_depth_in_visual_frame", 3),
    "frontright": Camera("frontright_fisheye_image", "frontright_depth_in_visual_frame", 3),
    "left": Camera("left_fisheye_image", "left_depth_in_visual_frame"),
    "right": Camera("right_fisheye_image", "right_depth_in_visual_frame", 2),
    "back": Camera("back_fisheye_image", "back_depth_in_visual_frame"),
}
"""The body's cameras are mounted turned by about 78, 102 and 180 degrees; upright to the nearest quarter."""


def camera_of(name: str) -> Camera:
    """ConfigError, with the choices, for an unknown camera."""
    if name not in CAMERAS:
        raise ConfigError(f"unknown camera {name!r}; this robot has: {', '.join(CAMERAS)}")
    return CAMERAS[name]


def requests(camera: Camera) -> list[Any]:
    """The image requests for one frame: the picture as JPEG, the depth as it is."""
    from bosdyn.api import image_pb2

    return [
        image_pb2.ImageRequest(
            image_source_name=camera.visual, quality_percent=JPEG_QUALITY, image_format=image_pb2.Image.FORMAT_JPEG
        ),
        image_pb2.ImageRequest(image_source_name=camera.depth, image_format=image_pb2.Image.FORMAT_RAW),
    ]


def frame_of(name: str, responses: Any, time_s: float) -> RgbdFrame:
    """The frame in the two ImageResponses to `requests`, in its own frame tree, upright.

    time_s: when the picture was taken, on the clock of the caller. NoPictureError if a picture is missing or damaged,
    RobotError if its camera or its frames cannot be used.
    """
    camera = CAMERAS[name]
    pictures = {response.source.name: response for response in responses}
    if camera.visual not in pictures or camera.depth not in pictures:
        raise NoPictureError(
            f"the image service sent {', '.join(pictures) or 'nothing'} for {camera.visual}, {camera.depth}"
        )
    visual, depth = pictures[camera.visual], pictures[camera.depth]
    rgb, raw = decode_visual(visual), decode_depth(depth)
    lens, depth_lens = lens_of(visual.source, rgb.shape[:2]), lens_of(depth.source, raw.shape[:2])
    rgb, raw = undistorted(rgb, lens, nearest=False), undistorted(raw, depth_lens, nearest=True)
    metres = registered(raw, depth_lens.camera, lens.camera)
    shot = visual.shot
    pose = transform(shot.transforms_snapshot, WORLD, shot.frame_name_image_sensor)
    return upright(RgbdFrame(rgb, metres, lens.camera, pose, time_s, name), camera.quarter_turns)


def decode_visual(response: Any) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a JPEG or raw picture, colour or grey. NoPictureError if it cannot be decoded."""
    import cv2
    from bosdyn.api import image_pb2

    image, source = response.shot.image, response.source.name
    data = np.frombuffer(image.data, np.uint8)
    if image.format == image_pb2.Image.FORMAT_RAW:
        channels = {image_pb2.Image.PIXEL_FORMAT_RGB_U8: 3, image_pb2.Image.PIXEL_FORMAT_GREYSCALE_U8: 1}.get(
            image.pixel_format, 0
        )
        if not channels or data.size != image.rows * image.cols * channels:
            raise NoPictureError(f"the picture of {source} has {data.size} bytes for {image.cols}x{image.rows} pixels")
        picture = data.reshape(image.rows, image.cols, channels)
        return np.ascontiguousarray(np.broadcast_to(picture, (image.rows, image.cols, 3)))
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if decoded is None:
        raise NoPictureError(f"the picture of {source} cannot be decoded ({data.size} bytes)")
    return np.ascontiguousarray(decoded[..., ::-1])


def decode_depth(response: Any) -> NDArray[np.float32]:
    """(H, W) float32 metres, 0 where nothing came back. NoPictureError if the size is wrong."""
    import cv2
    from bosdyn.api import image_pb2

    image, source = response.shot.image, response.source
    if image.format == image_pb2.Image.FORMAT_RAW:
        if len(image.data) != 2 * image.rows * image.cols:
            size = f"{len(image.data)} bytes for {image.cols}x{image.rows} pixels"
            raise NoPictureError(f"the depth of {source.name} has {size}")
        raw: Any = np.frombuffer(image.data, "<u2").reshape(image.rows, image.cols)
    else:
        packed = np.frombuffer(image.data, np.uint8)
        raw = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED) if packed.size else None
        if raw is None or raw.dtype != np.uint16 or raw.ndim != 2:
            raise NoPictureError(f"the depth of {source.name} cannot be decoded ({len(image.data)} bytes)")
    scale = source.depth_scale or DEFAULT_SCALE
    if not 0.0 < scale < np.inf:
        raise RobotError(f"the depth of {source.name} has {scale} counts for a metre")
    metres = raw.astype(np.float32) / np.float32(scale)
    metres[np.isin(raw, NO_DEPTH)] = 0.0
    return np.asarray(metres, np.float32)


def registered(depth: NDArray[np.float32], own: Intrinsics, picture: Intrinsics) -> NDArray[np.float32]:
    """Depth in the picture's optical frame but with pixels of its own, looked up for each pixel of the picture."""
    if own == picture:
        return depth
    columns = np.rint((np.arange(picture.width) - picture.cx) / picture.fx * own.fx + own.cx).astype(int)
    rows = np.rint((np.arange(picture.height) - picture.cy) / picture.fy * own.fy + own.cy).astype(int)
    inside = ((rows >= 0) & (rows < own.height))[:, None] & ((columns >= 0) & (columns < own.width))[None, :]
    looked_up = depth[np.clip(rows, 0, own.height - 1)[:, None], np.clip(columns, 0, own.width - 1)[None, :]]
    return np.where(inside, looked_up, np.float32(0.0)).astype(np.float32)


def upright(frame: RgbdFrame, quarter_turns: int) -> RgbdFrame:
    """The frame turned anticlockwise by quarters, with the intrinsics and the optical frame that fit it."""
    for _ in range(quarter_turns % 4):
        camera = frame.intrinsics
        turned = Intrinsics(camera.height, camera.width, camera.fy, camera.fx, camera.cy, camera.width - 1 - camera.cx)
        # the new x axis is the old y, the new y is the old -x: pixel (u, v) goes to (v, width - 1 - u)
        turn = Pose(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
        frame = RgbdFrame(
            np.ascontiguousarray(np.rot90(frame.rgb)),
            np.ascontiguousarray(np.rot90(frame.depth)),
            turned,
            frame.world_from_camera @ turn,
            frame.time_s,
            frame.camera,
        )
    return frame
