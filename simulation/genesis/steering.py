"""Motions of the Genesis robot that follow a law, which is evaluated once per physics step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from behaviours.limits import RobotLimits, require_body
from behaviours.robot import Command, CommandState, Outcome
from behaviours.robots.spot.model import SPOT, body_time_s
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame
from simulation.genesis.judge import Judge
from simulation.genesis.legs.legs import FALLEN
from simulation.genesis.motions import Follow, Motion, Refused
from simulation.genesis.plant import GenesisPlant, link_pose
from simulation.genesis.profile import MIN_JERK_PEAK, min_jerk
from simulation.genesis.walking.mobility import Mobility

Array = NDArray[np.float64]

LOOK_CAMERA = Intrinsics(640, 480, 331.0, 331.0, 320.0, 240.0)
"""A wide camera, like those on the robot's body: 88 x 72 degrees."""
POSED_S: Final = 0.2
"""In which the body comes to rest in a new pose."""
MOVED_WHOLE: Final = ("base", "arm", "gripper")
"""Parts that getting up moves."""
LEVEL_M, LEVEL_RAD = 0.02, 0.03
"""A body nearer than this to standing level walks at once."""
LOOK_NEAR_M, LOOK_FAR_M = 0.1, 19.8
"""Range of the camera. It starts beyond the robot's own gripper, which may surround it."""


class Then(Motion):
    """One motion after the other. second: makes it when the first one is done."""

    def __init__(self, first: Motion, second: Callable[[], Motion]) -> None:
        super().__init__()
        self._now, self._second = first, [second]

    def advance(self, dt_s: float) -> None:
        if self._now.running:  # the second may have failed when it was made
            self._now.advance(dt_s)
        if self._now.poll().state is CommandState.DONE and self._second:
            self._now = self._second.pop()()
        elif not self._now.running:
            self._outcome = self._now.poll()

    def hold(self) -> None:
        self._now.hold()


class FollowArm(Follow):
    """The arm follows joints (6,) and their rates (6,)."""

    def __init__(self, plant: GenesisPlant, law: Callable[[float], tuple[Array, Array] | Outcome]) -> None:
        super().__init__(law)
        self._plant = plant

    def _send(self, target: Array, rate: Array, dt_s: float) -> None:
        self._plant.command_arm(target, rate)

    def hold(self) -> None:
        self._plant.command_arm(self._plant.arm(), np.zeros(6))


