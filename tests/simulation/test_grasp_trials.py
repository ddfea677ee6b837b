"""Grasp trials: the geometry before physics, and three grasps whose outcome nobody doubts."""

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose, unit
from perception.hand.hand_pose import hand_pose
from simulation.scene.objects import FAMILIES, make_object
from simulation.trials.compare_gripper import reference_parts
from simulation.trials.grasp_trials import gripper_points, meets_support, run_trials
from training.dataset.labels.grasps import drawn_objects, grasp_at, label_objects, off_middle, sample_surface

pytest.importorskip("trimesh")


def from_the_side(height: float, back: float = 0.0) -> Pose:
    """A level approach along +x to a surface point at (-0.035, 0, height), the hand rolled."""
    pose = hand_pose((-0.035, 0.0, height), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.07, SPOT.gripper)
    return pose @ Pose(np.eye(3), np.array([-back, 0.0, 0.0]))


def test_a_hand_well_above_the_support_is_clear_and_one_at_its_top_is_not() -> None:
    met = meets_support([from_the_side(0.12), from_the_side(0.01)], gripper_points())
    assert met.tolist() == [False, True]


def test_the_way_in_counts_not_only_its_end() -> None:
    down = Pose.from_rpy((0.0, np.pi / 2, 0.0), (0.0, 0.0, 0.20))
    up = Pose.from_rpy((0.0, -np.pi / 2, 0.0), (0.0, 0.0, 0.05))
    assert meets_support([down, up], gripper_points()).tolist() == [False, True]


def test_open_jaws_span_what_the_gripper_spans() -> None:
    corners = gripper_points()
    assert np.abs(corners[:, 1]).max() == pytest.approx(0.048, abs=0.001)
    assert 0.12 < corners[:, 2].max() < 0.18, "the open jaw stands up"
    assert corners[:, 0].max() == pytest.approx(0.0399, abs=1e-3), "the fixed jaw's tip"


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_lie_on_the_surface_with_unit_normals(family: str) -> None:
    thing = make_object(family, 5)  # type: ignore[arg-type]
    points, normals = sample_surface(thing, 300, 1)
    assert points.shape == normals.shape == (300, 3)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert points[:, 2].min() >= -1e-9
    assert points[:, 2].max() <= thing.height_m + 1e-9
    middle = (points[:, 2] > 0.3 * thing.height_m) & (points[:, 2] < 0.5 * thing.height_m)
    outwards = np.einsum("nd,nd->n", points[middle, :2], normals[middle, :2]) > 0
    assert outwards.mean() > (0.5 if family == "mug" else 0.99), "a mug has an inside"


def test_samples_depend_on_their_seed_only() -> None:
    thing = make_object("can", 2)
    assert np.array_equal(sample_surface(thing, 64, 3)[0], sample_surface(thing, 64, 3)[0])
    assert not np.array_equal(sample_surface(thing, 64, 3)[0], sample_surface(thing, 64, 4)[0])


def test_the_grasp_is_for_the_object_s_true_width() -> None:
    thing = make_object("can", 2)
    _, width = grasp_at(thing, np.array([-thing.radius_m, 0.0, 0.05]), np.array([-1.0, 0.0, 0.0]))
    assert width == pytest.approx(2 * thing.radius_m, rel=0.02)


def test_a_flat_face_is_gripped_about_its_middle_and_a_round_one_where_it_is_seen() -> None:
    carton, side = make_object("carton", 3), np.array([1.0, 0.0, 0.0])
    front = np.array([carton.vertices[:, 0].max(), 0.0, 0.4 * carton.height_m])
    middle, _ = grasp_at(carton, front, side)
    for off in (-0.012, 0.012):
        aside, _ = grasp_at(carton, front + np.array([0.0, off, 0.0]), side)
        assert aside.position_m == pytest.approx(middle.position_m, abs=5e-4)
        assert aside.rotation == pytest.approx(middle.rotation)


@pytest.mark.parametrize("family", FAMILIES)
def test_only_a_flat_face_has_a_middle(family: str) -> None:
    thing = make_object(family, 3)  # type: ignore[arg-type]
    points, normals = sample_surface(thing, 60, 0)
    moved = []
    for point, normal in zip(points, normals, strict=True):
        if abs(normal[2]) < 0.5:
            across = unit(np.cross([0.0, 0.0, 1.0], normal))
            moved.append(off_middle(thing, point, normal, across, thing.extent_m(point[2], across)) or 0.0)
    assert (max(map(abs, moved)) > 0.005) == (family == "carton")


def test_drawn_objects_are_of_all_families_and_differ() -> None:
    drawn = drawn_objects(2 * len(FAMILIES), 0)
    assert [family for family, _ in drawn] == list(FAMILIES) * 2
    assert len({seed for _, seed in drawn}) == len(drawn)
    assert drawn == drawn_objects(len(drawn), 0)


def test_labelled_objects_are_not_labelled_again(tmp_path) -> None:
    (tmp_path / "can-7.npz").write_bytes(b"as it was")
    assert label_objects([("can", 7)], tmp_path) == 0
    assert (tmp_path / "can-7.npz").read_bytes() == b"as it was"


def test_a_reference_without_its_parts_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"arm_link_wr1\.obj"):
        reference_parts(tmp_path)


@pytest.mark.simulation
def test_physics_tells_a_good_grasp_from_a_miss_and_from_a_collision() -> None:
    from simulation.genesis.physics import init_genesis

    init_genesis()
    thing = make_object("thermos", 1)
    grasp, _ = grasp_at(thing, np.array([-thing.radius_m, 0.0, 0.10]), np.array([-1.0, 0.0, 0.0]))
    short = grasp @ Pose(np.eye(3), np.array([-0.2, 0.0, 0.0]))
    low, _ = grasp_at(thing, np.array([-thing.radius_m, 0.0, 0.01]), np.array([-1.0, 0.0, 0.0]))
    results = run_trials(thing, [grasp, short, low], batch=2)
    assert results.good.tolist() == [True, False, False]
    assert results.lifted.tolist() == [True, False, False]
    assert results.contact.tolist() == [True, False, False]
    assert results.collided_support.tolist() == [False, False, True]
    assert 0.25 < results.opening[0] < 0.75
    assert results.opening[1] < 0.1, "closed on nothing"
