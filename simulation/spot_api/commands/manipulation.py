"""The manipulation service: walk to, or pick up, the object at a pixel, on a ray or at a point, in physics."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from bosdyn.api import manipulation_api_pb2 as api

from behaviours.robot import Command, CommandState, Outcome
from perception.geometry import Pose, Vector, unit, wrapped_rad
from simulation.spot_api.body.frames import fill_tree, world_from
from simulation.spot_api.body.lease import Leases
from simulation.spot_api.body.looking import end_of_ray, ray_in_image
from simulation.spot_api.body.machine import Machine, stand_up
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.commands.activity import Activity, Order, Start
from simulation.spot_api.commands.command import Commander
from simulation.spot_api.commands.grasp_plan import Plan, allowed, plan_grasp
from simulation.spot_api.commands.gripper import DEFAULT_TORQUE_NM
from simulation.spot_api.rpc.serve import Call, InvalidRequestError

OFFSET_M, PICK_FROM_M = 1.0, 0.85
"""Distance from body to object: without an offset_distance from the client, and for a grasp."""
NEAR_M = 0.1
"""A body at most this much further away than asked does not walk."""
UNDER_M = 0.1
"""An object horizontally this near to the body's middle cannot be walked to."""
WALK_SPEED_MPS, ARM_SPEED_RADPS, HAND_SPEED_MPS, GRASP_SPEED_MPS = 0.6, 2.0, 0.5, 0.25
LIFT_M = 0.06
REMEMBERED = 200
FAILED = CommandState.FAILED
DONE = Outcome(CommandState.DONE)
Target = Callable[[Steerable], Vector | None]


class Handling(Activity):
    """A manipulation in steps. state: of its feedback."""

    part = "body"

    def __init__(self, order: Order) -> None:
        super().__init__(order, [])
        self.state = int(api.MANIP_STATE_ATTEMPTING_RAYCASTING)
        self.reason = ""
        self.place_m: Vector = np.zeros(3)
        self._failure = int(api.MANIP_STATE_GRASP_FAILED)

    def then(self, state: int, start: Start, failure: int = int(api.MANIP_STATE_GRASP_FAILED)) -> None:
        """Add a step. state: of the feedback while it runs. failure: if it fails."""

        def begin(robot: Steerable) -> Command | Outcome:
            self.state, self._failure = int(state), failure
            return start(robot)

        self._steps.append(begin)

    def update(self, robot: Steerable) -> None:
        super().update(robot)
        if self.outcome.state in (FAILED, CommandState.CANCELLED) and self.state not in FINAL:
            self.state, self.reason = int(self._failure), self.outcome.reason

    def fill(self, feedback: Any) -> None:
        """Not used: the manipulation service has its own feedback."""


FINAL = (
    api.MANIP_STATE_DONE,
    api.MANIP_STATE_GRASP_SUCCEEDED,
    api.MANIP_STATE_GRASP_FAILED,
    api.MANIP_STATE_GRASP_PLANNING_NO_SOLUTION,
    api.MANIP_STATE_GRASP_FAILED_TO_RAYCAST_INTO_MAP,
)


