"""Objects together on a table, a camera, and a gripper without a robot that takes them away one by one.

Scenes, motions and success are those of VGN's and GIGA's benchmark, with this project's gripper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.genesis.physics import TIME_STEP_S
from simulation.genesis.plant import as_numpy
from simulation.genesis.scene_camera import SceneCamera
from simulation.scene.build import SUPPORT_FRICTION, SceneSample
from simulation.trials.bench import MAX_SLIP_M
from simulation.trials.free_gripper import ASIDE_S, FreeGripper

PARKED_M = (-40.0, -40.0, 3.0)
GONE_M = (-40.0, 40.0)
"""Where objects are that are not on the table, out of sight and GONE_GAP_M apart."""
GONE_GAP_M = 2.5
LOOK_STEPS = round(0.25 / TIME_STEP_S)
"""Between two looks at whether all objects rest."""
WALL_M = 0.02


@dataclass(frozen=True)
class ClutterProtocol:
    """The numbers of the benchmark; metres, seconds, radians.

    cube_m: side of the cube that the objects are in; the table's surface is table_m above its bottom. pre_grasp_m: how
    far before the grasp the hand starts. speed_mps: on the way in and out. retreat_m: up, if the approach is more than
    side_rad off straight down, else back along the approach. min_opening: share of the jaws' opening that tells that
    they hold something.
    rest_mps: slower is at rest; rest_s: longest wait for it. drop_m, drop_rest_s: above the table, and wait after each.
    """

    cube_m: float = 0.30
    table_m: float = 0.05
    pre_grasp_m: float = 0.05
    speed_mps: float = 0.10
    retreat_m: float = 0.10
    side_rad: float = float(np.pi / 3)
    min_opening: float = 0.1
    rest_mps: float = 0.01
    rest_s: float = 2.0
    drop_m: float = 0.2
    drop_rest_s: float = 1.0
    max_torque_nm: float = 3.0


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of a grasp.

    outcome: "success" by the benchmark (the gripper touches an object after the retreat and is not closed), or the
    first thing that went wrong. object: what it held, or else touched when it had closed; -1 for nothing. held: our
    own, stricter success: carried free of the table and the other objects, and not slipped while shaken. picture:
    (H, W, 3) uint8 RGB of the closed gripper.
    """

    outcome: str
    object: int
    held: bool
    picture: NDArray[np.uint8]


