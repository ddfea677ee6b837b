"""Legs that carry the robot: they walk by the gait policy, or stand and keep their feet."""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from simulation.genesis.legs.footing import Footing
from simulation.genesis.legs.hand import SteadyArm
from simulation.genesis.legs.kinematics import feet_of
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.policy import EVERY_S, GaitPolicy, GaitState, answer_for, leg_targets
from simulation.genesis.legs.stance import Stance, first_legs
from simulation.genesis.legs.weight import arm_weight
from simulation.genesis.plant import Array
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import FOOT_RADIUS_M

FALLEN: Final = "the robot has fallen"


class Legs:
    """What moves the body. `step` is called before each physics step.

    A robot that is told no velocity any more comes to rest by the policy, and then stands. fallen: it lies, and nothing
    moves it but `Righting`.
    """

    def __init__(self, plant: LeggedPlant, policy: GaitPolicy, settings: LegSettings) -> None:
        self.plant, self.settings, self._policy = plant, settings, policy
        self.hand = SteadyArm(plant, settings)
        self.footing = Footing(plant, settings.foot_n)
        self.fallen = False
        self._stance: Stance | None = None
        self._goal: Pose | None = None
        self._spot: Array | None = None
        self._command = np.zeros(3)
        self._calm_s = self._planted_s = self._told_s = 0.0
        self._last = np.zeros(12)
        self._due_s = 0.0

    def place(self, world_from_ground: Pose, arm: Array) -> None:
        """Put the robot at rest on the ground, standing, with its arm (6,). Then the body becomes level."""
        body = world_from_ground @ Pose.from_rpy((0.0, 0.0, 0.0), (0.0, 0.0, SPOT.body_height_m))
        roll, pitch, yaw = body.rpy_rad
        self.plant.place(np.array([*body.position_m, yaw, pitch, roll]), first_legs(), arm)
        self.fallen = False
        self.footing.look(stands=True)
        self._stance = Stance(self.plant, self.settings, self._arm_weight()[1], None)
        self._goal = self._stance.level(np.array([*world_from_ground.position_m[:2], yaw]))
        self._tick()

    @property
    def stands(self) -> bool:
        """Whether the feet keep their places."""
        return self._stance is not None

    def go(self, velocity: Array) -> None:
        """Walk at a velocity (3,) ahead, to the left (m/s) and of the turn (rad/s), until the next physics steps."""
        if self._stance is not None:
            self._walk()
        self._command, self._told_s = np.asarray(velocity, dtype=np.float64), 2 * EVERY_S
        self._goal = self._spot = None

    def follow(self, world_from_body: Pose) -> None:
        """The next pose of a standing body that moves over its feet; walking legs come to rest first."""
        self._goal = world_from_body
        if self._stance is not None:
            self._stance.goal = world_from_body

    def stop(self, xy_yaw: Array | None = None) -> None:
        """Come to rest, and stand. xy_yaw: (3,) where the body should then be, level and at its usual height; None: as
        it is."""
        if self._stance is None:
            self._spot = xy_yaw
        else:
            self._goal = self._stance.goal

    def rise(self, kp: float) -> None:
        """It lies on its belly and has not fallen any more: the feet keep their places, and it can stand up. kp:
        stiffness of the legs until now."""
        self.fallen = False
        self.hand.hold(None)
        self._command = np.zeros(3)
        self._stance = Stance(self.plant, self.settings, self._arm_weight()[1], kp)
        self._goal = self._stance.goal

    def step(self, dt_s: float) -> None:
        self._due_s -= dt_s
        self._told_s -= dt_s
        if self._due_s > dt_s / 2:
            return
        self._due_s += EVERY_S
        self._tick()

    def _tick(self) -> None:
        self.fallen = self.fallen or self._falls()
        if self.fallen:
            return
        if self._told_s <= 0.0:
            self._command = np.zeros(3)
        self.footing.look()
        torques, moment = self._arm_weight()
        velocity, rates = self.plant.body_velocity()
        speed, turn = float(np.linalg.norm(velocity)), float(np.linalg.norm(rates))
        if self._stance is not None and self._stance.pushed(velocity):
            self._walk()
        if self._stance is None:
            self._answer(velocity, rates)
            calm = not self._command.any() and speed < self.settings.calm_mps and turn < self.settings.calm_radps
            self._calm_s = self._calm_s + EVERY_S if calm else 0.0
            all_feet = self.footing.loads_n.min() > self.settings.foot_n
            self._planted_s = self._planted_s + EVERY_S if calm and all_feet else 0.0
            if self._planted_s >= self.settings.settle_s or self._calm_s >= self.settings.lame_s:
                self._stance = Stance(self.plant, self.settings, moment, self.settings.walk_kp)
                self._goal = self._goal or (self._stance.goal if self._spot is None else self._stance.level(self._spot))
        if self._stance is not None:
            self._stance.lean(EVERY_S, self._goal or self._stance.goal)
            self._stance.reach(EVERY_S, self.footing.loads_n)
            self._stance.step(EVERY_S, moment)
        self.hand.step(EVERY_S, torques)

    def _falls(self) -> bool:
        """Whether the body is tilted too far, or has sunk to the feet while the policy moves them."""
        up = self.plant.body().rotation[2]
        height_m = FOOT_RADIUS_M - float((feet_of(self.plant.legs()) @ up).min())
        low = self._stance is None and height_m < self.settings.fallen_m
        return bool(low or up[2] < np.cos(self.settings.fallen_rad))

    def _arm_weight(self) -> tuple[Array, Array]:
        return arm_weight(self.plant.arm(), -self.plant.body().rotation[2])

    def _walk(self) -> None:
        self._stance = self._goal = self._spot = None
        self._calm_s = self._planted_s = 0.0
        self.hand.hold(None)
        self._last = answer_for(self.plant.legs())
        self.plant.stiffen(self.settings.walk_kp, self.settings.walk_kv)

    def _answer(self, velocity: Array, rates: Array) -> None:
        """Ask the policy, and send its answer. velocity, rates: (3,) of the body, in its frame."""
        plant = self.plant
        joints, joint_rates = plant.all_joints()
        state = GaitState(
            velocity, rates, -plant.body().rotation[2], self._command,
            plant.arm_and_jaw_target(), joints, joint_rates, self._last,
        )  # fmt: skip
        self._last = self._policy.answer(state)
        plant.command_legs(leg_targets(self._last))
