"""Rules of the contract: what is refused, and that every motion can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from behaviours.contract.common import ARRIVE_M, MakeRobot, finish, walk_ahead
from behaviours.robot import Command, CommandState, PicksInImage, Robot, picking
from perception.base.errors import LimitError
from perception.geometry import Pose

SOON_S = 5.0
"""So soon neither the slow walk nor the slow arm of a check can have come to its goal."""


def nonsense(robot: Robot) -> Iterator[tuple[str, Callable[[], Command]]]:
    """Every command with one value that is no limit, or beyond the robot's, or no goal: (its words, the call)."""
    own, here = robot.limits, robot.hand_pose()
    far = Pose(here.rotation, here.position_m + 1e9)
    calls: tuple[tuple[str, Any, dict[str, float], tuple[Any, ...]], ...] = (
        (
            "walk_to",
            robot.body_pose(),
            {"max_speed_mps": own.walking_speed_mps, "max_yaw_rate_radps": own.yaw_rate_radps},
            (far,),
        ),
        ("move_arm", "ready", {"max_joint_speed_radps": own.joint_speed_radps}, ("up", "")),
        ("move_hand", here, {"max_speed_mps": own.hand_speed_mps}, (far,)),
        ("set_gripper", 0.5, {"max_torque_nm": own.jaw_torque_nm}, (-0.1, 1.1, np.nan, np.inf)),
    )
    if picks := picking(robot):
        yield from _bad_picks(picks, robot)
    good: dict[str, Any] = {"height_m": 0.0, "pitch_rad": 0.0, "max_speed_mps": own.body_speed_mps}
    for name, least, most in (
        ("height_m", own.body_height.minimum, own.body_height.maximum),
        ("pitch_rad", own.body_pitch.minimum, own.body_pitch.maximum),
        ("max_speed_mps", 0.0, own.body_speed_mps),
    ):
        for value in (least - 1e-3, most + 1e-3, np.nan, np.inf, -np.inf):
            yield name, partial(robot.set_body, **good | {name: value})
    for name, goal, limits, bad_goals in calls:
        for bad_goal in bad_goals:
            yield name, partial(getattr(robot, name), bad_goal, **limits)
        for limit, greatest in limits.items():
            for value in (0.0, -0.0, -1.0, -1e-9, 1e-9, 1e-300, np.nan, np.inf, -np.inf, 1.001 * greatest, 1e308):
                yield limit, partial(getattr(robot, name), goal, **limits | {limit: value})


def _bad_picks(picks: PicksInImage, robot: Robot) -> Iterator[tuple[str, Callable[[], Command]]]:
    frame = robot.capture("hand")
    height, width = frame.intrinsics.shape
    good: dict[str, Any] = {
        "pixel_uv": (width // 2, height // 2),
        "approach": "any",
        "palm_to_fingertip": 0.5,
        "max_torque_nm": robot.limits.jaw_torque_nm,
    }
    bad: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("pixel", "pixel_uv", ((-1, 0), (0, -1), (width, 0), (0, height))),
        ("approach", "approach", ("below", "")),
        ("palm_to_fingertip", "palm_to_fingertip", (-0.1, 1.1, np.nan, np.inf)),
        ("max_torque_nm", "max_torque_nm", (0.0, -1.0, np.nan, np.inf, 1.001 * good["max_torque_nm"])),
    )
    for words, name, values in bad:
        for value in values:
            yield words, partial(picks.pick_in_image, frame, **good | {name: value})


def nonsense_is_refused_and_changes_nothing(make: MakeRobot) -> None:
    with make() as robot:
        start, began_s = robot.body_pose(), robot.now()
        ahead = start @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        walk = robot.walk_to(ahead, max_speed_mps=0.1, max_yaw_rate_radps=0.5)
        arm = robot.move_arm("ready", max_joint_speed_radps=0.2)
        jaws = robot.set_gripper(1.0, max_torque_nm=2.0)
        for words, command in nonsense(robot):
            message = ""
            try:
                command()
            except LimitError as error:
                message = str(error)
            assert words in message, f"{command} was accepted"
        soon = robot.now() - began_s < SOON_S
        for motion in (walk, arm):  # over a slow link they may have come to their goals meanwhile
            state = motion.poll().state
            assert state is CommandState.RUNNING or (state is CommandState.DONE and not soon)
        assert finish(robot, jaws) is CommandState.DONE
        walked_m = robot.body_pose().distance_m(start)
        assert walked_m < 0.1 + 0.1 * (robot.now() - began_s)
        assert walked_m < 0.7 or not soon
        assert walk.poll().state is CommandState.RUNNING or robot.body_pose().distance_m(ahead) < ARRIVE_M


def cancel_stops_and_is_final(make: MakeRobot) -> None:
    with make() as robot:
        command = walk_ahead(robot, 1.0)
        robot.sleep(0.5)
        command.cancel()
        command.cancel()
        assert command.poll().state is CommandState.CANCELLED
        robot.sleep(1.0)  # legs need a step to come to rest
        place = robot.body_pose()
        robot.sleep(0.3)
        assert robot.body_pose().distance_m(place) < 0.01
        assert command.poll().state is CommandState.CANCELLED


def a_new_command_cancels_the_old_of_its_part(make: MakeRobot) -> None:
    with make() as robot:
        first = walk_ahead(robot, 1.0)
        arm = robot.move_arm("ready", max_joint_speed_radps=1.0)
        robot.sleep(0.2)
        second = robot.walk_to(robot.body_pose(), max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        assert first.poll().state is CommandState.CANCELLED
        assert arm.poll().state is CommandState.RUNNING
        assert finish(robot, second) is CommandState.DONE


def stop_stops_everything_at_any_time(make: MakeRobot) -> None:
    robot = make()
    robot.stop()
    with robot:
        robot.stop()
        walk = walk_ahead(robot, 1.0)
        arm = robot.move_arm("ready", max_joint_speed_radps=1.0)
        robot.sleep(0.2)
        robot.stop()
        robot.stop()
        assert walk.poll().state is CommandState.CANCELLED
        assert arm.poll().state is CommandState.CANCELLED


def an_error_inside_stops_the_robot(make: MakeRobot) -> None:
    commands: list[Command] = []
    try:
        with make() as robot:
            commands.append(walk_ahead(robot, 1.0))
            robot.sleep(0.2)
            raise KeyError("in the middle")
    except KeyError:
        pass
    assert commands[0].poll().state is CommandState.CANCELLED
