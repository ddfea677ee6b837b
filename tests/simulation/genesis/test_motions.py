"""Motions against a plant that follows its targets exactly, or is blocked."""

from __future__ import annotations

import numpy as np
import pytest

from behaviours.robot import CommandState
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.motions import ArmPath, Jaw, Motion, Refused, path_duration_s, straight_path
from simulation.genesis.settings import GaitSettings, MotionSettings
from simulation.genesis.walking.gait import Trot
from simulation.genesis.walking.straight import Walk

DT = 0.005
HEIGHT = 0.52


class IdealPlant:
    """Follows every target at once. `stuck` freezes the measured base and arm; `object_angle` stops the jaws."""

    def __init__(self) -> None:
        self.xy_yaw = np.zeros(3)
        self.joints = np.array(spot_arm.READY)
        self.jaw_angle = 0.0
        self.jaw_rate = 0.0
        self.object_angle = -1.0
        self.stuck = False
        self.torque = 0.0
        self.speeds: list[float] = []

    def base(self) -> np.ndarray:
        return self.xy_yaw.copy()

    def command_base(self, xy_yaw: np.ndarray, rate: np.ndarray) -> None:
        self.speeds.append(float(np.hypot(rate[0], rate[1])))
        if not self.stuck:
            self.xy_yaw = np.array(xy_yaw)

    def command_legs(self, angles: np.ndarray) -> None:
        assert angles.shape == (12,)
        assert np.isfinite(angles).all()

    def arm(self) -> np.ndarray:
        return self.joints.copy()

    def command_arm(self, joints: np.ndarray, rate: np.ndarray) -> None:
        assert rate.shape == (6,)
        if not self.stuck:
            self.joints = np.array(joints)

    def hand(self) -> Pose:
        return spot_arm.forward(self.joints)

    def jaw(self) -> tuple[float, float]:
        return self.jaw_angle, self.jaw_rate

    def command_jaw(self, angle_rad: float, max_torque_nm: float) -> None:
        self.torque = max_torque_nm
        new = max(angle_rad, self.object_angle)
        self.jaw_rate, self.jaw_angle = (new - self.jaw_angle) / DT, new

    def jaw_torque_nm(self) -> float:
        return self.torque


def run(motion: Motion, limit_s: float = 30.0) -> float:
    steps = 0
    while motion.running and steps * DT < limit_s:
        motion.advance(DT)
        steps += 1
    return steps * DT


def test_walk_arrives_the_short_way_round_within_its_speed() -> None:
    plant = IdealPlant()
    plant.xy_yaw = np.array([0.0, 0.0, 3.0])
    walk = Walk(plant, Trot(HEIGHT), np.array([1.0, 0.5, -3.0]), 0.5, 0.8)
    taken = run(walk)
    assert walk.poll().state is CommandState.DONE
    assert plant.xy_yaw[:2] == pytest.approx([1.0, 0.5], abs=1e-6)
    assert plant.xy_yaw[2] == pytest.approx(2 * np.pi - 3.0, abs=1e-6)
    assert max(plant.speeds) <= 0.5 + 1e-9
    assert taken >= np.hypot(1.0, 0.5) / 0.5


def test_a_blocked_walk_fails_with_the_distance_left() -> None:
    plant = IdealPlant()
    plant.stuck = True
    walk = Walk(plant, Trot(HEIGHT), np.array([1.0, 0.0, 0.0]), 0.5, 0.8)
    run(walk)
    assert walk.poll().state is CommandState.FAILED
    assert "1.00 m" in walk.poll().reason


def test_cancel_holds_and_is_final() -> None:
    plant = IdealPlant()
    walk = Walk(plant, Trot(HEIGHT), np.array([1.0, 0.0, 0.0]), 0.5, 0.8)
    for _ in range(100):
        walk.advance(DT)
    walk.cancel()
    walk.cancel()
    assert walk.poll().state is CommandState.CANCELLED
    assert plant.speeds[-1] == 0.0
    assert 0.0 < plant.xy_yaw[0] < 0.5


def test_the_hand_keeps_to_the_straight_line() -> None:
    plant = IdealPlant()
    start = plant.hand()
    goal = Pose(start.rotation, start.position_m + np.array([0.10, 0.05, -0.05]))
    path = straight_path(start, goal, plant.arm())
    assert not isinstance(path, str), path
    line = goal.position_m - start.position_m
    for joints in path:
        offset = spot_arm.forward(joints).position_m - start.position_m
        assert np.linalg.norm(offset - (offset @ line) / (line @ line) * line) < 2e-3
    motion = ArmPath(plant, path, path_duration_s(start, goal, path, 0.3, 2.5), goal)
    taken = run(motion)
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert taken >= np.linalg.norm(line) / 0.3
    assert plant.hand().distance_m(goal) < 1e-3


def test_out_of_reach_is_a_reason_not_an_exception() -> None:
    plant = IdealPlant()
    start = plant.hand()
    goal = Pose(start.rotation, np.array([3.0, 0.0, 0.0]))
    path = straight_path(start, goal, plant.arm())
    assert isinstance(path, str)
    assert path.startswith("out of reach")
    refused = Refused(path)
    assert refused.poll().state is CommandState.FAILED


def test_a_stuck_arm_fails_with_how_far_it_is() -> None:
    plant = IdealPlant()
    start = plant.hand()
    goal = Pose(start.rotation, start.position_m + np.array([0.10, 0.0, 0.0]))
    path = straight_path(start, goal, plant.arm())
    assert not isinstance(path, str)
    plant.stuck = True
    motion = ArmPath(plant, path, 0.5, goal)
    run(motion)
    assert motion.poll().state is CommandState.FAILED
    assert "100 mm" in motion.poll().reason


def test_jaws_stop_at_an_object_and_say_so() -> None:
    plant = IdealPlant()
    opened = Jaw(plant, np.pi / 2, 5.5)
    run(opened)
    assert opened.poll().state is CommandState.DONE
    assert plant.jaw_angle == pytest.approx(np.pi / 2)
    plant.object_angle = 0.6
    closed = Jaw(plant, 0.0, 3.0)
    run(closed)
    assert closed.poll().state is CommandState.DONE
    assert plant.torque == 3.0
    assert "38%" in closed.poll().reason


def test_motions_keep_to_their_settings() -> None:
    def walked_s(settings: MotionSettings) -> float:
        return run(Walk(IdealPlant(), Trot(HEIGHT), np.array([1.0, 0.0, 0.0]), 0.5, 0.8, settings))

    assert walked_s(MotionSettings(walk_accel_mps2=0.2)) > walked_s(MotionSettings()) + 0.5
    slow = run(Jaw(IdealPlant(), np.pi / 2, 5.5, MotionSettings(jaw_speed_radps=0.5)))
    assert slow >= np.pi / 2 / 0.5


def test_feet_swing_as_high_as_the_gait_says() -> None:
    def highest_knee(height_m: float) -> float:
        trot = Trot(HEIGHT, GaitSettings(swing_height_m=height_m))
        return max(float(np.ptp(trot.step((0.5, 0.0), 0.0, 0.05).reshape(4, 3)[:, 2])) for _ in range(10))

    assert highest_knee(0.12) > highest_knee(0.02) + 0.05
