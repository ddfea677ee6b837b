"""A sign of life of the tick loop: what keeps the robot under our control stops when the loop does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LIMIT_S: Final = 5.0
"""Wall seconds without a beat after which the program counts as stuck."""


class Pulse:
    """`beat` is called by the tick loop; `beating` by whoever acts in its name."""

    def __init__(self, limit_s: float = LIMIT_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit_s, self._monotonic = limit_s, monotonic
        self._last_s = monotonic()

    def beat(self) -> None:
        self._last_s = self._monotonic()

    def beating(self) -> bool:
        return self._monotonic() - self._last_s <= self._limit_s
