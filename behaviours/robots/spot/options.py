"""What may be asked of the adapter, apart from which robot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

AtEnd = Literal["found", "stand", "sit", "off"]
AT_END: Final[tuple[AtEnd, ...]] = ("found", "stand", "sit", "off")


@dataclass(frozen=True)
class SpotOptions:
    """take_lease: take control from whoever has it. own_estop: be the e-stop, in place of all others. clear_faults:
    clear behaviour faults that can be cleared. undock: get off the dock first, if the robot stands on it. self_right:
    let a robot that has fallen clear that fault and get up when the task asks for it; otherwise a fall ends the run.
    at_end: how to leave the robot; "found" switches it off again if its motors were off, else leaves it standing."""

    take_lease: bool = False
    own_estop: bool = False
    clear_faults: bool = False
    undock: bool = False
    at_end: AtEnd = "found"
    self_right: bool = False
