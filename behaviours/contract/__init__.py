"""The contract that every robot keeps, as plain functions; `CONTRACT` lists them.

Each takes a function that makes a fresh robot, not yet entered. It raises AssertionError where the robot breaks the
rule, and CannotJudge where the robot lacks what is needed to tell.
"""

from __future__ import annotations

from collections.abc import Callable

from behaviours.contract import gripping, moving, seeing, stopping
from behaviours.contract.common import CannotJudge, MakeRobot

CONTRACT: tuple[Callable[[MakeRobot], None], ...] = (
    seeing.the_clock_moves_with_sleep,
    seeing.frames_are_whole,
    seeing.an_unknown_camera_is_refused,
    seeing.its_model_describes_it,
    moving.it_walks_to_a_pose,
    moving.it_keeps_the_walking_speed,
    moving.the_body_lowers_and_pitches_until_it_walks,
    moving.getting_up_leaves_a_standing_robot_as_it_is,
    moving.the_hand_goes_where_it_is_sent,
    moving.the_hand_turns_as_it_is_sent,
    seeing.the_hand_camera_looks_where_the_hand_points,
    moving.out_of_reach_fails_with_a_reason,
    gripping.the_gripper_opens_and_closes_within_its_torque,
    gripping.it_holds_what_is_between_its_jaws,
    gripping.its_own_pick_can_be_stopped,
    stopping.nonsense_is_refused_and_changes_nothing,
    stopping.cancel_stops_and_is_final,
    stopping.a_new_command_cancels_the_old_of_its_part,
    stopping.stop_stops_everything_at_any_time,
    stopping.an_error_inside_stops_the_robot,
)

__all__ = ["CONTRACT", "CannotJudge", "MakeRobot"]
