"""The docking service: the dock is behind the robot's start; docking is walking there and sitting down on it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from bosdyn.api.docking import docking_pb2

from behaviours.robot import Command, CommandState, Outcome
from perception.geometry import Pose
from simulation.spot_api.body.lease import Leases
from simulation.spot_api.body.machine import Machine, sit, stand_up, standing
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.commands.activity import Activity, Order, Start
from simulation.spot_api.commands.command import Commander
from simulation.spot_api.rpc.clock import seconds_of
from simulation.spot_api.rpc.serve import Call

DOCK_ID = 520
AHEAD_M = 0.7
"""Distance from the dock to the pose in front of it, which undocking walks to."""
SPEED_MPS, TURN_RADPS = 0.5, 0.8
ANSWER, FEEDBACK, STATE = (
    docking_pb2.DockingCommandResponse,
    docking_pb2.DockingCommandFeedbackResponse,
    docking_pb2.DockState,
)


class DockingWalk(Activity):
    """Walks to or off the dock. done_status: status of the feedback after arrival."""

    part = "body"

    def __init__(self, order: Order, steps: list[Start], done_status: int, end_s: float) -> None:
        super().__init__(order, steps, end_s)
        self.done_status = done_status

    def fill(self, feedback: Any) -> None:
        """Not used: the docking service has its own feedback."""


class Docking:
    """DockingService with one dock."""

    def __init__(self, world: World, machine: Machine, leases: Leases, commander: Commander, order: Order) -> None:
        self._world, self._machine, self._leases = world, machine, leases
        self._commander, self._order = commander, order
        self._lock = threading.Lock()
        self._walks: dict[int, DockingWalk] = {}
        start = standing(world.snapshot.body, world.snapshot.floor_m)
        self._dock = start @ Pose(np.eye(3), np.array([-AHEAD_M, 0.0, 0.0]))

    def docking_command(self, request: Any, response: Any, call: Call) -> None:
        if not self._leases.use(request.lease, "body", response.lease_use_result):
            response.status = ANSWER.STATUS_ERROR_LEASE
            return
        undock = request.prep_pose_behavior == docking_pb2.PREP_POSE_UNDOCK
        if not self._machine.motors_on():
            response.status = ANSWER.STATUS_ERROR_SYSTEM
        elif not undock and request.docking_station_id != DOCK_ID:
            response.status = ANSWER.STATUS_ERROR_DOCK_NOT_FOUND
        elif undock and not self._machine.docked:
            response.status = ANSWER.STATUS_ERROR_NOT_DOCKED
        elif not undock and self._commander.carrying()[1]:
            response.status = ANSWER.STATUS_ERROR_GRIPPER_HOLDING_ITEM
        else:
            walk = self._walk(request.prep_pose_behavior, seconds_of(request.end_time) or np.inf)
            self._machine.docked = False
            self._commander.footing.leave()
            number = self._commander.run({"base": walk, "arm": walk, "gripper": walk})
            with self._lock:
                self._walks[number] = walk
            response.docking_command_id, response.status = number, ANSWER.STATUS_OK

    def _walk(self, behaviour: int, end_s: float) -> DockingWalk:
        ahead = self._dock @ Pose(np.eye(3), np.array([AHEAD_M, 0.0, 0.0]))

        def to(goal: Pose) -> Start:
            return lambda robot: robot.walk_to(goal, max_speed_mps=SPEED_MPS, max_yaw_rate_radps=TURN_RADPS)

        def docked(robot: Steerable) -> Outcome:
            self._machine.docked = True
            return Outcome(CommandState.DONE)

        def stow(robot: Steerable) -> Command:
            return robot.move_arm("stow", max_joint_speed_radps=2.0)

        if behaviour == docking_pb2.PREP_POSE_UNDOCK:
            return DockingWalk(self._order, [stand_up, to(ahead)], FEEDBACK.STATUS_AT_PREP_POSE, end_s)
        if behaviour == docking_pb2.PREP_POSE_ONLY_POSE:
            return DockingWalk(self._order, [stow, stand_up, to(ahead)], FEEDBACK.STATUS_AT_PREP_POSE, end_s)
        steps: list[Start] = [stow, stand_up, to(ahead), to(self._dock), sit, docked]
        if behaviour == docking_pb2.PREP_POSE_SKIP_POSE:
            del steps[2]
        return DockingWalk(self._order, steps, FEEDBACK.STATUS_DOCKED, end_s)

    def docking_command_feedback(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            walk = self._walks.get(request.docking_command_id)
        if request.HasField("update_docking_params") and walk is not None:
            walk.end_s = seconds_of(request.update_docking_params.end_time) or walk.end_s
        response.lease_use_result.status = 1
        if walk is None:
            response.status = FEEDBACK.STATUS_OLD_DOCKING_COMMAND
        elif walk.running:
            response.status = FEEDBACK.STATUS_IN_PROGRESS
        elif walk.outcome.state is CommandState.DONE:
            response.status = walk.done_status
        elif "end_time" in walk.outcome.reason:
            response.status = FEEDBACK.STATUS_ERROR_COMMAND_TIMED_OUT
        else:
            overridden = walk.outcome.state is CommandState.CANCELLED
            response.status = FEEDBACK.STATUS_OLD_DOCKING_COMMAND if overridden else FEEDBACK.STATUS_ERROR_STUCK

    def get_docking_config(self, request: Any, response: Any, call: Call) -> None:
        response.dock_configs.add(id_start=DOCK_ID, id_end=DOCK_ID, type=docking_pb2.DOCK_TYPE_SPOT_DOCK)

    def get_docking_state(self, request: Any, response: Any, call: Call) -> None:
        state = response.dock_state
        state.status = STATE.DOCK_STATUS_DOCKED if self._machine.docked else STATE.DOCK_STATUS_UNDOCKED
        state.dock_type, state.dock_id = docking_pb2.DOCK_TYPE_SPOT_DOCK, DOCK_ID if self._machine.docked else 0
        connected = self._machine.docked
        state.power_status = STATE.LINK_STATUS_CONNECTED if connected else STATE.LINK_STATUS_DETECTING
