"""The robot's clock: the wall time at the start plus simulated time, with skew and drift as faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

NANO = 1_000_000_000
FARTHEST_S = 600.0
"""Greatest distance from now of a trajectory's point or of a command's end time."""


class RobotClock:
    """Seconds since 1970 on the robot's computer.

    Between two physics steps the clock runs with the wall clock, but never past the step in progress, so that it
    neither jumps nor goes back. speed: simulated seconds per wall-clock second; None for as fast as possible.
    """

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._lock = threading.Lock()
        self._start_s = time.time()
        self._simulated_s = 0.0
        self._step_s = 0.0
        self._published_s = time.monotonic()
        self._skew_s = 0.0
        self._drift = 0.0
        self._drift_from_s = 0.0
        self._listeners: list[Callable[[float, float, float, float], None]] = []

    def set_to_wall(self) -> None:
        """Set the robot's clock to the wall time. Called when the simulation has been built."""
        with self._lock:
            self._start_s = time.time() - self._simulated_s

    def listen(self, listener: Callable[[float, float, float, float], None]) -> None:
        """Call `listener` after every step with robot time, monotonic time, speed, and how far the clock may run on."""
        with self._lock:
            self._listeners.append(listener)

    def advanced(self, simulated_s: float, step_s: float) -> None:
        """Physics has reached `simulated_s`; the next step takes `step_s`. Called by the physics thread."""
        with self._lock:
            self._simulated_s, self._step_s, self._published_s = simulated_s, step_s, time.monotonic()
            listeners, wall_s = list(self._listeners), self._published_s
        for listener in listeners:
            listener(self.of_simulated(simulated_s), wall_s, self._speed or 0.0, step_s)

    def now(self) -> float:
        """The robot's time now, seconds."""
        with self._lock:
            since = (time.monotonic() - self._published_s) * (self._speed or 0.0)
            simulated = self._simulated_s + min(since, self._step_s)
            drifted = self._drift * max(simulated - self._drift_from_s, 0.0)
            return self._start_s + self._skew_s + simulated + drifted

    def of_simulated(self, simulated_s: float) -> float:
        """The robot's time at a simulated time, such as that of a picture."""
        with self._lock:
            drifted = self._drift * max(simulated_s - self._drift_from_s, 0.0)
            return self._start_s + self._skew_s + simulated_s + drifted

    def disturb(self, skew_s: float = 0.0, drift: float = 0.0) -> None:
        """Shift the clock by `skew_s`, and let it gain `drift` seconds per second from now on."""
        with self._lock:
            self._skew_s, self._drift, self._drift_from_s = skew_s, drift, self._simulated_s


def timestamp(seconds: float) -> Timestamp:
    """A protobuf time of seconds since 1970."""
    full = int(seconds // 1)
    return Timestamp(seconds=full, nanos=min(int((seconds - full) * NANO), NANO - 1))


def seconds_of(stamp: Any) -> float:
    """Seconds of a protobuf Timestamp or Duration."""
    return float(stamp.seconds) + float(stamp.nanos) / NANO


def duration(seconds: float) -> Duration:
    """A protobuf duration."""
    message = Duration()
    message.FromNanoseconds(round(seconds * NANO))
    return message


def due(trajectory: Any, now_s: float) -> list[tuple[float, Any]]:
    """(seconds from now, point) of the future points of a trajectory, or of its last point if all are past.

    Times count from the trajectory's reference_time, or from now if it has none. ValueError for a point more than
    FARTHEST_S away.
    """
    start = seconds_of(trajectory.reference_time) if trajectory.HasField("reference_time") else now_s
    timed = [(start + seconds_of(point.time_since_reference) - now_s, point) for point in trajectory.points]
    if any(abs(time_s) > FARTHEST_S for time_s, _ in timed):
        raise ValueError(f"a point of the trajectory is more than {FARTHEST_S:.0f} s away")
    ahead = [(time_s, point) for time_s, point in timed if time_s > 0]
    return ahead or [(0.0, point) for _, point in timed[-1:]]
