"""A short video of a simulated run from an outside camera that goes along with the robot."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 15
SIZE = (640, 360)
FAR_M = 20.0
FOLLOWS_S = 0.6
"""In which the camera makes up for most of the robot's way, so that it moves smoothly."""


class Film:
    """Writes an H.264 file while the simulation runs. `close` completes it and may be called twice.

    path: the file. scene: a gs.Scene before it is built. robot_xy_m, target_m: see `view_point`.
    """

    def __init__(self, path: Path, scene: Any, robot_xy_m: NDArray[np.float64], target_m: NDArray[np.float64]) -> None:
        import imageio_ffmpeg

        self.path = path
        self._view = np.array(view_point(robot_xy_m, target_m))
        place, look_at = map(tuple, self._view)
        self._camera = scene.add_camera(res=SIZE, pos=place, lookat=look_at, fov=45, far=FAR_M, GUI=False)
        self._first = self._followed = np.asarray(robot_xy_m, np.float64)
        self._due_s = 0.0
        path.parent.mkdir(parents=True, exist_ok=True)
        writer: Generator[None, NDArray[np.uint8] | None, None] = imageio_ffmpeg.write_frames(
            str(path), SIZE, fps=FRAMES_PER_S, codec="libx264", macro_block_size=2, ffmpeg_log_level="error"
        )
        writer.send(None)
        self._writer: Generator[None, NDArray[np.uint8] | None, None] | None = writer

    def show(self, time_s: float, body_m: NDArray[np.float64]) -> None:
        """Add a picture if the next one is due at this simulated time, seconds. body_m: (3,) where the robot is."""
        if self._writer is None or time_s < self._due_s:
            return
        self._due_s = time_s + 1.0 / FRAMES_PER_S - 1e-6
        share = 1.0 - np.exp(-1.0 / (FRAMES_PER_S * FOLLOWS_S))
        self._followed = self._followed + share * (body_m[:2] - self._followed)
        place, look_at = self._view + np.append(self._followed - self._first, 0.0)
        self._camera.set_pose(pos=place, lookat=look_at)
        rgb = self._camera.render(rgb=True)[0]
        self._writer.send(np.ascontiguousarray(rgb, dtype=np.uint8))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def view_point(robot_xy_m: NDArray[np.float64], target_m: NDArray[np.float64]) -> tuple[Any, Any]:
    """(camera position, look-at point), each (3,) metres: from the side, with the robot's start and the object in view.

    robot_xy_m: (2,) start of the robot. target_m: (2,) or (3,) place of the object, world frame.
    """
    middle = np.array([*(0.55 * robot_xy_m + 0.45 * target_m[:2]), 0.5])
    ahead = target_m[:2] - robot_xy_m
    distance = float(np.linalg.norm(ahead))
    side = np.array([ahead[1], -ahead[0]]) / max(distance, 1e-6)
    back = -ahead / max(distance, 1e-6)
    spot = middle[:2] + side * (1.7 + 0.7 * distance) + 0.25 * back
    return (spot[0], spot[1], 1.35), tuple(middle)
