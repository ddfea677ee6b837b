"""The Spot in Genesis behind the robot protocol: physics, cameras and time, all from one seed."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

import simulation.scene.build as scenes
from behaviours.limits import require_limits
from behaviours.robot import HAND_ONLY, ArmPose, Command, GripperState
from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.model import SPOT, SPOT_LIMITS
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame
from simulation.genesis.bases import add_robot, make_mobility, make_plant
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.film import Film
from simulation.genesis.hand_camera import FAR_M, HandCamera
from simulation.genesis.judge import Judge
from simulation.genesis.legs.disturbance import Disturbance
from simulation.genesis.legs.gait_file import gait_file
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.policy import GaitPolicy
from simulation.genesis.motions import ArmPath, Jaw, Refused, path_duration_s, straight_path
from simulation.genesis.person import PersonInGenesis
from simulation.genesis.physics import TIME_STEP_S, ensure_genesis, kernel_cache, new_scene
from simulation.genesis.plant import link_pose
from simulation.genesis.settings import HandCameraSettings, SimulationSettings
from simulation.genesis.starting.first_kernels import compiling_told
from simulation.genesis.starting.quick_import import quick_frames
from simulation.genesis.steering import LOOK_CAMERA, LOOK_NEAR_M, GenesisSteering
from simulation.genesis.walking.eyes import FloorEyes
from simulation.genesis.walking.guided import GuidedWalk

HAND_NEAR_M = 0.02
JAW_RANGE_RAD = np.pi / 2
SETTLE_S = 0.3
"""Simulated time before the run starts, in which objects come to rest."""


class GenesisRobot(GenesisSteering):
    """A simulated Spot in a scene. Implements `behaviours.robot.Robot`; use it as a context manager.

    scene: name of a scene in the library, or a TOML file. seed: decides everything that varies. video: file for the
    film of an outside camera, or None. ideal_depth: perfect depth instead of the sensor model, for tests. robot_file: a
    user's own URDF or MJCF, adapted by `user_robot`. device: one of `simulation.genesis.devices.DEVICES`. base: what
    moves the body; on legs, the default, it can sway, slip and fall; a robot_file has rails alone. gait: file of the
    legs' policy. settings: numbers found by experiment. Physics runs only inside `sleep`. ConfigError if scene, robot
    file, policy or device is unusable.
    """

    simulated_time = True
    limits, model = SPOT_LIMITS, SPOT
    cameras = HAND_ONLY

    def __init__(
        self,
        scene: str = "bottle",
        seed: int = 0,
        *,
        video: Path | None = None,
        ideal_depth: bool = False,
        robot_file: Path | None = None,
        device: str = "cpu",
        base: Literal["legs", "rails"] | None = None,
        gait: Path | None = None,
        settings: SimulationSettings | None = None,
    ) -> None:
        self.sample = scenes.sample_scene(scenes.load_scene(scene), seed)
        legs = base == "legs" or (base is None and robot_file is None)
        if not legs and (key := self.sample.land.uneven):
            where = f"scene {self.sample.name}: [ground] {key}"
            raise ConfigError(
                f"{where}: a body on rails glides on a flat floor; leave --base rails or --robot-file out"
            )
        if not legs and gait is not None:
            raise ConfigError(f"--gait {gait}: a body on rails needs no policy; leave it out, or the rails")
        self.seed, self._video, self._ideal_depth, self._robot_file = seed, video, ideal_depth, robot_file
        self._device, self._settings = device, settings or SimulationSettings()
        self._policy = GaitPolicy(gait or gait_file(None)) if legs else None
        self._entered = False
        self._slots = {}
        self.disturbance: Disturbance | None = None
        self._film: Film | None = None
        self._scene: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        try:
            ensure_genesis(self._device)
            with compiling_told(kernel_cache()), quick_frames():
                self._build()
        except BaseException:  # also an interruption: leave nothing behind
            self.__exit__(None, None, None)
            raise
        return self

    def _build(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spot-grasp-")
        folder = Path(self._folder.name)
        self._scene = new_scene(vis_options=scenes.vis_options(self.sample))
        self._entities = scenes.add_to_scene(self._scene, self.sample, folder)
        robot = add_robot(self._scene, folder, legs=self.on_legs, robot_file=self._robot_file)
        hand_camera = HandCameraSettings(0.0, 0.0) if self._ideal_depth else self._settings.hand_camera
        self._camera = HandCamera(self._add_camera(SPOT.hand_camera, HAND_NEAR_M), SPOT.hand_camera, hand_camera)
        self._look_camera = self._add_camera(LOOK_CAMERA, LOOK_NEAR_M)
        if self._video is not None:
            self._film = Film(self._video, self._scene, *self._to_film())
        self._scene.build()
        slip = self.sample.land.slip if self.sample.land.patches else None
        self._plant = make_plant(robot, self._settings, legs=self.on_legs, slip=slip)
        if isinstance(self._plant, LeggedPlant):
            self.disturbance = Disturbance(self._scene, robot, self._plant)
        self._entered = True
        self._begin()

    def restart(self) -> None:
        """Reset the scene to its start, at time 0, which is quicker than building it again. A film continues."""
        self._require_entered()
        self.stop()
        self._scene.reset()
        self._begin()

    @property
    def on_legs(self) -> bool:
        """Whether legs carry it, so that it can fall."""
        return self._policy is not None

    def _begin(self) -> None:
        self._steps = 0
        self._slots = {}
        self._base = make_mobility(self._plant, self._settings, self._policy)
        self._eyes = FloorEyes(functools.partial(self.look, colour=False), self._plant, lambda: self._base.feet_m)
        sensor = self._settings.depth_sensor
        sensor = replace(sensor, ideal=True) if self._ideal_depth else sensor
        self._sensor = DepthSensor(sensor, np.random.default_rng([self.seed, 1]))
        target = self.sample.target
        self._judge = Judge(
            self._entities.target,
            self.sample.place,
            [(entity, np.asarray(placed.object.vertices)) for placed, entity in self._entities.objects],
            self._settings.judge,
        )
        self._person = None
        if self.sample.person is not None and target is not None:
            item = target.object
            self._person = PersonInGenesis(
                self.sample.person, self._entities.target, np.asarray(item.vertices), item.mass_kg
            )
        self._base.place(self.sample.land.pose(self.sample.robot_xy_yaw), np.array(spot_arm.STOW))
        self.sleep(SETTLE_S)
        self._judge.start()

    def _add_camera(self, camera: Intrinsics, near_m: float) -> Any:
        field = float(np.degrees(2 * np.arctan(camera.height / 2 / camera.fy)))
        size = (camera.width, camera.height)
        return self._scene.add_camera(res=size, fov=field, near=near_m, far=FAR_M, GUI=False)

    def _to_film(self) -> tuple[Any, Any]:
        """(2,) where the robot and the target stand at first, metres."""
        target = self.sample.target
        xy = np.asarray(self.sample.robot_xy_yaw[:2])
        at = xy + np.array([2.0, 0.0]) if target is None else np.asarray(target.world_from_object.position_m)[:2]
        return xy, at

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if self._entered:
                self.stop()
        finally:
            self._entered = False
            if self._film is not None:
                self._film.close()
            if self._scene is not None:
                self._scene.destroy()
                self._scene = None
            if self._folder is not None:
                self._folder.cleanup()

    def now(self) -> float:
        return self._steps * TIME_STEP_S

    def sleep(self, seconds: float) -> None:
        self._require_entered()
        steps = max(1, int(np.ceil(seconds / TIME_STEP_S - 1e-9)))
        for _ in range(steps):
            for motion in self._slots.values():
                if motion.running:
                    motion.advance(TIME_STEP_S)
            self._base.step(TIME_STEP_S)
            self._fail_if_fallen()
            self._plant.apply()
            if self.disturbance is not None:
                self.disturbance.step()
            if self._person is not None:
                self._person.act(TIME_STEP_S)
            self._scene.step()
            self._plant.measured()
            self._judge.note_torque(self._plant)
            self._steps += 1
            if self._film is not None:
                self._film.show(self.now(), self._plant.body().position_m)
        self._judge.note_time(steps * TIME_STEP_S)

    def _require_entered(self) -> None:
        if not self._entered:
            raise RobotError("the simulated robot is not running; use it inside `with GenesisRobot(...) as robot:`")

    def capture(self, camera: str) -> RgbdFrame:
        if camera not in self.cameras:
            raise ConfigError(f"unknown camera {camera!r}; this robot has: {', '.join(self.cameras)}")
        self._require_entered()
        world_from_camera = self._plant.hand() @ SPOT.hand_from_camera
        velocity = self._plant.hand_velocity(world_from_camera.position_m)
        picture, clean = self._camera.moving(world_from_camera, *velocity)
        measured = self._sensor.measure(clean, SPOT.hand_camera)
        return RgbdFrame(picture, measured, SPOT.hand_camera, world_from_camera, self.now(), camera)

    def body_pose(self) -> Pose:
        return self._plant.body()

    def hand_pose(self) -> Pose:
        return self._plant.hand()

    def gripper(self) -> GripperState:
        angle, rate = self._plant.jaw()
        opening, torque = float(np.clip(angle / JAW_RANGE_RAD, 0.0, 1.0)), self._plant.jaw_torque_nm()
        holding = self._settings.holding
        squeezing = torque >= holding.torque_share * self._plant.jaw_limit_nm and self._plant.jaw_closing
        still = abs(rate) < holding.still_radps
        return GripperState(opening, torque, bool(squeezing and still and opening > holding.least_opening))

    def walk_to(self, world_from_goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float) -> Command:
        limits = {"max_speed_mps": max_speed_mps, "max_yaw_rate_radps": max_yaw_rate_radps}
        require_limits(self.limits, "walk_to", world_from_goal, **limits)
        self._cancel("base")
        goal = np.array([*world_from_goal.position_m[:2], world_from_goal.yaw_rad])

        straight = functools.partial(
            self._base.walk, max_speed_mps=max_speed_mps, max_yaw_rate_radps=max_yaw_rate_radps
        )
        walk = functools.partial(GuidedWalk, self._plant, self._eyes, goal, straight)
        return self._start("base", self.levelled(walk))

    def move_arm(self, pose: ArmPose, *, max_joint_speed_radps: float) -> Command:
        require_limits(self.limits, "move_arm", pose, max_joint_speed_radps=max_joint_speed_radps)
        self._cancel("arm")
        self._base.anchor_hand(fixed=False)
        here = self._plant.body().inverse() @ self._plant.hand()
        path = np.linspace(self._plant.arm_target(), np.asarray(spot_arm.POSES[pose]), 30)
        duration = path_duration_s(here, here, path, 1.0, max_joint_speed_radps)
        return self._start("arm", ArmPath(self._plant, path, duration, None, self._settings.motion))

    def move_hand(self, world_from_hand: Pose, *, max_speed_mps: float) -> Command:
        require_limits(self.limits, "move_hand", world_from_hand, max_speed_mps=max_speed_mps)
        self._cancel("arm")
        self._base.anchor_hand(fixed=True)
        body_from_world = self._plant.body().inverse()
        joints = self._plant.arm_target()
        start, goal = spot_arm.forward(joints), body_from_world @ world_from_hand
        path = straight_path(start, goal, joints)
        if isinstance(path, str):
            return self._start("arm", Refused(path))
        duration = path_duration_s(start, goal, path, max_speed_mps, self.limits.joint_speed_radps)
        return self._start("arm", ArmPath(self._plant, path, duration, world_from_hand, self._settings.motion))

    def set_gripper(self, opening: float, *, max_torque_nm: float) -> Command:
        require_limits(self.limits, "set_gripper", opening, max_torque_nm=max_torque_nm)
        self._cancel("gripper")
        jaw = Jaw(self._plant, opening * JAW_RANGE_RAD, max_torque_nm, self._settings.motion)
        return self._start("gripper", jaw)

    def stop(self) -> None:
        for motion in self._slots.values():
            motion.cancel()

    def true_poses(self) -> dict[str, Pose]:
        """For the record of a run only: world_from_object of every object, the target first."""
        names = [] if self.sample.target is None else ["target"]
        names += [f"object_{number}" for number in range(1, len(self._entities.objects) + 1 - len(names))]
        poses = (link_pose(entity.base_link) for _, entity in self._entities.objects)
        return dict(zip(names, poses, strict=True))

    def ground_truth(self) -> dict[str, float]:
        """For the result of a run only: the target's lift and hold, peak jaw torque, placed objects, simulated time."""
        return {**self._judge.report(), "sim_s": round(self.now(), 3)}
