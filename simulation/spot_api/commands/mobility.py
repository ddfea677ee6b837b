"""Mobility commands: stand, sit, walk to, walk at a velocity, stance, stop, freeze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from bosdyn.api import basic_command_pb2
from bosdyn.api.spot import robot_command_pb2 as spot_command_pb2

from behaviours.robot import Command, CommandState
from perception.geometry import Pose, Vector
from simulation.spot_api.body.frames import ODOM_FROM_VISION, flat_of, from_proto, world_from
from simulation.spot_api.body.laws import cruise, glide
from simulation.spot_api.body.machine import STAND_HEIGHT_M, STAND_S, sit, sits, standing, to_height, upright
from simulation.spot_api.body.steering import Steerable, posture
from simulation.spot_api.commands.activity import ANSWER, Activity, NotAcceptedError, Order, Quiet, Start
from simulation.spot_api.commands.walk_limits import limits, speed_towards, velocity_of
from simulation.spot_api.rpc.clock import due

SE2, STAND, SIT, STANCE = (
    basic_command_pb2.SE2TrajectoryCommand.Feedback,
    basic_command_pb2.StandCommand.Feedback,
    basic_command_pb2.SitCommand.Feedback,
    basic_command_pb2.StanceCommand.Feedback,
)
SE2_FRAMES = ("vision", "odom", "body")


@dataclass
class Footing:
    """Place of the standing feet: world_from_body of a level body over them, None while walking."""

    pose: Pose | None = None

    def under(self, robot: Steerable) -> Pose:
        """The pose over the feet; a robot that has walked stands where it is."""
        if self.pose is None:
            self.pose = standing(robot.body_pose(), robot.floor_m)
        return self.pose

    def leave(self) -> None:
        """The robot walks, or falls."""
        self.pose = None


class Base(Activity):
    """A mobility command. write: writes its feedback."""

    part = "base"

    def __init__(
        self, order: Order, steps: list[Start], write: Callable[[Any, Activity], None], end_s: float | None = None
    ) -> None:
        super().__init__(order, steps, end_s)
        self._write = write

    def fill(self, feedback: Any) -> None:
        self._write(feedback, self)


class Walk(Base):
    """A walk. Sent again with a later end time, it continues without a pause. asked: its goals and limits."""

    asked: tuple[list[Pose], Vector]

    def continues(self, before: Activity) -> bool:
        if not (isinstance(before, Walk) and before.running and same(before.asked, self.asked)):
            return False
        self._command, self._steps = before._command, before._steps
        return True


def same(first: tuple[list[Pose], Vector], second: tuple[list[Pose], Vector]) -> bool:
    """Whether two walks have the same goals and limits."""
    goals = list(zip(first[0], second[0], strict=False))
    near = all(a.distance_m(b) < 1e-3 and a.angle_rad(b) < 1e-3 for a, b in goals)
    return near and len(first[0]) == len(second[0]) and bool(np.allclose(first[1], second[1]))


def make_mobility(request: Any, order: Order, footing: Footing, hand_goal: Pose | None = None) -> Activity:
    """The activity of a MobilityCommand.Request. NotAcceptedError if the robot refuses it.

    hand_goal: world_from_hand that the same command sends the arm to, for a body that follows the arm.
    """
    params = spot_command_pb2.MobilityParams()
    if request.HasField("params") and not request.params.Unpack(params):
        text = f"params are {request.params.type_url!r}, not MobilityParams"
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, text)
    kind = request.WhichOneof("command")
    match kind:
        case "stand_request":
            return _stand(params, order, footing)
        case "sit_request":
            return _sit(order, footing)
        case "se2_trajectory_request":
            return _walk(request.se2_trajectory_request, params, order, footing)
        case "se2_velocity_request":
            return _velocity(request.se2_velocity_request, params, order, footing)
        case "stance_request":
            return _stance(request.stance_request, order, footing)
        case "stop_request" | "freeze_request":
            return Quiet(order, "base", f"{kind.removesuffix('_request')}_feedback", [])
        case "follow_arm_request":
            steps: list[Start] = [lambda robot: _after_hand(robot, order, footing, hand_goal)]
            return Quiet(order, "base", "follow_arm_feedback", steps)
    raise NotAcceptedError(ANSWER.STATUS_UNSUPPORTED, f"mobility command {kind or 'nothing'} is not simulated")


def _stand_up(robot: Steerable, order: Order, footing: Footing) -> Command:
    body = robot.body_pose()
    time_s = STAND_S if sits(body, robot.floor_m) else order.walk.pose_s
    return robot.follow_base(glide(body, [(time_s, footing.under(robot))]))


def _to_walk(robot: Steerable, footing: Footing) -> Command:
    """Stand up if necessary, before a walk."""
    footing.leave()
    return to_height(robot, STAND_HEIGHT_M, 0.02 if upright(robot.body_pose(), robot.floor_m) else STAND_S)


def _after_hand(robot: Steerable, order: Order, footing: Footing, hand_goal: Pose | None) -> Command:
    """Walk to where the hand's goal is well within reach, with the same heading."""
    settings = order.walk
    body = standing(robot.body_pose(), robot.floor_m)
    if hand_goal is None:
        return _stand_up(robot, order, footing)
    ahead = body.inverse().transform(hand_goal.position_m)
    aside = ahead[1] - np.clip(ahead[1], *settings.follow_aside_m)
    offset = np.array([ahead[0] - np.clip(ahead[0], *settings.follow_ahead_m), aside, 0])
    if float(np.linalg.norm(offset)) < 0.01:
        return _stand_up(robot, order, footing)
    footing.leave()
    goal = Pose(body.rotation, body.transform(offset))
    return robot.walk_to(goal, max_speed_mps=settings.follow_speed_mps, max_yaw_rate_radps=0.5)


