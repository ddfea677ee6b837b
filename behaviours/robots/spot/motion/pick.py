"""A pick by the robot's own manipulation service: the request, what its feedback means, and how it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from behaviours.robot import Command, CommandState, Outcome
from behaviours.robots.spot.frames import WORLD, fill_pose
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.motion.motion import Sender
from behaviours.robots.spot.motion.progress import RUNNING, failed
from behaviours.robots.spot.state import RobotView
from perception.types import Approach, RgbdFrame

TOLERANCE_RAD: Final = 0.3
"""How far the hand may be turned from the approach that was asked for."""
ORIENTATIONS: Final[dict[Approach, tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...]]] = {
    "any": (),
    "side": (((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))),
    "top": (((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),),
}
"""Axes of the hand with the directions of the world that they must have, one of them: from the side the hand is rolled
so that the jaws close level; from the top it points straight down, so not at 45 degrees as a grasp by geometry may."""


def request(frame: RgbdFrame, pixel_uv: tuple[int, int], approach: Approach, palm_to_fingertip: float) -> Any:
    """The ManipulationApiRequest that grips what a pixel of the frame shows, without walking or turning the body."""
    from bosdyn.api import manipulation_api_pb2

    message = manipulation_api_pb2.ManipulationApiRequest()
    pick = message.pick_object_in_image
    pick.pixel_xy.x, pick.pixel_xy.y = pixel_uv
    pick.frame_name_image_sensor = f"{frame.camera}_camera"
    edges = pick.transforms_snapshot_for_camera.child_to_parent_edge_map
    edges[WORLD].parent_frame_name = ""
    edges[pick.frame_name_image_sensor].parent_frame_name = WORLD
    fill_pose(edges[pick.frame_name_image_sensor].parent_tform_child, frame.world_from_camera)
    camera, lens = frame.intrinsics, pick.camera_model.intrinsics
    lens.focal_length.x, lens.focal_length.y = camera.fx, camera.fy
    lens.principal_point.x, lens.principal_point.y = camera.cx, camera.cy
    pick.walk_gaze_mode = manipulation_api_pb2.PICK_NO_AUTO_WALK_OR_GAZE
    pick.grasp_params.grasp_palm_to_fingertip = palm_to_fingertip
    pick.grasp_params.grasp_params_frame_name = WORLD
    for axis, direction in ORIENTATIONS[approach]:
        rule = pick.grasp_params.allowable_orientation.add().vector_alignment_with_tolerance
        hand, world = rule.axis_on_gripper_ewrt_gripper, rule.axis_to_align_with_ewrt_frame
        hand.x, hand.y, hand.z = axis
        world.x, world.y, world.z = direction
        rule.threshold_radians = TOLERANCE_RAD
    return message


def judge(feedback: Any, view: RobotView, age_s: float) -> Outcome:
    """Implements `progress.Judge` for a ManipulationApiFeedbackResponse."""
    from bosdyn.api import manipulation_api_pb2 as api

    why = {
        api.MANIP_STATE_GRASP_FAILED: "the robot's pick holds nothing",
        api.MANIP_STATE_GRASP_PLANNING_NO_SOLUTION: "the robot's pick finds no grasp",
        api.MANIP_STATE_GRASP_FAILED_TO_RAYCAST_INTO_MAP: "the robot's pick finds no surface at the pixel",
        api.MANIP_STATE_DONE: "the robot's pick has ended without a grasp",
    }
    state = feedback.current_state
    if state == api.MANIP_STATE_GRASP_SUCCEEDED:
        return Outcome(CommandState.DONE)
    if state in why:
        return failed(f"{why[state]} ({api.ManipulationFeedbackState.Name(state)})")
    return RUNNING


class ManipulationSender:
    """Implements `motion.Sender` with the manipulation service. robot: for everything else."""

    def __init__(self, robot: Sender, connection: Connection) -> None:
        self._connection = connection
        self.now, self.recent, self.require_fit = robot.now, robot.recent, robot.require_fit
        self.again, self.halt = robot.again, robot.halt

    def send(self, doing: str, command: Any) -> int:
        client = self._connection.client("manipulation")
        answer = self._connection.link.send(doing, client.manipulation_api_command, command)
        return int(answer.manipulation_cmd_id)

    def feedback(self, number: int) -> Any | None:
        from bosdyn.api import manipulation_api_pb2

        asked = manipulation_api_pb2.ManipulationApiFeedbackRequest(manipulation_cmd_id=number)
        client = self._connection.client("manipulation")
        return self._connection.link.look("reading feedback", client.manipulation_api_feedback_command, asked)


class Pick:
    """A pick, then the gripper's command that limits its torque from then on. limit: starts that command."""

    def __init__(self, motion: Command, limit: Callable[[], Command]) -> None:
        self._motion, self._limit = motion, limit
        self._limited: Command | None = None

    def poll(self) -> Outcome:
        if self._limited is None:
            outcome = self._motion.poll()
            if outcome.state is not CommandState.DONE:
                return outcome
            self._limited = self._limit()
        return self._limited.poll()

    def cancel(self) -> None:
        (self._limited or self._motion).cancel()
