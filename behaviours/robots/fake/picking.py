"""The fake robot's own pick: it grips the bottle that a pixel shows, if its arm reaches it."""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.limits import require_pick
from behaviours.robot import Command
from behaviours.robots.fake.parts import FakeCommand
from behaviours.robots.fake.steering import FakeSteering
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, unit
from perception.hand.hand_pose import hand_pose
from perception.types import Approach, RgbdFrame

SPEED_MPS: Final = 0.3
CLOSE_S: Final = 0.8
NEAR_M: Final = 0.02
"""A point so near to a bottle's flank belongs to it."""
UP: Final = np.array([0.0, 0.0, 1.0])


class FakePicking(FakeSteering):
    """Implements `behaviours.robot.PicksInImage`."""

    def pick_in_image(
        self,
        frame: RgbdFrame,
        pixel_uv: tuple[int, int],
        *,
        approach: Approach,
        palm_to_fingertip: float,
        max_torque_nm: float,
    ) -> Command:
        limits = {"palm_to_fingertip": palm_to_fingertip, "max_torque_nm": max_torque_nm}
        require_pick(self.limits, frame.intrinsics.shape, pixel_uv, approach, **limits)
        self._cancel("base", "gripper")
        command = self._pick(self._shown(frame, pixel_uv), approach, max_torque_nm)
        self._active |= {"base": command, "gripper": command}
        return command

    def _shown(self, frame: RgbdFrame, pixel_uv: tuple[int, int]) -> int | None:
        """Which bottle a pixel shows; None if it shows none."""
        u, v = pixel_uv
        depth = float(frame.depth[v, u])
        place = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth))
        for which, foot in enumerate(self.world.feet()):
            shape = self.world.shape(which)
            off, up = float(np.hypot(*(place - foot)[:2])), float(place[2] - foot[2])
            wide_m = shape.radius_m if shape.lying_rad is None else shape.height_m / 2
            if depth > 0.0 and off < wide_m + NEAR_M and 0.0 < up < shape.rises_m + NEAR_M:
                return which
        return None

    def _pick(self, which: int | None, approach: Approach, torque_nm: float) -> FakeCommand:
        if which is None:
            return self._start("arm", 0.0, lambda _: None, "the pick finds no object at the pixel")
        goal = self._goal(which, approach)
        if arm.inverse(goal, arm.READY) is None:
            return self._start("arm", 0.0, lambda _: None, "the pick finds no grasp that the arm reaches")
        move_s = self._body_from_hand.distance_m(goal) / SPEED_MPS
        path, moving = self._hand_path(goal), move_s / (move_s + CLOSE_S)

        def at(fraction: float) -> None:
            path(min(fraction / moving, 1.0))
            if fraction >= 1.0:
                self._jaws.grip(which, torque_nm, self.hand_pose(), self.now())

        return self._start("arm", move_s + CLOSE_S, at, "the pick holds nothing" if self._jaws.misses() else "")

    def _goal(self, which: int, approach: Approach) -> Pose:
        """body_from_hand that grips a bottle at half its height, or its neck from above."""
        foot, shape = self.world.feet()[which], self.world.shape(which)
        radius_m, height_m = shape.radius_m, shape.rises_m
        away = foot - self._body.position_m
        ahead = unit(np.array([away[0], away[1], 0.0]))
        if approach == "top":
            pose = hand_pose(foot + UP * height_m, UP, ahead, 2 * radius_m, SPOT.gripper)
        else:
            place = foot + UP * height_m / 2 - ahead * radius_m
            pose = hand_pose(place, -ahead, UP, 2 * radius_m, SPOT.gripper)
        return self._body.inverse() @ pose
