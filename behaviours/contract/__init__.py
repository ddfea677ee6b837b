"""The contract that every robot keeps, as plain functions; `CONTRACT` lists them.

Each takes a function that makes a fresh robot, not yet entered. It raises AssertionError where the robot breaks the
rule, and CannotJudge where the robot lacks what is needed to tell.
"""

from __future__ import annotations

from collections.abc import Callable

from behaviours.contract.common import CannotJudge, MakeRobot
from behaviours.contract.gripping import (
    it_holds_what_is_between_its_jaws,
    its_own_pick_can_be_stopped,
    the_gripper_opens_and_closes_within_its_torque,
)
from behaviours.contract.moving import (
    it_keeps_the_walking_speed,
    it_walks_to_a_pose,
    out_of_reach_fails_with_a_reason,
    the_body_lowers_and_pitches_until_it_walks,
    the_hand_goes_where_it_is_sent,
    the_hand_turns_as_it_is_sent,
)
from behaviours.contract.seeing import (
    an_unknown_camera_is_refused,
    frames_are_whole,
    its_model_describes_it,
    the_clock_moves_with_sleep,
    the_hand_camera_looks_where_the_hand_points,
)
from behaviours.contract.stopping import (
    a_new_command_cancels_the_old_of_its_part,
    an_error_inside_stops_the_robot,
    cancel_stops_and_is_final,
    nonsense_is_refused_and_changes_nothing,
    stop_stops_everything_at_any_time,
)

CONTRACT: tuple[Callable[[MakeRobot], None], ...] = (
    the_clock_moves_with_sleep,
    frames_are_whole,
    an_unknown_camera_is_refused,
    its_model_describes_it,
    it_walks_to_a_pose,
    it_keeps_the_walking_speed,
    the_body_lowers_and_pitches_until_it_walks,
    the_hand_goes_where_it_is_sent,
    the_hand_turns_as_it_is_sent,
    the_hand_camera_looks_where_the_hand_points,
    out_of_reach_fails_with_a_reason,
    the_gripper_opens_and_closes_within_its_torque,
    it_holds_what_is_between_its_jaws,
    its_own_pick_can_be_stopped,
    nonsense_is_refused_and_changes_nothing,
    cancel_stops_and_is_final,
    a_new_command_cancels_the_old_of_its_part,
    stop_stops_everything_at_any_time,
    an_error_inside_stops_the_robot,
)

__all__ = ["CONTRACT", "CannotJudge", "MakeRobot"]
