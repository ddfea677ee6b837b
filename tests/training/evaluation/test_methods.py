"""The methods that choose a grasp, on analytic pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perception.geometry import Pose
from perception.types import Heatmap
from tests.support.synthetic import Cylinder, View, camera_at, render
from training.evaluation.methods.cloud import foreground, is_free, poses_between
from training.evaluation.methods.interface import Look, Truth
from training.evaluation.methods.make import make_methods
from training.evaluation.methods.names import METHODS, needs_masks
from training.evaluation.methods.on_masks import by_quality, predicted


@pytest.fixture(scope="module")
def view() -> View:
    return render(Cylinder(), camera_at((-0.5, 0.05, 0.68), (0.0, 0.0, 0.6)))


def truth_of(view: View) -> Truth:
    """One good grasp on the side that the camera sees, and one behind."""
    points = np.array([[-0.033, 0.0, 0.12], [0.033, 0.0, 0.12]])
    normals = np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    poses = (Pose(np.eye(3), np.array([-0.01, 0.0, 0.12])), Pose(np.eye(3), np.array([0.01, 0.0, 0.12])))
    standing = Pose(np.eye(3), np.array([0.0, 0.0, 0.5]))
    return Truth(poses, points, normals, standing, view.depth)


def look(view: View, truth: Truth | None = None, workspace_m: Any = None) -> Look:
    detections = (view.detection(),) if workspace_m is None else ()
    return Look(view.frame(), detections, workspace_m, (truth or truth_of(view),))


class Flat:
    """A heatmap that likes one row."""

    def predict(self, view: Any) -> Heatmap:
        quality = np.zeros(view.frame.depth.shape, np.float32)
        rows = np.flatnonzero(view.detection.mask.any(axis=1))
        quality[int(np.quantile(rows, 0.4))] = 1.0
        return Heatmap(quality)


@pytest.mark.parametrize("name", ["heatmap", "centroid", "height", "random", "height+checks"])
def test_each_method_grips_the_cylinder_at_its_side(name: str, view: View) -> None:
    method = make_methods((name,), Flat(), None)[name]
    proposals = method(look(view), np.random.default_rng(0))
    (choice,) = proposals.grasps
    u, v = choice.pixel_uv  # type: ignore[misc]
    assert view.mask[v, u]
    assert choice.depth_m == pytest.approx(float(view.depth[v, u]), abs=0.01)
    assert abs(choice.normal_world[2]) < 0.3  # type: ignore[index]
    assert set(proposals.seconds) == {"quality", "pose"}


def test_a_rule_takes_one_pixel_and_with_checks_looks_further(view: View) -> None:
    """The wanted row lies so low that the hand would be in the support."""

    class Low(Flat):
        def predict(self, view: Any) -> Heatmap:
            quality = np.full(view.frame.depth.shape, 0.5, np.float32)
            rows = np.flatnonzero(view.detection.mask.any(axis=1))
            quality[int(np.quantile(rows, 0.9)) :] = 1.0
            return Heatmap(quality)

    pixels = {}
    for checked in (False, True):
        method = by_quality(predicted(Low()), checked=checked)
        choice = method(look(view), np.random.default_rng(0)).grasps[0]
        pixels[checked] = choice.pixel_uv[1]  # type: ignore[index]
    assert pixels[False] > pixels[True] + 20


def test_the_oracle_takes_a_good_grasp_that_the_picture_shows(view: View) -> None:
    method = make_methods(("oracle",), None, None)["oracle"]
    truth = truth_of(view)
    (choice,) = method(look(view), np.random.default_rng(0)).grasps
    assert choice.world_from_hand.position_m == pytest.approx([-0.01, 0.0, 0.62])
    nothing = Truth((), np.zeros((0, 3)), np.zeros((0, 3)), truth.world_from_object, truth.clean_depth)
    assert method(look(view, nothing), np.random.default_rng(0)).reason == "no good grasp known"
    hidden = Truth(truth.poses[1:], truth.points[1:], truth.normals[1:], truth.world_from_object, truth.clean_depth)
    assert method(look(view, hidden), np.random.default_rng(0)).reason == "no good grasp in view"


def test_the_oracle_of_the_family_needs_no_view_of_its_point(view: View) -> None:
    method = make_methods(("oracle",), None, None)["oracle"]
    known = replace(truth_of(view), in_family=(Pose(np.eye(3), np.array([0.0, 0.0, 0.1])), 0.5))
    (choice,) = method(look(view, known), np.random.default_rng(0)).grasps
    assert choice.world_from_hand == known.world_from_object @ Pose(np.eye(3), np.array([0.0, 0.0, 0.1]))
    assert choice.opening == 0.5


LOW = Cylinder(height=0.1)
ROOM = np.array([[-0.15, -0.15, 0.45], [0.15, 0.15, 0.75]])


@pytest.fixture(scope="module")
def above() -> View:
    """A low cylinder as the benchmark's side camera sees it."""
    return render(LOW, camera_at((0.0, -0.52, 0.8), (0.0, 0.0, 0.5)), support_half_m=0.3)


