"""Arm commands: poses and paths of the hand, joint moves, named poses, velocities, gaze, stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bosdyn.api import arm_command_pb2

from behaviours.robot import ArmPose, Command, CommandState, Outcome
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose, Vector
from simulation.genesis.profile import MIN_JERK_PEAK
from simulation.spot_api.body.frames import WRIST_FROM_HAND, from_proto, world_from
from simulation.spot_api.body.laws import joint_path, reach, through
from simulation.spot_api.body.steering import Steerable, posture
from simulation.spot_api.commands.activity import ANSWER, Activity, NotAcceptedError, Order, Quiet, Start
from simulation.spot_api.rpc.clock import due, duration

JOINT_NAMES = tuple(joint.name for joint in spot_arm.JOINTS)
NAMED: dict[int, ArmPose] = {1: "carry", 2: "ready", 3: "stow"}
NAMED_SPEED_RADPS = 2.0
FOLLOW_S = 4.0
"""Extra time for the hand to arrive when the body follows it."""
HAND_SPEED_MPS = 0.5
"""Speed of the hand without a time or a limit from the client."""
JOINT_VELOCITY_RADPS, MAX_JOINT_VELOCITY_RADPS = 2.5, 10.0
"""Joint speed without a limit from the client, and the greatest limit that a client may set."""
CARTESIAN = arm_command_pb2.ArmCartesianCommand
JOINTS = arm_command_pb2.ArmJointMoveCommand.Feedback
POSITIONS = arm_command_pb2.NamedArmPositionsCommand.Feedback


def make_arm(request: Any, order: Order, may_stow: Callable[[], bool]) -> Activity:
    """The activity of an ArmCommand.Request. NotAcceptedError if the robot refuses it.

    may_stow: whether the arm may be stowed with the object that the gripper holds.
    """
    kind = request.WhichOneof("command")
    match kind:
        case "named_arm_position_command":
            return Named(request.named_arm_position_command, order, may_stow)
        case "arm_cartesian_command":
            return Cartesian(request.arm_cartesian_command, order)
        case "arm_joint_move_command":
            return JointMove(request.arm_joint_move_command, order)
        case "arm_stop_command":
            return Quiet(order, "arm", "arm_stop_feedback", [])
        case "arm_velocity_command" | "arm_gaze_command":
            from simulation.spot_api.commands.arm_following import make_gaze, make_velocity

            if kind == "arm_gaze_command":
                return make_gaze(request.arm_gaze_command, order)
            return make_velocity(request.arm_velocity_command, order)
    raise NotAcceptedError(ANSWER.STATUS_UNSUPPORTED, f"arm command {kind or 'nothing'} is not simulated")


class Named(Activity):
    """A named pose: stow, ready, carry. A stow stalls if the gripper holds an object that may not be stowed."""

    part = "arm"

    def __init__(self, request: Any, order: Order, may_stow: Callable[[], bool]) -> None:
        if request.position not in NAMED:
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a named arm position without a name")
        pose = NAMED[request.position]
        self._stalled = False

        def start(robot: Steerable) -> Command | Outcome:
            if pose == "stow" and not may_stow():
                self._stalled = True
                return Outcome(CommandState.FAILED, "holding an item that must not be stowed")
            return robot.move_arm(pose, max_joint_speed_radps=NAMED_SPEED_RADPS)

        super().__init__(order, [start])

    def fill(self, feedback: Any) -> None:
        done = self.outcome.state is CommandState.DONE
        ended = POSITIONS.STATUS_COMPLETE if done else POSITIONS.STATUS_IN_PROGRESS
        status = POSITIONS.STATUS_STALLED_HOLDING_ITEM if self._stalled else ended
        feedback.named_arm_position_feedback.status = status


class Cartesian(Activity):
    """The hand, or a tool in it, to a pose or through several timed poses, given in a root frame."""

    part = "arm"

    def __init__(self, request: Any, order: Order) -> None:
        frame = request.root_frame_name
        snapshot = order.world.snapshot
        if world_from(frame, snapshot) is None:
            raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown root frame {frame!r}")
        timed = due(request.pose_trajectory_in_task, order.world.clock.now())
        if not timed:
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "an arm Cartesian command without poses")
        task = from_proto(request.root_tform_task) if request.HasField("root_tform_task") else Pose.identity()
        tool = from_proto(request.wrist_tform_tool) if request.HasField("wrist_tform_tool") else WRIST_FROM_HAND
        hand_from_tool = WRIST_FROM_HAND.inverse() @ tool
        root_from_hand = [task @ from_proto(point.pose) @ hand_from_tool.inverse() for _, point in timed]
        times = [time_s for time_s, _ in timed]
        self._frame, self._goals = frame, root_from_hand
        self._speed = request.max_linear_velocity.value if request.HasField("max_linear_velocity") else 0.0
        self._last_goal: Pose | None = None
        self.follow = False
        first = self._straight(times[0]) if len(timed) == 1 else self._through(times)
        steps: list[Start] = [lambda robot: self._through(times)(robot) if self.follow else first(robot)]
        super().__init__(order, steps)

    @property
    def goal(self) -> Pose:
        """world_from_hand at the end, for a body that follows the arm."""
        snapshot = self.order.world.snapshot
        return (world_from(self._frame, snapshot) or Pose.identity()) @ self._goals[-1]

    def _root(self, robot: Steerable) -> Pose:
        return world_from(self._frame, posture(robot)) or Pose.identity()

    def _straight(self, time_s: float) -> Start:
        def start(robot: Steerable) -> Command:
            goal = self._root(robot) @ self._goals[-1]
            self._last_goal = goal
            distance = robot.hand_pose().distance_m(goal)
            speed = MIN_JERK_PEAK * distance / time_s if time_s > 0.05 else HAND_SPEED_MPS
            speed = min(speed, self._speed) if self._speed > 0 else speed
            command = robot.move_hand(goal, max_speed_mps=min(max(speed, 0.01), robot.limits.hand_speed_mps))
            if command.poll().state is not CommandState.FAILED:
                return command
            return self._nearest(robot, goal, max(time_s, distance / HAND_SPEED_MPS))

        return start

    def _nearest(self, robot: Steerable, goal: Pose, time_s: float) -> Command:
        start, body = robot.body_pose().inverse() @ robot.hand_pose(), robot.body_pose()
        path = through(start, [(max(time_s, 0.2), body.inverse() @ goal)])
        return robot.follow_arm(reach(robot.arm_joints(), path, time_s, lambda: _in_body(robot), hold=False))

    def _through(self, times: list[float]) -> Start:
        def start(robot: Steerable) -> Command:
            root, points, before = self._root(robot), [], 0.0
            place = robot.hand_pose()
            for time_s, goal in zip(times, self._goals, strict=True):
                world_goal = root @ goal
                fastest = place.distance_m(world_goal) / self._speed if self._speed > 0 else 0.05
                before = max(time_s, before + max(fastest, 0.05))
                points.append((before, world_goal))
                place = world_goal
            self._last_goal = place
            if self.follow:
                before += FOLLOW_S
            path = through(robot.hand_pose(), points)

            def body_from_goal(time_s: float) -> Pose:
                return robot.body_pose().inverse() @ path(time_s)

            law = reach(robot.arm_joints(), body_from_goal, before, lambda: _in_body(robot), hold=False)
            return robot.follow_arm(law)

        return start

    def fill(self, feedback: Any) -> None:
        answer = feedback.arm_cartesian_feedback
        states = CARTESIAN.Feedback
        answer.status = {
            CommandState.RUNNING: states.STATUS_IN_PROGRESS,
            CommandState.DONE: states.STATUS_TRAJECTORY_COMPLETE,
            CommandState.FAILED: states.STATUS_TRAJECTORY_STALLED,
            CommandState.CANCELLED: states.STATUS_TRAJECTORY_CANCELLED,
        }[self.outcome.state]
        goal = self._last_goal
        if goal is not None:
            hand = self.order.world.snapshot.hand
            answer.measured_pos_distance_to_goal = hand.distance_m(goal)
            answer.measured_rot_distance_to_goal = hand.angle_rad(goal)


def _in_body(robot: Steerable) -> Pose:
    return robot.body_pose().inverse() @ robot.hand_pose()


class JointMove(Activity):
    """The arm's joints through timed points, later where the speed limit requires it."""

    part = "arm"

    def __init__(self, request: Any, order: Order) -> None:
        trajectory = request.trajectory
        timed = due(trajectory, order.world.clock.now())
        if not timed:
            raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a joint move without points")
        limit = trajectory.maximum_velocity.value if trajectory.HasField("maximum_velocity") else JOINT_VELOCITY_RADPS
        self._limit = min(limit, MAX_JOINT_VELOCITY_RADPS)
        self._asked = [
            (time_s, _joints_of(point.position), _joints_of(point.velocity) if point.HasField("velocity") else None)
            for time_s, point in timed
        ]
        self._planned: list[tuple[float, Vector]] = []
        self._modified = False
        self._end_s = 0.0
        super().__init__(order, [self._start])

    def _start(self, robot: Steerable) -> Command:
        joints, before_s = robot.arm_joints(), 0.0
        place, rates = joints, []
        peak = MIN_JERK_PEAK if len(self._asked) == 1 else 1.0
        for time_s, named, rate in self._asked:
            goal = np.array([named.get(name, float(place[i])) for i, name in enumerate(JOINT_NAMES)])
            within = np.clip(goal, spot_arm.LOWER, spot_arm.UPPER)
            fastest = peak * float(np.abs(within - place).max()) / self._limit
            at = max(time_s, before_s + max(fastest, 0.01))
            late = at > time_s + 0.05
            self._modified |= late or not np.array_equal(goal, within)
            self._planned.append((at, within))
            asked = None if rate is None or late else np.array([rate.get(name, 0.0) for name in JOINT_NAMES])
            rates.append(None if asked is None else np.clip(asked, -self._limit, self._limit))
            place, before_s = within, at
        self._end_s = self.order.world.clock.now() + before_s
        now = self.order.world.snapshot.arm_rate if len(self._asked) > 1 else None
        return robot.follow_arm(joint_path(joints, self._planned, rates, now))

    def fill(self, feedback: Any) -> None:
        answer = feedback.arm_joint_move_feedback
        answer.status = {
            CommandState.RUNNING: JOINTS.STATUS_IN_PROGRESS,
            CommandState.DONE: JOINTS.STATUS_COMPLETE,
        }.get(self.outcome.state, JOINTS.STATUS_STALLED)
        answer.planner_status = JOINTS.PLANNER_STATUS_MODIFIED if self._modified else JOINTS.PLANNER_STATUS_SUCCESS
        answer.time_to_goal.CopyFrom(duration(max(self._end_s - self.order.world.clock.now(), 0.0)))
        for time_s, joints in list(self._planned):
            point = answer.planned_points.add()
            point.time_since_reference.CopyFrom(duration(time_s))
            for name, value in zip(JOINT_NAMES, joints, strict=True):
                getattr(point.position, name).value = float(value)


def _joints_of(message: Any) -> dict[str, float]:
    """The joints that are set in an ArmJointPosition or ArmJointVelocity, by name."""
    return {name: getattr(message, name).value for name in JOINT_NAMES if message.HasField(name)}
