"""What single returns of the sensor say against a grasp, in made-up pictures and in real ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

import perception.view
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.grasping.choose import choose_grasp
from perception.grasping.grasp import agrees, compute_grasp
from perception.grasping.settings import ClearanceSettings, GraspSettings
from perception.grasping.surroundings import clearances, surroundings
from perception.hand.rooms import OPENINGS_RAD, rooms_of
from perception.quality.heatmap import OnnxHeatmap
from perception.types import APPROACHES, Approach, Detection, Grasp, Heatmap, Rejection
from tests.support.places import SHARED
from tests.support.synthetic import Cylinder, camera_at, render
from training.studies.annotated_frames import annotated_frames

SCENES = SHARED / "real_scenes"
WAY_IN_M = 0.12
MASK_PX = 4
"""The masks of the real scenes are exact to about so many pixels."""
DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MASK_PX + 1, 2 * MASK_PX + 1))
WITHIN_M = 0.001
"""A point counts as inside the gripper if it lies deeper than this."""
SEEN = render(Cylinder(), camera_at((-0.55, 0.0, 0.75), (0.0, 0.0, 0.6)))
ROOMS = rooms_of(SPOT.gripper, WAY_IN_M)


def view_of(depth: NDArray[np.float32], *, registered: bool) -> perception.view.View:
    return perception.view.View(replace(SEEN.frame(depth), registered=registered), SEEN.detection())


def grasp_in(view: perception.view.View) -> Grasp:
    heatmap = Heatmap(np.where(view.detection.mask, np.float32(0.9), np.float32(0.0)))
    grasp = compute_grasp(view, heatmap, gripper=SPOT.gripper, reach=None)
    assert isinstance(grasp, Grasp), grasp
    return grasp


@cache
def half_spaces(opened_rad: float) -> list[NDArray[np.float64]]:
    """Of each convex part of the open gripper, drawn out along its way in."""
    hulls = SPOT.gripper.hulls
    assert hulls is not None
    parts = [*hulls.fixed, *hulls.jaw_at(opened_rad)]
    return [ConvexHull(np.concatenate([part, part - [WAY_IN_M, 0.0, 0.0]])).equations for part in parts]


def inside(points: NDArray[np.float64], grasp: Grasp) -> NDArray[np.bool_]:
    """Which of (N, 3) points in the world lie in the open gripper or on its way in."""
    local = (points - grasp.world_from_hand.position_m) @ grasp.world_from_hand.rotation
    deepest = np.full(len(local), -np.inf)
    for planes in half_spaces(grasp.opening * OPENINGS_RAD[-1]):
        deepest = np.maximum(deepest, -(local @ planes[:, :3].T + planes[:, 3]).max(axis=1))
    return np.asarray(deepest > WITHIN_M)


def with_speck(pose: Pose, *, speck: bool) -> NDArray[np.float32]:
    """The clean depth, with 2 x 2 returns in the open jaw of a hand at a pose, between the pixels that are sampled."""
    view = view_of(SEEN.depth, registered=True)
    around = surroundings(view, ClearanceSettings())
    assert not isinstance(around, Rejection)
    assert around.step > 2
    hulls = SPOT.gripper.hulls
    assert hulls is not None
    jaw = pose.transform(hulls.jaw_at(hulls.open_rad)[0].mean(axis=0)[None])
    point = SEEN.world_from_camera.inverse().transform(jaw)[0]
    u, v = (int(each) for each in SEEN.intrinsics.project(point))
    u, v = (
        (each - corner) // around.step * around.step + corner + 1
        for each, corner in zip((u, v), around.corner_uv, strict=True)
    )
    assert not SEEN.mask[v - 8 : v + 9, u - 8 : u + 9].any()
    depth = SEEN.depth.copy()
    if speck:
        depth[v : v + 2, u : u + 2] = point[2]
    return depth


def test_a_speck_in_the_gripper_counts_where_depth_is_registered() -> None:
    grasp = grasp_in(view_of(SEEN.depth, registered=True))
    for speck, registered, problem in (
        (False, True, ""),
        (True, True, "with another thing in the gripper's way"),
        (True, False, ""),  # of such a sensor a single return may be noise
    ):
        view = view_of(with_speck(grasp.world_from_hand, speck=speck), registered=registered)
        around = surroundings(view, ClearanceSettings())
        assert not isinstance(around, Rejection)
        checked = clearances(around, [grasp.world_from_hand], [0.2], ROOMS, ClearanceSettings())
        assert checked.problems == [problem]


def test_the_depth_of_a_grasp_is_that_of_its_own_pixel_where_depth_is_registered() -> None:
    clean = view_of(SEEN.depth, registered=True)
    u, v = grasp_in(clean).pixel_uv
    depth = SEEN.depth.copy()
    depth[v, u] -= 0.02
    assert agrees(clean, (u, v), float(SEEN.depth[v, u]))
    assert agrees(view_of(depth, registered=False), (u, v), float(SEEN.depth[v, u]))
    assert not agrees(view_of(depth, registered=True), (u, v), float(SEEN.depth[v, u]))
    assert grasp_in(view_of(depth, registered=True)).pixel_uv != (u, v)


@pytest.mark.slow
@pytest.mark.skipif(not SCENES.is_dir(), reason="the real scenes are not here")
@pytest.mark.parametrize("approach", APPROACHES)
def test_no_accepted_pose_meets_a_real_scene_and_its_depth_is_right(approach: Approach) -> None:
    model, accepted = OnnxHeatmap(), 0
    for scene in annotated_frames(SCENES, None):
        frame, depth = scene.frame, scene.frame.depth
        v, u = np.nonzero(depth)
        points = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth[v, u]))
        for label, mask in scene.masks or ():
            seen = perception.view.View(frame, Detection(label, 1.0, mask, (0.0, 0.0, *map(float, mask.shape[::-1]))))
            if isinstance(seen.location, Rejection):
                continue
            grasp = choose_grasp(
                seen,
                model.predict(seen),
                approach=approach,
                gripper=SPOT.gripper,
                tips=SPOT.tips,
                reach=None,
                settings=GraspSettings(),
            )
            if isinstance(grasp, Rejection):
                continue
            accepted += 1
            own = cv2.dilate(mask.astype(np.uint8), DISC)[v, u] > 0
            where = f"{scene.name} {label} at {grasp.pixel_uv}"
            assert not inside(points[~own], grasp).any(), where
            returned = float(depth[grasp.pixel_uv[::-1]])
            assert returned == 0 or abs(returned - grasp.depth_m) <= 0.015, where
    assert accepted >= 12
