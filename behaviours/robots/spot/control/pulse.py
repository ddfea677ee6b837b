"""A sign of life of the tick loop: what keeps the robot under our control stops when the loop does."""

from __future__ import annotations

import time
from typing import Final

LIMIT_S: Final = 5.0
"""Wall seconds without a beat after which the program counts as stuck."""


class Pulse:
    """`beat` is called by the tick loop; `beating` by what acts in its name."""

    def __init__(self) -> None:
        self._last_s = time.monotonic()

    def beat(self) -> None:
        self._last_s = time.monotonic()

    def beating(self) -> bool:
        return time.monotonic() - self._last_s <= LIMIT_S
