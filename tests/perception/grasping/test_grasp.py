"""From heatmap to hand pose: geometry against analytic truth, with the noisy sensor, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import perception.view
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, unit
from perception.grasping.checks import lowest_point_m
from perception.grasping.grasp import compute_grasp, steady_normal
from perception.grasping.orientation import euler_to_normal, normal_to_euler
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings
from perception.surface.silhouette import extent_across, round_width_m, silhouette
from perception.types import Grasp, Heatmap, Rejection
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render

BODY = Pose(np.eye(3), np.array([-1.0, 0.0, 0.52]))
IDEAL = DepthSensorConfig(ideal=True)
REAL = DepthSensorConfig()

angles = st.floats(-np.pi + 0.01, np.pi - 0.01)
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda d: np.linalg.norm(d) > 0.1).map(unit)


def spot(view: View, u: float, v: float, sigma: float = 6.0) -> Heatmap:
    """A heatmap with one hill."""
    rows, columns = np.mgrid[0:480, 0:640]
    hill = np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / (2 * sigma**2))
    return Heatmap(hill.astype(np.float32))


def flat(view: View, value: float = 0.5) -> Heatmap:
    return Heatmap(np.full(view.mask.shape, value, np.float32))


def seen(view: View, config: DepthSensorConfig, seed: int = 0) -> perception.view.View:
    return view.seen(DepthSensor(config, np.random.default_rng(seed)).measure(view.depth, HAND_CAMERA))


def compute(
    view: perception.view.View, heatmap: Heatmap, body: Pose = BODY, settings: GraspSettings | None = None
) -> Grasp | Rejection:
    """For Spot, standing at `body`."""
    settings = settings or GraspSettings()
    reach = Reach(SPOT.arm, body, settings)
    return compute_grasp(view, heatmap, gripper=SPOT.gripper, reach=reach, settings=settings)


def grasp_of(view: View, heatmap: Heatmap, config: DepthSensorConfig = IDEAL, seed: int = 0) -> Grasp:
    answer = compute(seen(view, config, seed), heatmap)
    assert isinstance(answer, Grasp), answer
    return answer


def off_axis_m(grasp: Grasp, cylinder: Cylinder) -> tuple[float, float]:
    """How far the cylinder's axis lies from where the jaws expect it: along hand z and hand x."""
    axis = np.array([cylinder.x, cylinder.y, grasp.world_from_hand.position_m[2]])
    x, _, z = grasp.world_from_hand.inverse().transform(axis)
    expected_z = SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m + cylinder.radius
    depth = SPOT.gripper.depth_m(2 * cylinder.radius, flat=False)
    return float(z - expected_z), float(x - (cylinder.radius - depth))


# Normal and Euler angles


@given(normal=directions)
def test_normal_to_euler_and_back(normal: np.ndarray) -> None:
    euler = normal_to_euler(normal)
    assert Pose.from_rpy(euler).rotation[:, 0] == pytest.approx(-normal, abs=1e-7)
    assert euler_to_normal(euler) == pytest.approx(normal, abs=1e-7)


def test_a_normal_gives_the_angles_of_a_hand_that_comes_against_it() -> None:
    assert normal_to_euler([-1.0, 0.0, 0.0]) == pytest.approx([0.0, 0.0, 0.0])
    assert normal_to_euler([0.0, 0.0, 1.0]) == pytest.approx([0.0, np.pi / 2, 0.0])  # from above
    with pytest.raises(ValueError, match="no direction"):
        normal_to_euler([0.0, 0.0, 0.0])


@given(yaw=angles, elevation=st.floats(-1.5, 1.5), turn=st.floats(-3.0, 3.0))
def test_steady_normal_takes_noise_out_and_keeps_slopes(yaw: float, elevation: float, turn: float) -> None:
    limits = GraspSettings()
    fitted = euler_to_normal((0.0, elevation, yaw))
    steady = steady_normal(fitted, euler_to_normal((0.0, 0.0, yaw + turn)))
    _, pitch, heading = normal_to_euler(steady)
    assert np.linalg.norm(steady) == pytest.approx(1.0)
    if abs(elevation) < limits.level_rad[0]:
        assert pitch == pytest.approx(0.0, abs=1e-9)
    elif abs(elevation) > limits.level_rad[1]:
        assert pitch == pytest.approx(elevation, abs=1e-9)
    else:
        assert 0.0 <= pitch * np.sign(elevation) <= abs(elevation)
    moved = float(np.arctan2(np.sin(heading - yaw), np.cos(heading - yaw)))
    if abs(turn) < limits.heading_agree_rad - 1e-6:
        assert moved == pytest.approx(limits.heading_weight * turn, abs=1e-6)
    elif abs(turn) > limits.heading_agree_rad + 1e-6:
        assert moved == pytest.approx(turn, abs=1e-6), "such a fit is noise"
    assert normal_to_euler(steady_normal(fitted, None))[2] == pytest.approx(yaw, abs=1e-6)


# Silhouette


