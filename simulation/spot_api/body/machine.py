"""The machine behind the services: motor power, posture, behaviour faults, and the effect of the e-stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from bosdyn.api import estop_pb2, robot_state_pb2

from behaviours.robot import Command, CommandState, Outcome
from perception.geometry import Pose
from simulation.spot_api.body.frames import level
from simulation.spot_api.body.laws import glide, joint_path
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World

STAND_HEIGHT_M = 0.52
SIT_HEIGHT_M = 0.20
"""Heights of the body's origin above the floor."""
POWER_ON_S, SIT_S, STAND_S, FALL_S = 0.6, 1.2, 1.2, 0.4
"""Durations of switching the motors on, sitting down, standing up and collapsing."""
LIMP_TORQUE_NM = 0.05
"""Torque of the jaws without motor power."""
POWER = robot_state_pb2.PowerState
OFF, POWERING_ON, ON = POWER.STATE_OFF, POWER.STATE_POWERING_ON, POWER.STATE_ON
CAUSES = robot_state_pb2.BehaviorFault
FALL, HARDWARE, LEASE_TIMEOUT = CAUSES.CAUSE_FALL, CAUSES.CAUSE_HARDWARE, CAUSES.CAUSE_LEASE_TIMEOUT
COMMAND_FAILURE = CAUSES.CAUSE_COMMAND_FAILURE


@dataclass(frozen=True)
class Fault:
    """A behaviour fault. onset_s: robot clock."""

    number: int
    cause: int
    clearable: bool
    onset_s: float


