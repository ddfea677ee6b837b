"""The numbers of the choice of a grasp, which an option or a file can change."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class GraspSettings:
    """Metres and radians.

    candidates: pixels tried. spacing_px: least distance between them. min_quality: pixels below are not tried.
    edge, edge_px: rim of the mask that is left out, as a share of the object's width, but at most so many pixels.
    edge_on_discount: share by which a pixel at the outline counts less than one in the middle.
    standoff_m: how far back along the approach the hand must also reach. support_margin_m: free height to keep above
    the support.
    level_rad: a surface that rises less than the first counts as upright, more than the second as fitted.
    heading_agree_rad: where the fitted heading and a round body's differ by more, the round body's is taken.
    heading_weight: share of the round body's heading where they agree. steep_rad: a normal that rises more than this
    shows no upright face. column, column_m: an upright object's depth is the median of a column so many windows tall,
    of what lies so near in level range.
    agree_m, agree_px: the depth used may differ by so much from what the sensor returns within so many pixels.
    flat_width_m, flat_worst: flat faces up to the first width count in full, above the second by this share.
    """

    candidates: int = 24
    spacing_px: int = 12
    min_quality: float = 0.02
    edge: float = 0.12
    edge_px: float = 8.0
    edge_on_discount: float = 0.1
    standoff_m: float = 0.12
    support_margin_m: float = 0.008
    level_rad: tuple[float, float] = (math.radians(12.0), math.radians(24.0))
    heading_agree_rad: float = math.radians(35.0)
    heading_weight: float = 0.8
    steep_rad: float = math.radians(45.0)
    column: int = 5
    column_m: float = 0.012
    agree_m: float = 0.015
    agree_px: int = 3
    flat_width_m: tuple[float, float] = (0.070, 0.080)
    flat_worst: float = 0.6
