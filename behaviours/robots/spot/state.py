"""One robot state, read: poses, joints, gripper; and what in it forbids to command the robot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from behaviours.robot import GripperState
from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.frames import BODY, HAND, WORLD, transform
from perception.base.errors import RobotError
from perception.geometry import Pose, Vector

JAW_JOINT: Final = "arm0.f1x"
WHAT_TO_DO: Final = {
    "CAUSE_FALL": "put the robot upright, or let it get up by itself with --self-right",
    "CAUSE_HARDWARE": "look at the robot's admin console; the robot needs service",
    "CAUSE_LEASE_TIMEOUT": "a program that held the lease has gone silent; clear it",
    "CAUSE_COMMAND_FAILURE": "the robot could not carry out a command; look at it, then clear it",
}
CLEAR = "start with --clear-faults once the robot stands safe"


@dataclass(frozen=True)
class RobotView:
    """A bosdyn.api.RobotState with its meaning. All poses are of the moment of the state, in the vision frame."""

    state: Any

    def _pose(self, frame: str) -> Pose:
        return transform(self.state.kinematic_state.transforms_snapshot, WORLD, frame)

    def body(self) -> Pose:
        """world_from_body."""
        return self._pose(BODY)

    def hand(self) -> Pose:
        """world_from_hand."""
        return self._pose(HAND)

    def _joint(self, name: str) -> Any:
        for joint in self.state.kinematic_state.joint_states:
            if joint.name == name:
                return joint
        raise RobotError(f"the robot's state has no joint {name!r}; has it an arm?")

    def arm_joints(self) -> Vector:
        """(6,) radians, in the order of `spot_arm.JOINTS`."""
        return np.array([self._joint(f"arm0.{joint.name}").position.value for joint in spot_arm.JOINTS])

    def joints(self) -> dict[str, float]:
        """Every joint of the state, radians, by its name without the part: `sh0`, `fl_hx`."""
        names = self.state.kinematic_state.joint_states
        return {joint.name.removeprefix("arm0.").replace(".", "_"): joint.position.value for joint in names}

    def lacks(self) -> str | None:
        """What this program needs and the robot has not, in words; None if all is there."""
        if not self.state.HasField("manipulator_state"):
            return "no arm; this program needs one"
        names = {joint.name for joint in self.state.kinematic_state.joint_states}
        missing = [joint.name for joint in spot_arm.JOINTS if f"arm0.{joint.name}" not in names]
        if missing:
            return f"an arm without the joints {', '.join(missing)}; this program needs all of them"
        if JAW_JOINT not in names:
            return "no gripper on its arm; this program needs one"
        return None

    def gripper(self) -> GripperState:
        """Opening and holding as the robot estimates them; the torque is the load of the claw's joint."""
        arm = self.state.manipulator_state
        opening = float(np.clip(arm.gripper_open_percentage / 100.0, 0.0, 1.0))
        return GripperState(opening, abs(float(self._joint(JAW_JOINT).load.value)), bool(arm.is_gripper_holding_item))

    @property
    def motors_on(self) -> bool:
        from bosdyn.api import robot_state_pb2

        return bool(self.state.power_state.motor_power_state == robot_state_pb2.PowerState.STATE_ON)

    @property
    def powering(self) -> bool:
        """The motors are neither on nor off yet."""
        from bosdyn.api import robot_state_pb2

        kinds = robot_state_pb2.PowerState
        return self.state.power_state.motor_power_state in (kinds.STATE_POWERING_ON, kinds.STATE_POWERING_OFF)

    @property
    def standing(self) -> bool:
        from bosdyn.api import robot_state_pb2

        kinds = robot_state_pb2.BehaviorState
        return self.state.behavior_state.state in (kinds.STATE_STANDING, kinds.STATE_STEPPING)

    def stops_pressed(self) -> list[str]:
        """Name and words of every e-stop that is not released, hardware and software."""
        from bosdyn.api import robot_state_pb2

        kinds = robot_state_pb2.EStopState
        return [
            f"{stop.name or 'e-stop'}{f' ({stop.state_description})' if stop.state_description else ''}"
            for stop in self.state.estop_states
            if stop.state == kinds.STATE_ESTOPPED
        ]

    def faults(self) -> list[Any]:
        """The behaviour faults; while there is one, the robot takes no command."""
        return list(self.state.behavior_fault_state.faults)

    def falls(self) -> list[Any]:
        """Those of its faults that tell of a fall and can be cleared."""
        from bosdyn.api import robot_state_pb2

        kinds = robot_state_pb2.BehaviorFault
        fall = kinds.CAUSE_FALL, kinds.STATUS_CLEARABLE
        return [fault for fault in self.faults() if (fault.cause, fault.status) == fall]

    def system_faults(self) -> list[str]:
        """Hardware and software faults and those of services, in the robot's words."""
        faults = [f"{fault.name}: {fault.error_message}".strip(": ") for fault in self.state.system_fault_state.faults]
        faults += [
            f"{fault.fault_id.fault_name}: {fault.error_message}".strip(": ")
            for fault in self.state.service_fault_state.faults
        ]
        return faults

    def battery_percent(self) -> float | None:
        """Charge 0..100, None if the robot does not say."""
        power = self.state.power_state
        if power.HasField("locomotion_charge_percentage"):
            return float(power.locomotion_charge_percentage.value)
        return None


def fault_words(fault: Any) -> str:
    """What a behaviour fault is and what to do about it."""
    from bosdyn.api import robot_state_pb2

    kinds = robot_state_pb2.BehaviorFault
    value = kinds.DESCRIPTOR.fields_by_name["cause"].enum_type.values_by_number.get(fault.cause)
    cause = value.name if value is not None else f"cause {fault.cause}"
    clearable = fault.status == kinds.STATUS_CLEARABLE
    advice = WHAT_TO_DO.get(cause, "look at the robot's admin console")
    return f"behaviour fault {cause}: {advice}" + (f"; {CLEAR}" if clearable else "; it cannot be cleared from here")
