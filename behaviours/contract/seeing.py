"""Rules of the contract: the clock, the cameras, and the robot's model of itself."""

from __future__ import annotations

import numpy as np

from behaviours.contract.common import ARRIVE_RAD, CannotJudge, MakeRobot, finish, ready
from behaviours.robot import CommandState
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.surface.seen_again import seen_again

TURNS = tuple(Pose.from_rpy(rpy) for rpy in ((0.0, 0.3, 0.0), (0.0, 0.0, 0.3), (0.3, 0.0, 0.0)))
"""Of the hand: down, to the left, and about the direction in which it points."""
ENOUGH_POINTS = 200
FAR_M = 5.0


def the_clock_moves_with_sleep(make: MakeRobot) -> None:
    with make() as robot:
        before = robot.now()
        robot.sleep(0.3)
        after = robot.now()
        assert after >= before + 0.3 - 1e-6
        assert robot.now() >= after
        if robot.simulated_time:
            assert robot.now() == after


def frames_are_whole(make: MakeRobot) -> None:
    with make() as robot:
        frame = robot.capture("hand")
        assert frame.rgb.shape == (*frame.intrinsics.shape, 3)
        assert frame.depth.shape == frame.intrinsics.shape
        assert not frame.rgb.flags.writeable
        assert not frame.depth.flags.writeable
        assert (frame.depth > 0).any()
        assert abs(frame.time_s - robot.now()) < 1.0
        offset = robot.hand_pose().inverse() @ frame.world_from_camera
        assert np.linalg.norm(offset.position_m) < 0.1, "the hand camera is not in the hand"


def an_unknown_camera_is_refused(make: MakeRobot) -> None:
    with make() as robot:
        message = ""
        try:
            robot.capture("no such camera")
        except ConfigError as error:
            message = str(error)
        assert "no such camera" in message
        assert "hand" in message


def the_hand_camera_looks_where_the_hand_points(make: MakeRobot) -> None:
    """It is fixed to the hand and looks out of the palm, and what it sees from two places is in the same place."""
    with make() as robot:
        ready(robot)
        hand, first = robot.hand_pose(), robot.capture("hand")
        mount = hand.inverse() @ first.world_from_camera
        ahead = float(mount.rotation[0, 2])
        assert ahead > 0.7, f"the hand camera looks {np.degrees(np.arccos(ahead)):.0f} degrees off the hand's x axis"
        seen = 0
        for turn in TURNS:
            if finish(robot, robot.move_hand(hand @ turn, max_speed_mps=0.3)) is not CommandState.DONE:
                continue
            frame = robot.capture("hand")
            now = robot.hand_pose().inverse() @ frame.world_from_camera
            fixed = now.distance_m(mount) < 0.02 and now.angle_rad(mount) < ARRIVE_RAD
            assert fixed, "the hand camera does not move with the hand"
            points, same = seen_again(first, frame)
            if points >= ENOUGH_POINTS:
                seen += 1
                assert same > 0.6, f"of what the hand camera saw {1 - same:.0%} is elsewhere after the hand has turned"
        if not seen:
            raise CannotJudge("the hand camera sees no surface from two places; put something before it")


def its_model_describes_it(make: MakeRobot) -> None:
    """The hand camera sits and sees as the model says, and the arm is where the model says that it reaches."""
    with make() as robot:
        ready(robot)
        model, hand, frame = robot.model, robot.hand_pose(), robot.capture("hand")
        off = (hand.inverse() @ frame.world_from_camera).inverse() @ model.hand_from_camera
        away_m, turned_rad = float(np.linalg.norm(off.position_m)), off.angle_rad(Pose.identity())
        assert away_m < 0.02, f"the hand camera is {away_m:.2f} m from where the model says"
        assert turned_rad < 2 * ARRIVE_RAD, f"the hand camera is turned by {turned_rad:.2f} rad from the model's"
        seen, expected = frame.intrinsics, model.hand_camera
        assert seen.shape == expected.shape, f"the hand camera has {seen.shape} pixels, the model says {expected.shape}"
        alike = abs(seen.fx / expected.fx - 1.0) < 0.05
        assert alike, f"the focal length is {seen.fx:.0f} px, the model says {expected.fx:.0f} px"
        here = robot.body_pose().inverse() @ hand
        assert model.arm.joints_at(here) is not None, "the model says that the arm does not reach its ready pose"
        far = Pose(here.rotation, here.position_m + np.array([FAR_M, 0.0, 0.0]))
        assert model.arm.joints_at(far) is None, f"the model says that the arm reaches {FAR_M:.0f} m further"
