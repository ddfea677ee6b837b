"""Settings of the simulated robot: numbers found by experiment. Pass others as `GenesisRobot(settings=...)`."""

from __future__ import annotations

from dataclasses import dataclass, field


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
class DepthSensorConfig:
    """The sensor's numbers, measured on recordings of the real hand camera unless called assumed.

    Lengths are in metres, angles in radians; px are native pixels.
    """

    ideal: bool = False
    """Return the clean depth unchanged (0 where nothing is within range), for tests and comparison."""
    native_focal_px: float = 210.6
    left_tan: float = (124 - 320) / 552.03
    """The covered columns begin at this x / z in the colour camera,"""
    right_tan: float = (567 - 320) / 552.03
    """and end at this one."""
    corner_radius_px: float = 14.0
    """Radius of the rounded corners; assumed."""
    material_mm: tuple[float, float] = (2.5, 16.0)
    """Range of k in sigma = k z^noise_exponent: about 2.8 for wood, 9 for brushed steel, 14 for black foam."""
    noise_exponent: float = 1.15
    noise_blur_px: float = 0.7
    """Correlation length of the noise."""
    pattern_m: float = 0.005
    """Standard deviation of the fixed pattern,"""
    pattern_blur_px: float = 3.0
    """and its correlation length."""
    drop_facing: float = 0.04
    """Share of lost pixels on a surface that faces the camera,"""
    drop_slope: float = 0.19 / (1.0 - 0.601815)
    """and what is added per 1 - cos(incidence): 0.19 at 53 degrees."""
    drop_all_cos: tuple[float, float] = (0.174, 0.259)
    """cos(incidence) at which all is lost, and above which none of this rule is: 80 and 75 degrees; assumed."""
    specular_lobe_rad: float = 0.05235987755982988
    """Width of the lost highlight on polished metal: 3 degrees."""
    specular_flank_cos: float = 0.6
    """Polished metal is lost below this cos(incidence)."""
    drop_edge: float = 0.2
    """Share of pixels lost in addition near the left and right edge of the field of view,"""
    edge_band_px: int = 6
    """within this distance of it."""
    boundary_step_m: float = 0.02
    """A boundary is a depth step between neighbours of more than this,"""
    boundary_step_share: float = 0.06
    """and more than this share of the nearer depth."""
    boundary_lost: float = 0.5
    """Share of boundary pixels that return nothing,"""
    boundary_flying: float = 0.25
    """and that lie between the two surfaces."""
    baseline_m: float = 0.0202
    """How far the depth camera sits to the right of the colour camera."""
    lateral_m: tuple[float, float] = (-0.015, 0.005)
    """Range of the registration error to the right,"""
    vertical_m: tuple[float, float] = (-0.004, 0.004)
    """and down."""
    roll_rad: float = 0.00524
    """Standard deviation of the registration's roll."""
    bias_scale: float = 0.005
    """Standard deviation of the relative bias,"""
    bias_m: float = 0.003
    """and of the offset."""
    resolution_m: float = 0.001
    range_m: tuple[float, float] = (0.1, 4.0)


@dataclass(frozen=True)
class SimulationSettings:
    """All settings of a `GenesisRobot`."""

    motion: MotionSettings = field(default_factory=MotionSettings)
    gait: GaitSettings = field(default_factory=GaitSettings)
    holding: HoldingSettings = field(default_factory=HoldingSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    depth_sensor: DepthSensorConfig = field(default_factory=DepthSensorConfig)