def _stand(params: Any, order: Order, footing: Footing) -> Activity:
    control, settings = params.body_control, order.walk
    kind = control.WhichOneof("param")
    absolute = kind == "body_pose"
    trajectory = control.body_pose.base_offset_rt_root if absolute else control.base_offset_rt_footprint
    frame, snapshot = control.body_pose.root_frame_name, order.world.snapshot
    body = snapshot.body
    start = world_from(frame, snapshot) if absolute else footing.pose or standing(body, snapshot.floor_m)
    if start is None:
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {frame!r} for the body")
    for _, point in due(trajectory, order.world.clock.now()):
        if (start @ from_proto(point.pose)).distance_m(body) > settings.body_reach_m:
            text = f"a body pose more than {settings.body_reach_m} m away"
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, text)

    def pose(robot: Steerable) -> Command:
        feet = footing.under(robot)
        root = world_from(frame, posture(robot)) if absolute else feet
        root = root or feet
        points: list[tuple[float, Pose]] = []
        for time_s, point in due(trajectory, order.world.clock.now()):
            after = points[-1][0] + 0.05 if points else settings.pose_s
            points.append((max(time_s, after), root @ from_proto(point.pose)))
        return robot.follow_base(glide(robot.body_pose(), points or [(settings.pose_s, feet)]))

    def stand(robot: Steerable) -> Command:
        return _stand_up(robot, order, footing)

    def write(feedback: Any, activity: Activity) -> None:
        up = activity.outcome.state is CommandState.DONE
        feedback.stand_feedback.status = STAND.STATUS_IS_STANDING if up else STAND.STATUS_IN_PROGRESS
        feedback.stand_feedback.standing_state = STAND.STANDING_CONTROLLED

    return Base(order, [stand, pose] if sits(body, snapshot.floor_m) else [pose], write)


def _sit(order: Order, footing: Footing) -> Activity:
    def begin(robot: Steerable) -> Command:
        footing.leave()
        return sit(robot)

    def write(feedback: Any, activity: Activity) -> None:
        down = activity.outcome.state is CommandState.DONE
        feedback.sit_feedback.status = SIT.STATUS_IS_SITTING if down else SIT.STATUS_IN_PROGRESS

    return Base(order, [begin], write)


