"""Leaves that open and close the gripper, and that check whether it holds something or somebody pulls at it."""

from __future__ import annotations

from py_trees.common import Status

from behaviours.leaves.base import MotionLeaf, RobotLeaf
from behaviours.limits import MOST, SHARE, WAIT, up_to
from behaviours.robot import Command, GripperState
from trees.data.ports import input_port

GRIPPER = frozenset({"gripper"})
MAX_TORQUE = input_port(
    "max_torque_nm", float, unit="N·m", bounds=up_to(MOST.jaw_torque_nm), text="limit of the jaw joint's torque"
)


class OpenGripper(MotionLeaf):
    """Open the jaws."""

    ACTUATORS = GRIPPER
    PORTS = (input_port("opening", float, default=1.0, bounds=SHARE, text="0 closed .. 1 fully open"), MAX_TORQUE)

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
    """SUCCESS once the gripper has held something for `hold_s`; FAILURE once it has not held for `forgive_s`.

    The break is forgiven because an object that slips a little moves the jaws, and moving jaws do not count as holding.
    """

    KIND = "Condition"
    PORTS = (
        input_port("hold_s", float, unit="s", default=2.0, bounds=WAIT, text="how long it must hold"),
        input_port("forgive_s", float, unit="s", default=0.2, bounds=WAIT, text="a break so long is forgiven"),
    )

    def initialise(self) -> None:
        self._since_s = self._held_at_s = self.robot.now()

    def update(self) -> Status:
        state, now_s = self.robot.gripper(), self.robot.now()
        if state.holding:
            self._held_at_s = now_s
        held_s = now_s - self._since_s
        if now_s - self._held_at_s > self.get("forgive_s") - 1e-9 and not state.holding:
            return self.fail(f"lost the object after {held_s:.1f} s (jaws at {state.opening:.0%})")
        if held_s >= self.get("hold_s") and state.holding:
            return self.succeed(f"held {held_s:.1f} s at {state.opening:.0%} open")
        return self.run_on(f"holding for {held_s:.1f} s")


class AwaitPull(RobotLeaf):
    """SUCCESS once somebody pulls at the held object: opening or torque of the jaws change. FAILURE after `wait_s`.

    An object that is pulled turns or slips, so the jaws move, their torque changes, or they hold nothing any more. Jaws
    also settle slowly around an object, so a change counts only within `within_s`, and holding nothing only after
    `forgive_s`.
    """

    KIND = "Condition"
    PORTS = (
        input_port("wait_s", float, unit="s", default=15.0, bounds=WAIT, text="how long to wait"),
        input_port(
            "opening_change", float, default=0.03, bounds=up_to(1.0), text="of the jaws, 0..1, that counts as a pull"
        ),
        input_port(
            "torque_change_nm",
            float,
            unit="N·m",
            default=0.8,
            bounds=up_to(MOST.jaw_torque_nm),
            text="of the jaws that counts as a pull",
        ),
        input_port(
            "within_s", float, unit="s", default=2.0, bounds=up_to(WAIT.maximum), text="a slower change is no pull"
        ),
        input_port(
            "forgive_s", float, unit="s", default=0.2, bounds=WAIT, text="holding nothing for so long is no pull"
        ),
    )

    def initialise(self) -> None:
        self._since_s = self._held_at_s = self.robot.now()
        self._before: list[tuple[float, GripperState]] = []

    def update(self) -> Status:
        state, now_s = self.robot.gripper(), self.robot.now()
        if state.holding:
            self._held_at_s = now_s
        elif not self._before:
            return self.fail("there is nothing in the jaws")
        oldest_s = now_s - self.get("within_s") - 1e-9
        self._before = [(then_s, then) for then_s, then in self._before if then_s >= oldest_s] + [(now_s, state)]
        waited_s = now_s - self._since_s
        opening = max(abs(state.opening - then.opening) for _, then in self._before)
        torque_nm = max(abs(state.torque_nm - then.torque_nm) for _, then in self._before)
        lost = not state.holding and now_s - self._held_at_s > self.get("forgive_s") - 1e-9
        if lost or opening >= self.get("opening_change") or torque_nm >= self.get("torque_change_nm"):
            return self.succeed(f"pulled after {waited_s:.1f} s: jaws by {opening:.0%}, torque by {torque_nm:.1f} N·m")
        if waited_s >= self.get("wait_s"):
            return self.fail(f"nobody pulled for {waited_s:.0f} s")
        return self.run_on(f"waiting for {waited_s:.1f} s")
