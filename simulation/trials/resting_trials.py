"""Grasps of an object as it lies, by the thousand: the jaws close where the hand stands, lift and shake.

For hand poses whose way in is known to be free (`training.dataset.ways.labels` asks the geometry first), so that the
approach need not be simulated. One scene serves all resting poses of an object, on the floor. Grasps that lose the
object at the start of the lift end there; only the others go on, packed together, which halves the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.genesis.physics import TIME_STEP_S
from simulation.genesis.plant import as_numpy
from simulation.scene.objects import GraspObject
from simulation.trials.bench import Bench
from simulation.trials.free_gripper import LIFT_M

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIRST_M, FIRST_S, REST_M, REST_S = 0.05, 0.3, LIFT_M - 0.05, 0.4
"""The lift in two goes, with the accelerations of one; after the first the object has to have come along."""
COMES_ALONG_M: Final = 0.02
SETTLE_S: Final = 0.5
STEADY_M, STEADY_RAD = 0.02, 0.3
"""An object that moves or turns by more than this while it settles does not rest there. A fruit rolls a little."""
AWAY_M: Final = (0.0, 0.0, 1.5)
SPARE_M: Final = np.array([0.0, 0.0, 30.0])


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of N grasps, (N,) bool: the object was lifted by LIFTED_M; it was, and held through the shake."""

    lifted: Flags
    held: Flags


class RestingBench(Bench):
    """An object on the floor, gripped as it lies. parts: corners (V, 3) of the convex parts that the object is solid
    as, in its frame."""

    def __init__(self, item: GraspObject, count: int) -> None:
        super().__init__(item, count)
        self.parts: list[Array] = [np.asarray(geom.init_verts, np.float64) for geom in self._object.geoms]
        self._corners = np.concatenate(self.parts)

    def settle(self, world_from_object: Sequence[Pose]) -> list[Pose | None]:
        """Where the object comes to rest from each of at most `count` poses on the floor; None where it does not
        stay."""
        self._scene.reset()
        self._gripper.park(AWAY_M)
        starts = [world_from_object[i % len(world_from_object)] for i in range(self._count)]
        self._put(starts)
        for _ in range(round(SETTLE_S / TIME_STEP_S)):
            self._scene.step()
        rests = [Pose(r, p) for r, p in zip(self._rotation(), self._position(), strict=True)]
        pairs = list(zip(starts, rests, strict=True))[: len(world_from_object)]
        return [
            rest if rest.distance_m(start) < STEADY_M and rest.angle_rad(start) < STEADY_RAD else None
            for start, rest in pairs
        ]

    def run(
        self,
        world_from_hand: Sequence[Pose],
        world_from_object: Sequence[Pose],
        opened_rad: Array,
        max_torque_nm: float,
    ) -> Outcomes:
        """Try N grasps of the object at rest. opened_rad: (N,) angle of the jaws before they close."""
        total = len(world_from_hand)
        lifted, held = np.zeros((2, total), bool)
        going: list[tuple[int, Array]] = []
        for index in self._batches(np.argsort(opened_rad, kind="stable")):
            going += self._grip(index, world_from_hand, world_from_object, opened_rad, max_torque_nm)
        for batch in self._batches(np.arange(len(going))):
            chosen, states = [going[i][0] for i in batch], np.array([going[i][1] for i in batch])
            pinch = np.array([world_from_hand[i].position_m for i in chosen])
            pinch[:, 2] += LIFT_M
            rest = np.array([self._low_of(world_from_object[i]) for i in chosen])
            spare = self._spare(batch)
            states[spare, -13:-10] += SPARE_M
            outcome = self._hold(states, pinch, rest)
            index = np.array(chosen)[~spare]
            lifted[index], held[index] = (flags[~spare] for flags in outcome)
        return Outcomes(lifted, held)

    def _batches(self, index: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Full batches; the last is filled up by repeating, see `_spare`."""
        return [np.resize(index[i : i + self._count], self._count) for i in range(0, len(index), self._count)]

    @staticmethod
    def _spare(index: NDArray[np.int64]) -> Flags:
        """Which rows repeat earlier ones. Their objects are put where nothing touches them, which costs little."""
        again = np.ones(len(index), bool)
        again[np.unique(index, return_index=True)[1]] = False
        return again

    def _grip(
        self,
        index: NDArray[np.int64],
        hands: Sequence[Pose],
        objects: Sequence[Pose],
        opened_rad: Array,
        max_torque_nm: float,
    ) -> list[tuple[int, Array]]:
        """Close on a batch and lift a little; (index, state) of those whose object comes along, each once."""
        self._scene.reset()
        spare = self._spare(index)
        put = [objects[i] for i in index]
        self._put([Pose(p.rotation, p.position_m + SPARE_M * aside) for p, aside in zip(put, spare, strict=True)])
        rest = self._lowest()
        self._gripper.close_at([hands[i] for i in index], opened_rad[index], max_torque_nm)
        self._gripper.carry((0.0, 0.0, FIRST_M), FIRST_S)
        along = self._lowest() - rest > COMES_ALONG_M
        state = np.hstack(
            [self._gripper.state(), as_numpy(self._object.get_qpos()), as_numpy(self._object.get_dofs_velocity())]
        )
        return [(int(i), state[row]) for row, i in enumerate(index) if along[row] and not spare[row]]

    def _hold(self, states: Array, pinch: Array, rest: Array) -> tuple[Flags, Flags]:
        """Go on from these states: (lifted, held)."""
        self._scene.reset()
        self._object.set_qpos(states[:, -13:-6])
        self._object.set_dofs_velocity(states[:, -6:])
        self._gripper.restore(states[:, :-13])
        self._gripper.carry((0.0, 0.0, REST_M), REST_S)
        return self._shake(pinch, rest)

    def _put(self, world_from_object: Sequence[Pose]) -> None:
        self._object.set_quat(np.array([pose.quaternion_wxyz for pose in world_from_object]))
        self._object.set_pos(np.array([pose.position_m for pose in world_from_object]))

    def _low_of(self, world_from_object: Pose) -> float:
        return float(world_from_object.transform(self._corners)[:, 2].min())