def _walk(request: Any, params: Any, order: Order, footing: Footing) -> Activity:
    end_s = order.expiry(request)
    frame = request.se2_frame_name
    if frame not in SE2_FRAMES:
        raise NotAcceptedError(
            ANSWER.STATUS_UNKNOWN_FRAME, f"a walk is given in {', '.join(SE2_FRAMES)}, not {frame!r}"
        )
    if not request.trajectory.points:
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a walk without points")
    snapshot = order.world.snapshot
    root = world_from(frame, snapshot) or Pose.identity()
    low, high = limits(params, order.walk)
    turn = float(max(min(high[2], -low[2]), 0.05))
    goals = [
        flat_of(root) @ Pose.from_rpy((0.0, 0.0, pose.angle), (pose.position.x, pose.position.y, 0.0))
        for pose in (point.pose for point in request.trajectory.points)
    ]

    def leg(goal: Pose) -> Start:
        def start(robot: Steerable) -> Command:
            speed = speed_towards(robot.body_pose(), goal, low, high)
            return robot.walk_to(goal, max_speed_mps=speed, max_yaw_rate_radps=turn)

        return start

    def write(feedback: Any, activity: Activity) -> None:
        answer = feedback.se2_trajectory_feedback
        going = activity.running
        arrived = activity.outcome.state is CommandState.DONE
        answer.status = SE2.STATUS_IN_PROGRESS if going else SE2.STATUS_STOPPED
        answer.body_movement_status = SE2.BODY_STATUS_MOVING if going else SE2.BODY_STATUS_SETTLED
        final = SE2.FINAL_GOAL_STATUS_ACHIEVABLE if arrived else SE2.FINAL_GOAL_STATUS_BLOCKED
        answer.final_goal_status = SE2.FINAL_GOAL_STATUS_IN_PROGRESS if going else final

    steps: list[Start] = [lambda robot: _to_walk(robot, footing), *(leg(goal) for goal in goals)]
    walk = Walk(order, steps, write, end_s)
    walk.asked = goals, np.concatenate([low, high])
    return walk


def _velocity(request: Any, params: Any, order: Order, footing: Footing) -> Activity:
    end_s = order.expiry(request)
    frame = request.se2_frame_name or "body"
    if frame not in (*SE2_FRAMES, "flat_body"):
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {frame!r} for a velocity")
    low, high = limits(params, order.walk)
    asked = velocity_of(request.velocity)
    settings = order.walk
    slew = np.array([settings.slew_mps2, settings.slew_mps2, settings.slew_radps2])
    if request.HasField("slew_rate_limit"):
        limit = velocity_of(request.slew_rate_limit)
        slew = np.where(limit > 0, np.minimum(limit, slew), slew)

    def target_velocity(body: Pose) -> Vector:
        turned = {"vision": -body.yaw_rad, "odom": -ODOM_FROM_VISION.yaw_rad - body.yaw_rad}.get(frame, 0.0)
        ahead = np.clip(_turn(asked, turned), low, high)
        return _turn(ahead, body.yaw_rad)

    def walk(robot: Steerable) -> Command:
        velocity = order.world.snapshot.body_velocity[[0, 1, 5]]
        left = end_s - order.world.clock.now()
        return robot.follow_base(cruise(robot.body_pose(), velocity, target_velocity, slew, left))

    def write(feedback: Any, activity: Activity) -> None:
        feedback.se2_velocity_feedback.request_information.CopyFrom(request)

    ready = upright(order.world.snapshot.body, order.world.snapshot.floor_m)
    first: list[Start] = [] if ready else [lambda robot: _to_walk(robot, footing)]
    footing.leave()
    return Base(order, [*first, walk], write)


def _turn(velocity: Vector, angle_rad: float) -> Vector:
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1], velocity[2]])


def _stance(request: Any, order: Order, footing: Footing) -> Activity:
    """The body walks over the middle of the four feet, if that is near. The feet have no contact in the simulation."""
    end_s = order.expiry(request)
    stance, snapshot = request.stance, order.world.snapshot
    root = world_from(stance.se2_frame_name, snapshot)
    if root is None:
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {stance.se2_frame_name!r} for a stance")
    if len(stance.foot_positions) != 4:
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a stance names the places of four feet")
    middle = np.mean([(foot.x, foot.y, 0.0) for foot in stance.foot_positions.values()], axis=0)
    x, y, _ = flat_of(root).transform(middle)
    goal = Pose.from_rpy((0.0, 0.0, snapshot.body.yaw_rad), (x, y, snapshot.body.position_m[2]))
    far = goal.distance_m(snapshot.body) > order.walk.stance_reach_m

    def write(feedback: Any, activity: Activity) -> None:
        at_goal = activity.outcome.state is CommandState.DONE
        near = STANCE.STATUS_STANCED if at_goal else STANCE.STATUS_GOING_TO_STANCE
        feedback.stance_feedback.status = STANCE.STATUS_TOO_FAR_AWAY if far else near

    def walk(robot: Steerable) -> Command:
        return robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)

    return Base(order, [] if far else [lambda robot: _to_walk(robot, footing), walk], write, end_s)