class GenesisSteering:
    """The part of `GenesisRobot` beyond the `Robot` protocol; implements `spot_api.body.steering.Steerable`."""

    limits: RobotLimits
    _plant: GenesisPlant
    _base: Mobility
    _judge: Judge
    _look_camera: Any

    _slots: dict[str, Motion]

    def _require_entered(self) -> None:
        raise NotImplementedError

    def _start(self, part: str, motion: Motion) -> Command:
        """Start the motion of a part in the place of its last one. A robot that lies refuses all but getting up."""
        self._require_entered()
        if self.fallen and part in MOVED_WHOLE:
            return Refused(FALLEN)
        self._cancel(part)
        self._slots[part] = motion
        return motion

    def _cancel(self, part: str) -> None:
        self._require_entered()
        motion = self._slots.get(part)
        if motion is not None:
            motion.cancel()

    def _fail_if_fallen(self) -> None:
        """After each step of the body: a fall ends all motions but getting up."""
        for part in MOVED_WHOLE if self.fallen else ():
            motion = self._slots.get(part)
            if motion is not None and motion.running:
                motion.fail(FALLEN)

    def now(self) -> float:
        raise NotImplementedError

    def follow_base(self, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> Command:
        self._cancel("base")
        return self._start("base", self._base.follow(law))

    def set_body(self, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> Command:
        require_body(self.limits, height_m, pitch_rad, max_speed_mps=max_speed_mps)
        self._cancel("base")
        return self._start("base", self._posed(height_m, pitch_rad, max_speed_mps))

    @property
    def floor_m(self) -> float:
        """Height of the ground below the body, by where the feet touch it."""
        return float(self._base.feet_m[:, 2].mean())

    def _posed(self, height_m: float, pitch_rad: float, max_speed_mps: float) -> Motion:
        """The body over where it stands, at a height and a pitch."""
        start, (x, y, yaw) = self._plant.body(), self._plant.base()
        goal = Pose.from_rpy((0.0, pitch_rad, float(yaw)), (x, y, self.floor_m + SPOT.body_height_m + height_m))
        by = goal.position_m[2] - start.position_m[2], pitch_rad - start.rpy_rad[1]
        lasts_s = MIN_JERK_PEAK * max(body_time_s(*by, max_speed_mps), 1e-3)

        def law(time_s: float) -> tuple[Pose, Array] | Outcome:
            if time_s > lasts_s + POSED_S:
                return Outcome(CommandState.DONE)
            return start.towards(goal, min_jerk(time_s / lasts_s)[0]), np.zeros(3)

        return self._base.follow(law)

    def self_right(self) -> Command:
        if not self.fallen:
            return self.roll_over()
        return self._whole(Then(self._base.roll_over(), lambda: self._posed(0.0, 0.0, self.limits.body_speed_mps)))

    def roll_over(self) -> Command:
        """After a fall: turn onto the belly and fold arm and legs, as a Spot that self-rights; it does not stand up."""
        return self._whole(self._base.roll_over())

    def _whole(self, motion: Motion) -> Command:
        for part in MOVED_WHOLE:
            self._cancel(part)
        return self._start("whole", motion)

    def levelled(self, walk: Callable[[], Motion]) -> Motion:
        """A walk, once the body stands level at its usual height."""
        body = self._plant.body()
        tilt = max(abs(angle) for angle in body.rpy_rad[:2])
        level = tilt < LEVEL_RAD and abs(body.position_m[2] - self.floor_m - SPOT.body_height_m) < LEVEL_M
        if level or not self._base.stands:
            return walk()
        return Then(self._posed(0.0, 0.0, self.limits.body_speed_mps), walk)

    def follow_arm(self, law: Callable[[float], tuple[Array, Array] | Outcome]) -> Command:
        self._cancel("arm")
        self._base.anchor_hand(fixed=False)
        return self._start("arm", FollowArm(self._plant, law))

    def arm_joints(self) -> Array:
        return self._plant.arm().copy()

    def leg_joints(self) -> Array:
        return self._plant.legs().copy()

    @property
    def fallen(self) -> bool:
        """Whether the robot lies after a fall; on rails it never does."""
        return self._base.fallen

    def foot_forces(self) -> dict[str, float]:
        return dict(self._base.foot_forces())

    def joints(self) -> dict[str, float]:
        return self._plant.joints()

    def look(self, world_from_camera: Pose, *, colour: bool = True) -> RgbdFrame:
        """A picture without faults from a wide camera at any pose of its optical frame.

        colour: False gives depth only, black, in a fiftieth of the time. With a software renderer a colour picture from
        an exactly level camera can take minutes: roll the camera by a degree.
        """
        self._look_camera.set_pose(transform=world_from_camera.matrix() @ np.diag([1.0, -1.0, -1.0, 1.0]))
        rgb, depth, _, _ = self._look_camera.render(rgb=colour, depth=True)
        depth = np.where(depth < LOOK_FAR_M, depth, 0.0).astype(np.float32)
        if rgb is None:
            picture = np.zeros((*LOOK_CAMERA.shape, 3), np.uint8)
        else:
            picture = np.ascontiguousarray(rgb[..., :3], dtype=np.uint8)
        return RgbdFrame(picture, depth, LOOK_CAMERA, world_from_camera, self.now(), "look")

    def objects(self) -> dict[str, Pose]:
        return {} if self._judge.target is None else {"target": link_pose(self._judge.target.base_link)}

    def push_object(self, offset_m: ArrayLike) -> None:
        """Move the target by (3,) metres, world frame; it is at rest afterwards."""
        if self._judge.target is not None:
            place = link_pose(self._judge.target.base_link).position_m + np.asarray(offset_m, dtype=np.float64)
            self._judge.target.set_pos(place, zero_velocity=True)

    def loosen_grip(self) -> None:
        """Let the jaws give way until the next gripper command."""
        self._plant.loosen_jaw()
