"""Where the robot of a recorded run was, and what its jaws did, from the states that the run has kept."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.views.model import RobotSample
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from behaviours.recording.recording import Recording

JAWS = ("opening", "torque_nm", "holding")


class RobotTrack:
    """times_s: (T,) ascending. body, hand: (T, 7) positions in metres and quaternions w, x, y, z, world frame. jaws:
    (T, 3) opening, torque in N·m, 1 while something is held. All are empty for a run without states."""

    def __init__(
        self,
        times_s: Sequence[float] = (),
        body: NDArray[np.float64] | None = None,
        hand: NDArray[np.float64] | None = None,
        jaws: NDArray[np.float64] | None = None,
    ) -> None:
        self._times = list(times_s)
        self._body, self._hand, self._jaws = body, hand, jaws

    def __len__(self) -> int:
        return len(self._times)

    def at(self, time_s: float) -> RobotSample | None:
        """The last state up to a time; None before the first, or for one that is damaged."""
        from perception.geometry import Pose, rotation_from_quaternion

        row = bisect_right(self._times, time_s) - 1
        if row < 0 or self._body is None or self._hand is None or self._jaws is None:
            return None
        try:
            body, hand = (
                Pose(rotation_from_quaternion(part[row, 3:]), part[row, :3]) for part in (self._body, self._hand)
            )
        except ValueError:
            return None
        opening, torque_nm, holding = (float(value) for value in self._jaws[row])
        return RobotSample(self._times[row], body, hand, opening, torque_nm, holding > 0.5)

    def grips(self, most: int) -> list[list[Any]]:
        """(number, seconds, opening, torque in N·m) of at most so many states, evenly chosen; unknown ones are left
        out."""
        if self._jaws is None or not self._times:
            return []
        step = max(1, -(-len(self._times) // most))
        rows = [(self._times[row], *self._jaws[row, :2].tolist()) for row in range(0, len(self._times), step)]
        known = [row for row in rows if all(map(math.isfinite, row))]
        return [[number, *(round(value, 4) for value in row)] for number, row in enumerate(known)]


def robot_track(recording: Recording) -> RobotTrack:
    """What a recording knows of its robot."""
    import numpy as np

    try:
        states = recording.states()
        jaws = np.stack([states.column(name) for name in JAWS], axis=1)
        return RobotTrack(states.time_s.tolist(), states.poses("body"), states.poses("hand"), jaws)
    except ConfigError:  # none were written, or none can be read
        return RobotTrack()