@pytest.mark.parametrize("workspace", [None, ROOM])
def test_the_foreground_is_what_stands_on_the_support(above: View, workspace: Any) -> None:
    seen = foreground(look(above, workspace_m=workspace))
    assert seen is not None
    assert seen.support_z_m == pytest.approx(0.5, abs=0.002)
    assert (seen.mask & ~above.mask).sum() == 0
    assert seen.mask.sum() > 0.8 * above.mask.sum()
    assert np.hypot(*seen.points[:, :2].T).max() < LOW.radius + 0.003


def test_nothing_on_the_table_is_no_grasp() -> None:
    empty = render(Cylinder(x=5.0), camera_at((0.0, -0.52, 0.8), (0.0, 0.0, 0.5)), support_half_m=0.3)
    depth = np.where(empty.mask, np.float32(0.0), empty.depth)
    nothing = Look(empty.frame(np.zeros_like(depth)), (), ROOM)
    for name in ("top", "antipodal"):
        proposals = make_methods((name,), None, None)[name](nothing, np.random.default_rng(0))
        assert (proposals.grasps, proposals.reason) == ((), "nothing on the table")


def test_contacts_of_another_hand_lie_between_the_finger_tips() -> None:
    first, second = np.array([0.1, 0.2, 0.3]), np.array([0.15, 0.2, 0.3])
    poses = poses_between(first, second, np.array([0.3, 0.0, -1.0]))
    for pose, near, far in zip(poses, (first, second), (second, first), strict=True):
        assert pose.rotation[:, 0] == pytest.approx([0.0, 0.0, -1.0])
        assert pose.inverse().transform(near) == pytest.approx([0.015, 0.0, -0.020], abs=1e-9)
        assert pose.inverse().transform(far) == pytest.approx([0.015, 0.0, 0.030], abs=1e-9)


def test_the_open_gripper_is_free_of_what_is_between_its_jaws_only() -> None:
    pose = poses_between(np.array([-0.025, 0.0, 0.1]), np.array([0.025, 0.0, 0.1]), np.array([0.0, 0.0, -1.0]))[0]
    between = np.array([[0.0, 0.0, 0.1], [0.024, 0.01, 0.1]])
    assert is_free(pose, between, 0.0)
    assert not is_free(pose, pose.transform(np.array([[-0.06, 0.0, 0.0]])), 0.0)  # in the palm
    assert not is_free(pose, pose.transform(np.array([[0.02, 0.0, -0.04]])), 0.0)  # in the fixed jaw
    assert not is_free(pose, between, 0.09)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["top", "antipodal"])
def test_methods_on_the_cloud_grip_a_low_cylinder(name: str, above: View) -> None:
    method = make_methods((name,), None, None)[name]
    proposals = method(look(above, workspace_m=ROOM), np.random.default_rng(0))
    again = method(look(above, workspace_m=ROOM), np.random.default_rng(0))
    assert proposals.grasps
    assert [grasp.world_from_hand for grasp in again.grasps] == [grasp.world_from_hand for grasp in proposals.grasps]
    assert [grasp.score for grasp in proposals.grasps] == sorted((g.score for g in proposals.grasps), reverse=True)
    hand = proposals.grasps[0].world_from_hand
    axis = hand.inverse().transform(np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.6]]))
    at = axis[0] + (axis[1] - axis[0]) * np.linspace(0, 1, 50)[:, None]
    inside = at[(np.abs(at[:, 0] - 0.01) < 0.02)]
    assert len(inside), "the axis does not pass between the finger tips"
    assert np.abs(inside[:, 1]).min() < 0.015
    assert (np.abs(inside[:, 2] - 0.013) < 0.02).any()
    if name == "top":
        assert hand.rotation[:, 0] == pytest.approx([0.0, 0.0, -1.0])


def test_every_method_says_whether_it_needs_masks() -> None:
    assert [name for name in METHODS if not needs_masks(name)] == ["top", "antipodal", "graspnet"]
    assert needs_masks("height+checks")


def test_the_geometric_method_names_a_few_grasps_of_each_mask(above: View) -> None:
    both = look(above)
    proposals = make_methods(("geometric",), None, None)["geometric"](both, np.random.default_rng(0))
    assert 1 <= len(proposals.grasps) <= 3
    assert {grasp.detection for grasp in proposals.grasps} == {0}
    nothing = Look(above.frame(np.zeros_like(above.depth)), both.detections)
    refused = make_methods(("geometric",), None, None)["geometric"](nothing, np.random.default_rng(0))
    assert refused.grasps == ()
    assert "no depth" in refused.reason