class Manipulation:
    """ManipulationApiService. hindered: why a part cannot move now, or "" (fault injection)."""

    def __init__(
        self, world: World, machine: Machine, leases: Leases, commander: Commander, hindered: Callable[[str], str]
    ) -> None:
        self._world, self._machine, self._leases = world, machine, leases
        self._commander, self._hindered = commander, hindered
        self._lock = threading.Lock()
        self._handlings: OrderedDict[int, Handling] = OrderedDict()
        self._last = 0

    def manipulation_api(self, request: Any, response: Any, call: Call) -> None:
        if not self._leases.use(request.lease, "body", response.lease_use_result):
            return
        if not self._machine.motors_on() or self._machine.faults():
            raise InvalidRequestError("the motors are off, or there are behaviour faults")
        kind = request.WhichOneof("manipulation_cmd") or ""
        handling = Handling(Order(self._world, no_end_time, self._hindered))
        target = self._target(request, kind)
        if kind.startswith("walk_to"):
            details = getattr(request, kind)
            offset = details.offset_distance.value if details.HasField("offset_distance") else OFFSET_M
            _walk(handling, target, offset, always=True)
            handling.then(api.MANIP_STATE_DONE, lambda robot: DONE)
        else:
            parameters = getattr(request, kind).grasp_params
            mode = 0 if kind == "pick_object" else getattr(request, kind).walk_gaze_mode
            snapshot = self._world.snapshot
            try:
                allowed(snapshot.hand, parameters, snapshot)
            except ValueError as error:
                raise InvalidRequestError(f"allowable_orientation: {error}") from error
            if mode == api.PICK_PLAN_ONLY:
                raise InvalidRequestError("PICK_PLAN_ONLY is not simulated; let it walk and grasp")
            _pick(handling, target, parameters, walk=mode in (0, api.PICK_AUTO_WALK_AND_GAZE))
        self._commander.footing.leave()
        number = self._commander.run({"base": handling, "arm": handling, "gripper": handling})
        with self._lock:
            self._handlings[number] = handling
            self._last = number
            while len(self._handlings) > REMEMBERED:
                self._handlings.popitem(last=False)
        response.manipulation_cmd_id = number

    def _target(self, request: Any, kind: str) -> Target:
        """A function that finds the object when the manipulation begins. InvalidRequestError for an invalid target."""
        snapshot = self._world.snapshot
        if kind in ("walk_to_object_in_image", "pick_object_in_image"):
            details = getattr(request, kind)
            focal = details.camera_model.intrinsics.focal_length
            if not (focal.x > 0 and focal.y > 0):
                raise InvalidRequestError("the camera model has no focal length")
            ray = ray_in_image(details, snapshot)
            if ray is None:
                raise InvalidRequestError(f"no way from {details.frame_name_image_sensor!r} to vision in the snapshot")
            return lambda robot: end_of_ray(robot, *ray)
        if kind in ("walk_to_object_ray_in_world", "pick_object_ray_in_world"):
            details = getattr(request, kind)
            root = world_from(details.frame_name, snapshot)
            if root is None:
                raise InvalidRequestError(f"unknown frame {details.frame_name!r}")
            start, end = (
                root.transform((p.x, p.y, p.z)) for p in (details.ray_start_rt_frame, details.ray_end_rt_frame)
            )
            if not np.linalg.norm(end - start) > 0:
                raise InvalidRequestError("the ray ends where it starts")
            return lambda robot: end_of_ray(robot, start, end - start)
        if kind == "pick_object":
            root = world_from(request.pick_object.frame_name, snapshot)
            if root is None:
                raise InvalidRequestError(f"unknown frame {request.pick_object.frame_name!r}")
            place = request.pick_object.object_rt_frame
            point = root.transform((place.x, place.y, place.z))
            return lambda robot: point
        raise InvalidRequestError(f"{kind or 'an empty manipulation command'} is not simulated")

    def manipulation_api_feedback(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            number = request.manipulation_cmd_id or self._last
            handling = self._handlings.get(number)
        if handling is None:
            raise InvalidRequestError(f"no manipulation {number} is known")
        response.manipulation_cmd_id, response.current_state = number, handling.state
        snapshot = self._world.snapshot
        fill_tree(response.transforms_snapshot_manipulation_data, snapshot)

    def override_grasp(self, request: Any, response: Any, call: Call) -> None:
        if request.HasField("carry_state_override"):
            self._commander.carry_state = int(request.carry_state_override.override_request)
        if request.HasField("api_grasp_override"):
            override = request.api_grasp_override.override_request
            self._commander.holding = {1: True, 2: False}.get(override)


def no_end_time(part: Any) -> float:
    """The `Order.expiry` of activities without an end time."""
    raise InvalidRequestError("a manipulation has no end_time")


def _walk(handling: Handling, target: Target, offset_m: float, *, always: bool) -> None:
    """Add the steps: find the object, stand up, walk until the body faces it at a distance.

    always: walk also if the body is near enough.
    """
    missed = int(api.MANIP_STATE_GRASP_FAILED_TO_RAYCAST_INTO_MAP)

    def find(robot: Steerable) -> Outcome:
        place = target(robot)
        if place is None:
            return Outcome(FAILED, "the ray meets nothing")
        handling.place_m = place
        return DONE

    def walk(robot: Steerable) -> Command | Outcome:
        body = robot.body_pose()
        away = (handling.place_m - body.position_m)[:2]
        distance = float(np.linalg.norm(away))
        bearing = float(np.arctan2(away[1], away[0]))
        if distance < UNDER_M:
            return Outcome(FAILED, "the place is under the body")
        off = abs(wrapped_rad(bearing - body.yaw_rad))
        if not always and distance < offset_m + NEAR_M and off < 0.5:
            return DONE
        x, y = handling.place_m[:2] - unit(away) * offset_m
        goal = Pose.from_rpy((0.0, 0.0, bearing), (x, y, body.position_m[2]))
        return robot.walk_to(goal, max_speed_mps=WALK_SPEED_MPS, max_yaw_rate_radps=1.0)

    handling.then(api.MANIP_STATE_ATTEMPTING_RAYCASTING, find, missed)
    handling.then(api.MANIP_STATE_WALKING_TO_OBJECT, stand_up)
    handling.then(api.MANIP_STATE_WALKING_TO_OBJECT, walk)


def _pick(handling: Handling, target: Target, parameters: Any, *, walk: bool) -> None:
    """Add the steps: walk near if allowed, plan, reach, close, lift a little, and check whether an object is held."""
    _walk(handling, target, PICK_FROM_M if walk else np.inf, always=False)
    plans: list[Plan] = []

    def ready(robot: Steerable) -> Command:
        robot.set_gripper(1.0, max_torque_nm=DEFAULT_TORQUE_NM)
        return robot.move_arm("ready", max_joint_speed_radps=ARM_SPEED_RADPS)

    def plan(robot: Steerable) -> Outcome:
        result = plan_grasp(robot, handling.place_m, parameters)
        if isinstance(result, str):
            return Outcome(FAILED, result)
        plans.append(result)
        return DONE

    def lift(robot: Steerable) -> Command:
        hand = robot.hand_pose()
        goal = Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, LIFT_M]))
        return robot.move_hand(goal, max_speed_mps=GRASP_SPEED_MPS)

    def look(robot: Steerable) -> Outcome:
        held = robot.gripper().holding
        handling.state = int(api.MANIP_STATE_GRASP_SUCCEEDED if held else api.MANIP_STATE_GRASP_FAILED)
        return DONE if held else Outcome(FAILED, "nothing is held after the lift")

    none = int(api.MANIP_STATE_GRASP_PLANNING_NO_SOLUTION)
    handling.then(api.MANIP_STATE_SEARCHING_FOR_GRASP, ready)
    handling.then(api.MANIP_STATE_SEARCHING_FOR_GRASP, plan, none)
    moving = api.MANIP_STATE_MOVING_TO_GRASP
    handling.then(moving, lambda robot: robot.move_hand(plans[0].before, max_speed_mps=HAND_SPEED_MPS))
    handling.then(moving, lambda robot: robot.move_hand(plans[0].grasp, max_speed_mps=GRASP_SPEED_MPS))
    closing = api.MANIP_STATE_GRASPING_OBJECT
    handling.then(closing, lambda robot: robot.set_gripper(0.0, max_torque_nm=DEFAULT_TORQUE_NM))
    handling.then(closing, lift)
    handling.then(closing, look)
