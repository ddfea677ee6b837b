"""Rules of the contract: the gripper keeps its torque, and tells whether it holds something."""

from __future__ import annotations

from behaviours.contract.common import TICK_S, CannotJudge, MakeRobot, finish, ready
from behaviours.robot import CommandState


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