@given(radius=st.floats(0.01, 0.06), near=st.floats(0.2, 2.0))
def test_width_of_a_round_body_from_its_outline(radius: float, near: float) -> None:
    centre = near + radius
    half = np.tan(np.arcsin(radius / centre)) * HAND_CAMERA.fx
    assert round_width_m(2 * half, near, HAND_CAMERA) == pytest.approx(2 * radius, rel=1e-6)


@given(left=st.integers(5, 60), right=st.integers(5, 60))
def test_extent_is_measured_to_both_edges(left: int, right: int) -> None:
    mask = np.zeros((200, 200), bool)
    mask[20:180, 100 - left : 100 + right + 1] = True
    up = np.array([0.0, -1.0])
    assert extent_across(mask, (100.0, 100.0), up) == pytest.approx((left, right), abs=0.6)
    assert extent_across(mask, (100.0, 100.0), -up) == pytest.approx((right, left), abs=0.6)
    assert extent_across(mask, (100.0 - left - 3, 100.0), up) is None
    mask[:, 99] = False  # a thin gap, as of a label's edge
    assert extent_across(mask, (100.0, 100.0), up) == pytest.approx((left, right), abs=1.1)


def test_axis_of_upright_squat_and_lying_objects() -> None:
    for height, elevation in ((0.25, 0.62), (0.25, 0.95), (0.06, 0.8)):
        view = render(Cylinder(height=height), camera_at((-0.5, 0.1, elevation), (0.0, 0.0, 0.58)))
        shape = silhouette(view.frame(), view.mask)
        assert shape.upright
        assert shape.axis_world == pytest.approx([0.0, 0.0, 1.0])
    view = render(Cylinder(), camera_at((-0.5, 0.0, 0.95), (0.0, 0.0, 0.6)))
    lying = np.zeros((480, 640), bool)
    lying[220:280, 200:440] = True
    shape = silhouette(view.frame(), lying)
    assert not shape.upright
    assert abs(shape.axis_world[1]) == pytest.approx(1.0, abs=0.02)
    assert shape.axis_world[2] == pytest.approx(0.0, abs=1e-9)


# Grasps


@pytest.mark.slow
@settings(max_examples=15)
@given(
    radius=st.floats(0.022, 0.045),
    distance=st.floats(0.4, 0.6),
    camera_height=st.floats(0.6, 0.8),
    side=st.floats(-0.6, 0.6),
)
def test_clean_depth_puts_the_jaws_around_the_axis(
    radius: float, distance: float, camera_height: float, side: float
) -> None:
    cylinder = Cylinder(radius=radius)
    view = render(cylinder, camera_at((-distance, 0.03, camera_height), (0.0, 0.0, 0.61)))
    rows, columns = np.nonzero(view.mask)
    u = columns.mean() + side * np.ptp(columns) / 2
    grasp = grasp_of(view, spot(view, u, rows.mean()))
    lateral, along = off_axis_m(grasp, cylinder)
    assert abs(lateral) < 0.004
    assert abs(along) < 0.005
    assert grasp.width_m == pytest.approx(2 * radius, abs=0.004)
    assert np.hypot(grasp.pixel_uv[0] - u, grasp.pixel_uv[1] - rows.mean()) < 25
    assert abs(grasp.world_from_hand.rotation[2, 1]) > 0.99  # hand y along the bottle


@pytest.mark.slow
def test_noisy_depth_still_puts_the_jaws_around_the_axis() -> None:
    """In 38 of 40 views at least: one in some hundreds has noise that turns the normal."""
    dice = np.random.default_rng(0)
    kept = 0
    for seed in range(40):
        cylinder = Cylinder(radius=dice.uniform(0.025, 0.042), height=0.24)
        view = render(cylinder, camera_at((-dice.uniform(0.4, 0.6), -0.02, 0.72), (0.0, 0.01, 0.62)))
        rows, columns = np.nonzero(view.mask)
        side, up = dice.uniform(-0.5, 0.5), dice.uniform(-0.4, 0.4)
        hill = spot(view, columns.mean() + side * np.ptp(columns) / 2, rows.mean() - up * np.ptp(rows) / 2)
        grasp = grasp_of(view, hill, REAL, seed)
        lateral, along = off_axis_m(grasp, cylinder)
        around = abs(lateral) < SPOT.gripper.clearance_m and abs(along) < 0.03  # no jaw meets it on the way in
        radial = unit(np.array([*grasp.point_world_m[:2], 0.0]))
        turned = grasp.normal_world @ radial < np.cos(np.radians(25))
        kept += around and not turned and abs(grasp.width_m - 2 * cylinder.radius) < 0.008
    assert kept >= 38


VIEW = render(Cylinder(), camera_at((-0.5, 0.0, 0.72), (0.0, 0.0, 0.61)))


def test_the_answer_carries_what_it_says() -> None:
    grasp = grasp_of(VIEW, flat(VIEW, 0.7))
    u, v = grasp.pixel_uv
    assert VIEW.mask[v, u]
    assert grasp.score == pytest.approx(0.7)
    assert HAND_CAMERA.project(VIEW.world_from_camera.inverse().transform(grasp.point_world_m)) == pytest.approx(
        (u, v), abs=1e-6
    )
    assert grasp.depth_m == pytest.approx(float(VIEW.depth[v, u]), abs=0.004)
    body_from_hand = BODY.inverse() @ grasp.world_from_hand
    assert SPOT.arm.joints_at(body_from_hand) is not None
    assert lowest_point_m(grasp.world_from_hand, SPOT.gripper) > 0.5


