"""Rules of the contract: the gripper keeps its torque and tells whether it holds something; a pick of its own ends."""

from __future__ import annotations

from behaviours.contract.common import TICK_S, CannotJudge, MakeRobot, finish, ready
from behaviours.robot import Command, CommandState, PicksInImage, Robot, picking


def the_gripper_opens_and_closes_within_its_torque(make: MakeRobot) -> None:
    with make() as robot:
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=2.0)) is CommandState.DONE
        assert robot.gripper().opening > 0.9
        command = robot.set_gripper(0.0, max_torque_nm=1.5)
        while command.poll().state is CommandState.RUNNING:
            robot.sleep(TICK_S)
            state = robot.gripper()
            assert 0.0 <= state.opening <= 1.0
            assert state.torque_nm <= 1.5 + 1e-3
        assert robot.gripper().opening < 0.1
        assert not robot.gripper().holding


def it_holds_what_is_between_its_jaws(make: MakeRobot) -> None:
    """Judged on a robot with a method `put_between_jaws`, which puts something there; a simulated one can have it."""
    with make() as robot:
        put = getattr(robot, "put_between_jaws", None)
        if put is None:
            raise CannotJudge("nothing can be put between its jaws: it has no method put_between_jaws")
        ready(robot)
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=1.5)) is CommandState.DONE
        put()
        assert not robot.gripper().holding, "it says that it holds something with open jaws"
        assert finish(robot, robot.set_gripper(0.0, max_torque_nm=1.5)) is CommandState.DONE
        for _ in range(2):
            state = robot.gripper()
            assert state.holding, "it has closed on something and does not say that it holds it"
            assert state.opening > 0.02, "it has closed on something, and its jaws are as close as without"
            assert 0.0 < state.torque_nm <= 1.5 + 1e-3, f"it holds something with {state.torque_nm:g} N·m"
            robot.sleep(1.0)
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=1.5)) is CommandState.DONE
        assert not robot.gripper().holding, "it says that it holds something after it has let go"


def its_own_pick_can_be_stopped(make: MakeRobot) -> None:
    """Whatever the middle of its picture shows. A robot without a pick of its own keeps the rule."""
    with make() as robot:
        picks = picking(robot)
        if picks is None:
            return
        ready(robot)
        command = _pick_in_the_middle(picks, robot)
        command.cancel()
        command.cancel()
        assert command.poll().state is CommandState.CANCELLED
        robot.sleep(0.3)
        hand = robot.hand_pose()
        robot.sleep(0.3)
        assert robot.hand_pose().distance_m(hand) < 0.01, "the hand goes on after the pick was cancelled"
        assert command.poll().state is CommandState.CANCELLED
        command = _pick_in_the_middle(picks, robot)
        arm = robot.move_arm("ready", max_joint_speed_radps=1.0)
        assert command.poll().state is CommandState.CANCELLED, "a pick goes on although the arm has a new command"
        assert finish(robot, arm) is CommandState.DONE
        command = _pick_in_the_middle(picks, robot)
        held = finish(robot, command, limit_s=60.0) is CommandState.DONE
        assert held or command.poll().reason, "it failed without a reason"
        assert robot.gripper().holding or not held, "its pick is done, and it does not say that it holds something"


def _pick_in_the_middle(picks: PicksInImage, robot: Robot) -> Command:
    frame = robot.capture("hand")
    middle = frame.intrinsics.width // 2, frame.intrinsics.height // 2
    return picks.pick_in_image(frame, middle, approach="any", palm_to_fingertip=0.5, max_torque_nm=1.5)
