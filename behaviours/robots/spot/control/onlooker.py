"""Time with a robot that is only looked at: nothing is taken, and nothing is given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from behaviours.robots.spot.control.session import Session

LOOKING: Final = frozenset({"image", "robot-state"})
"""The services that an onlooker uses. None of them moves anything or takes a lease."""


class Onlooker(Session):
    """A session without lease, e-stop and power, for a `Connection` to the services LOOKING: it refuses commands."""

    def begin(self) -> None:
        """The robot stays as it is."""

    def entered(self, look: Callable[[], None]) -> None:
        """Look at it for the first time."""
        look()

    def end(self) -> None:
        """The robot stays as it is."""
