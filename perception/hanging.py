"""Grips for carrying: high enough that the object hangs, deep enough that the palm keeps it from turning.

Between two jaws an object can turn about the line from one to the other. In the simulation a bottle gripped in the
middle, 16 mm before the palm, turned by 19 to 27 degrees until it leaned on the palm, and fell when it was put down.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from perception.geometry import Pose
from perception.locate import ObjectLocation
from perception.types import Grasp, Heatmap, RgbdFrame


def upper_part(heatmap: Heatmap, frame: RgbdFrame, location: ObjectLocation, least_height: float) -> Heatmap:
    """The heatmap with nothing below a share 0..1 of the object's height.

    The line is drawn across the picture where the object's axis has that height, as the camera is held level in roll.
    A point behind the camera leaves the heatmap as it is.
    """
    height_m = location.bottom_z_m + least_height * location.height_m
    point = np.array([location.position_m[0], location.position_m[1], height_m])
    seen = frame.world_from_camera.inverse().transform(point)
    if least_height <= 0.0 or seen[2] <= 0.0:
        return heatmap
    row = float(frame.intrinsics.project(seen)[1])
    rows = np.arange(heatmap.quality.shape[0])
    return Heatmap(np.where(rows[:, None] <= row, heatmap.quality, np.float32(0.0)))


def seated(grasp: Grasp, depth_m: float) -> Grasp:
    """The grasp with the hand further on, so that the surface point lies `depth_m` behind the hand's origin.

    The palm is 0.05 m behind it. A hand that is that far already stays.
    """
    hand = grasp.world_from_hand
    further_m = depth_m + float(hand.inverse().transform(grasp.point_world_m)[0])
    if further_m <= 0.0:
        return grasp
    return replace(grasp, world_from_hand=Pose(hand.rotation, hand.position_m + further_m * hand.rotation[:, 0]))
