"""Walks round what the robot has seen, against a plant that follows its targets, in a world of boxes cast by rays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robot import CommandState
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.types import RgbdFrame
from simulation.genesis.settings import MotionSettings
from simulation.genesis.steering import LOOK_CAMERA, Then
from simulation.genesis.walking.eyes import FloorEyes
from simulation.genesis.walking.gait import Trot
from simulation.genesis.walking.guided import WALKER, GuidedWalk
from simulation.genesis.walking.straight import Walk
from tests.simulation.genesis.test_motions import DT, IdealPlant, run

SPEED, RATE = 0.6, 0.8
FEET = np.array([[0.3, 0.2, 0.0], [0.3, -0.2, 0.0], [-0.3, 0.2, 0.0], [-0.3, -0.2, 0.0]])
Block = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Lowest and highest corner of a box along the axes."""


class WalkingPlant(IdealPlant):
    """Keeps where it has been."""

    def __init__(self) -> None:
        super().__init__()
        self.way: list[np.ndarray] = []

    def command_base(self, xy_yaw: np.ndarray, rate: np.ndarray) -> None:
        super().command_base(xy_yaw, rate)
        self.way.append(self.xy_yaw.copy())

    def body(self) -> Pose:
        return Pose.from_rpy((0.0, 0.0, self.xy_yaw[2]), (*self.xy_yaw[:2], SPOT.body_height_m))

    def hand(self) -> Pose:
        return self.body() @ Pose(np.eye(3), np.array([0.62, 0.0, 0.22]))


class Room:
    """A floor with boxes. blocks: may change. looks: pictures taken."""

    def __init__(self, *blocks: Block) -> None:
        self.blocks, self.looks = list(blocks), 0

    def look(self, world_from_camera: Pose) -> RgbdFrame:
        self.looks += 1
        camera, every = LOOK_CAMERA, FloorEyes.EVERY
        rows, columns = np.mgrid[0 : camera.height : every, 0 : camera.width : every]
        rays = camera.back_project(columns, rows, np.ones(rows.shape)).reshape(-1, 3) @ world_from_camera.rotation.T
        at = world_from_camera.position_m
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.where(rays[:, 2] < 0, -at[2] / rays[:, 2], np.inf)
            for low, high in self.blocks:
                first, last = np.sort([(np.array(corner) - at) / rays for corner in (low, high)], axis=0)
                enter, leave = first.max(axis=1), last.min(axis=1)
                depth = np.where((enter < leave) & (enter > 0), np.minimum(depth, enter), depth)
        seen = np.where(depth < 15.0, depth, 0.0).astype(np.float32).reshape(rows.shape)
        depth = seen.repeat(every, axis=0).repeat(every, axis=1)
        return RgbdFrame(np.zeros((*camera.shape, 3), np.uint8), depth, camera, world_from_camera, 0.0, "look")


def walk(plant: Any, room: Room, goal: tuple[float, float, float]) -> GuidedWalk:
    def straight(to: np.ndarray, *, passes: bool) -> Walk:
        return Walk(plant, Trot(SPOT.body_height_m), to, SPEED, RATE)

    return GuidedWalk(
        plant, FloorEyes(room.look, plant, lambda: plant.body().transform(FEET) * [1, 1, 0]), np.array(goal), straight
    )


def away_m(way: list[np.ndarray], block: Block) -> float:
    """How near a way comes to a box."""
    places, (low, high) = np.array(way)[:, :2], (np.array(corner[:2]) for corner in block)
    return float(np.linalg.norm(np.maximum(np.maximum(low - places, places - high), 0.0), axis=1).min())


def greatest_step_mps(plant: WalkingPlant) -> float:
    """The greatest change of speed from one step to the next."""
    return float(np.abs(np.diff([0.0, *plant.speeds])).max())


ACCEL_MPS2 = MotionSettings().walk_accel_mps2
POUF: Block = ((1.2, -0.3, 0.0), (1.6, 0.2, 0.4))


def test_on_a_free_floor_it_walks_as_the_straight_walk_does_to_the_bit() -> None:
    guided, straight = WalkingPlant(), WalkingPlant()
    goal = (1.5, -0.4, 0.7)
    run(walk(guided, Room(), goal))
    run(Walk(straight, Trot(SPOT.body_height_m), np.array(goal), SPEED, RATE))  # type: ignore[arg-type]
    assert [each.tolist() for each in guided.way] == [each.tolist() for each in straight.way]


