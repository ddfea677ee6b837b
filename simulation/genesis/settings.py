"""Settings of the simulated robot: numbers found by experiment. Pass others as `GenesisRobot(settings=...)`."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulation.genesis.depth_sensor import DepthSensorConfig


@dataclass(frozen=True)
class MotionSettings:
    """Accelerations of motions, and when a motion has arrived or stalled."""

    walk_accel_mps2: float = 0.8
    walk_yaw_accel_radps2: float = 1.5
    arrive_m: float = 0.03
    """A walk has arrived within this distance of its goal,"""
    arrive_rad: float = 0.03
    """and within this angle."""
    hand_arrive_m: float = 0.015
    """The hand has arrived within this distance of its goal,"""
    hand_arrive_rad: float = 0.06
    """and within this angle."""
    settle_s: float = 0.25
    """Arrival is checked this long after the planned end of a walk or an arm path."""
    stall_s: float = 1.0
    """A motion fails if it has not arrived this long after its planned end."""
    jaw_speed_radps: float = 2.0
    jaw_rest_radps: float = 0.03
    """The jaws rest when they are slower than this,"""
    jaw_rest_s: float = 0.2
    """for this long."""
    jaw_at_goal_rad: float = 0.04
    """Jaws at rest further from their goal were stopped by an object."""


@dataclass(frozen=True)
class GaitSettings:
    """The trot of the legs, which is for looks: the body is moved by its own joints."""

    step_period_s: float = 0.5
    """Duration of one step of a pair of legs and back."""
    swing_height_m: float = 0.07
    """Height of a swinging foot at `full_swing_speed_mps` and above; lower below that speed."""
    full_swing_speed_mps: float = 0.25


@dataclass(frozen=True)
class HoldingSettings:
    """When the gripper reports that it holds an object: closing jaws that stand still, open, at their torque limit."""

    torque_share: float = 0.6
    """Least torque, as a share of the limit."""
    least_opening: float = 0.03
    """0 closed to 1 open."""
    still_radps: float = 0.1
    """Greatest speed of the jaws."""


@dataclass(frozen=True)
class JudgeSettings:
    """What the judge counts as lifted, and as standing on a box."""

    lifted_m: float = 0.10
    """Rise of the object's lowest point."""
    upright_rad: float = 0.17453292519943295
    """Greatest tilt of the object's axis: 10 degrees."""
    rests_m: float = 0.01
    """Greatest distance of the object's lowest point from the top of the box."""


@dataclass(frozen=True)
class SimulationSettings:
    """All settings of a `GenesisRobot`."""

    motion: MotionSettings = field(default_factory=MotionSettings)
    gait: GaitSettings = field(default_factory=GaitSettings)
    holding: HoldingSettings = field(default_factory=HoldingSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    depth_sensor: DepthSensorConfig = field(default_factory=DepthSensorConfig)
