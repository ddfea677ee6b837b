"""What the Spot API needs beyond the `Robot` protocol: a part of the robot follows a law, step by step.

A law is called once per physics step, on the physics thread, with the seconds since it began. It returns the target of
the part, or the outcome that ends the motion; the part then holds its position. The simulated adapters implement this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from behaviours.robot import Command, CommandState, Outcome, Robot
from perception.geometry import Pose, Vector
from perception.types import RgbdFrame
from simulation.spot_api.body.frames import Posture

BaseLaw = Callable[[float], tuple[Pose, Vector] | Outcome]
"""Seconds -> (world_from_body, its rate (3,): x, y in m/s, world frame, yaw in rad/s), or an outcome."""
ArmLaw = Callable[[float], tuple[Vector, Vector] | Outcome]
"""Seconds -> ((6,) joints in radians, their rates), or an outcome."""


class Disturbs(Protocol):
    """What can befall a robot on legs."""

    def push(self, impulse_ns: Any) -> None:
        """Push its body by (3,) N·s, body frame, in a moment."""

    def load(self, mass_kg: float) -> None:
        """Let the weight of a mass act on the hand from now on; 0 takes it away."""

    def slip(self, foot: str, slips: bool) -> None:
        """Take the grip that one foot (fl, fr, hl, hr) has on the floor, or give it back."""

    def sink(self, foot: str, sinks: bool) -> None:
        """Let the ground under one foot give way, or be firm again once the foot has left it."""


@runtime_checkable
class Steerable(Robot, Protocol):
    """A robot whose base and arm follow laws, and whose world can be seen from anywhere."""

    @property
    def fallen(self) -> bool:
        """Whether it lies after a fall."""

    @property
    def floor_m(self) -> float:
        """Height of the ground below the body, by where its feet touch it; world frame, metres."""

    @property
    def on_legs(self) -> bool:
        """Whether legs carry it, so that it can fall; known before it is entered."""

    @property
    def disturbance(self) -> Disturbs | None:
        """What can befall it once it is entered; None for a robot that nothing can push."""

    def roll_over(self) -> Command:
        """After a fall: lie on the belly, arm and legs folded. Done at once if it has not fallen."""

    def follow_base(self, law: BaseLaw) -> Command:
        """Let the body follow a law. Cancels the base's present motion."""

    def follow_arm(self, law: ArmLaw) -> Command:
        """Let the arm follow a law. Cancels the arm's present motion."""

    def arm_joints(self) -> Vector:
        """(6,) measured joints, radians, in the order of `spot_arm.JOINTS`."""

    def leg_joints(self) -> Vector:
        """(12,) measured joints, radians: hx, hy, kn of front left, front right, hind left, hind right."""

    def look(self, world_from_camera: Pose, *, colour: bool = True) -> RgbdFrame:
        """A picture without faults from any pose of an optical frame. colour: False gives depth only, black."""

    def objects(self) -> dict[str, Pose]:
        """world_from_object of the objects that can be picked up, by name."""

    def push_object(self, offset_m: Any) -> None:
        """Move the target object by (3,) metres, world frame."""

    def loosen_grip(self) -> None:
        """Let the held object slip out of the jaws."""


def posture(robot: Steerable) -> Posture:
    """Where the robot is now."""
    return Posture(robot.body_pose(), robot.hand_pose(), robot.floor_m)


class Guarded:
    """A robot whose laws cannot end the simulation: a law that raises or is not finite ends its motion as FAILED.

    trouble: called with the error, during a step.
    """

    def __init__(self, robot: Steerable, trouble: Callable[[Exception], None]) -> None:
        self._robot, self._trouble = robot, trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._robot, name)

    def follow_base(self, law: BaseLaw) -> Command:
        return self._robot.follow_base(self._guard(law))

    def follow_arm(self, law: ArmLaw) -> Command:
        return self._robot.follow_arm(self._guard(law))

    def _guard(self, law: Callable[[float], Any]) -> Callable[[float], Any]:
        def guarded(time_s: float) -> Any:
            try:
                target = law(time_s)
                if not isinstance(target, Outcome) and not all(_finite(part) for part in target):
                    raise ValueError(f"a motion leads to {target}")
            except Exception as error:  # the simulation must continue for all other commands
                self._trouble(error)
                return Outcome(CommandState.FAILED, f"the simulator cannot compute this motion: {error}")
            return target

        return guarded


def _finite(part: Any) -> bool:
    return isinstance(part, Pose) or bool(np.isfinite(part).all())
