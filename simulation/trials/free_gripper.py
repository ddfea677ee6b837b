"""The gripper without a robot: six joints that hold it in space and the jaw's, and the motions of one grasp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from behaviours.robots.spot.gripper_shape import JAW_OPEN_RAD, PIECES, Part
from perception.geometry import Pose
from simulation.genesis.physics import TIME_STEP_S
from simulation.genesis.plant import as_numpy, link_pose
from simulation.genesis.settings import MotionSettings
from simulation.robot_files.spot_model import (
    BASE_JOINTS,
    FREE_BASE_GAINS,
    GAINS,
    JAW_JOINT,
    write_free_gripper,
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Watch = Callable[[], bool | None]
"""Called every LOOK_EVERY steps; True ends the motion."""

JAW_SPEED_RADPS = MotionSettings().jaw_speed_radps
FRICTION = 0.8
"""As on the robot. Genesis takes the larger friction of a pair."""
PRE_GRASP_M = 0.12
"""Distance from the grasp, against the approach, at which the gripper starts."""
LIFT_M = 0.15
"""Height of the lift."""
SHAKE_M, SHAKE_HZ, SHAKE_S = 0.01, 3.0, 2 / 3
"""Amplitude along the world's x and y at once, frequency and duration: 0.5 g at the turning points."""
APPROACH_S, REST_S, SQUEEZE_S, LIFT_S = 0.6, 0.05, 0.2, 0.5
"""Durations: moving in, resting after a motion, squeezing with closed jaws, lifting."""
ASIDE_S = 0.25
"""Of the small move to where the jaws close."""
LOOK_EVERY = 4
"""Physics steps between two contact checks while moving in and closing."""


