"""The robot-command service: checks commands, runs their activities on the physics thread, and reports on them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from bosdyn.api import full_body_command_pb2, robot_command_pb2, robot_state_pb2

from behaviours.robot import CommandState, Outcome
from perception.geometry import Pose
from simulation.spot_api.body.lease import Leases
from simulation.spot_api.body.machine import Machine
from simulation.spot_api.body.state import fill_fault
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.commands.activity import ANSWER, STATUS, Activity, NotAcceptedError, Order
from simulation.spot_api.commands.arm import Cartesian, make_arm
from simulation.spot_api.commands.full_body import make_full_body
from simulation.spot_api.commands.gripper import make_gripper
from simulation.spot_api.commands.mobility import Footing, make_mobility
from simulation.spot_api.commands.settings import WalkSettings
from simulation.spot_api.rpc.clock import FARTHEST_S, seconds_of
from simulation.spot_api.rpc.serve import Call, InvalidRequestError

REMEMBERED = 1000
PARTS = ("base", "arm", "gripper")
SLOTS = (("mobility_command", "base"), ("arm_command", "arm"), ("gripper_command", "gripper"))


class Commander:
    """RobotCommandService.

    synchronised: whether a clock identifier belongs to a synchronised client. hindered: why a part cannot move now, or
    "" (fault injection). walk: settings of mobility commands.
    """

    def __init__(
        self,
        world: World,
        machine: Machine,
        leases: Leases,
        synchronised: Callable[[str], bool],
        hindered: Callable[[str], str],
        walk: WalkSettings,
    ) -> None:
        self._world, self._machine, self._leases = world, machine, leases
        self._synchronised, self._hindered, self._walk = synchronised, hindered, walk
        self._lock = threading.RLock()
        self._count = 0
        self._records: OrderedDict[int, dict[str, Activity]] = OrderedDict()
        self._slots: dict[str, Activity] = {}
        self.footing = Footing()
        self.carry_state = int(robot_state_pb2.ManipulatorState.CARRY_STATE_NOT_CARRIABLE)
        self.holding: bool | None = None
        world.on_step.append(self._update)

    # on the physics thread

    def _update(self, robot: Steerable) -> None:
        for activity in list(self._slots.values()):
            activity.update(robot)

    def _install(self, robot: Steerable, activities: dict[str, Activity]) -> None:
        for part, activity in activities.items():
            before = self._slots.get(part)
            if before is not None and before is not activity:
                if not activity.continues(before):
                    before.cancel(Outcome(CommandState.CANCELLED, "overridden"))
                before.override()
            self._slots[part] = activity
        for activity in dict.fromkeys(activities.values()):
            activity.update(robot)

    def run(self, activities: dict[str, Activity]) -> int:
        """Let activities take over their parts; returns the number of the command."""
        with self._lock:
            self._count += 1
            number = self._count
            self._records[number] = activities
            while len(self._records) > REMEMBERED:
                self._records.popitem(last=False)
        self._world.call(lambda robot: self._install(robot, activities))
        return number

    def end_all(self, reason: str) -> None:
        """End every command, as when motor power is cut."""

        def end(robot: Steerable) -> None:
            for activity in list(self._slots.values()):
                activity.cancel(Outcome(CommandState.CANCELLED, reason))
                activity.override()
            robot.stop()
            self.footing.leave()

        self._world.call(end)

    def carrying(self) -> tuple[int, bool]:
        """(carry state of ManipulatorState, whether the gripper holds an object), or what a client has set."""
        held = self._world.snapshot.gripper.holding
        return self.carry_state, held if self.holding is None else self.holding

    # the service

    def robot_command(self, request: Any, response: Any, call: Call) -> None:
        if not request.HasField("command") or request.command.WhichOneof("command") is None:
            raise InvalidRequestError("RobotCommand without a command")
        if not self._leases.use(request.lease, needed(request.command), response.lease_use_result):
            return
        try:
            response.robot_command_id = self._accept(request)
        except NotAcceptedError as refusal:
            response.status, response.message = refusal.status, str(refusal)
        except ValueError as error:  # of numbers that are valid alone, but not together
            response.status, response.message = ANSWER.STATUS_INVALID_REQUEST, str(error)
        else:
            response.status = ANSWER.STATUS_OK

    def _accept(self, request: Any) -> int:
        command = request.command
        clock = request.clock_identifier
        order = Order(self._world, lambda part: self._expiry(part, clock), self._hindered, self._walk)
        full = command.full_body_command.WhichOneof("command") if command.HasField("full_body_command") else ""
        self._ready(full)
        if full:
            activity = make_full_body(command.full_body_command, order, self._machine, self.footing)
            return self.run(dict.fromkeys(PARTS, activity))
        together = command.synchronized_command
        activities: dict[str, Activity] = {}
        goal: Pose | None = None
        if together.HasField("arm_command"):
            activities["arm"] = arm = make_arm(together.arm_command, order, self._may_stow)
            if isinstance(arm, Cartesian):
                goal, arm.follow = arm.goal, together.mobility_command.HasField("follow_arm_request")
        if together.HasField("mobility_command"):
            activities["base"] = make_mobility(together.mobility_command, order, self.footing, goal)
        if together.HasField("gripper_command"):
            self.holding = None
            activities["gripper"] = make_gripper(together.gripper_command, order)
        if not activities:
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a command without any part")
        return self.run(activities)

    def _may_stow(self) -> bool:
        state, held = self.carrying()
        return not held or state == robot_state_pb2.ManipulatorState.CARRY_STATE_CARRIABLE_AND_STOWABLE

    def _ready(self, full: str) -> None:
        faults = self._machine.faults()
        if full != "safe_power_off_request" and (not self._machine.motors_on() or self._machine.settling):
            raise NotAcceptedError(ANSWER.STATUS_NOT_POWERED_ON, "the motors are off")
        if full not in ("safe_power_off_request", "stop_request", "freeze_request", "selfright_request"):
            if faults:
                text = f"{len(faults)} behaviour fault(s); clear them first"
                raise NotAcceptedError(ANSWER.STATUS_BEHAVIOR_FAULT, text)
            if self._machine.down:
                raise NotAcceptedError(ANSWER.STATUS_BEHAVIOR_FAULT, "the robot has fallen; self-right it first")
        if self._machine.docked and full != "safe_power_off_request":
            raise NotAcceptedError(ANSWER.STATUS_DOCKED, "the robot is docked; undock it first")

    def _expiry(self, part: Any, identifier: str) -> float:
        """Robot seconds of a part's end_time. NotAcceptedError if it is missing, past or too far away."""
        if not part.HasField("end_time"):
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "the command needs an end_time")
        if not self._synchronised(identifier):
            raise NotAcceptedError(
                ANSWER.STATUS_NO_TIMESYNC, "the command has an end_time, but the client no time sync"
            )
        left = seconds_of(part.end_time) - self._world.clock.now()
        if left <= 0:
            raise NotAcceptedError(ANSWER.STATUS_EXPIRED, f"end_time was {-left:.3f} s ago on the robot's clock")
        if left > FARTHEST_S:
            far = f"end_time is {left:.0f} s away, at most {FARTHEST_S:.0f}"
            raise NotAcceptedError(ANSWER.STATUS_TOO_DISTANT, far)
        return seconds_of(part.end_time)

    def robot_command_feedback(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            number = request.robot_command_id or self._count
            activities = self._records.get(number)
        if activities is None:
            raise InvalidRequestError(f"no command {number} is known")
        fill_feedback(response.feedback, activities)

    def clear_behavior_fault(self, request: Any, response: Any, call: Call) -> None:
        if not self._leases.use(request.lease, "body", response.lease_use_result):
            return
        before = {fault.number: fault for fault in self._machine.faults()}
        fault = before.get(request.behavior_fault_id)
        cleared = self._machine.clear_fault(request.behavior_fault_id)
        statuses = robot_command_pb2.ClearBehaviorFaultResponse
        response.status = statuses.STATUS_CLEARED if cleared else statuses.STATUS_NOT_CLEARED
        if fault is not None:
            fill_fault(response.behavior_fault, fault)


def needed(command: Any) -> str:
    """The resource that a lease must cover for a command."""
    if command.HasField("full_body_command"):
        return "body"
    parts = {slot for slot, _ in SLOTS if command.synchronized_command.HasField(slot)}
    if parts == {"mobility_command"}:
        return "mobility"
    if parts == {"gripper_command"}:
        return "gripper"
    if parts == {"arm_command"}:
        return "arm"
    return "full-arm" if "mobility_command" not in parts else "body"


def fill_feedback(feedback: Any, activities: dict[str, Activity]) -> None:
    """Write a RobotCommandFeedback."""
    together = feedback.synchronized_feedback
    messages = {
        "base": together.mobility_command_feedback,
        "arm": together.arm_command_feedback,
        "gripper": together.gripper_command_feedback,
    }
    if len(activities) == len(PARTS) and len(set(map(id, activities.values()))) == 1:
        activity = activities["base"]
        full = full_body_command_pb2.FullBodyCommand.Feedback(status=activity.status)
        activity.fill(full)
        feedback.full_body_feedback.CopyFrom(full)
        return
    for part, activity in activities.items():
        messages[part].status = activity.status
        if activity.status in (STATUS.STATUS_PROCESSING, STATUS.STATUS_COMMAND_TIMED_OUT):
            activity.fill(messages[part])
