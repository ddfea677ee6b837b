"""Leaves that open and close the gripper and tell whether it holds something."""

from __future__ import annotations

from py_trees.common import Status

from behaviours.leaf import MotionLeaf, RobotLeaf
from behaviours.robot import Command
from trees.ports import input_port

GRIPPER = frozenset({"gripper"})
MAX_TORQUE = input_port("max_torque_nm", float, unit="N·m", text="limit of the jaw joint's torque")


class OpenGripper(MotionLeaf):
    """Open the jaws."""

    ACTUATORS = GRIPPER
    PORTS = (input_port("opening", float, default=1.0, text="0 closed .. 1 fully open"), MAX_TORQUE)

    def start(self) -> Command:
        return self.robot.set_gripper(self.get("opening"), max_torque_nm=self.get("max_torque_nm"))


class CloseGripper(MotionLeaf):
    """Close the jaws with a limited torque; FAILURE if they meet without holding anything."""

    ACTUATORS = GRIPPER
    PORTS = (MAX_TORQUE,)

    def start(self) -> Command:
        return self.robot.set_gripper(0.0, max_torque_nm=self.get("max_torque_nm"))

    def finished(self, message: str) -> Status:
        state = self.robot.gripper()
        if not state.holding:
            return self.fail(f"jaws met at {state.opening:.0%} (object missed)")
        return self.succeed(f"holding at {state.opening:.0%} open with {state.torque_nm:.1f} N·m")


class VerifyGrasp(RobotLeaf):
    """SUCCESS once the gripper has reported for a while, without a break, that it holds something."""

    KIND = "Condition"
    PORTS = (input_port("hold_s", float, unit="s", default=2.0, text="how long it must hold"),)

    def initialise(self) -> None:
        self._since_s = self.robot.now()

    def update(self) -> Status:
        state, held_s = self.robot.gripper(), self.robot.now() - self._since_s
        if not state.holding:
            return self.fail(f"lost the object after {held_s:.1f} s (jaws at {state.opening:.0%})")
        if held_s >= self.get("hold_s"):
            return self.succeed(f"held {held_s:.1f} s at {state.opening:.0%} open")
        return self.run_on(f"holding for {held_s:.1f} s")