class ClutterTable(SceneCamera):
    """A built scene whose objects can be gripped.

    left: indices of the objects in the cube.
    """

    def __init__(
        self, sample: SceneSample, camera: Intrinsics, protocol: ClutterProtocol, drops: Sequence[Pose] = ()
    ) -> None:
        """sample: its one support is the table. drops: world_from_middle of each object, from where they fall one after
        the other between walls that are then taken away; none if they stand already."""
        self._protocol = protocol
        self._sample = sample
        self._walls: list[Any] = []
        self._drops = drops
        super().__init__(sample, camera)
        for placed, entity in zip(self.placed, self._entities, strict=True):
            entity.set_mass(placed.object.mass_kg)
        self._gripper.ready()
        self._gripper.park(PARKED_M)
        self._object_of = {entity.base_link.idx: index for index, entity in enumerate(self._entities)}
        self.left = set(range(len(self.placed)))
        if drops:
            self._drop()
        self._rest_and_clear()
        self._start = self._scene.get_state()
        self._at_start = frozenset(self.left)

    @property
    def count(self) -> int:
        """How many objects a round starts with."""
        return len(self._at_start)

    def start_again(self) -> None:
        """Everything as it was when the scene was made."""
        self._scene.reset(self._start)
        self.left = set(self._at_start)

    def attempt(self, world_from_hand: Pose, opening: float = 1.0, closing: Pose | None = None) -> Attempt:
        """Come in to a hand pose with the jaws open by this share, grip there, and take away what is lifted.

        closing: where the hand, if nothing stops it, moves aside to before the jaws close; else it stays.
        """
        protocol = self._protocol
        self._gripper.stand_before([world_from_hand], protocol.pre_grasp_m, protocol.max_torque_nm, opening)
        self._scene.step()
        if self._gripper.touched():
            attempt = Attempt("touches something before the grasp", self._most(), False, self._photo())
        else:
            attempt = self._grip(world_from_hand, closing)
        if attempt.outcome == "success":
            self._take_away(attempt.object)
        self._gripper.park(PARKED_M)
        self._rest_and_clear()
        return attempt

    def _grip(self, world_from_hand: Pose, closing: Pose | None) -> Attempt:
        protocol = self._protocol
        approach = world_from_hand.rotation[:, 0]
        aside = np.arccos(np.clip(-approach[2], -1.0, 1.0)) > protocol.side_rad
        retreat = np.array([0.0, 0.0, protocol.retreat_m]) if aside else -protocol.retreat_m * approach
        stopped: list[int] = []

        def watch() -> bool:
            stopped.extend(self._gripper.touched())
            return bool(stopped)

        self._gripper.advance(protocol.pre_grasp_m / protocol.speed_mps, watch)
        if closing is not None and not stopped:
            self._gripper.move_to([closing], ASIDE_S, lambda: None)
        self._gripper.close(lambda: None)
        photo, touched, caught = self._photo(), self._most(), self._gripper.opening()[0] > protocol.min_opening
        self._gripper.carry(tuple(retreat), protocol.retreat_m / protocol.speed_mps)
        holds = self._most()
        if holds < 0 or self._gripper.opening()[0] <= protocol.min_opening:
            if stopped:
                met_object = any(link in self._object_of for link in stopped)
                outcome = "stopped by an object" if met_object else "stopped by the table"
            elif not caught or touched < 0:
                outcome = "closed on nothing"
            else:
                outcome = "lost while lifted"
            return Attempt(outcome, touched, False, photo)
        return Attempt("success", holds, self._survives_shake(holds), photo)

    def _survives_shake(self, index: int) -> bool:
        pinch = self._gripper.hand().position_m
        gripped = self.world_from_object[index].inverse().transform(pinch)
        self._gripper.shake()
        slip = float(np.linalg.norm(self.world_from_object[index].transform(gripped) - pinch))
        contacts = self._entities[index].get_contacts()
        links = {int(link) for key in ("link_a", "link_b") for link in contacts[key].detach().cpu().numpy()}
        alone = links - {self._entities[index].base_link.idx} <= self._gripper.links
        return bool(links) and alone and slip <= MAX_SLIP_M

    def _most(self) -> int:
        """The object that most contacts of the gripper are with; -1 for none."""
        counts = Counter(self._object_of[link] for link in self._gripper.touched() if link in self._object_of)
        return min(counts, key=lambda index: (-counts[index], index), default=-1)

    def _add_more(self, folder: Path) -> None:
        self._gripper = FreeGripper(self._scene, folder)
        if self._drops:
            self._add_walls()

    def _add_walls(self) -> None:
        """Four, unseen, about the cube less two centimetres on each side, and twice as high."""
        import genesis as gs

        half, height = self._protocol.cube_m / 2 - 0.02, 2 * self._protocol.cube_m
        middle = self.cube_center_m()
        for axis in (0, 1):
            for side in (-1.0, 1.0):
                size = [2 * half + 2 * WALL_M, 2 * half + 2 * WALL_M, height]
                size[axis] = WALL_M
                place = middle + side * (half + WALL_M / 2) * np.eye(3)[axis]
                place[2] = self.table_z_m + height / 2
                wall = gs.morphs.Box(size=tuple(size), pos=tuple(place), fixed=True, visualization=False)
                self._walls.append(self._scene.add_entity(wall, material=gs.materials.Rigid(friction=SUPPORT_FRICTION)))

    @property
    def table_z_m(self) -> float:
        """World z of the table's surface."""
        (table,) = self._sample.supports
        return table.center_m[2] + table.half_m[2]

    def cube_center_m(self) -> NDArray[np.float64]:
        """(3,) world."""
        (table,) = self._sample.supports
        up = self.table_z_m - self._protocol.table_m + self._protocol.cube_m / 2
        return np.array([table.center_m[0], table.center_m[1], up])

    def _drop(self) -> None:
        """Let the objects fall one after the other, then take the walls away."""
        for index in range(len(self.placed)):
            self._send_away(index)
        for index, drop in enumerate(self._drops):
            middle = np.array([0.0, 0.0, self.placed[index].object.height_m / 2])
            self._put(index, Pose(drop.rotation, drop.position_m - drop.rotation @ middle))
            self._rest(self._protocol.drop_rest_s)
        for wall in self._walls:
            wall.set_pos(np.array([*GONE_M, -2.0]))

    def _rest_and_clear(self) -> None:
        """Wait until all objects are at rest, and take those away that have left the cube."""
        while True:
            self._rest(self._protocol.rest_s)
            half, center = self._protocol.cube_m / 2, self.cube_center_m()
            outside = [index for index in self.left if np.abs(self._middle(index) - center).max() > half]
            if not outside:
                return
            for index in outside:
                self._take_away(index)

    def _rest(self, most_s: float) -> None:
        for _ in range(round(most_s / TIME_STEP_S / LOOK_STEPS)):
            for _ in range(LOOK_STEPS):
                self._scene.step()
            speeds = [float(np.linalg.norm(as_numpy(self._entities[index].get_vel()))) for index in self.left]
            if max(speeds, default=0.0) <= self._protocol.rest_mps:
                return

    def _middle(self, index: int) -> NDArray[np.float64]:
        """(3,) world position of an object's middle."""
        height_m = self.placed[index].object.height_m
        return self.world_from_object[index].transform(np.array([0.0, 0.0, height_m / 2]))

    def _take_away(self, index: int) -> None:
        self.left.discard(index)
        self._send_away(index)

    def _send_away(self, index: int) -> None:
        self._put(index, Pose(np.eye(3), np.array([GONE_M[0], GONE_M[1] + GONE_GAP_M * index, 0.001])))

    def _put(self, index: int, world_from_object: Pose) -> None:
        """At rest at a pose."""
        entity: Any = self._entities[index]
        entity.set_quat(np.array(world_from_object.quaternion_wxyz), zero_velocity=True)
        entity.set_pos(np.array(world_from_object.position_m), zero_velocity=True)

    def _photo(self) -> NDArray[np.uint8]:
        rgb, _, _, _ = self._camera.render(rgb=True, force_render=True)
        return np.ascontiguousarray(rgb[..., :3], np.uint8)
