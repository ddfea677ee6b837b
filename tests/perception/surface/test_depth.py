"""Averaging, aligning and reading noisy depth; locating an object in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import perception.view
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ContractError
from perception.geometry import Pose
from perception.grasping.grasp import grasps_at, inner_pixels
from perception.surface.depth import (
    depth_around,
    first_surface_depth,
    fuse_depth,
    level_range,
    median_depth,
    near_cluster,
)
from perception.surface.locate import ObjectLocation, detection_of
from perception.surface.registration import object_depth, registration_shift, shift_depth
from perception.types import Detection, Grasp, Intrinsics, Rejection, RgbdFrame
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.places import SHARED
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render

CAMERA = Intrinsics(8, 6, 10.0, 10.0, 4.0, 3.0)
REAL = SHARED / "real_frames"
ANY_GRIPPER = replace(SPOT.gripper, max_width_m=9.0, open_z_m=(0.0, 0.0), low_x_m=(0.0, 0.0), half_breadth_m=0.0)
"""A gripper that fits anywhere."""


def frame(depth: np.ndarray, camera: str = "hand") -> RgbdFrame:
    return RgbdFrame(np.zeros((6, 8, 3), np.uint8), depth.astype(np.float32), CAMERA, Pose.identity(), 1.0, camera)


def scene(distance: float = 0.5, seed: int = 0, height: float = 0.72) -> tuple[View, Cylinder]:
    rng = np.random.default_rng(seed)
    cylinder = Cylinder(radius=rng.uniform(0.025, 0.042), height=rng.uniform(0.16, 0.28))
    pose = camera_at((-distance, rng.uniform(-0.05, 0.05), height), (0.0, rng.uniform(-0.04, 0.04), 0.6))
    return render(cylinder, pose), cylinder


@given(
    values=st.lists(st.integers(0, 5), min_size=1, max_size=7),
)
def test_median_is_that_of_the_frames_with_a_return(values: list[int]) -> None:
    fused = median_depth([np.full((2, 3), value / 4, np.float32) for value in values])
    seen = [value / 4 for value in values if value]
    assert (fused == (np.median(seen) if seen else 0.0)).all()
    assert fused.dtype == np.float32


def test_fused_frame_keeps_the_rest_of_the_last() -> None:
    frames = [replace(frame(np.full((6, 8), d)), time_s=t) for t, d in enumerate((0.5, 0.0, 0.7))]
    fused = fuse_depth(frames)
    assert fused.time_s == 2
    assert fused.depth == pytest.approx(np.full((6, 8), 0.6))
    assert not fused.depth.flags.writeable


def test_frames_that_do_not_belong_together() -> None:
    with pytest.raises(ContractError, match="no frames"):
        fuse_depth([])
    with pytest.raises(ContractError, match="different cameras"):
        fuse_depth([frame(np.ones((6, 8))), frame(np.ones((6, 8)), "other")])
    with pytest.raises(ContractError, match="one shape"):
        median_depth([np.ones((2, 2)), np.ones((3, 2))])


@given(shares=st.tuples(st.integers(60, 400), st.integers(0, 120), st.integers(0, 15)), seed=st.integers(0, 999))
def test_near_layer_is_neither_the_wall_nor_a_floating_point(shares: tuple[int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    surface, wall, floating = shares
    depth = np.concatenate(
        [rng.normal(0.5, 0.004, surface), rng.normal(0.9, 0.01, wall), rng.uniform(0.2, 0.4, floating), [0.0] * 50]
    )
    layer = near_cluster(depth[None], np.ones((1, depth.size), bool))
    assert layer is not None
    assert layer.middle_m == pytest.approx(0.5, abs=0.004)
    assert layer.contains(depth[:surface]).mean() > 0.98
    assert not layer.contains(depth[surface:]).any() or floating
    assert not layer.contains(np.zeros(3)).any()


def test_no_layer_without_returns() -> None:
    mask = np.ones((4, 4), bool)
    assert near_cluster(np.zeros((4, 4)), mask) is None
    assert near_cluster(np.eye(4), mask) is None  # 4 pixels
    assert near_cluster(np.ones((4, 4)), ~mask) is None
    assert first_surface_depth(np.zeros((4, 4), np.float32), mask, (1, 1)) is None


def test_surface_depth_is_local_then_wider_then_the_layers() -> None:
    depth = np.full((100, 100), 0.5, np.float32)
    depth[:, 50:] = 0.51
    mask = np.ones((100, 100), bool)
    assert first_surface_depth(depth, mask, (90, 50)) == pytest.approx(0.51)
    depth[40:60, 80:] = 0.0
    assert first_surface_depth(depth, mask, (90, 50)) == pytest.approx(0.51)  # found 3 radii around
    depth[:, 40:] = 0.0
    assert first_surface_depth(depth, mask, (90, 50)) == pytest.approx(0.5)  # the layer's own
    mask[:, :80] = False
    assert first_surface_depth(depth, mask, (90, 50)) is None
    assert depth_around(depth, (0, 0), 2) == pytest.approx(0.5)  # at the picture's corner


def test_wall_through_the_mask_does_not_pull_the_depth_back() -> None:
    view, _ = scene()
    noisy = DepthSensor(DepthSensorConfig(lateral_m=(-0.012, -0.012)), np.random.default_rng(1)).measure(
        view.depth, HAND_CAMERA
    )
    v, u = (int(np.median(axis)) for axis in np.nonzero(view.mask))
    mean = float(noisy[view.mask & (noisy > 0)].mean())
    found = first_surface_depth(noisy, view.mask, (u, v))
    assert found == pytest.approx(float(view.depth[v, u]), abs=0.02)
    assert mean > view.depth[v, u] + 0.03  # what the mean of the mask would have said


@given(du=st.integers(-30, 30), width=st.integers(1, 20))
def test_shift_moves_and_fills_with_nothing(du: int, width: int) -> None:
    depth = np.arange(1, width + 1, dtype=np.float32)[None]
    moved = shift_depth(depth, du)
    for u in range(width):
        assert moved[0, u] == (depth[0, u + du] if 0 <= u + du < width else 0.0)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    lateral=st.floats(-0.015, 0.005),
    seed=st.integers(0, 10_000),
    distance=st.floats(0.35, 0.75),
    height=st.floats(0.6, 0.8),
)
def test_registration_error_is_found(lateral: float, seed: int, distance: float, height: float) -> None:
    view, _ = scene(distance, seed, height)
    config = DepthSensorConfig(lateral_m=(lateral, lateral))
    noisy = DepthSensor(config, np.random.default_rng(seed)).measure(view.depth, HAND_CAMERA)
    seen = object_depth(noisy, view.mask, HAND_CAMERA, view.world_from_camera)
    near = float(np.median(view.depth[view.mask]))
    assert seen.shift_px * near / 552.0 == pytest.approx(lateral, abs=0.007)


def test_shift_of_nothing_is_nothing() -> None:
    empty = np.zeros((480, 640), np.float32)
    mask = np.zeros((480, 640), bool)
    assert registration_shift(empty, mask, 552.0) == 0
    mask[100:200, 0:40] = True  # at the border
    assert registration_shift(empty, mask, 552.0) == 0
    flat = np.full((480, 640), 0.5, np.float32)
    assert registration_shift(flat, mask, 552.0) == 0


def test_registered_depth_is_not_moved() -> None:
    view, _ = scene()
    beside = shift_depth(view.depth, 12)
    moved = object_depth(beside, view.mask, HAND_CAMERA, view.world_from_camera)
    kept = object_depth(beside, view.mask, HAND_CAMERA, view.world_from_camera, registered=True)
    assert abs(moved.shift_px + 12) <= 1
    assert kept.shift_px == 0
    assert np.array_equal(kept.depth, beside)


def test_a_pattern_without_the_object_moves_nothing() -> None:
    """What fits the mask nowhere, as far more of it lies beside than inside, is no silhouette of the object."""
    mask = np.zeros((480, 640), bool)
    mask[200:260, 300:340] = True
    clutter = np.full((480, 640), 0.7, np.float32)
    clutter[:, ::2] = 0.9
    clutter[200:260, 352:358] = 0.7
    assert registration_shift(clutter, mask, 552.0) == 0


@pytest.mark.slow
@settings(max_examples=40)
@given(
    down_deg=st.floats(30, 75),
    radius=st.floats(0.02, 0.045),
    height=st.floats(0.05, 0.25),
    distance=st.floats(0.4, 0.8),
    wall_m=st.floats(0.2, 1.5),
)
def test_depth_at_a_pixel_is_the_surface_s_from_level_to_steep(
    down_deg: float, radius: float, height: float, distance: float, wall_m: float
) -> None:
    cylinder, down = Cylinder(radius=radius, height=height), np.radians(down_deg)
    middle = (0.0, 0.0, cylinder.bottom + height / 2)
    place = (-distance * np.cos(down), 0.0, middle[2] + distance * np.sin(down))
    view = render(cylinder, camera_at(place, middle), wall_m=wall_m, support_half_m=0.4)
    seen = view.seen()
    assert seen.repaired.shift_px == 0
    v, u = (axis[:: max(1, axis.size // 40)] for axis in np.nonzero(inner_pixels(view.mask)))
    grasps = grasps_at(seen, list(zip(u.tolist(), v.tolist(), strict=True)), gripper=ANY_GRIPPER)
    found = [grasp for grasp in grasps if isinstance(grasp, Grasp)]
    assert found
    for grasp in found:
        assert grasp.depth_m == pytest.approx(float(view.depth[grasp.pixel_uv[::-1]]), abs=0.015)
    errors = [grasp.depth_m - float(view.depth[grasp.pixel_uv[::-1]]) for grasp in found]
    assert abs(float(np.median(errors))) < 0.004


def test_tall_object_seen_from_above_is_one_layer() -> None:
    view = render(Cylinder(height=0.28), camera_at((-0.4, 0.0, 0.95), (0.0, 0.0, 0.62)))
    spread = [
        np.ptp(np.quantile(depth[view.mask], [0.02, 0.98]))
        for depth in (view.depth, level_range(view.depth, HAND_CAMERA, view.world_from_camera))
    ]
    assert spread[1] < 0.05 < 0.1 < spread[0]
    seen = object_depth(view.depth, view.mask, HAND_CAMERA, view.world_from_camera)
    assert seen.near[view.mask].mean() > 0.85


def test_range_straight_down_is_the_depth() -> None:
    down = Pose(np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]), np.zeros(3))
    depth = np.full(CAMERA.shape, 0.7, np.float32)
    assert np.array_equal(level_range(depth, CAMERA, down), depth)
    with pytest.raises(ContractError):
        level_range(np.ones((3, 3)), CAMERA, down)
    with pytest.raises(ContractError):
        object_depth(depth, np.ones((3, 3), bool), CAMERA, down)


@pytest.mark.slow
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), distance=st.floats(0.4, 2.5), height=st.floats(0.6, 0.85))
def test_location_with_a_noisy_sensor(seed: int, distance: float, height: float) -> None:
    view, cylinder = scene(distance, seed, height)
    noisy = DepthSensor(DepthSensorConfig(), np.random.default_rng(seed)).measure(view.depth, HAND_CAMERA)
    found = view.seen(noisy).location
    assert isinstance(found, ObjectLocation)
    assert abs(found.position_m[1]) < 0.012 + 0.004 * distance  # across the view
    assert abs(found.position_m[0]) < 0.02 + 0.03 * distance  # along it: 0.5 % and 3 mm of bias, then noise
    assert found.width_m == pytest.approx(2 * cylinder.radius, abs=0.004 + 0.003 * distance)
    assert found.bottom_z_m == pytest.approx(cylinder.bottom, abs=0.02)
    assert found.top_z_m == pytest.approx(cylinder.bottom + cylinder.height, abs=0.025)


def test_location_is_refused_with_a_reason() -> None:
    view, _ = scene()
    dark = view.frame(np.zeros((480, 640), np.float32))
    answer = perception.view.View(dark, view.detection()).location
    assert isinstance(answer, Rejection)
    assert "no depth on the bottle" in str(answer)
    speck = np.zeros((480, 640), bool)
    speck[5, 5:9] = True
    answer = perception.view.View(view.frame(), Detection("can", 0.5, speck, (5.0, 5.0, 9.0, 6.0))).location
    assert isinstance(answer, Rejection)
    assert "can is too small" in answer.reason


def test_partial_mask_still_gives_the_near_surface() -> None:
    view, _ = scene()
    half = view.mask.copy()
    half[:, : int(np.median(np.nonzero(view.mask)[1]))] = False
    found = perception.view.View(view.frame(), Detection("bottle", 0.5, half, (0.0, 0.0, 1.0, 1.0))).location
    assert isinstance(found, ObjectLocation)
    assert np.hypot(*found.position_m[:2]) < 0.04


@pytest.mark.skipif(not REAL.is_dir(), reason="the recorded frames are not beside the checkout")
def test_recorded_thermos_is_as_far_and_as_far_off_as_measured_by_hand() -> None:
    depth = np.load(REAL / "depth_20250428154148.npy").astype(np.float32) / 1000.0
    depth[depth > 10.0] = 0.0
    mask = np.zeros((480, 640), bool)
    mask[200:318, 308:352] = True  # the thermos' body, by hand
    level = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
    seen = object_depth(depth, mask, HAND_CAMERA, level)
    assert -17 <= seen.shift_px <= -9  # 11 to 17 px left of the colour picture
    assert seen.layer is not None
    assert seen.layer.middle_m == pytest.approx(0.795, abs=0.015)  # not the wall at 0.89


@pytest.mark.slow
@settings(max_examples=15)
@given(side_px=st.integers(60, 250), left=st.booleans(), worse=st.booleans(), distance=st.floats(0.4, 1.5))
def test_the_object_known_is_told_from_a_better_scored_one_beside_it(
    side_px: int, left: bool, worse: bool, distance: float
) -> None:
    view, _ = scene(distance)
    known = view.seen().location
    assert isinstance(known, ObjectLocation)
    shifted = np.roll(view.mask, -side_px if left else side_px, axis=1)
    other = Detection("bottle", 0.95, shifted, (0.0, 0.0, 1.0, 1.0))
    both = [view.detection(), other][:: -1 if worse else 1]
    assert detection_of(both, view.frame(), known, 0.05) is both[1 if worse else 0]
    assert detection_of([other], view.frame(), known, 0.3 * side_px / 552.0 * distance) is None
    assert detection_of([], view.frame(), known, 1.0) is None
