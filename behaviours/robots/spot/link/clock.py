"""The robot's clock as this program counts it, from the time stamps that every answer of the robot carries."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

JUMP_S: Final = 1.0
"""A step of the robot's clock larger than this is a clock that was set, not time that has passed."""
SLOW_S: Final = 0.02
"""An exchange that took this much longer than twice the shortest one says little; the clock runs on without it."""
STALE_S: Final = 1.0
"""Then even a slow exchange is better than none."""
SPAN_S: Final = 0.2
"""Wall seconds over which the pace is measured."""
SAME_PACE: Final = 0.05
"""Clocks this close in pace run at the same pace; a real robot's does within one part in ten thousand."""
PACES: Final = (0.02, 100.0)
SAMPLES: Final = 64


def seconds_of(stamp: Any) -> float:
    """Seconds of a protobuf Timestamp or Duration."""
    return float(stamp.seconds) + float(stamp.nanos) * 1e-9


class RobotClock:
    """Robot seconds since `start`, never going back, from samples of (sent, got, answered, arrived).

    wall: the client's clock that stamps requests, seconds since 1970. Each exchange says what the robot's clock showed
    in its middle, as Cristian and NTP do. A simulated robot's clock may run at another pace than ours: the pace is
    measured too, so that the clock is right between two exchanges. Thread-safe.
    """

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._samples: deque[tuple[float, float, float]] = deque(maxlen=SAMPLES)
        """(wall, robot, round trip), seconds, newest last."""
        self._pace = 1.0
        self._zero_s: float | None = None
        self._last_s = 0.0

    def observe(self, header: Any) -> None:
        """Take the sample in a bosdyn.api.ResponseHeader; one without time stamps is ignored."""
        sent, got = seconds_of(header.request_header.request_timestamp), seconds_of(header.request_received_timestamp)
        answered = seconds_of(header.response_timestamp)
        if sent > 0.0 and got > 0.0 and answered > 0.0:
            self.sample(sent, got, answered, self._wall())

    def sample(self, sent_s: float, got_s: float, answered_s: float, arrived_s: float) -> None:
        """One exchange: sent and arrived on our clock, got and answered on the robot's. Absurd ones are ignored."""
        round_trip = arrived_s - sent_s
        if round_trip < 0.0 or answered_s < got_s:
            return
        at, robot = (sent_s + arrived_s) / 2, (got_s + answered_s) / 2
        with self._lock:
            if self._samples:
                gap = at - self._samples[-1][0]
                if gap <= 0.0 or not self._worth(round_trip, gap):
                    return
                step = robot - self._extrapolate(at)
                if abs(step) > max(1.0, self._pace) * (JUMP_S + gap) + round_trip:
                    self._jumped(step)
            self._samples.append((at, robot, round_trip))
            self._measure_pace()

    def _worth(self, round_trip: float, gap: float) -> bool:
        shortest = min(sample[2] for sample in self._samples)
        return gap > STALE_S or round_trip <= 2 * shortest + SLOW_S

    def _jumped(self, step_s: float) -> None:
        """The robot's clock was set: our count goes on as if nothing had happened."""
        self._samples.clear()
        if self._zero_s is not None:
            self._zero_s += step_s

    def _measure_pace(self) -> None:
        at, robot, _ = self._samples[-1]
        before = next((sample for sample in reversed(self._samples) if at - sample[0] >= SPAN_S), None)
        if before is not None:
            pace = min(max((robot - before[1]) / (at - before[0]), PACES[0]), PACES[1])
            self._pace = 1.0 if abs(pace - 1.0) < SAME_PACE else pace

    def _extrapolate(self, wall_s: float) -> float:
        if not self._samples:
            return wall_s
        at, robot, _ = self._samples[-1]
        return robot + self._pace * (wall_s - at)

    @property
    def synchronised(self) -> bool:
        return bool(self._samples)

    @property
    def pace(self) -> float:
        """Robot seconds for one of ours."""
        return self._pace

    @property
    def ahead_s(self) -> float:
        """The robot's clock minus ours, seconds; 0 before the first sample."""
        return self.robot_time() - self._wall()

    def robot_time(self) -> float:
        """The robot's own time now, seconds since 1970, as end times of commands want it."""
        with self._lock:
            return self._extrapolate(self._wall())

    def start(self) -> None:
        """Count from now on."""
        with self._lock:
            self._zero_s, self._last_s = self._extrapolate(self._wall()), 0.0

    def now(self) -> float:
        """Robot seconds since `start`; 0 before it."""
        with self._lock:
            if self._zero_s is not None:
                self._last_s = max(self._last_s, self._extrapolate(self._wall()) - self._zero_s)
            return self._last_s

    def of_robot_time(self, robot_s: float) -> float:
        """A robot time, say that of a picture, on the count of `now`."""
        with self._lock:
            return 0.0 if self._zero_s is None else robot_s - self._zero_s
