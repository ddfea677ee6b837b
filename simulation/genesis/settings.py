"""Settings of the simulated robot: numbers found by experiment. Pass others as `GenesisRobot(settings=...)`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class MotionSettings:
    """Accelerations of motions, and when a motion has arrived or stalled."""

    walk_accel_mps2: float = 0.8
    """Acceleration of a walk."""
    walk_yaw_accel_radps2: float = 1.5
    """Acceleration of its turn."""
    arrive_m: float = 0.03
    """A walk has arrived within this distance and `arrive_rad` of its goal."""
    arrive_rad: float = 0.03
    """See `arrive_m`."""
    hand_arrive_m: float = 0.015
    """The hand has arrived within this distance and `hand_arrive_rad` of its goal."""
    hand_arrive_rad: float = 0.06
    """See `hand_arrive_m`."""
    settle_s: float = 0.25
    """Arrival is checked this long after the planned end of a walk or an arm path."""
    stall_s: float = 1.0
    """A motion fails if it has not arrived this long after its planned end."""
    jaw_speed_radps: float = 2.0
    """Speed of opening and closing jaws."""
    jaw_rest_radps: float = 0.03
    """The jaws rest when they are slower than this for `jaw_rest_s`."""
    jaw_rest_s: float = 0.2
    """See `jaw_rest_radps`."""
    jaw_at_goal_rad: float = 0.04
    """Jaws at rest further from their goal were stopped by an object."""


@dataclass(frozen=True)
class GaitSettings:
    """The trot of the legs, which is for looks: the body is moved by its own joints."""

    step_period_s: float = 0.5
    """Duration of one step of a pair of legs and back."""
    swing_height_m: float = 0.07
    """Greatest height of a swinging foot."""
    full_swing_speed_mps: float = 0.25
    """Speed of a foot from which it swings to the full height."""


@dataclass(frozen=True)
class LegSettings:
    """Legs that carry the robot: how stiff they are, when they stand still, and how goals are reached."""

    walk_kp: float = 90.0
    """Stiffness of the legs' joints while the policy moves them, N·m/rad; the public policy was trained with 60 and a
    lighter body."""
    walk_kv: float = 2.0
    """Its damping, N·m·s/rad."""
    stand_kp: float = 500.0
    """Stiffness of standing legs, N·m/rad."""
    stand_kv: float = 30.0
    """Its damping, N·m·s/rad."""
    settle_s: float = 0.1
    """How long the policy stands before the legs keep their place. It must not be long: on a ramp the policy creeps
    downhill."""
    calm_mps: float = 0.2
    """Greatest speed of a body at which legs may keep their place, and `calm_radps` of its turn."""
    calm_radps: float = 0.35
    """See `calm_mps`."""
    foot_n: float = 30.0
    """A foot on which the force is smaller does not bear weight: the policy stands on, and standing legs lower it."""
    lame_s: float = 1.6
    """How long a calm body may stand with such a foot until the legs keep their place all the same."""
    pushed_mps: float = 0.35
    """A standing body faster than this, against its own motion, has been pushed: the policy catches it. So it does a
    body that is tilted by more than `tilted_rad` from where it should be."""
    tilted_rad: float = 0.1
    """See `pushed_mps`."""
    correct_per_s: float = 0.8
    """How fast a standing body corrects its pose."""
    lean_mps: float = 0.08
    """Speed of a standing body towards its goal, and `lean_radps` of its turn."""
    lean_radps: float = 0.25
    """See `lean_mps`."""
    fallen_rad: float = 1.0
    """Tilt of the body from which it has fallen."""
    fallen_m: float = 0.25
    """Height over its lowest foot below which a body that the policy moves has fallen."""
    goal_gain_per_s: float = 2.0
    """Velocity of a walk towards where it should be, per distance."""
    top_mps: float = 0.8
    """Greatest velocity that the policy is asked for, and `top_radps` of its turn."""
    top_radps: float = 1.0
    """See `top_mps`."""
    least_mps: float = 0.25
    """Least velocity towards a goal, since the policy ignores small ones, and `least_radps` of its turn."""
    least_radps: float = 0.4
    """See `least_mps`."""
    near_m: float = 0.018
    """A walk stops within this of its goal, and within `near_rad` of its heading."""
    near_rad: float = 0.032
    """See `near_m`."""
    lean_m: float = 0.05
    """A body leans over its feet to a goal as far away as this, and as `lean_rad`; further off the feet step again."""
    lean_rad: float = 0.07
    """See `lean_m`."""
    again: int = 4
    """So often the feet step again."""
    late_s: float = 8.0
    """A walk fails if it has not arrived this long after two and a half times its planned duration."""
    hand_rad: float = 0.06
    """Greatest correction of an arm joint for a load in the hand."""
    hand_per_s: float = 2.0
    """How fast it is corrected."""


@dataclass(frozen=True)
class HoldingSettings:
    """When the gripper reports that it holds an object: closing jaws that stand still, open, at their torque limit."""

    torque_share: float = 0.6
    """Least torque, as a share of the limit."""
    least_opening: float = 0.03
    """Least opening of the jaws, 0 closed to 1 open."""
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
    on_others_m: float = 0.15
    """Greatest height of what lies on other objects over the box."""


@dataclass(frozen=True)
class DepthSensorConfig:
    """The sensor's numbers, measured on recordings of the real hand camera unless called assumed.

    Lengths are in metres, angles in radians; px are native pixels.
    """

    ideal: bool = False
    """Return the clean depth unchanged (0 where nothing is within range), for tests and comparison."""
    native_focal_px: float = 210.6
    """Focal length of the depth camera."""
    left_tan: float = (124 - 320) / 552.03
    """x / z in the colour camera at which the covered columns begin."""
    right_tan: float = (567 - 320) / 552.03
    """x / z in the colour camera at which the covered columns end."""
    corner_radius_px: float = 14.0
    """Radius of the rounded corners; assumed."""
    material_mm: tuple[float, float] = (2.5, 16.0)
    """Range of k in sigma = k z^noise_exponent: about 2.8 for wood, 9 for brushed steel, 14 for black foam."""
    noise_exponent: float = 1.15
    """Exponent of the distance z in the noise; see `material_mm`."""
    noise_blur_px: float = 0.7
    """Correlation length of the noise."""
    pattern_m: float = 0.005
    """Standard deviation of the fixed pattern."""
    pattern_blur_px: float = 3.0
    """Correlation length of the fixed pattern."""
    drop_facing: float = 0.04
    """Share of lost pixels on a surface that faces the camera."""
    drop_slope: float = 0.19 / (1.0 - 0.601815)
    """Further share of lost pixels per 1 - cos(incidence): 0.19 at 53 degrees."""
    drop_all_cos: tuple[float, float] = (0.174, 0.259)
    """cos(incidence) at which all is lost, and above which none of this rule is: 80 and 75 degrees; assumed."""
    specular_lobe_rad: float = 0.05235987755982988
    """Width of the lost highlight on polished metal: 3 degrees."""
    specular_flank_cos: float = 0.6
    """Polished metal is lost below this cos(incidence)."""
    drop_edge: float = 0.2
    """Further share of lost pixels within `edge_band_px` of the left and right edge of the field of view."""
    edge_band_px: int = 6
    """See `drop_edge`."""
    boundary_step_m: float = 0.02
    """A boundary is a depth step of more than this and more than `boundary_step_share` of the nearer depth."""
    boundary_step_share: float = 0.06
    """See `boundary_step_m`."""
    boundary_lost: float = 0.5
    """Share of boundary pixels that return nothing."""
    boundary_flying: float = 0.25
    """Share of boundary pixels that lie between the two surfaces."""
    baseline_m: float = 0.0202
    """How far the depth camera sits to the right of the colour camera."""
    lateral_m: tuple[float, float] = (-0.015, 0.005)
    """Range of the registration error to the right."""
    vertical_m: tuple[float, float] = (-0.004, 0.004)
    """Range of the registration error downwards."""
    roll_rad: float = 0.00524
    """Standard deviation of the registration's roll."""
    bias_scale: float = 0.005
    """Standard deviation of the relative bias."""
    bias_m: float = 0.003
    """Standard deviation of the offset."""
    resolution_m: float = 0.001
    """Step to which depths are rounded."""
    range_m: tuple[float, float] = (0.1, 4.0)
    """Depths outside this range are lost."""


@dataclass(frozen=True)
class HandCameraSettings:
    """What a moving hand does to its pictures; both times are assumed.

    exposure_s: of the colour picture. depth_delay_s: by which the depth picture is older; a period of 30 pictures a
    second. least_px: what moves less in the picture is not seen to move.
    """

    exposure_s: float = 0.01
    depth_delay_s: float = 1.0 / 30.0
    least_px: float = 0.5


@dataclass(frozen=True)
class SimulationSettings:
    """All settings of a `GenesisRobot`."""

    motion: MotionSettings = field(default_factory=MotionSettings)
    gait: GaitSettings = field(default_factory=GaitSettings)
    legs: LegSettings = field(default_factory=LegSettings)
    holding: HoldingSettings = field(default_factory=HoldingSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    depth_sensor: DepthSensorConfig = field(default_factory=DepthSensorConfig)
    hand_camera: HandCameraSettings = field(default_factory=HandCameraSettings)
