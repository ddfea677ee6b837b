"""The mapping from a record to items: statuses, poses, pictures, and the robot's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.export.items import Mesh, Picture, Status, Transform, Words
from app.export.robot_shape import BODY, spot_links, spot_meshes, spot_transforms
from app.export.story import Moment, Story
from behaviours import Recording
from behaviours.robots.spot import arm
from perception.geometry import Pose
from simulation.robot_files.spot_model import ARM_JOINTS, JAW_JOINT, LEG_JOINTS
from tests.support.spot_robot import working

ANGLES = st.floats(-2.5, 2.5)


def pose_of(transform: Transform) -> Pose:
    return Pose.from_quaternion(transform.quaternion_wxyz, transform.position_m)


def test_the_last_statuses_are_those_of_the_recording(recording: Recording, told: list[Moment]) -> None:
    for until_s in (1.0, 5.0, 1e9):
        shown = {item.path: item.status for time_s, item in told if isinstance(item, Status) and time_s <= until_s}
        (codes,) = recording.statuses([until_s])
        words = ("IDLE", "RUNNING", "SUCCESS", "FAILURE")
        assert shown == {node.path: words[code] for node, code in zip(recording.nodes, codes, strict=True)}


def test_time_never_goes_back_and_every_line_has_words(recording: Recording, told: list[Moment]) -> None:
    times = [time_s for time_s, _ in told]
    assert times == sorted(times)
    assert sum(isinstance(item, Words) for _, item in told) == len(recording.lines)


def test_body_hand_and_truth_are_where_the_states_say(recording: Recording, told: list[Moment]) -> None:
    states = recording.states()
    for frame, name in ((BODY, "body"), ("hand", "hand"), ("truth/target", "truth_target")):
        rows = [(time, *item.position_m) for time, item in told if isinstance(item, Transform) and item.child == frame]
        rows = rows[1:] if len(rows) > len(states) else rows
        assert np.allclose(rows, np.column_stack([states.time_s, states.poses(name)[:, :3]]))


def test_the_pictures_are_the_files_of_the_run(recording: Recording, told: list[Moment]) -> None:
    pictures = [item for _, item in told if isinstance(item, Picture)]
    colours = [item.array() for item in pictures if item.kind == "colour"]
    frames = recording.frames()
    assert len(colours) == len(frames) >= 2
    assert all((colour == frame.rgb).all() for colour, frame in zip(colours, frames, strict=True))
    depths = [item.array() for item in pictures if item.kind == "depth"]
    assert all(np.abs(mm / 1000 - frame.depth).max() < 1e-6 for mm, frame in zip(depths, frames, strict=True))
    masks = [item.array() for item in pictures if item.kind == "mask"]
    assert masks
    assert all(set(np.unique(mask)) == {0, 255} for mask in masks)


@given(st.lists(ANGLES, min_size=6, max_size=6))
def test_the_links_end_where_the_arm_has_its_hand(angles: list[float]) -> None:
    joints = {joint.name: angle for joint, angle in zip(arm.JOINTS, angles, strict=True)}
    pose = Pose.identity()
    for transform in spot_transforms(joints):
        pose = pose @ pose_of(transform)
    hand = pose @ Pose(np.eye(3), np.array([arm.HAND_FROM_WRIST_X_M, 0.0, 0.0]))
    assert hand.distance_m(arm.forward(angles)) < 1e-9
    assert hand.angle_rad(arm.forward(angles)) < 1e-6


def test_every_link_has_its_parent_before_it() -> None:
    known = {BODY}
    for link in spot_links():
        assert link.parent in known
        known.add(link.name)
    assert {mesh.frame for mesh in spot_meshes()} <= known
    assert len(spot_links()) == 12 + 6 + 1


def test_meshes_are_closed_and_face_outwards() -> None:
    def check(mesh: Mesh) -> None:
        a, b, c = (mesh.vertices_m[mesh.triangles[:, corner]] for corner in range(3))
        assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6 > 1e-9, mesh.name
        edges = np.concatenate([mesh.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
        assert {tuple(edge) for edge in edges.tolist()} == {tuple(edge[::-1]) for edge in edges.tolist()}

    for mesh in spot_meshes():
        check(mesh)


def test_a_robot_that_tells_its_joints_is_drawn_by_them(recording: Recording) -> None:
    story = Story(recording.path.parent, recording.nodes)
    state: dict[str, Any] = dict.fromkeys(recording.states().columns, 0.0)
    state |= {"body_qw": 1.0, "hand_qw": 1.0, "joint_sh0_rad": 0.5, "joint_fl_hy_rad": float("nan")}
    turned = [item for item in story.state(state) if isinstance(item, Transform) and item.child == "sh0"]
    assert [round(item.quaternion_wxyz[3], 6) for item in turned] == [round(float(np.sin(0.25)), 6)]
    again = story.state(state)
    assert not [item for item in again if isinstance(item, Transform) and item.child == "sh0"], "it has not moved"


@pytest.mark.slow
def test_the_joints_that_robots_tell_are_those_of_the_shape() -> None:
    known = {link.joint for link in spot_links()}
    assert {*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT} == known
    with working() as (_, robot):
        assert robot.joints().keys() == known
        (closed,) = [item for item in spot_transforms(robot.joints()) if item.child == "fngr"]
        assert robot.gripper().opening == pytest.approx(0.0, abs=0.02)
        assert closed.quaternion_wxyz[0] == pytest.approx(1.0, abs=1e-3)
