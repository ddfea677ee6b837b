"""What the Spot API commands beyond the `Robot` protocol: a part of the robot follows a law, step by step.

A law is called once for each physics step with the seconds since it began, on the physics thread. It returns where
the part shall be, or the outcome that ends it; the part then holds. The simulated adapters implement this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from behaviours.robot import Command, CommandState, Outcome, Robot
from perception.geometry import Pose, Vector
from perception.types import RgbdFrame

BaseLaw = Callable[[float], tuple[Pose, Vector] | Outcome]
"""world_from_body and its rate (3,): x, y in m/s of the world frame, yaw in rad/s."""
ArmLaw = Callable[[float], tuple[Vector, Vector] | Outcome]
"""(6,) joints in radians and their rates."""


@runtime_checkable
class Steerable(Robot, Protocol):
    """A robot whose base and arm can be steered, and whose world can be looked at from anywhere."""

    def follow_base(self, law: BaseLaw) -> Command:
        """Let the body follow a law; cancels the base's present motion."""

    def follow_arm(self, law: ArmLaw) -> Command:
        """Let the arm follow a law; cancels the arm's present motion."""

    def arm_joints(self) -> Vector:
        """(6,) measured joints, radians, in the order of `spot_arm.JOINTS`."""

    def leg_joints(self) -> Vector:
        """(12,) measured joints, radians: hx, hy, kn of front left, front right, hind left, hind right."""

    def look(self, world_from_camera: Pose, *, colour: bool = True) -> RgbdFrame:
        """A perfect picture from a camera held anywhere, its optical frame given. Without colour: depth only."""

    def objects(self) -> dict[str, Pose]:
        """world_from_object of what can be picked up, by name."""

    def push_object(self, offset_m: Any) -> None:
        """Displace the target object by (3,) metres, world frame: somebody bumped into it."""

    def loosen_grip(self) -> None:
        """Let what is held slip out of the jaws."""


class Guarded:
    """A robot whose laws cannot end the simulation: one that raises, or leads nowhere, ends its motion as FAILED.

    trouble: told the error, in the middle of a step.
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
            except Exception as error:  # whatever it is, the simulation must go on for everybody
                self._trouble(error)
                return Outcome(CommandState.FAILED, f"the simulator cannot compute this motion: {error}")
            return target

        return guarded


def _finite(part: Any) -> bool:
    return isinstance(part, Pose) or bool(np.isfinite(part).all())
