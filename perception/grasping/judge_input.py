"""What the judge of single grasps is shown: the scene about the closing jaws, in the hand frame.

Two pictures of 24 x 24 cells of 5 mm. The section looks along the hand's y at what lies within SECTION_M of the plane
in which the jaws close: x down, out of the palm, and z to the right, from the fixed to the moving jaw. The front looks
out of the palm: y down, z to the right. The channels are

    0  section: how many of the object's points are in a cell, 1 - exp(-n / 3)
    1  section: how many points of other things
    2  section: share of three places in a cell that are hidden behind what is seen
    3  section: height above the support / 0.1 m, clipped to -0.2..1
    4  front: how many of the object's points
    5  front: x of the nearest of them to the palm / 0.06 m; 0 without
    6  front: x of the furthest; 0 without
    7  front: how many points of other things that are level with the jaws
    8  front: whether the place between the finger tips is hidden
    9  the VALUES that belong to the grasp as a whole, in the first cells, row by row; 0 in the others
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.surroundings import Clearances, Surroundings, hidden_at
from perception.hand.family import WAYS, beside
from perception.hand.gripper import GripperModel
from perception.hand.rooms import OPENINGS_RAD
from perception.quality.judge import CELLS, CHANNELS
from perception.types import Grasp, WayMaps

Array = NDArray[np.float64]
CELL_M: Final = 0.005
X_M, Y_M, Z_M = -0.06, -0.06, -0.03
"""Where the cells begin along each axis of the hand frame."""
SECTION_M: Final = 0.015
LEVEL_M: Final = (-0.06, 0.045)
"""Part along x in which other things are level with the jaws."""
TIPS_M: Final = 0.015
"""x of the place between the finger tips at which the front asks what is hidden."""
BEHIND_M: Final = 0.010
"""What is so far behind a surface is hidden."""
VALUES: Final = len(WAYS) + 19
"""Maps of the ways at the pixel; width, opening, free room, hidden share; object's height and extents in the
hand frame; the surface point, the camera's and the vertical direction there; range and noise."""


def judge_input(
    around: Surroundings, grasps: Sequence[Grasp], checked: Clearances, maps: WayMaps, gripper: GripperModel
) -> NDArray[np.float32]:
    """(K, 10, 24, 24) of K grasps. checked: their clearances. maps: of the ways, of the same picture."""
    hands = [beside(grasp.world_from_hand, gripper) for grasp in grasps]
    rotation, place = np.stack([hand.rotation for hand in hands]), np.stack([hand.position_m for hand in hands])
    mine = np.concatenate([around.own, around.unreturned])
    own, others = ((points - place[:, None]) @ rotation for points in (mine, around.others))
    tensor = np.zeros((len(grasps), CHANNELS, CELLS, CELLS), np.float32)
    middle = CELL_M * (np.arange(CELLS) + 0.5)
    x, y, z = X_M + middle, Y_M + middle, Z_M + middle
    for channel, points in enumerate((own, others)):
        tensor[:, channel] = _filled(points[..., 0] - X_M, points[..., 2] - Z_M, np.abs(points[..., 1]) < SECTION_M)
    places = SECTION_M / 1.5 * np.arange(-1.0, 2.0)
    section = np.stack(np.broadcast_arrays(x[:, None, None], places, z[:, None]), axis=-1)  # (x, z, three places, 3)
    world = _to_world(section, rotation, place)
    tensor[:, 2] = hidden_at(around, world, BEHIND_M).mean(axis=-1)
    tensor[:, 3] = np.clip((world[..., 1, 2] - around.support.height_m(world[..., 1, :])) / 0.1, -0.2, 1.0)
    everywhere = np.ones(own.shape[:2], bool)
    tensor[:, 4] = _filled(own[..., 1] - Y_M, own[..., 2] - Z_M, everywhere)
    tensor[:, 5], tensor[:, 6] = _ends(own)
    level = (others[..., 0] > LEVEL_M[0]) & (others[..., 0] < LEVEL_M[1])
    tensor[:, 7] = _filled(others[..., 1] - Y_M, others[..., 2] - Z_M, level)
    front = np.stack(np.broadcast_arrays(TIPS_M, y[:, None], z), axis=-1)
    tensor[:, 8] = hidden_at(around, _to_world(front, rotation, place), BEHIND_M)
    values = _values(around, grasps, checked, maps, own, rotation, place)
    tensor[:, 9].reshape(len(grasps), -1)[:, : values.shape[1]] = values
    return tensor