class FreeGripper:
    """A gripper in a gs.Scene. Make it before the scene is built, and call `ready` afterwards.

    Arrays have one row per environment of the scene, one row if it is not batched. A grasp is `reach`, `lift` and
    `shake`, in this order; or in single motions `stand_before`, `advance`, `move_to`, `close`, `carry` and `shake`.

    parts: its convex pieces. friction: of its surface; None for Genesis' default.
    """

    def __init__(
        self, scene: Any, folder: Path, parts: Sequence[Part] = PIECES, friction: float | None = FRICTION
    ) -> None:
        import genesis as gs

        self._scene = scene
        self._entity = scene.add_entity(
            gs.morphs.MJCF(file=str(write_free_gripper(folder, parts)), default_armature=0.1),
            material=gs.materials.Rigid(gravity_compensation=1.0, friction=friction),
        )

    def ready(self, count: int = 0) -> None:
        """Set the gains. count: environments of the built scene, 0 if it is not batched."""
        self._count = count
        joints = (joint for joint in self._entity.joints if len(joint.dofs_idx_local) == 1)
        dof = {joint.name: joint.dofs_idx_local[0] for joint in joints}
        self._base, self._jaw = [dof[name] for name in BASE_JOINTS], [dof[JAW_JOINT]]
        for name, gain in {**FREE_BASE_GAINS, JAW_JOINT: GAINS[JAW_JOINT]}.items():
            self._entity.set_dofs_kp([gain.kp], [dof[name]])
            self._entity.set_dofs_kv([gain.kv], [dof[name]])
            self._entity.set_dofs_force_range([-gain.max_effort], [gain.max_effort], [dof[name]])

    def reach(
        self,
        world_from_hand: Sequence[Pose],
        max_torque_nm: float,
        watch: Watch,
        opening: float | Array = 1.0,
        closing: Sequence[Pose] | None = None,
    ) -> None:
        """Start PRE_GRASP_M before the hand poses, move in along the approach, aside to `closing` if given, and close.

        opening: as for `stand_before`.
        """
        self.stand_before(world_from_hand, PRE_GRASP_M, max_torque_nm, opening)
        self.advance(APPROACH_S, watch)
        if closing is not None:
            self.move_to(closing, ASIDE_S, watch)
        self._move(REST_S, lambda _: self._goal, lambda _: self._opened, watch)
        self.close(watch)

    def stand_before(
        self, world_from_hand: Sequence[Pose], back_m: float, max_torque_nm: float, opening: float | Array = 1.0
    ) -> None:
        """Stand at once so far before the hand poses, with the jaws open by this share, one for all or (count, 1).
        max_torque_nm: of the jaws."""
        self._goal = _joints(world_from_hand)
        self._back = np.zeros_like(self._goal)
        self._back[:, :3] = [pose.rotation[:, 0] * back_m for pose in world_from_hand]
        self._opened = np.full((len(self._goal), 1), JAW_OPEN_RAD * opening)
        self._shut = np.zeros((len(self._goal), 1))
        start = np.hstack([self._goal - self._back, self._opened])
        self._entity.set_dofs_position(self._rows(start), [*self._base, *self._jaw])
        self._entity.control_dofs_position(self._rows(start), [*self._base, *self._jaw])
        self._entity.set_dofs_force_range([-max_torque_nm], [max_torque_nm], self._jaw)

    def advance(self, seconds: float, watch: Watch) -> None:
        """From there to the hand poses. Where `watch` stops it, that is where it closes."""
        goal, back = self._goal, self._back
        reached = self._move(seconds, lambda s: goal - back * (1.0 - _min_jerk(s)), lambda _: self._opened, watch)
        if reached < 1.0:
            self._goal = goal - back * (1.0 - _min_jerk(reached))

    def move_to(self, world_from_hand: Sequence[Pose], seconds: float, watch: Watch) -> None:
        """From there straight to hand poses that have the same rotations, the jaws as they are."""
        start, goal = self._goal, self._goal.copy()
        goal[:, :3] = _joints(world_from_hand)[:, :3]
        self._move(seconds, lambda s: start + (goal - start) * _min_jerk(s), lambda _: self._opened, watch)
        self._goal = goal

    def close(self, watch: Watch) -> None:
        """Close the jaws, and squeeze."""
        goal, opened = self._goal, self._opened
        seconds = float(-opened.min()) / JAW_SPEED_RADPS
        self._move(seconds, lambda _: goal, lambda share: opened * (1.0 - share), watch)
        self.squeeze(SQUEEZE_S, watch)

    def squeeze(self, seconds: float, watch: Watch | None = None) -> None:
        """Keep the jaws' target at closed: they close as fast as their torque allows."""
        self._move(seconds, lambda _: self._goal, lambda _: self._shut, watch)

    def close_at(self, world_from_hand: Sequence[Pose], opened_rad: Array, max_torque_nm: float) -> None:
        """Stand at once at the hand poses with jaws opened by opened_rad (count,), and close them."""
        self.stand_before(world_from_hand, 0.0, max_torque_nm, np.asarray(opened_rad)[:, None] / -JAW_OPEN_RAD)
        self.close(lambda: None)

    def lift(self) -> None:
        """Lift by LIFT_M, then rest."""
        self.carry((0.0, 0.0, LIFT_M), LIFT_S)

    def carry(self, offset_m: tuple[float, float, float], seconds: float) -> None:
        """Move by a vector in the world frame, then rest."""
        up = np.array([*offset_m, 0.0, 0.0, 0.0])
        start = self._goal
        self._move(seconds, lambda share: start + up * _min_jerk(share), lambda _: self._shut)
        self._goal = start + up
        self._move(REST_S, lambda _: self._goal, lambda _: self._shut)

    def shake(self) -> None:
        """Shake along the world's x and y, then rest."""
        across, turns = np.array([SHAKE_M, SHAKE_M, 0, 0, 0, 0]), 2 * np.pi * SHAKE_HZ * SHAKE_S
        self._move(SHAKE_S, lambda share: self._goal + across * np.sin(turns * share), lambda _: self._shut)
        self._move(REST_S, lambda _: self._goal, lambda _: self._shut)

    def state(self) -> Array:
        """(count, 21) where it is, its rates, and where it is to be; for `restore`."""
        now = (self._entity.get_dofs_position(), self._entity.get_dofs_velocity())
        return np.hstack([*map(as_numpy, now), self._goal, self._shut])

    def restore(self, state: Array) -> None:
        """Go on from a state with closed jaws, one row an environment."""
        count = len(self._base) + len(self._jaw)
        self._entity.set_dofs_position(state[:, :count])
        self._entity.set_dofs_velocity(state[:, count : 2 * count])
        self._goal, self._shut = state[:, 2 * count : -1], state[:, -1:]

    def park(self, position_m: tuple[float, float, float]) -> None:
        """Put the gripper at a place in the world, with open jaws, without a motion."""
        rest = np.array([[*position_m, 0.0, 0.0, 0.0, JAW_OPEN_RAD]]).repeat(max(1, self._count), axis=0)
        joints = [*self._base, *self._jaw]
        self._entity.set_dofs_position(self._rows(rest), joints)
        self._entity.control_dofs_position(self._rows(rest), joints)

    def touches(self, other: Any) -> Flags:
        """(count,) whether the gripper touches the entity now."""
        mask = self._entity.get_contacts(with_entity=other)["valid_mask"].detach().cpu().numpy().astype(bool)
        rows = mask.reshape(max(1, self._count), -1)
        return np.asarray(rows.any(axis=1))

    def touched(self) -> list[int]:
        """The links that touch the gripper now, one a contact, as the solver counts them. Of a scene without batch."""
        contacts = self._entity.get_contacts(exclude_self_contact=True)
        links = np.stack([contacts[key].detach().cpu().numpy() for key in ("link_a", "link_b")])
        return [link for link in links.ravel().tolist() if link not in self.links]

    @property
    def links(self) -> set[int]:
        """Its links, as the solver counts them."""
        return set(range(self._entity.link_start, self._entity.link_end))

    def hand(self) -> Pose:
        """world_from_hand now. Of a scene without batch."""
        wrist = link_pose(self._entity.get_link("wr1"))
        return wrist @ Pose(np.eye(3), np.array([HAND_FROM_WRIST_X_M, 0.0, 0.0]))

    def opening(self) -> Array:
        """(count,) opening of the jaws, 0..1."""
        angle = as_numpy(self._entity.get_dofs_position(self._jaw)).reshape(-1)
        return np.clip(angle / JAW_OPEN_RAD, 0.0, 1.0)

    def _rows(self, values: Array) -> Array:
        return values if self._count else values[0]

    def _move(
        self,
        seconds: float,
        base: Callable[[float], Array],
        jaw: Callable[[float], Array],
        watch: Watch | None = None,
    ) -> float:
        """Let base (share -> (count, 6)) and jaw (share -> (count, 1)) run; share goes from 0 to 1. The share that was
        reached."""
        steps = max(1, round(seconds / TIME_STEP_S))
        before = base(0.0)
        for step in range(1, steps + 1):
            target = base(step / steps)
            rate = (target - before) / TIME_STEP_S
            self._entity.control_dofs_position_velocity(self._rows(target), self._rows(rate), self._base)
            self._entity.control_dofs_position(self._rows(jaw(step / steps)), self._jaw)
            before = target
            self._scene.step()
            if watch is not None and step % LOOK_EVERY == 0 and watch():
                return step / steps
        return 1.0


def _joints(world_from_hand: Sequence[Pose]) -> Array:
    """(count, 6) of the joints that hold the gripper in space, for hand poses."""
    wrists = [pose @ Pose(np.eye(3), np.array([-HAND_FROM_WRIST_X_M, 0.0, 0.0])) for pose in world_from_hand]
    return np.array([[*wrist.position_m, *wrist.rpy_rad[::-1]] for wrist in wrists])


def _min_jerk(share: float) -> float:
    return share**3 * (10.0 + share * (6.0 * share - 15.0))
