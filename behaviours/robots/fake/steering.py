"""What the fake robot does beyond the `Robot` protocol, for a simulator of a robot's own interface in front of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from behaviours.limits import require_body
from behaviours.robot import Command, CommandState, Outcome
from behaviours.robots.fake.parts import LIES_M, FakeParts
from behaviours.robots.fake.world import HAND_CAMERA
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT, body_time_s
from perception.geometry import Pose, Vector
from perception.types import RgbdFrame

BaseLaw = Callable[[float], tuple[Pose, Vector] | Outcome]
ArmLaw = Callable[[float], tuple[Vector, Vector] | Outcome]
RIGHTS_S: Final = 5.0
"""That getting up takes."""


class FakeSteering(FakeParts):
    """Body and arm by laws that are asked at every step; joints by inverse kinematics of where the hand is."""

    on_legs, disturbance = False, None
    floor_m = 0.0
    """Height of the floor."""

    _joints: tuple[Pose, Vector] | None = None

    def follow_base(self, law: BaseLaw) -> Command:
        def step(time_s: float) -> Outcome | None:
            target = law(time_s)
            if isinstance(target, Outcome):
                return target
            self._body = target[0]
            return None

        return self._follow("base", step)

    def follow_arm(self, law: ArmLaw) -> Command:
        def step(time_s: float) -> Outcome | None:
            target = law(time_s)
            if isinstance(target, Outcome):
                return target
            self._body_from_hand = arm.forward(target[0])
            self._joints = (self._body_from_hand, np.array(target[0]))
            return None

        return self._follow("arm", step)

    def set_body(self, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> Command:
        require_body(self.limits, height_m, pitch_rad, max_speed_mps=max_speed_mps)
        start = self._body
        x, y, z = start.position_m
        goal = Pose.from_rpy((0.0, pitch_rad, start.yaw_rad), (x, y, SPOT.body_height_m + height_m))
        lasts_s = body_time_s(goal.position_m[2] - z, pitch_rad - start.rpy_rad[1], max_speed_mps)

        def law(time_s: float) -> tuple[Pose, Vector] | Outcome:
            if time_s > lasts_s and self._body.distance_m(goal) < 1e-6:
                return Outcome(CommandState.DONE)
            return start.towards(goal, min(time_s / max(lasts_s, 1e-3), 1.0)), np.zeros(3)

        return self.follow_base(law)

    def self_right(self) -> Command:
        return self._whole(SPOT.body_height_m)

    def roll_over(self) -> Command:
        """Lie on the belly after a fall; it does not stand up."""
        return self._whole(LIES_M)

    def _whole(self, height_m: float) -> Command:
        if not self.fallen:
            return self._start("whole", 0.0, lambda _fraction: None)
        start = self._body
        x, y, _ = start.position_m
        goal = Pose.from_rpy((0.0, 0.0, start.yaw_rad), (x, y, height_m))

        def at(fraction: float) -> None:
            self._body = start.towards(goal, fraction)
            self.fallen = fraction < 1.0

        self._body_from_hand = arm.forward(arm.STOW)
        return self._start("whole", RIGHTS_S, at)

    def arm_joints(self) -> Vector:
        before = np.array(arm.STOW) if self._joints is None else self._joints[1]
        if self._joints is None or self._joints[0] is not self._body_from_hand:
            self._joints = (self._body_from_hand, arm.approach(self._body_from_hand, before, steps=12))
        return self._joints[1].copy()

    def leg_joints(self) -> Vector:
        return np.tile([0.0, 0.8, -1.5], 4)

    def look(self, world_from_camera: Pose, *, colour: bool = True) -> RgbdFrame:
        del colour  # it is drawn anyway
        rgb, depth = self.world.render(world_from_camera)
        return RgbdFrame(rgb, depth, HAND_CAMERA, world_from_camera, self.now(), "look")

    def true_poses(self) -> dict[str, Pose]:
        return self.world.true_poses()

    def objects(self) -> dict[str, Pose]:
        return {"target": Pose(np.eye(3), self.world.bottle_m)}

    def push_object(self, offset_m: ArrayLike) -> None:
        self.world.bottle_m = self.world.bottle_m + np.asarray(offset_m, dtype=np.float64)

    def loosen_grip(self) -> None:
        self._jaws.lose()
