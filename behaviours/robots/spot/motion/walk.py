"""One walk: a command that soon runs out, sent again as long as somebody wants the robot to go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from behaviours.robots.spot.link.clock import RobotClock
from behaviours.robots.spot.motion import commands
from perception.geometry import Pose, wrapped_rad

AHEAD_S: Final = 1.0
"""Wall seconds from the last command to its end time: so long a robot walks on when this program is killed."""
AGAIN_S: Final = 0.3
"""Wall seconds after which it is sent again; a command may be lost twice before the robot stops."""


class Walk:
    """Makes the command of a walk to `goal`, world_from_body. body: where it is now.

    The walk as a whole has a time, too, after which it has certainly failed: then it is sent no more.
    """

    def __init__(
        self,
        clock: RobotClock,
        body: Callable[[], Pose],
        goal: Pose,
        *,
        max_speed_mps: float,
        max_yaw_rate_radps: float,
    ) -> None:
        self._clock, self._body, self._goal = clock, body, goal
        self._limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        self._last_s: float | None = None
        self._made_s = 0.0

    def make(self) -> Any:
        """The message, to be sent now."""
        if self._last_s is None:
            body = self._body()
            turn = wrapped_rad(self._goal.yaw_rad - body.yaw_rad)
            distance = float(np.linalg.norm((self._goal.position_m - body.position_m)[:2]))
            self._last_s = self._clock.now() + commands.walk_time_s(distance, turn, *self._limits.values())
        self._made_s = time.monotonic()
        ahead_s = AHEAD_S * max(1.0, self._clock.pace)
        end_s = self._clock.robot_time() + min(ahead_s, self._last_s - self._clock.now())
        return commands.walk(self._goal, **self._limits, end_robot_s=end_s)

    def lasts(self) -> bool:
        """Whether there is time left for it."""
        return self._last_s is not None and self._clock.now() < self._last_s

    def due(self) -> bool:
        """Whether the last message soon runs out."""
        return self.lasts() and time.monotonic() - self._made_s >= AGAIN_S
