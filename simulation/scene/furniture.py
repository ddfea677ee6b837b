"""What stands in a room besides tables: shelves over a support, and boxes that are in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from simulation.scene.ground.land import Land
from simulation.scene.placing import TRIES, Box
from simulation.scene.spec import FurnitureSpec
from simulation.scene.textures import surface_texture

PANEL_HALF_M: Final = 0.009
"""Half the thickness of a shelf's panels."""


def shelf(box: Box, board_m: float) -> tuple[Box, ...]:
    """A board over a box, `board_m` above its top, with a back and two sides; open to the front, the box's -x."""
    hx, hy, hz = box.half_m
    top = box.center_m[2] + hz
    parts = [
        ((hx - PANEL_HALF_M, 0.0), (PANEL_HALF_M, hy), top + board_m / 2, board_m / 2),
        ((0.0, hy - PANEL_HALF_M), (hx, PANEL_HALF_M), top + board_m / 2, board_m / 2),
        ((0.0, PANEL_HALF_M - hy), (hx, PANEL_HALF_M), top + board_m / 2, board_m / 2),
        ((0.0, 0.0), (hx, hy), top + board_m + PANEL_HALF_M, PANEL_HALF_M),
    ]
    boxes = []
    for at, half, z, tall in parts:
        x, y = box.place(at)
        boxes.append(Box((float(x), float(y), z), (*half, tall), box.yaw_rad, box.texture))
    return tuple(boxes)


def furnish(
    spec: FurnitureSpec, robot_xy_yaw: tuple[float, float, float], others: Sequence[Box], land: Land, seed: int
) -> list[Box]:
    """Boxes on the ground at random places, so far from each other, from the robot and from other boxes that it can
    walk between them. What finds no place in TRIES is left out."""
    rng = np.random.default_rng([seed, 6])
    x, y, yaw = robot_xy_yaw
    c, s = np.cos(yaw), np.sin(yaw)
    found: list[Box] = []
    for _ in range(int(rng.integers(int(spec.count[0]), int(spec.count[1]) + 1))):
        wide, deep = (float(half) for half in rng.uniform(*spec.half_width_m, 2))
        tall, texture = float(rng.uniform(*spec.height_m)), surface_texture(rng)
        for _ in range(TRIES):
            ahead, left = rng.uniform(*spec.forward_m), rng.uniform(*spec.left_m)
            place = float(x + c * ahead - s * left), float(y + s * ahead + c * left)
            radius = float(np.hypot(wide, deep))
            apart = [float(np.hypot(place[0] - x, place[1] - y)) - radius]
            apart += [_gap_m(other, place) - radius for other in (*others, *found)]
            if min(apart) > spec.gap_m:
                top = land.height_m(place) + tall
                found.append(land.upright(place, (wide, deep), top, float(rng.uniform(-np.pi, np.pi)), texture))
                break
    return found


def _gap_m(box: Box, xy: tuple[float, float]) -> float:
    """Metres from a point of the floor plan to a box, 0 inside it."""
    return float(np.linalg.norm(np.maximum(np.abs(box.inside(xy)) - box.half_m[:2], 0.0)))
