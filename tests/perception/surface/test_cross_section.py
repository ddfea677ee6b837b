"""Box or round, told from above: boxes and cylinders of any size and heading, with and without the sensor's faults."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

import perception.view
from behaviours.robots.spot.model import SPOT
from perception.grasping.grasp import compute_grasp
from perception.surface.cross_section import Box, Fit, Scan, fit_faces, scan_body
from perception.surface.normals import plane_fit_normals
from perception.surface.settings import BoxSettings
from perception.types import Grasp, Heatmap
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render

REAL = DepthSensorConfig()
BOTTOM_M = 0.5
distances, elevations = st.floats(0.32, 0.7), st.floats(0.0, 0.6)


def box_view(
    size: tuple[float, float, float], yaw: float, distance: float, elevation: float, aside: float = 0.0
) -> View:
    """An upright box about (0, 0) on BOTTOM_M before a wall, its size along its own axes, turned by yaw about z; the
    camera looks at its middle from -x."""
    half, middle = np.array(size) / 2, BOTTOM_M + size[2] / 2
    eye = (-distance * np.cos(elevation), aside, middle + distance * np.sin(elevation))
    view = render(Cylinder(radius=1e-4, height=1e-4), camera_at(eye, (0.0, 0.0, middle)))
    turn = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]])  # box from world
    v, u = np.mgrid[0:480, 0:640].astype(float)
    rays = HAND_CAMERA.back_project(u, v, np.ones((480, 640))) @ (turn @ view.world_from_camera.rotation).T
    start = turn @ (view.world_from_camera.position_m - [0.0, 0.0, middle])
    with np.errstate(divide="ignore"):
        one, other = (-half - start) / rays, (half - start) / rays
    enter, leave = np.minimum(one, other).max(axis=-1), np.maximum(one, other).min(axis=-1)
    mask = (enter < leave) & (enter > 0)
    depth = np.where(mask, enter, view.depth).astype(np.float32)
    return replace(view, depth=depth, mask=mask)


def found(view: View, seed: int | None = None, mask: NDArray[np.bool_] | None = None) -> Box | None:
    """seed: of the sensor's faults, none without."""
    depth = (
        view.depth if seed is None else DepthSensor(REAL, np.random.default_rng(seed)).measure(view.depth, HAND_CAMERA)
    )
    mask = view.mask if mask is None else mask
    frame = view.frame(depth)
    return perception.view.View(frame, replace(view.detection(), mask=mask)).box


def off_faces_rad(heading: float, yaw: float) -> float:
    """Between a heading and the nearest face's, with the sign."""
    return float((heading - yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4)


def face_in_the_middle(box: Box, view: View) -> tuple[float, float, NDArray[np.float64]]:
    rows, columns = np.nonzero(view.mask)
    ray = HAND_CAMERA.back_project(np.median(columns), np.median(rows), 1.0) @ view.world_from_camera.rotation.T
    face = box.face_at(ray)
    assert face is not None
    assert np.linalg.norm(face.normal_world) == pytest.approx(1.0)
    assert face.normal_world @ ray < 0
    return float(np.arctan2(face.normal_world[1], face.normal_world[0])), face.width_m, face.middle_xy


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    wide=st.floats(0.045, 0.085),
    deep=st.floats(0.045, 0.085),
    height=st.floats(0.12, 0.24),
    yaw=st.floats(-1.6, 1.6),
    distance=distances,
    elevation=elevations,
)
def test_clean_boxes_give_their_faces(
    wide: float, deep: float, height: float, yaw: float, distance: float, elevation: float
) -> None:
    view = box_view((wide, deep, height), yaw, distance, elevation)
    box = found(view)
    assert box is not None
    heading, width, middle = face_in_the_middle(box, view)
    assert abs(np.degrees(off_faces_rad(heading, yaw))) < 4.0
    along_own_x = abs(np.cos(heading - yaw)) > 0.7
    true_width, true_deep = (deep, wide) if along_own_x else (wide, deep)
    assert width == pytest.approx(true_width, abs=0.006)
    assert middle == pytest.approx(0.5 * true_deep * np.array([np.cos(heading), np.sin(heading)]), abs=0.006)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    wide=st.floats(0.055, 0.085),
    deep=st.floats(0.05, 0.08),
    yaw=st.floats(-1.6, 1.6),
    distance=st.floats(0.35, 0.6),
)
def test_noisy_boxes_that_are_told_have_the_right_heading(
    seed: int, wide: float, deep: float, yaw: float, distance: float
) -> None:
    view = box_view((wide, deep, 0.2), yaw, distance, 0.3)
    box = found(view, seed)
    assume(box is not None)
    assert box is not None
    heading, _, _ = face_in_the_middle(box, view)
    assert abs(np.degrees(off_faces_rad(heading, yaw))) < 15.0


@pytest.mark.slow
def test_most_noisy_boxes_are_told() -> None:
    told = [found(box_view((0.07, 0.06, 0.2), 0.2 * i, 0.5, 0.3), i) is not None for i in range(8)]
    assert sum(told) >= 5


@settings(max_examples=10, deadline=None)
@given(radius=st.floats(0.024, 0.045), height=st.floats(0.1, 0.26), distance=distances, elevation=elevations)
def test_a_clean_cylinder_is_no_box(radius: float, height: float, distance: float, elevation: float) -> None:
    assert found(cylinder_view(radius, height, distance, elevation)) is None


