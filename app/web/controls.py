"""The buttons of a live page: stop, which is a first Ctrl-C, and pause, which only simulated robots have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from app.base.interrupts import Interrupts

LOOK_S: Final = 0.02


class Controls:
    """can_pause: the robot's clock moves only with the tree's ticks. A real robot goes on moving while nothing ticks,
    so it can only be stopped. tell: called with words for the terminal when the tree is paused."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._paused = threading.Event()
        self.can_pause = self.stopping = False
        self.tell: Callable[[str], None] = lambda words: None

    @property
    def paused(self) -> bool:
        return self._paused.is_set()

    def act(self, name: str) -> bool:
        """Press stop, pause or resume, from any thread; whether there is such a button."""
        match name:
            case "stop":
                self.stopping = True
                self._interrupts.press()
            case "pause" if self.can_pause:
                self._paused.set()
            case "resume":
                self._paused.clear()
            case _:
                return False
        return True

    def hold(self) -> None:
        """Before each tick, on the tick thread: wait while the tree is paused. KeyboardInterrupt if a signal comes."""
        if self.paused:
            self.tell("paused in the browser; Resume there, or Ctrl-C here")
        while self.paused:
            self._interrupts.check()
            time.sleep(LOOK_S)