def test_it_walks_round_what_it_sees_and_arrives_with_its_heading() -> None:
    plant = WalkingPlant()
    motion = walk(plant, Room(POUF), (3.0, 0.0, 1.0))
    run(motion)
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert plant.xy_yaw == pytest.approx([3.0, 0.0, 1.0], abs=1e-6)
    assert away_m(plant.way, POUF) > WALKER.radius_m - 0.15
    assert greatest_step_mps(plant) <= ACCEL_MPS2 * DT + 1e-9


def test_what_shows_on_the_way_makes_it_brake_and_plan_anew() -> None:
    """Somebody puts a box down when the robot has walked for 2 s."""
    plant, room = WalkingPlant(), Room()
    motion = walk(plant, room, (5.0, 0.0, 0.0))
    box: Block = ((2.6, -0.2, 0.0), (2.9, 0.3, 0.4))
    for step in range(int(40 / DT)):
        if step == int(2 / DT):
            room.blocks.append(box)
        motion.advance(DT)
        if not motion.running:
            break
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert plant.xy_yaw[:2] == pytest.approx([5.0, 0.0], abs=1e-6)
    assert away_m(plant.way, box) > WALKER.radius_m - 0.15
    assert greatest_step_mps(plant) <= ACCEL_MPS2 * DT + 1e-9, "it brakes, and does not stop dead"


def test_where_there_is_no_way_it_says_what_is_in_the_way_and_stays() -> None:
    plant = WalkingPlant()
    wall: Block = ((1.5, -9.0, 0.0), (1.6, 9.0, 1.0))
    motion = walk(plant, Room(wall), (3.0, 0.0, 0.0))
    assert motion.poll().state is CommandState.FAILED
    assert motion.poll().reason.startswith("blocked: what stands at (1.5")
    assert plant.way == []
    inside = walk(plant, Room(POUF), (1.25, -0.25, 0.0))
    assert "from the middle of where to stand" in inside.poll().reason


def test_a_walk_that_is_blocked_once_the_body_stands_level_fails_and_says_why() -> None:
    plant = WalkingPlant()
    wall: Block = ((1.5, -9.0, 0.0), (1.6, 9.0, 1.0))
    turn = walk(plant, Room(), (0.0, 0.0, 0.1))
    motion = Then(turn, lambda: walk(plant, Room(wall), (3.0, 0.0, 0.0)))
    run(motion)
    assert motion.poll().state is CommandState.FAILED
    assert motion.poll().reason.startswith("blocked: what stands at (1.5")


def test_a_turn_on_the_spot_takes_no_picture() -> None:
    plant, room = WalkingPlant(), Room(POUF)
    run(walk(plant, room, (0.0, 0.0, 2.0)))
    assert room.looks == 0
    assert plant.xy_yaw[2] == pytest.approx(2.0)


def test_a_cancelled_walk_rests() -> None:
    plant = WalkingPlant()
    motion = walk(plant, Room(POUF), (3.0, 0.0, 0.0))
    for _ in range(300):
        motion.advance(DT)
    motion.cancel()
    assert plant.speeds[-1] == 0.0
    assert motion.poll().state is CommandState.CANCELLED


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 3.0), st.floats(-2.0, 2.0), st.floats(0.0, 8.0))
def test_it_brakes_within_its_acceleration_from_any_moment(ahead_m: float, turn_rad: float, after_s: float) -> None:
    plant = WalkingPlant()
    motion = Walk(plant, Trot(SPOT.body_height_m), np.array([ahead_m, 0.0, turn_rad]), SPEED, RATE)  # type: ignore[arg-type]
    for _ in range(int(after_s / DT)):
        motion.advance(DT)
    began, speed = plant.xy_yaw[0], plant.speeds[-1] if plant.speeds else 0.0
    motion.brake()
    run(motion)
    assert motion.poll().state is CommandState.DONE
    assert plant.xy_yaw[0] - began <= speed**2 / (2 * ACCEL_MPS2) + speed * DT + 1e-6
    assert greatest_step_mps(plant) <= ACCEL_MPS2 * DT + 1e-9


def test_its_own_arm_and_what_it_holds_are_no_obstacles() -> None:
    plant = WalkingPlant()
    held: Block = ((0.7, -0.05, 0.55), (0.8, 0.05, 0.8))
    eyes = FloorEyes(Room(held).look, plant, lambda: FEET)
    eyes.look()
    assert len(eyes.plan.occupied) == 0
    eyes = FloorEyes(Room(((0.9, -0.1, 0.0), (1.1, 0.1, 0.4))).look, plant, lambda: FEET)
    eyes.look()
    assert len(eyes.plan.occupied) > 0, "what stands under the arm is one"