@pytest.mark.slow
def test_a_noisy_cylinder_is_no_box() -> None:
    rng = np.random.default_rng(3)
    for seed in range(10):
        radius, height = rng.uniform(0.026, 0.042), rng.uniform(0.1, 0.26)
        view = cylinder_view(radius, height, rng.uniform(0.35, 0.7), rng.uniform(0.0, 0.6))
        rough = cv2.dilate(view.mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        assert found(view, seed, rough if seed % 2 else None) is None, seed


def cylinder_view(radius: float, height: float, distance: float, elevation: float) -> View:
    middle = BOTTOM_M + height / 2
    eye = (-distance * np.cos(elevation), 0.02, middle + distance * np.sin(elevation))
    return render(Cylinder(radius=radius, height=height), camera_at(eye, (0.0, 0.01, middle)))


BOX = box_view((0.06, 0.05, 0.2), 0.5, 0.5, 0.3)


def test_nothing_is_told_without_depth_or_from_little_of_it() -> None:
    assert found(replace(BOX, depth=np.zeros_like(BOX.depth))) is None
    rows, columns = np.nonzero(BOX.mask)
    for count in (1, 3, 10, 40):
        small = np.zeros_like(BOX.mask)
        small[rows[0] : rows[0] + count, columns[0] : columns[0] + count] = True
        assert found(BOX, mask=small) is None
    patchy = BOX.depth.copy()
    patchy[:, int(np.median(columns)) - 5 :] = 0.0
    assert found(replace(BOX, depth=patchy)) is None
    lying = np.zeros_like(BOX.mask)
    lying[200:240, 200:440] = True
    assert found(BOX, mask=lying) is None


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_mask_and_depth_give_an_answer_of_finite_numbers(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    mask = np.zeros((480, 640), bool)
    top, left = int(rng.integers(0, 400)), int(rng.integers(0, 560))
    mask[top : top + int(rng.integers(1, 300)), left : left + int(rng.integers(1, 90))] = True
    if data.draw(st.booleans()):
        mask &= rng.random(mask.shape) < 0.8
    depth = np.where(rng.random(mask.shape) < rng.random(), 0.5 + 0.05 * rng.random(mask.shape), 0.0)
    view = replace(BOX, mask=mask, depth=depth.astype(np.float32))
    with np.errstate(all="raise"):
        box = found(view)
    if box is not None:
        assert np.isfinite([box.yaw_rad, box.edge_rad, box.edge_range_m]).all()


def test_beside_the_body_there_is_no_face() -> None:
    box = found(BOX)
    assert box is not None
    back = BOX.world_from_camera.rotation @ HAND_CAMERA.back_project(20.0, 240.0, 1.0)
    assert box.face_at(back) is None


def test_no_other_thread_is_woken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would spin on a core that the networks need."""

    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    def spied(scan: Scan, settings: BoxSettings) -> Fit:
        during.extend(threads())
        return fit_faces(scan, settings)

    during: list[int] = []
    before = threads()
    monkeypatch.setattr("perception.surface.cross_section.fit_faces", spied)
    assert found(box_view((0.06, 0.07, 0.2), 0.4, 0.5, 0.2)) is not None
    assert set(during) == {1}
    assert threads() == before


def test_scan_covers_the_body_between_its_outlines() -> None:
    view = BOX.seen()
    scan = scan_body(view.frame, BOX.mask, view.repaired, view.silhouette, BoxSettings())
    assert scan is not None
    assert scan.covered > 0.9
    assert scan.left < scan.bearing.min() < scan.bearing.max() < scan.right
    assert (np.diff(scan.bearing) > 0).all()
    assert np.abs(scan.range_m - 0.45).max() < 0.06


def test_hand_closes_about_the_middle_of_the_face_that_the_pixel_is_on() -> None:
    rows, columns = np.nonzero(BOX.mask)
    for share in (0.3, 0.7):
        u = columns.min() + share * np.ptp(columns)
        v, h = np.mgrid[0:480, 0:640]
        hill = np.exp(-((h - u) ** 2 + (v - np.median(rows)) ** 2) / 72.0).astype(np.float32)
        grasp = compute_grasp(BOX.seen(), Heatmap(hill), gripper=SPOT.gripper, reach=None)
        assert isinstance(grasp, Grasp)
        true = plane_fit_normals(BOX.depth, HAND_CAMERA, 3.0, BOX.mask)[grasp.pixel_uv[1], grasp.pixel_uv[0]]
        normal = BOX.world_from_camera.rotation @ true.astype(float)
        assert np.degrees(np.arccos(np.clip(normal @ grasp.normal_world, -1, 1))) < 5.0
        own = np.array([np.cos(0.5), np.sin(0.5), 0.0])
        across = 0.05 if abs(normal @ own) > 0.7 else 0.06
        assert grasp.width_m == pytest.approx(across, abs=0.006)
        axis = grasp.world_from_hand.inverse().transform([0.0, 0.0, grasp.world_from_hand.position_m[2]])
        middle = SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m + 0.5 * across
        assert axis[2] == pytest.approx(middle, abs=0.006)
