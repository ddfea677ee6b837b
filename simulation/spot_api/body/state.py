"""The robot-state service: power, battery, faults, e-stop, frames, joints, feet, gripper, and a few metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bosdyn.api import estop_pb2, robot_state_pb2

from behaviours.robots.spot import arm as spot_arm
from simulation.spot_api.body.frames import ODOM_FROM_VISION, fill_tree, vec3
from simulation.spot_api.body.machine import ON, Fault, Machine
from simulation.spot_api.body.world import Snapshot, World
from simulation.spot_api.rpc.clock import duration, timestamp
from simulation.spot_api.rpc.serve import Call

LEGS = ("fl", "fr", "hl", "hr")
LEG_JOINTS = tuple(f"{leg}.{joint}" for leg in LEGS for joint in ("hx", "hy", "kn"))
JAW_RANGE_RAD = np.pi / 2
STOWED_RAD = 0.25
FEET_M = ((0.3, 0.166), (0.3, -0.166), (-0.3, 0.166), (-0.3, -0.166))
BATTERY_PERCENT, BATTERY_RUNTIME_S = 87.0, 4500.0
MOVING_MPS = 0.05
STATE = robot_state_pb2


class State:
    """RobotStateService.

    estop: (stop level, description). carrying: (carry state, whether the gripper holds an object). fill_service_faults:
    writes a ServiceFaultState.
    """

    def __init__(
        self,
        world: World,
        machine: Machine,
        estop: Callable[[], tuple[int, str]],
        carrying: Callable[[], tuple[int, bool]],
        fill_service_faults: Callable[[Any], None],
    ) -> None:
        self._world, self._machine, self._estop, self._carrying = world, machine, estop, carrying
        self._fill_service_faults = fill_service_faults

    def get_robot_state(self, request: Any, response: Any, call: Call) -> None:
        snapshot, now = self._world.snapshot, timestamp(self._world.clock.now())
        state = response.robot_state
        power = state.power_state
        power.timestamp.CopyFrom(now)
        power.motor_power_state = self._machine.motors
        power.shore_power_state = STATE.PowerState.STATE_OFF_SHORE_POWER
        power.robot_power_state = STATE.PowerState.ROBOT_POWER_STATE_ON
        power.locomotion_charge_percentage.value = BATTERY_PERCENT
        power.locomotion_estimated_runtime.CopyFrom(duration(BATTERY_RUNTIME_S))
        battery = state.battery_states.add(identifier="simulated", status=STATE.BatteryState.STATUS_DISCHARGING)
        battery.timestamp.CopyFrom(now)
        battery.charge_percentage.value, battery.voltage.value, battery.current.value = BATTERY_PERCENT, 55.0, -6.0
        battery.estimated_runtime.CopyFrom(duration(BATTERY_RUNTIME_S))
        battery.temperatures.extend([30.0, 31.0])
        comms = state.comms_states.add()
        comms.timestamp.CopyFrom(now)
        comms.wifi_state.current_mode = STATE.WiFiState.MODE_ACCESS_POINT
        self._fill_estop(state, now)
        state.system_fault_state.SetInParent()
        self._fill_service_faults(state.service_fault_state)
        state.behavior_fault_state.SetInParent()
        for fault in self._machine.faults():
            fill_fault(state.behavior_fault_state.faults.add(), fault)
        self._fill_kinematics(state.kinematic_state, snapshot)
        for x, y in FEET_M:
            foot = state.foot_state.add(contact=STATE.FootState.CONTACT_MADE)
            foot.foot_position_rt_body.CopyFrom(vec3((x, y, snapshot.floor_m - float(snapshot.body.position_m[2]))))
        self._fill_arm(state.manipulator_state, snapshot)
        state.terrain_state.is_unsafe_to_sit = False
        moving = float(np.abs(snapshot.body_velocity[:2]).max()) > MOVING_MPS
        kinds = STATE.BehaviorState
        standing = kinds.STATE_STEPPING if moving else kinds.STATE_STANDING
        posture = self._machine.posture()
        between = kinds.STATE_TRANSITION if posture == "between" else kinds.STATE_NOT_READY
        state.behavior_state.state = standing if posture == "standing" else between

    def _fill_estop(self, state: Any, now: Any) -> None:
        level, words = self._estop()
        kinds = STATE.EStopState
        hard = state.estop_states.add(name="hardware_estop", type=kinds.TYPE_HARDWARE, state=kinds.STATE_NOT_ESTOPPED)
        soft = state.estop_states.add(name="software_estop", type=kinds.TYPE_SOFTWARE, state_description=words)
        released = level == estop_pb2.ESTOP_LEVEL_NONE
        soft.state = kinds.STATE_NOT_ESTOPPED if released else kinds.STATE_ESTOPPED
        for item in (hard, soft):
            item.timestamp.CopyFrom(now)

    def _fill_kinematics(self, kinematics: Any, snapshot: Snapshot) -> None:
        kinematics.acquisition_timestamp.CopyFrom(timestamp(self._world.clock.of_simulated(snapshot.simulated_s)))
        fill_tree(kinematics.transforms_snapshot, snapshot)
        names = [*LEG_JOINTS, *(f"arm0.{joint.name}" for joint in spot_arm.JOINTS), "arm0.f1x"]
        jaw = -snapshot.gripper.opening * JAW_RANGE_RAD
        loads = np.zeros(len(names))
        loads[-1] = snapshot.gripper.torque_nm
        positions = [*snapshot.legs, *snapshot.arm, jaw]
        rates = [*np.zeros(12), *snapshot.arm_rate, 0.0]
        for name, position, rate, load in zip(names, positions, rates, loads, strict=True):
            joint = kinematics.joint_states.add(name=name)
            joint.position.value, joint.velocity.value, joint.load.value = float(position), float(rate), float(load)
            joint.acceleration.value = 0.0
        fill_velocity(kinematics.velocity_of_body_in_vision, snapshot.body_velocity)
        fill_velocity(kinematics.velocity_of_body_in_odom, in_odom(snapshot.body_velocity))

    def _fill_arm(self, arm: Any, snapshot: Snapshot) -> None:
        arm.gripper_open_percentage = 100.0 * snapshot.gripper.opening
        arm.carry_state, arm.is_gripper_holding_item = self._carrying()
        stowed = float(np.abs(snapshot.arm - np.array(spot_arm.STOW)).max()) < STOWED_RAD
        kinds = STATE.ManipulatorState
        arm.stow_state = kinds.STOWSTATE_STOWED if stowed else kinds.STOWSTATE_DEPLOYED
        arm.estimated_end_effector_wrench_in_end_effector.SetInParent()
        fill_velocity(arm.velocity_of_hand_in_vision, snapshot.hand_velocity)
        fill_velocity(arm.velocity_of_hand_in_odom, in_odom(snapshot.hand_velocity))

    def get_robot_metrics(self, request: Any, response: Any, call: Call) -> None:
        response.robot_metrics.timestamp.CopyFrom(timestamp(self._world.clock.now()))
        uptime = response.robot_metrics.metrics.add(label="simulated time", units="s")
        uptime.float_value = self._world.snapshot.simulated_s
        on = response.robot_metrics.metrics.add(label="motors on")
        on.bool_value = self._machine.motors == ON

    def get_robot_hardware_configuration(self, request: Any, response: Any, call: Call) -> None:
        configuration = response.hardware_configuration
        links = ("body", *(f"{leg}.{part}" for leg in LEGS for part in ("hip", "uleg", "lleg")))
        for name in (*links, *(f"arm0.link_{joint.name}" for joint in spot_arm.JOINTS), "arm0.link_fngr"):
            configuration.skeleton.links.add(name=name)


def in_odom(velocity: Any) -> Any:
    """(6,) velocity, rotated from the vision to the odom frame."""
    turn = ODOM_FROM_VISION.rotation
    return np.concatenate([turn @ velocity[:3], turn @ velocity[3:]])


def fill_velocity(message: Any, velocity: Any) -> None:
    """Write an SE3Velocity of (6,) linear and angular velocity."""
    message.linear.CopyFrom(vec3(velocity[:3]))
    message.angular.CopyFrom(vec3(velocity[3:]))


def fill_fault(message: Any, fault: Fault) -> None:
    """Write a BehaviorFault."""
    kinds = STATE.BehaviorFault
    message.behavior_fault_id, message.cause = fault.number, fault.cause
    message.status = kinds.STATUS_CLEARABLE if fault.clearable else kinds.STATUS_UNCLEARABLE
    message.onset_timestamp.CopyFrom(timestamp(fault.onset_s))
