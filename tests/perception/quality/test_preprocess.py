"""The network's input: what each channel holds, and that it does not depend on where the camera stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ContractError
from perception.geometry import Pose
from perception.quality.preprocess import (
    CHANNELS,
    SIZE_PX,
    WINDOW_MARGIN_PX,
    Crop,
    heatmap_input,
    level_from_camera,
    window,
)
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render


def view_from(distance: float, height: float) -> View:
    return render(Cylinder(), camera_at((-distance, 0.0, height), (0.0, 0.0, 0.61)))


def made(view: View, depth: np.ndarray | None = None, crop: Crop | None = None) -> np.ndarray:
    used = view.depth if depth is None else depth
    return heatmap_input(view.rgb, used, view.mask, view.intrinsics, view.world_from_camera, crop)[0]


def test_channels() -> None:
    view = view_from(0.5, 0.75)
    tensor, crop = heatmap_input(view.rgb, view.depth, view.mask, HAND_CAMERA, view.world_from_camera)
    assert tensor.shape == (CHANNELS, SIZE_PX, SIZE_PX) == (8, 256, 256)
    assert tensor.dtype == np.float32
    on = tensor[7] > 0
    width_m = crop.side_px / HAND_CAMERA.fx * np.median(view.depth[view.mask])
    assert np.unique(tensor[7][~on]) == pytest.approx([-width_m / 0.25], rel=0.02)
    assert 0.1 < on.mean() < 0.6
    middle = np.s_[:, 128, 128]
    assert tensor[middle][:3] == pytest.approx(np.array([40, 90, 200]) / 255)
    assert abs(tensor[3][on].mean()) < 0.1
    far = tensor[3][(~on) & (tensor[3] != 0)]
    assert far.max() == 1.0  # the wall, clipped
    assert tensor[4:7][middle] == pytest.approx([0.0, 0.0, -1.0], abs=0.1)
    assert not tensor[4:7][:, ~on].any()
    length = np.linalg.norm(tensor[4:7], axis=0)[on]
    assert (np.isclose(length, 1.0, atol=1e-3) | (length == 0)).all()
    assert crop.scale == pytest.approx(crop.side_px / 256)


def test_range_and_normals_do_not_know_the_camera_pitch() -> None:
    flank = np.s_[100:156, 118:138]
    level, pitched = made(view_from(0.5, 0.61)), made(view_from(0.5, 0.86))
    assert pitched[4:7, *flank] == pytest.approx(level[4:7, *flank], abs=0.08)
    assert pitched[3][flank] == pytest.approx(level[3][flank], abs=0.05)


def test_object_fills_the_crop_at_any_range() -> None:
    shares = [(made(view_from(distance, 0.65))[7] > 0).mean() for distance in (0.35, 0.6, 1.2)]
    assert max(shares) < 1.25 * min(shares)


@pytest.mark.parametrize("distance", [0.35, 0.6, 1.2])
@pytest.mark.parametrize("height", [0.58, 0.65, 0.8])
def test_the_mask_tells_how_high_above_its_foot_a_pixel_is_from_anywhere(distance: float, height: float) -> None:
    view = view_from(distance, height)
    tensor, crop = heatmap_input(view.rgb, view.depth, view.mask, HAND_CAMERA, view.world_from_camera)
    camera = crop.intrinsics(HAND_CAMERA)
    depth = crop.cut(view.depth, smooth=False)
    v, u = np.nonzero((tensor[7] > 0) & (depth > 0))
    z = view.world_from_camera.transform(camera.back_project(u, v, depth[v, u]))[:, 2]
    found = (tensor[7][v, u] - 0.1) * 0.25
    assert found == pytest.approx(z - z.min(), abs=0.01)  # the top's far side lies behind the near surface


def test_heights_are_right_where_the_depth_has_holes() -> None:
    view = view_from(0.5, 0.75)
    holed = view.depth.copy()
    rows = np.flatnonzero(view.mask.any(axis=1))
    holed[rows[len(rows) // 3] : rows[len(rows) // 2]] = 0.0
    assert made(view, holed)[7] == pytest.approx(made(view)[7], abs=0.1)


def test_sensor_noise_changes_little_where_it_matters() -> None:
    view = view_from(0.5, 0.75)
    clean = made(view)
    config = DepthSensorConfig(lateral_m=(-0.015, -0.015))
    noisy = made(view, DepthSensor(config, np.random.default_rng(0)).measure(view.depth, HAND_CAMERA, material_mm=8.0))
    assert np.array_equal(noisy[:3], clean[:3])
    assert np.array_equal(noisy[7] > 0, clean[7] > 0)
    assert np.abs(noisy[7] - clean[7]).mean() < 0.02  # 5 mm
    flank = np.s_[90:170, 112:144]
    angle = np.degrees(np.arccos(np.clip((noisy[4:7, *flank] * clean[4:7, *flank]).sum(axis=0), -1, 1)))
    assert np.median(angle) < 15.0  # 15 mm of registration error alone would tilt the normals by 25 degrees


def test_no_depth_leaves_colour_and_mask() -> None:
    view = view_from(0.5, 0.75)
    tensor = made(view, np.zeros_like(view.depth))
    assert not tensor[3:7].any()
    assert tensor[:3].any()
    assert set(np.unique(tensor[7])) == {-1.0, 1.0}, "nothing tells the size"


@settings(max_examples=40, deadline=None)
@given(left=st.integers(0, 600), top=st.integers(0, 440), width=st.integers(1, 640), height=st.integers(1, 480))
def test_any_mask_gives_a_whole_input(left: int, top: int, width: int, height: int) -> None:
    view = VIEW
    mask = np.zeros((480, 640), bool)
    mask[top : top + height, left : left + width] = True
    tensor, crop = heatmap_input(view.rgb, view.depth, mask, HAND_CAMERA, view.world_from_camera)
    assert np.isfinite(tensor).all()
    assert tensor.shape == (8, 256, 256)
    assert np.abs(tensor[:7]).max() <= 1.0 + 1e-5
    assert np.abs(tensor[7]).max() <= 4.0
    assert (np.abs(tensor[7]) >= 0.1 - 1e-6).all()
    rows, columns = np.nonzero(mask)
    assert crop.left_px < columns.min() + 1
    assert crop.left_px + crop.side_px > columns.max()
    assert crop.top_px < rows.min() + 1
    assert crop.top_px + crop.side_px > rows.max()


VIEW = view_from(0.5, 0.7)


@settings(max_examples=30, deadline=None)
@given(left=st.floats(-100, 500), top=st.floats(-100, 400), side=st.floats(60, 500), u=st.integers(20, 235))
def test_crop_there_and_back(left: float, top: float, side: float, u: int) -> None:
    crop = Crop(left, top, side)
    spot = np.zeros((256, 256), np.float32)
    v = 255 - u
    spot[v - 3 : v + 4, u - 3 : u + 4] = 1.0
    full = crop.paste(spot, (480, 640))
    expected = (left + (u + 0.5) * crop.scale - 0.5, top + (v + 0.5) * crop.scale - 0.5)
    if 10 < expected[0] < 630 and 10 < expected[1] < 470:
        rows, columns = np.nonzero(full > 0.05)
        weight = full[rows, columns]
        centre = ((columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum())
        assert centre == pytest.approx(expected, abs=0.6)
        assert crop.intrinsics(HAND_CAMERA).back_project(u + 0.5, v + 0.5, 1.0)[:2] == pytest.approx(
            HAND_CAMERA.back_project(expected[0] + 0.5, expected[1] + 0.5, 1.0)[:2], abs=1e-9
        )


@settings(deadline=None)
@given(yaw=st.floats(-3.1, 3.1), pitch=st.floats(-1.55, 1.55), roll=st.floats(-0.6, 0.6))
def test_levelled_frame_has_gravity_down(yaw: float, pitch: float, roll: float) -> None:
    forward_left_up = Pose.from_rpy((roll, pitch, yaw)).rotation
    optical = np.stack([-forward_left_up[:, 1], -forward_left_up[:, 2], forward_left_up[:, 0]], axis=1)
    rotation = level_from_camera(Pose(optical, np.zeros(3)))
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    down_in_camera = optical.T @ [0.0, 0.0, -1.0]
    assert rotation @ down_in_camera == pytest.approx([0.0, 1.0, 0.0], abs=1e-9)
    if abs(pitch) < 1.3 and abs(roll) < 0.1:
        assert (rotation @ [0.0, 0.0, 1.0])[0] == pytest.approx(0.0, abs=1e-9)  # the view goes straight ahead


def test_wrong_input() -> None:
    view = VIEW
    with pytest.raises(ContractError, match="empty"):
        heatmap_input(view.rgb, view.depth, np.zeros((480, 640), bool), HAND_CAMERA, view.world_from_camera)
    with pytest.raises(ContractError, match=r"depth \(5, 5\)"):
        heatmap_input(view.rgb, np.ones((5, 5)), view.mask, HAND_CAMERA, view.world_from_camera)


def test_other_square_for_augmentation() -> None:
    around = Crop.around(VIEW.mask)
    moved = Crop(around.left_px + 20, around.top_px - 10, around.side_px * 1.2)
    tensor = made(VIEW, crop=moved)
    before = made(VIEW)[7]
    assert (tensor[7] > 0).sum() == pytest.approx((before > 0).sum() / 1.44, rel=0.05)
    assert tensor[7].min() == pytest.approx(1.2 * before.min(), rel=0.01)
    assert tensor[7].max() == pytest.approx(before.max(), rel=0.02)


@settings(max_examples=100)
@given(
    rows=st.tuples(st.integers(0, 255), st.integers(1, 256)),
    columns=st.tuples(st.integers(0, 255), st.integers(1, 256)),
    least=st.tuples(st.sampled_from([0, 32, 96, 256]), st.sampled_from([0, 64, 256])),
)
def test_the_window_holds_the_mask_in_whole_steps(
    rows: tuple[int, int], columns: tuple[int, int], least: tuple[int, int]
) -> None:
    mask = np.zeros((256, 256), bool)
    mask[rows[0] : rows[0] + rows[1], columns[0] : columns[0] + columns[1]] = True
    spans = window(mask, least)
    assert mask[spans].sum() == mask.sum()
    for axis, span in enumerate(spans):
        size = span.stop - span.start
        inside = np.flatnonzero(mask.any(axis=1 - axis))
        assert span.start >= 0
        assert span.stop <= 256
        assert size % 32 == 0
        margins = 2 * WINDOW_MARGIN_PX
        assert least[axis] <= size <= max(least[axis], np.ptp(inside) + margins + 32)
        assert size == 256 or size >= np.ptp(inside) + 1 + margins


def test_the_window_of_an_empty_mask_is_all_of_it() -> None:
    assert window(np.zeros((256, 256), bool)) == (slice(0, 256), slice(0, 256))