def _cells(down: Array, right: Array, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(K, N) which cell of its picture each point is in, counted over all pictures, and whether it is in one."""
    row, column = np.floor(down / CELL_M).astype(np.intp), np.floor(right / CELL_M).astype(np.intp)
    inside = chosen & (row >= 0) & (row < CELLS) & (column >= 0) & (column < CELLS)
    first = np.arange(len(row))[:, None] * CELLS * CELLS
    return first + row * CELLS + column, inside


def _filled(down: Array, right: Array, chosen: NDArray[np.bool_]) -> Array:
    cell, inside = _cells(down, right, chosen)
    count = np.bincount(cell[inside], minlength=len(down) * CELLS * CELLS)
    return np.asarray(1.0 - np.exp(-count.reshape(-1, CELLS, CELLS) / 3.0))


def _ends(own: Array) -> tuple[Array, Array]:
    """(K, 24, 24) each: x of the nearest and of the furthest point of a cell of the front, / 0.06 m."""
    cell, inside = _cells(own[..., 1] - Y_M, own[..., 2] - Z_M, np.ones(own.shape[:2], bool))
    ends = []
    for end, far in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        picture = np.full(len(own) * CELLS * CELLS, far)
        end.at(picture, cell[inside], np.clip(own[..., 0][inside] / 0.06, -1.0, 1.0))
        ends.append(np.where(np.isfinite(picture), picture, 0.0).reshape(-1, CELLS, CELLS))
    return ends[0], ends[1]


def _to_world(points: Array, rotation: Array, place: Array) -> Array:
    """(K, ..., 3) of places (..., 3) in the hand frame of each of K hands."""
    flat = points.reshape(-1, 3) @ rotation.transpose(0, 2, 1) + place[:, None]
    return np.asarray(flat.reshape(len(rotation), *points.shape))


def _values(
    around: Surroundings,
    grasps: Sequence[Grasp],
    checked: Clearances,
    maps: WayMaps,
    own: Array,
    rotation: Array,
    place: Array,
) -> Array:
    """(K, VALUES)"""
    pose: Pose = around.view.frame.world_from_camera
    height = float(np.quantile(around.own[:, 2] - around.support.height_m(around.own), 0.97))
    low, high = np.quantile(own, [0.03, 0.97], axis=1)
    points: Vector = np.stack([grasp.point_world_m for grasp in grasps])
    point = np.einsum("kij,ki->kj", rotation, points - place)
    towards = pose.position_m - place
    away = np.linalg.norm(towards, axis=1, keepdims=True)
    camera = np.einsum("kij,ki->kj", rotation, towards / away)
    opened = np.array(OPENINGS_RAD)[checked.opened]
    single = [
        [grasp.width_m / 0.1, opened[i], min(float(checked.free_m[i]), 0.05) / 0.05, checked.hidden[i]]
        for i, grasp in enumerate(grasps)
    ]
    same = [height / 0.1, around.support.noise_m / 0.01]
    return np.hstack(
        [
            np.stack([maps.at(grasp.pixel_uv) for grasp in grasps]),
            np.array(single),
            np.tile(same, (len(grasps), 1)),
            low[:, 1:] / 0.1,
            high[:, 1:] / 0.1,
            point / 0.06,
            camera,
            rotation[:, 2],
        ]
    )
