"""Grasps for carrying: a little above the middle, so that the object hangs, and far enough out in the jaws.

The jaws form a wedge: what sits deep in it is squeezed outwards and turns as it slips, so it is gripped further out.
Pressed on a table, a tilted object rights itself while the tangent of its tilt is less than its radius over the height
of the grip. So a lower grip is better.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from perception.types import Grasp, Heatmap, RgbdFrame


def clip_to_height_range(
    heatmap: Heatmap, frame: RgbdFrame, location: ObjectLocation, least_height: float, greatest_height: float
) -> Heatmap:
    """The heatmap, 0 below the first and above the second share 0..1 of the object's height.

    The limits are rows of the picture, those where the object's axis has these heights; the camera is taken to be level
    in roll. If one of these points is behind the camera, the heatmap stays as it is.
    """
    if least_height <= 0.0 and greatest_height >= 1.0:
        return heatmap
    shares = np.array([least_height, greatest_height])
    points = np.repeat(location.position_m[None], 2, axis=0)
    points[:, 2] = location.bottom_z_m + shares * location.height_m
    seen = frame.world_from_camera.inverse().transform(points)
    if (seen[:, 2] <= 0.0).any():
        return heatmap
    lowest, highest = frame.intrinsics.project(seen)[:, 1]
    rows = np.arange(heatmap.quality.shape[0])[:, None]
    left = ((rows <= lowest) | (least_height <= 0.0)) & ((rows >= highest) | (greatest_height >= 1.0))
    return replace(heatmap, quality=np.where(left, heatmap.quality, np.float32(0.0)))


def further_out(grasp: Grasp, out_m: float, full_none_m: tuple[float, float]) -> Grasp:
    """The grasp with the hand drawn back along its own x, so that the object sits `out_m` further out in the jaws.

    full_none_m: widths up to which it does so in full, and from which not at all: the wedge squeezes wide objects out.
    """
    full_m, none_m = full_none_m
    share = float(np.clip((none_m - grasp.width_m) / (none_m - full_m), 0.0, 1.0))
    hand = grasp.world_from_hand
    return replace(grasp, world_from_hand=Pose(hand.rotation, hand.position_m - share * out_m * hand.rotation[:, 0]))