class Machine:
    """State of the simulated machine. `step` runs on the physics thread.

    estop_level: the most severe e-stop level now. on_cut: called with the reason when the robot must end all commands.
    down: it lies after a fall.
    """

    def __init__(self, world: World, estop_level: Callable[[], int], on_cut: Callable[[str], None]) -> None:
        self._world, self._estop_level, self._on_cut = world, estop_level, on_cut
        self._lock = threading.RLock()
        self._motors = OFF
        self._on_at_s = 0.0
        self._faults: dict[int, Fault] = {}
        self._fault_count = 0
        self._settling_since_s: float | None = None
        self.docked = self.down = False
        world.on_step.append(self.step)

    def sit_down(self, robot: Steerable) -> None:
        """Sit down, the posture at the start. Runs on the physics thread."""
        to_height(robot, SIT_HEIGHT_M, FALL_S)

    def warm_up(self, robot: Steerable) -> None:
        """Use every function that a client may ask for once, so that its kernels are compiled before clients connect.

        Runs on the physics thread.
        """
        robot.capture("hand")
        robot.look(robot.hand_pose())
        robot.set_gripper(robot.gripper().opening, max_torque_nm=1.0)
        arm = robot.arm_joints()
        robot.follow_arm(joint_path(arm, [(0.1, arm)]))

    # power

    @property
    def motors(self) -> int:
        with self._lock:
            return int(self._motors)

    def motors_on(self) -> bool:
        return bool(self.motors == ON)

    def power_on(self) -> None:
        """Switch the motors on, which takes POWER_ON_S. The caller checks whether it is allowed."""
        with self._lock:
            if self._motors == OFF:
                self._motors, self._on_at_s = POWERING_ON, self._world.clock.now() + POWER_ON_S

    def cut(self, reason: str = "motor power was cut") -> None:
        """Switch motor power off now: a standing robot collapses, and the gripper lets go."""
        with self._lock:
            was_on = self._motors != OFF
            self._motors, self._settling_since_s = OFF, None
        if was_on:
            self._on_cut(reason)
            self._world.call(self._collapse)

    def _collapse(self, robot: Steerable) -> None:
        robot.stop()
        robot.set_gripper(robot.gripper().opening, max_torque_nm=LIMP_TORQUE_NM)
        to_height(robot, SIT_HEIGHT_M, FALL_S)

    def settle_then_cut(self, reason: str) -> None:
        """Sit down, then switch the motors off."""
        with self._lock:
            if self._motors != ON or self._settling_since_s is not None:
                return
            self._settling_since_s = self._world.clock.now()
        self._on_cut(reason)
        self._world.call(self._settle)

    def _settle(self, robot: Steerable) -> None:
        robot.stop()
        sit(robot)

    @property
    def settling(self) -> bool:
        with self._lock:
            return self._settling_since_s is not None

    # faults

    def add_fault(self, cause: int, *, clearable: bool = True) -> int:
        """Add a behaviour fault, which blocks commands until it is cleared. Returns its number."""
        with self._lock:
            self._fault_count += 1
            self._faults[self._fault_count] = Fault(self._fault_count, cause, clearable, self._world.clock.now())
            number = self._fault_count
        self._on_cut("a behaviour fault")
        self._world.call(lambda robot: robot.stop())
        return number

    def faults(self) -> list[Fault]:
        with self._lock:
            return list(self._faults.values())

    def clear_fault(self, number: int) -> bool:
        """Clear a behaviour fault. Returns False if it cannot be cleared."""
        with self._lock:
            fault = self._faults.get(number)
            if fault is not None and fault.clearable:
                del self._faults[number]
            return number not in self._faults

    # posture

    def posture(self) -> str:
        """ "sitting", "standing" or "between"."""
        height = float(self._world.snapshot.body.position_m[2]) - self._world.snapshot.floor_m
        if height < SIT_HEIGHT_M + 0.03:
            return "sitting"
        return "standing" if height > STAND_HEIGHT_M - 0.15 else "between"

    def lease_lost(self) -> None:
        """The lease has timed out: sit down and switch the motors off."""
        if self.motors_on():
            self.add_fault(LEASE_TIMEOUT)
            self.settle_then_cut("the lease timed out")

    def step(self, robot: Steerable) -> None:
        """Called once per step, on the physics thread."""
        if robot.fallen and not self.down:
            self.add_fault(FALL)
        self.down = robot.fallen
        level = self._estop_level()
        now = self._world.clock.now()
        with self._lock:
            if self._motors == POWERING_ON and now >= self._on_at_s:
                self._motors = ON
            motors, since = self._motors, self._settling_since_s
        if motors == OFF:
            return
        if level == estop_pb2.ESTOP_LEVEL_CUT:
            self.cut("the e-stop has cut motor power")
        elif since is not None and now > since + SIT_S + 0.3:
            self.cut("motors off after sitting down")
        elif level == estop_pb2.ESTOP_LEVEL_SETTLE_THEN_CUT:
            self.settle_then_cut("the e-stop stops the robot")


def to_height(robot: Steerable, height_m: float, time_s: float) -> Command:
    """Move the body to a height above the floor, level, at the same place and heading."""
    body = robot.body_pose()
    return robot.follow_base(glide(body, [(time_s, level(body, robot.floor_m + height_m))]))


def sit(robot: Steerable) -> Command:
    """Sit down at the same place."""
    return to_height(robot, SIT_HEIGHT_M, SIT_S)


def stand_up(robot: Steerable) -> Command | Outcome:
    """Stand up at the same place; done if the robot is upright already."""
    if upright(robot.body_pose(), robot.floor_m):
        return Outcome(CommandState.DONE)
    return to_height(robot, STAND_HEIGHT_M, STAND_S)


def standing(body: Pose, floor_m: float) -> Pose:
    """world_from_body of standing level at the usual height, at the same place and heading."""
    return level(body, floor_m + STAND_HEIGHT_M)


def sits(body: Pose, floor_m: float) -> bool:
    """Whether the body is so low that it must stand up first."""
    return bool(body.position_m[2] - floor_m < SIT_HEIGHT_M + 0.1)


def upright(body: Pose, floor_m: float) -> bool:
    """Whether the body is high and level enough to walk."""
    roll, pitch, _ = np.abs(body.rpy_rad)
    return bool(abs(body.position_m[2] - floor_m - STAND_HEIGHT_M) < 0.02 and roll < 0.03 and pitch < 0.03)
