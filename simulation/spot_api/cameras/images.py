"""The image service: pictures of the cameras in the requested formats, each with its own frame tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from bosdyn.api import image_pb2
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame
from simulation.spot_api.body.frames import fill_tree
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.cameras.lens import describe, distorted
from simulation.spot_api.cameras.sources import CAMERAS, MAX_DEPTH_COUNT, SOURCES, Source
from simulation.spot_api.rpc.clock import timestamp
from simulation.spot_api.rpc.serve import Call

IMAGE, RESPONSE = image_pb2.Image, image_pb2.ImageResponse
DEFAULT_QUALITY = 75
MIN_RATIO = 0.1
OBJECT_MIDDLE_M = 0.1
"""Height above an object's foot of the point that a person would click on."""


@dataclass(frozen=True)
class Shot:
    """A picture, and where the robot was when it was taken, see `Posed`."""

    frame: RgbdFrame
    body: Pose
    hand: Pose
    floor_m: float


class RefusedImageError(Exception):
    """The request cannot be served. status: of ImageResponse."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Images:
    """ImageService.

    spoil: turns a shot of a camera into that of a faulty camera (fault injection). seen: called with the pixel of the
    target's middle in each picture that shows it. lens: one of `lens.LENSES`.
    """

    def __init__(
        self,
        world: World,
        spoil: Callable[[str, Shot], Shot],
        seen: Callable[[tuple[float, float]], None],
        lens: str = "pinhole",
    ) -> None:
        self._world, self._spoil, self._seen, self._lens = world, spoil, seen, lens
        self._intrinsics: dict[str, Intrinsics] = {}

    def list_image_sources(self, request: Any, response: Any, call: Call) -> None:
        for source in SOURCES.values():
            self._describe(response.image_sources.add(), source, self._camera_intrinsics(source.camera))
        snapshot = self._world.snapshot
        fill_tree(response.transforms_snapshot, snapshot)

    def _camera_intrinsics(self, camera: str) -> Intrinsics:
        if camera not in self._intrinsics:
            self._take(camera)
        return self._intrinsics[camera]

    def _take(self, camera: str) -> Shot:
        mount = CAMERAS[camera]

        def take(robot: Steerable) -> Shot:
            at = robot.body_pose(), robot.hand_pose(), robot.floor_m
            if camera == "hand":
                return Shot(robot.capture("hand"), *at)
            return Shot(robot.look(at[0] @ mount.parent_from_sensor), *at)

        shot = self._world.call(take)
        for pixel in self._world.call(lambda robot: targets_in(shot.frame, robot)):
            self._seen(pixel)
        self._intrinsics[camera] = shot.frame.intrinsics
        return self._spoil(camera, shot)

    def get_image(self, request: Any, response: Any, call: Call) -> None:
        shots: dict[str, Shot] = {}
        for image_request in request.image_requests:
            answer = response.image_responses.add()
            source = SOURCES.get(image_request.image_source_name)
            if source is None:
                answer.status = RESPONSE.STATUS_UNKNOWN_CAMERA
                continue
            try:
                picture_format, pixel_format = formats(source, image_request)
                if source.camera not in shots:
                    shots[source.camera] = self._take(source.camera)
                self._fill(answer, source, shots[source.camera], image_request, picture_format, pixel_format)
            except RefusedImageError as refusal:
                answer.Clear()
                answer.status = refusal.status

    def _fill(
        self, answer: Any, source: Source, shot: Shot, image_request: Any, picture_format: int, pixel_format: int
    ) -> None:
        pixels, depth = pixels_of(source, shot.frame, pixel_format), source.kind == "depth"
        pixels = distorted(pixels, shot.frame.intrinsics, self._lens, nearest=depth)
        ratio = image_request.resize_ratio or 1.0
        if not MIN_RATIO <= ratio <= 1.0:
            raise RefusedImageError(RESPONSE.STATUS_UNSUPPORTED_RESIZE_RATIO_REQUESTED)
        if ratio != 1.0:
            how = cv2.INTER_NEAREST if depth else cv2.INTER_AREA
            pixels = cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=how)
        capture, mount = answer.shot, CAMERAS[source.camera]
        capture.acquisition_time.CopyFrom(timestamp(self._world.clock.of_simulated(shot.frame.time_s)))
        capture.frame_name_image_sensor = mount.frame
        sensors = {mount.frame: (mount.parent, mount.parent_from_sensor)}
        fill_tree(capture.transforms_snapshot, shot, sensors)
        capture.image.rows, capture.image.cols = pixels.shape[:2]
        capture.image.format, capture.image.pixel_format = picture_format, pixel_format
        quality = image_request.quality_percent or DEFAULT_QUALITY
        capture.image.data = encode(pixels, picture_format, pixel_format, quality)
        self._describe(answer.source, source, scaled(shot.frame.intrinsics, ratio, pixels.shape[:2]))
        answer.status = RESPONSE.STATUS_OK

    def _describe(self, message: Any, source: Source, camera: Intrinsics) -> None:
        message.name, message.cols, message.rows = source.name, camera.width, camera.height
        message.depth_scale = source.depth_scale
        describe(message, camera, self._lens)
        depth = source.kind == "depth"
        kinds = image_pb2.ImageSource
        message.image_type = kinds.IMAGE_TYPE_DEPTH if depth else kinds.IMAGE_TYPE_VISUAL
        message.pixel_formats.extend(pixel_formats(source))
        message.image_formats.extend([IMAGE.FORMAT_RAW] if depth else [IMAGE.FORMAT_JPEG, IMAGE.FORMAT_RAW])


def targets_in(frame: RgbdFrame, robot: Steerable) -> list[tuple[float, float]]:
    """Pixels of the middles of the visible objects."""
    pixels = []
    for pose in robot.objects().values():
        middle = frame.world_from_camera.inverse().transform(pose.transform((0.0, 0.0, OBJECT_MIDDLE_M)))
        u, v = frame.intrinsics.project(middle) if middle[2] > 0.05 else (-1.0, -1.0)
        if 0 <= u < frame.intrinsics.width and 0 <= v < frame.intrinsics.height:
            pixels.append((float(u), float(v)))
    return pixels


def scaled(camera: Intrinsics, ratio: float, shape: tuple[int, int]) -> Intrinsics:
    """The intrinsics of a picture resized by `ratio` to `shape`."""
    if ratio == 1.0:
        return camera
    values = (ratio * value for value in (camera.fx, camera.fy, camera.cx, camera.cy))
    return Intrinsics(shape[1], shape[0], *values)


def pixel_formats(source: Source) -> list[int]:
    """The pixel formats of a source, its native one first."""
    if source.kind == "depth":
        return [IMAGE.PIXEL_FORMAT_DEPTH_U16]
    grey, colour = IMAGE.PIXEL_FORMAT_GREYSCALE_U8, IMAGE.PIXEL_FORMAT_RGB_U8
    return [colour, grey] if source.channels == 3 else [grey, colour]


def formats(source: Source, image_request: Any) -> tuple[int, int]:
    """(image format, pixel format) to deliver. RefusedImageError for formats that the source does not have."""
    can = pixel_formats(source)
    choices = [pixel for pixel in (image_request.pixel_format, *image_request.fallback_formats) if pixel]
    pixel = next((choice for choice in choices if choice in can), None) if choices else can[0]
    if pixel is None:
        raise RefusedImageError(RESPONSE.STATUS_UNSUPPORTED_PIXEL_FORMAT_REQUESTED)
    usual = IMAGE.FORMAT_RAW if source.kind == "depth" else IMAGE.FORMAT_JPEG
    picture = image_request.image_format or usual
    if picture not in (IMAGE.FORMAT_RAW, usual):
        raise RefusedImageError(RESPONSE.STATUS_UNSUPPORTED_IMAGE_FORMAT_REQUESTED)
    return int(picture), int(pixel)


def pixels_of(source: Source, frame: RgbdFrame, pixel_format: int) -> NDArray[Any]:
    """(H, W) uint16 depth counts, (H, W) grey or (H, W, 3) RGB uint8."""
    if source.kind == "depth":
        counts = np.round(frame.depth * source.depth_scale)
        return np.where(counts <= MAX_DEPTH_COUNT, counts, 0).astype("<u2")
    if pixel_format == IMAGE.PIXEL_FORMAT_GREYSCALE_U8:
        return np.asarray(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY))
    return np.asarray(frame.rgb)


def encode(pixels: NDArray[Any], picture_format: int, pixel_format: int, quality: float) -> bytes:
    """The picture's bytes: rows top to bottom, or a JPEG."""
    if picture_format == IMAGE.FORMAT_RAW:
        return np.ascontiguousarray(pixels).tobytes()
    bgr = pixels[..., ::-1] if pixel_format == IMAGE.PIXEL_FORMAT_RGB_U8 else pixels
    level = int(np.clip(quality, 1, 100))
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(bgr), [cv2.IMWRITE_JPEG_QUALITY, level])
    return bytes(data.tobytes())
