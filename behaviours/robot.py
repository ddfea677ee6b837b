"""The robot as leaves see it. Every adapter (fake, Genesis, Spot) implements `Robot` and passes the same contract.

SI units and radians. The world frame is fixed, gravity-aligned, z up (Spot's `vision` frame). The body frame has x
forward, y left, z up. The hand frame has x forward out of the palm; the jaws open along z; +y is to the left when
the hand is level. Gripper opening is a fraction: 0 closed, 1 fully open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final, Protocol, Self

from behaviours.limits import RobotLimits
from behaviours.model import ArmPose as ArmPose
from behaviours.model import RobotModel
from perception.geometry import Pose
from perception.types import Approach, RgbdFrame

HAND_ONLY: Final = ("hand",)
"""The cameras of a robot that sees with its hand alone."""


class CommandState(Enum):
    """Where a command is. Only RUNNING can change; the other three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Outcome:
    """The answer to `Command.poll`. state: of the command. reason: in the robot's words, never empty for FAILED."""

    state: CommandState
    reason: str = ""


class Command(Protocol):
    """A motion that was started. Starting another motion of the same part (base, arm, gripper) cancels it."""

    def poll(self) -> Outcome:
        """The present state; never blocks, and may be called after the end."""

    def cancel(self) -> None:
        """Stop this motion where it is. Safe to call twice and after the end."""


@dataclass(frozen=True)
class GripperState:
    """opening: 0 closed .. 1 open. torque_nm: magnitude the jaw motor applies now. holding: the robot's own estimate
    that something is between the jaws (torque present and jaws stopped before closing)."""

    opening: float
    torque_nm: float
    holding: bool


class Robot(Protocol):
    """A mobile base with an arm, a gripper and an RGB-D camera in the hand.

    A command that asks for more than `limits`, or for a limit or goal that is none, is a LimitError, and nothing has
    changed: see `behaviours.limits.require_limits`.
    """

    @property
    def limits(self) -> RobotLimits:
        """The greatest that it may be asked for."""

    @property
    def model(self) -> RobotModel:
        """Its arm, jaws and hand camera as numbers; they never change."""

    @property
    def cameras(self) -> tuple[str, ...]:
        """The names of its cameras, "hand" among them."""

    @property
    def simulated_time(self) -> bool:
        """True if the clock moves only inside `sleep`; captures and inference then take no robot time."""

    def __enter__(self) -> Self:
        """Connect, sync time, take control, stand. RobotError if that is impossible."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Stop all motion and release the robot, also after errors."""

    def now(self) -> float:
        """Seconds on the robot's clock; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let the robot's clock advance by at least `seconds`; a simulator steps its physics here."""

    def capture(self, camera: str) -> RgbdFrame:
        """One frame from the camera called `camera` ("hand"). ConfigError for an unknown camera."""

    def body_pose(self) -> Pose:
        """world_from_body now."""

    def hand_pose(self) -> Pose:
        """world_from_hand now."""

    def gripper(self) -> GripperState:
        """State of the gripper now."""

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        """Walk the body to x, y and yaw of the goal. DONE when it has arrived and come to rest."""

    def set_body(self, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> Command:
        """Raise or lower the body and pitch it, on the spot; the arm keeps its joints, so the hand goes along.

        height_m: of the body's centre above where it is when the robot just stands. pitch_rad: positive is nose down.
        max_speed_mps: of the body's centre and its ends. It lasts until the next walk, which makes the body level.
        FAILED, with the reason, by a robot that cannot.
        """

    def self_right(self) -> Command:
        """Get up after a fall: turn onto the feet, fold arm and legs, stand up. It moves all parts.

        DONE at once by a robot that has not fallen. Until a fallen one stands, its other motions fail and say why.
        FAILED, with the reason, by a robot that cannot.
        """

    def move_arm(self, pose: ArmPose, *, max_joint_speed_radps: float) -> Command:
        """Move the arm to a named pose: `stow` (folded), `ready` (hand forward, camera looks ahead), `carry`."""

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        """Move the hand in a straight line to the pose. FAILED if it is out of reach or does not get there."""

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        """Open or close to `opening` with at most `max_torque_nm` at the jaw joint. DONE at the goal or when the
        jaws have stopped against something."""

    def stop(self) -> None:
        """Stop all motion and hold. May be called at any time, in any state, twice."""


class TellsJoints(Protocol):
    """What a robot may have besides the protocol: joints, for the record of a run."""

    def joints(self) -> Mapping[str, float]:
        """The measured angle of each joint, radians, by its name; always the same names in the same order."""


class TellsFeet(Protocol):
    """What a robot on legs may have besides the protocol: the forces of its feet, for the record of a run."""

    def foot_forces(self) -> Mapping[str, float]:
        """The force with which each foot pushes along gravity, newtons, as the motors of the legs feel it, by the
        foot's name; always the same names in the same order."""


class KnowsTruth(Protocol):
    """What a simulated robot may have besides the protocol, for the record and the result of a run alone."""

    def true_poses(self) -> Mapping[str, Pose]:
        """world_from_object of each object now, by a name; always the same names in the same order."""


class PicksInImage(Protocol):
    """What a robot may have besides the protocol: a pick of its own, which plans and moves by itself."""

    def pick_in_image(
        self,
        frame: RgbdFrame,
        pixel_uv: tuple[int, int],
        *,
        approach: Approach,
        palm_to_fingertip: float,
        max_torque_nm: float,
    ) -> Command:
        """Grip what the pixel shows, without walking. DONE when it is held, FAILED if it is not.

        frame: one of this robot's. approach: from where the hand comes; "any" leaves it to the robot.
        palm_to_fingertip: where in the jaws, 0 at the palm .. 1 at the finger tips.
        max_torque_nm: at the jaw joint once the object is held. The speeds, and the torque with which the jaws close,
        are the robot's own. It moves body, arm and gripper.
        """


def picking(robot: object) -> PicksInImage | None:
    """The robot, if it can pick in an image; otherwise None."""
    return robot if callable(getattr(robot, "pick_in_image", None)) else None  # type: ignore[return-value]