def test_same_input_same_grasp() -> None:
    first, second = (compute(seen(VIEW, REAL, 5), flat(VIEW)) for _ in range(2))
    assert isinstance(first, Grasp)
    assert isinstance(second, Grasp)
    assert first.world_from_hand == second.world_from_hand


def test_best_feasible_pixel_wins_over_a_better_one_near_the_support() -> None:
    rows, columns = np.nonzero(VIEW.mask)
    low = spot(VIEW, columns.mean(), rows.max() - 18).quality
    high = 0.6 * spot(VIEW, columns.mean(), rows.mean() - 30).quality
    grasp = grasp_of(VIEW, Heatmap(np.maximum(low, high).astype(np.float32)))
    assert grasp.pixel_uv[1] < rows.max() - 60
    assert lowest_point_m(grasp.world_from_hand, SPOT.gripper) >= 0.5


def test_heat_off_the_mask_is_never_chosen() -> None:
    heat = flat(VIEW, 0.3).quality.copy()
    heat[~VIEW.mask] = 1.0
    grasp = grasp_of(VIEW, Heatmap(heat))
    assert VIEW.mask[grasp.pixel_uv[1], grasp.pixel_uv[0]]
    assert grasp.score == pytest.approx(0.3)


def refused(view: View, heatmap: Heatmap, body: Pose = BODY, settings: GraspSettings | None = None) -> str:
    answer = compute(view.seen(), heatmap, body, settings)
    assert isinstance(answer, Rejection)
    return answer.reason


def test_refusals_say_why_and_count() -> None:
    assert "out of reach" in refused(VIEW, flat(VIEW), Pose(np.eye(3), np.array([-2.5, 0.0, 0.52])))
    fat = render(Cylinder(radius=0.07), camera_at((-0.5, 0.0, 0.72), (0.0, 0.0, 0.61)))
    assert "wider than 110 mm" in refused(fat, flat(fat))
    flat_tin = render(Cylinder(height=0.05), camera_at((-0.5, 0.0, 0.6), (0.0, 0.0, 0.52)))
    reason = refused(flat_tin, flat(flat_tin))
    assert "too close to the support" in reason
    assert reason.startswith("none of ")
    assert refused(VIEW, flat(VIEW, 0.0)).startswith("no pixel of the bottle reaches quality 0.02")
    dark = replace(VIEW, depth=np.zeros_like(VIEW.depth))
    assert "no depth on the bottle" in refused(dark, flat(dark))


def test_reach_before_the_grasp_is_checked_too() -> None:
    far_back = GraspSettings(standoff_m=2.0)
    assert "2000 mm before the grasp" in refused(VIEW, flat(VIEW), settings=far_back)


def test_candidates_are_limited() -> None:
    nowhere = Pose(np.eye(3), np.array([-3.0, 0.0, 0.52]))
    assert "none of 5 grasps" in refused(VIEW, flat(VIEW), nowhere, GraspSettings(candidates=5))


def test_mask_cut_by_the_picture_keeps_clear_of_its_lower_edge() -> None:
    view = render(Cylinder(), camera_at((-0.45, 0.0, 0.72), (0.0, 0.0, 0.74)))  # the base is out of the picture
    answer = compute(seen(view, REAL), flat(view))
    assert isinstance(answer, Grasp)
    assert view.mask[answer.pixel_uv[1], answer.pixel_uv[0]]
    assert lowest_point_m(answer.world_from_hand, SPOT.gripper) > 0.54  # what is not seen counts as support


def test_the_middle_of_a_narrow_neck_on_a_wide_body_may_be_chosen() -> None:
    """An eighth of the body's width: a share of the thickest place alone would leave it out."""
    from perception.grasping.grasp import inner_pixels

    mask = np.zeros((480, 640), bool)
    v, u = np.mgrid[0:480, 0:640]
    mask[(u - 320) ** 2 + (v - 300) ** 2 < 90**2] = True
    mask[120:220, 309:332] = True
    inner = inner_pixels(mask)
    assert inner[140:200, 320].all()
    assert inner[300, 320]
    assert not inner[140:200, 309:314].any()
    assert not (inner & ~mask).any()


def test_a_grasp_whose_depth_the_sensor_contradicts_is_refused() -> None:
    """The object's depth is filled in across a patch where the sensor sees past it."""
    view = render(Cylinder(), camera_at((-0.5, 0.0, 0.62), (0.0, 0.0, 0.62)))
    v, u = (int(np.median(axis)) for axis in np.nonzero(view.mask))
    depth = view.depth.copy()
    depth[v - 6 : v + 7, u - 6 : u + 7] += 0.3
    answer = compute(view.seen(depth), spot(view, u, v, 1.5))
    assert isinstance(answer, Rejection)
    assert "the sensor sees another depth" in answer.reason
    assert isinstance(compute(view.seen(), spot(view, u, v, 1.5)), Grasp)
