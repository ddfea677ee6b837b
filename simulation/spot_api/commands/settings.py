"""Settings of simulated commands: numbers found by experiment. Pass others as `SpotServer(walk=...)`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WalkSettings:
    """How the body moves if the client does not specify it, and how far it may be sent."""

    usual_speed_mps: float = 1.0
    """Speed limit of a walk without a limit from the client. The robot's own is `walk_limits.TOP_SPEED_MPS`."""
    usual_yaw_rate_radps: float = 1.2
    """Limit of the yaw rate of a walk without a limit from the client."""
    slew_mps2: float = 1.6
    """Greatest acceleration of a walk at a velocity."""
    slew_radps2: float = 2.4
    """Greatest yaw acceleration of a walk at a velocity."""
    pose_s: float = 0.8
    """Time from one body pose to the next when the client names none."""
    stance_reach_m: float = 0.3
    """A stance further away than this is refused."""
    body_reach_m: float = 1.0
    """A body pose further away than this is refused."""
    follow_ahead_m: tuple[float, float] = (0.5, 0.8)
    """Range of the hand's goal ahead of a body that follows the arm."""
    follow_aside_m: tuple[float, float] = (-0.25, 0.25)
    """Range of the hand's goal to the left of a body that follows the arm."""
    follow_speed_mps: float = 0.5
    """Speed of a body that follows the arm."""
