"""Taking a picture: asked for until a present one comes, for a limited time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from behaviours.robots.spot.camera import images
from behaviours.robots.spot.link.clock import seconds_of
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import NoPictureError
from behaviours.robots.spot.link.link import IMAGE_S
from perception.base.errors import RobotError
from perception.types import RgbdFrame

STALE_S, STALE_LIMIT_S = 1.0, 4.0
"""A picture older than this on the robot's clock is not the present one; a camera gets this long to send a new one."""
NO_PICTURE_LIMIT_S: Final = 10.0
"""A camera that has no picture, or a damaged one, gets this long, wall seconds."""
AGAIN_S: Final = 0.1


def take(camera: str, connection: Connection, given_up: Callable[[], bool]) -> RgbdFrame:
    """A present frame of a camera of `images.CAMERAS`. RobotError if none comes in time, or after `given_up`."""
    sources, begun_s = images.camera_of(camera), time.monotonic()
    its_camera = f"the {camera} camera of {connection.target.hostname}"
    while True:
        try:
            frame, age_s = _picture(camera, sources, connection)
        except NoPictureError as error:
            waited_s, limit_s = time.monotonic() - begun_s, NO_PICTURE_LIMIT_S
            trouble = f"{its_camera} has sent no usable picture for {waited_s:.1f} s ({error})"
        else:
            if age_s <= STALE_S * max(1.0, connection.clock.pace):
                return frame
            waited_s, limit_s = time.monotonic() - begun_s, STALE_LIMIT_S
            trouble = f"{its_camera} sends old pictures, {age_s:.1f} s old"
        if waited_s > limit_s or given_up():
            raise RobotError(f"{trouble}; restart the robot's camera service or the robot")
        time.sleep(AGAIN_S)


def _picture(camera: str, sources: images.Camera, connection: Connection) -> tuple[RgbdFrame, float]:
    """The picture that the robot sends now, and its age in robot seconds. NoPictureError if it sends none."""
    clock, client = connection.clock, connection.image
    responses = connection.link.send("taking a picture", client.get_image, images.requests(sources), timeout=IMAGE_S)
    taken_s = seconds_of(responses[0].shot.acquisition_time) if responses else 0.0
    frame = images.frame_of(camera, responses, clock.of_robot_time(taken_s))
    return frame, clock.robot_time() - taken_s  # not by `now`, which waits when it was ahead
