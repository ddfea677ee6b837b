"""Every adapter keeps the same contract, and robots that are broken on purpose do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from behaviours.contract import CONTRACT, CannotJudge, MakeRobot
from behaviours.contract.gripping import it_holds_what_is_between_its_jaws
from behaviours.contract.moving import the_hand_turns_as_it_is_sent
from behaviours.contract.seeing import its_model_describes_it, the_hand_camera_looks_where_the_hand_points
from behaviours.robot import Command, GripperState
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.spot.arm import SpotArm
from perception.geometry import Pose
from perception.types import RgbdFrame

names = [check.__name__ for check in CONTRACT]


@pytest.mark.parametrize("check", CONTRACT, ids=names)
def test_fake(check: Callable[[MakeRobot], None]) -> None:
    check(FakeRobot)


class DeafToTurns(FakeRobot):
    """Its hand keeps the direction it had."""

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        return super().move_hand(
            Pose(self.hand_pose().rotation, world_from_hand.position_m), max_speed_mps=max_speed_mps
        )


class NeverTurns(FakeRobot):
    """It refuses every turn of its hand."""

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        turned = world_from_hand.angle_rad(self.hand_pose()) > 0.01
        far = Pose(world_from_hand.rotation, world_from_hand.position_m + turned * np.array([9.0, 0.0, 0.0]))
        return super().move_hand(far, max_speed_mps=max_speed_mps)


class CameraBack(FakeRobot):
    """Its camera looks back, and says so."""

    def capture(self, camera: str) -> RgbdFrame:
        frame = super().capture(camera)
        pose = frame.world_from_camera @ Pose.from_rpy((0.0, np.pi, 0.0))
        rgb, depth = self.world.render(pose)
        return RgbdFrame(rgb, depth, frame.intrinsics, pose, frame.time_s)


class CameraFixed(FakeRobot):
    """Its camera stays where it was when it took the first picture."""

    _first: RgbdFrame | None = None

    def capture(self, camera: str) -> RgbdFrame:
        self._first = self._first or super().capture(camera)
        return self._first


class CameraElsewhere(FakeRobot):
    """Its camera looks in another direction than it says; off_rad: by how much, in the optical frame."""

    off_rad = (0.0, 0.3, 0.0)

    def capture(self, camera: str) -> RgbdFrame:
        frame = super().capture(camera)
        rgb, depth = self.world.render(frame.world_from_camera @ Pose.from_rpy(self.off_rad))
        return RgbdFrame(rgb, depth, frame.intrinsics, frame.world_from_camera, frame.time_s)


class CameraLow(CameraElsewhere):
    off_rad = (-0.5, 0.0, 0.0)


class CameraUpsideDown(CameraElsewhere):
    off_rad = (0.0, 0.0, np.pi)


class OtherMount(FakeRobot):
    """Its model is of a robot whose hand camera looks straight ahead."""

    model = replace(
        FakeRobot.model,
        hand_from_camera=Pose(
            np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
            FakeRobot.model.hand_from_camera.position_m,
        ),
    )


class OtherLens(FakeRobot):
    model = replace(FakeRobot.model, hand_camera=replace(FakeRobot.model.hand_camera, fx=700.0, fy=700.0))


class ShortArm(FakeRobot):
    """Its model's arm reaches nothing."""

    class Arm(SpotArm):
        def joints_at(self, body_from_hand: Pose, seed: Any = None) -> None:
            return None

    model = replace(FakeRobot.model, arm=Arm())


class EndlessArm(FakeRobot):
    """Its model's arm reaches everything."""

    class Arm(SpotArm):
        def joints_at(self, body_from_hand: Pose, seed: Any = None) -> Any:
            return np.zeros(6)

    model = replace(FakeRobot.model, arm=Arm())


class NeverHolds(FakeRobot):
    def gripper(self) -> GripperState:
        return replace(super().gripper(), holding=False)


class HoldsOpen(FakeRobot):
    """It takes open jaws for a grip."""

    def gripper(self) -> GripperState:
        state = super().gripper()
        return replace(state, holding=state.opening > 0.1)


class Weak(FakeRobot):
    """Its motor lets go as soon as the jaws have stopped."""

    def gripper(self) -> GripperState:
        return replace(super().gripper(), torque_nm=0.0)


class Dark(FakeRobot):
    """It sees no more than one point."""

    def capture(self, camera: str) -> RgbdFrame:
        frame = super().capture(camera)
        depth = np.zeros_like(frame.depth)
        depth[240, 320] = 1.0
        return RgbdFrame(frame.rgb, depth, frame.intrinsics, frame.world_from_camera, frame.time_s)


BROKEN = {
    DeafToTurns: (the_hand_turns_as_it_is_sent, "rad from the direction it was sent to"),
    NeverTurns: (the_hand_turns_as_it_is_sent, "the hand cannot be turned"),
    CameraBack: (the_hand_camera_looks_where_the_hand_points, "off the hand's x axis"),
    CameraFixed: (the_hand_camera_looks_where_the_hand_points, "does not move with the hand"),
    CameraElsewhere: (the_hand_camera_looks_where_the_hand_points, "is elsewhere after the hand has turned"),
    CameraLow: (the_hand_camera_looks_where_the_hand_points, "is elsewhere after the hand has turned"),
    CameraUpsideDown: (the_hand_camera_looks_where_the_hand_points, "is elsewhere after the hand has turned"),
    OtherMount: (its_model_describes_it, "is turned by 0.16 rad from the model's"),
    OtherLens: (its_model_describes_it, "the focal length is 552 px, the model says 700 px"),
    ShortArm: (its_model_describes_it, "does not reach its ready pose"),
    EndlessArm: (its_model_describes_it, "reaches 5 m further"),
    NeverHolds: (it_holds_what_is_between_its_jaws, "does not say that it holds it"),
    HoldsOpen: (it_holds_what_is_between_its_jaws, "with open jaws"),
    Weak: (it_holds_what_is_between_its_jaws, "holds something with 0 N·m"),
}


@pytest.mark.parametrize("robot", BROKEN, ids=lambda robot: robot.__name__)
def test_a_broken_robot_is_found_out(robot: type[FakeRobot]) -> None:
    rule, words = BROKEN[robot]
    assert rule in CONTRACT
    with pytest.raises(AssertionError, match=words):
        rule(robot)


def test_what_cannot_be_judged_is_said() -> None:
    with pytest.raises(CannotJudge, match="no surface from two places"):
        the_hand_camera_looks_where_the_hand_points(Dark)

    class Bare(FakeRobot):
        put_between_jaws = None  # type: ignore[assignment]

    with pytest.raises(CannotJudge, match="no method put_between_jaws"):
        it_holds_what_is_between_its_jaws(Bare)
