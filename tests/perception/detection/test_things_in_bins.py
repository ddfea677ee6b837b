"""Things by depth alone in a bin: its rim is none, and what lies at the rim or leans on it is one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from behaviours.robots.fake.world import HAND_CAMERA
from perception.detection.things import find_things
from perception.geometry import Pose, unit
from perception.types import RgbdFrame

FLOOR_M, HALF_M, RIM_M = 0.25, 0.22, 0.04
Box = tuple[Pose, tuple[float, float, float]]
"""world_from_box, and half its size along its own axes, metres."""


def box(middle_m: tuple[float, float, float], half_m: tuple[float, float, float], *rpy_rad: float) -> Box:
    return Pose.from_rpy(rpy_rad or (0.0, 0.0, 0.0), middle_m), half_m


BIN = [
    box((0.0, 0.0, FLOOR_M / 2), (HALF_M, HALF_M, FLOOR_M / 2)),
    *(
        box((x * (HALF_M - 0.006), y * (HALF_M - 0.006), FLOOR_M + RIM_M / 2), (*half, RIM_M / 2))
        for x, y, half in ((1, 0, (0.006, HALF_M)), (-1, 0, (0.006, HALF_M)), (0, 1, (HALF_M, 0.006)))
    ),
    box((0.0, 0.006 - HALF_M, FLOOR_M + RIM_M / 2), (HALF_M, 0.006, RIM_M / 2)),
]


def depth_of(boxes: list[Box], camera: Pose) -> NDArray[np.float32]:
    """(480, 640) metres, by rays that meet boxes and the floor."""
    k = HAND_CAMERA
    v, u = np.mgrid[0 : k.height, 0 : k.width]
    rays = k.back_project(u.ravel(), v.ravel(), np.ones(u.size)) @ camera.rotation.T
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays[:, 2] < 0, -camera.position_m[2] / rays[:, 2], np.inf)
        for pose, half in boxes:
            inverse = pose.inverse()
            eye, along = inverse.transform(camera.position_m), rays @ pose.rotation
            sides = np.stack([(np.negative(half) - eye) / along, (np.asarray(half) - eye) / along])
            enter, leave = sides.min(axis=0).max(axis=1), sides.max(axis=0).min(axis=1)
            depth = np.where((enter < leave) & (enter > 0) & (enter < depth), enter, depth)
    return np.where(depth < 4.0, depth, 0.0).reshape(k.shape).astype(np.float32)


def seen(*things: Box, down_rad: float = 1.25, away_m: float = 0.65, columns: slice = slice(None)) -> RgbdFrame:
    """A noisy picture of the bin's middle from before and above. columns: those that the depth camera sees."""
    back = np.array([-np.cos(down_rad), 0.0, np.sin(down_rad)])
    right = unit(np.cross(-back, [0.0, 0.0, 1.0]))
    camera = Pose(np.stack([right, np.cross(-back, right), -back], axis=1), [0.0, 0.0, FLOOR_M] + away_m * back)
    depth = np.zeros(HAND_CAMERA.shape, np.float32)
    depth[:, columns] = depth_of([*BIN, *things], camera)[:, columns]
    noise = np.random.default_rng(5).normal(0.0, 0.002, depth.shape)
    rgb = np.zeros((*HAND_CAMERA.shape, 3), np.uint8)
    return RgbdFrame(rgb, np.where(depth > 0, depth + noise, 0.0).astype(np.float32), HAND_CAMERA, camera, 0.0)


@pytest.mark.parametrize("down_rad", [0.7, 1.0, 1.25])
def test_an_empty_bin_has_no_things(down_rad: float) -> None:
    assert find_things(seen(down_rad=down_rad), 0.25) == []


AT_THE_RIM = {
    "lies along the far rim": box((0.17, 0.02, FLOOR_M + 0.03), (0.03, 0.08, 0.03)),
    "lies along the near rim": box((-0.17, 0.02, FLOOR_M + 0.03), (0.03, 0.08, 0.03)),
    "stands in a corner": box((0.17, 0.17, FLOOR_M + 0.06), (0.03, 0.03, 0.06)),
    "leans on the left rim": box((0.02, 0.16, FLOOR_M + 0.056), (0.03, 0.10, 0.03), 0.25, 0.0, 0.0),
    "lies in the middle": box((0.0, 0.0, FLOOR_M + 0.03), (0.03, 0.08, 0.03), 0.0, 0.0, 0.5),
}


@pytest.mark.parametrize("how", AT_THE_RIM)
def test_a_thing_at_the_rim_is_found(how: str) -> None:
    frame = seen(AT_THE_RIM[how])
    (found,) = find_things(frame, 0.25)
    v, u = np.nonzero(found.mask & (frame.depth > 0))
    points = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, frame.depth[v, u]))
    pose, half = AT_THE_RIM[how]
    within = np.abs(pose.inverse().transform(points)) < np.asarray(half) + 0.012
    assert within.all(axis=1).mean() > 0.9, "it is the thing and not the rim"


def test_two_things_that_nearly_touch_are_two() -> None:
    side_by_side = [box((0.0, y, FLOOR_M + 0.03), (0.08, 0.03, 0.03)) for y in (-0.04, 0.04)]
    assert len(find_things(seen(*side_by_side), 0.25)) == 2


def test_a_thing_that_the_depth_camera_sees_in_part_is_left_out() -> None:
    thing = AT_THE_RIM["lies in the middle"]
    assert len(find_things(seen(thing, columns=slice(120, 540)), 0.25)) == 1
    left = int(np.flatnonzero(find_things(seen(thing), 0.25)[0].mask.any(axis=0))[0])
    assert len(find_things(seen(thing, columns=slice(left - 8, 540)), 0.25)) == 1, "it is near the edge, but whole"
    assert find_things(seen(thing, columns=slice(left + 8, 540)), 0.25) == []
    assert find_things(seen(thing, columns=slice(320, 540)), 0.25) == []
