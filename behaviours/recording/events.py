"""What happens in a run, one value for each line of its log that changes what one sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TRANSITION: Final = "transition"
"""A node was ticked or halted: uid, path, old, new, feedback."""
FEEDBACK: Final = "feedback"
"""A running node has a new message: uid, path, feedback."""
BLACKBOARD: Final = "blackboard"
"""An entry was written: scope, key, type, value as plain JSON."""
OVERRUN: Final = "overrun"
"""A tick took longer than its period: tick, wall_ms, leaf, leaf_ms."""
KINDS: Final = (TRANSITION, FEEDBACK, BLACKBOARD, OVERRUN)


@dataclass(frozen=True)
class Event:
    """time_s: on the robot's clock, never less than that of the event before. kind: one of `KINDS`. data: the fields
    of the log line."""

    time_s: float
    kind: str
    data: Mapping[str, Any]
