"""The numbers of the choice of a grasp, which an option or a file can change."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


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
    again_m, again_rad: a grasp nearer than this to one that was tried is the same, and is not tried again.
    moved_m: an object that has moved by more is another, as it were. failed_m: what is seen so near to the middle of an
    object that could not be gripped is that object. remembered: tried grasps, and such objects, kept, at most.
    clearly: for any approach, another way is taken only if the judge rates it so much better than the heatmap's grasp;
    without a judge, if the network of the ways rates it so much better than either network rates that.
    out_width_m: objects up to the first width are gripped further out as asked, from the second on not at all.
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
    again_m: float = 0.02
    again_rad: float = math.radians(20.0)
    moved_m: float = 0.03
    failed_m: float = 0.05
    remembered: int = 12
    clearly: float = 0.15
    out_width_m: tuple[float, float] = (0.060, 0.072)
    flat_width_m: tuple[float, float] = (0.070, 0.080)
    flat_worst: float = 0.6


@dataclass(frozen=True)
class ClearanceSettings:
    """How the gripper is kept clear of what is seen around an object; see `perception.grasping.surroundings`. Metres.

    around_m: how far about the object is looked. most_points: read of the picture, about. most_own,
    least_points: of the object.
    flying_m: a return further off the median about it is left out, as it floats at an edge.
    least_above_m, most_above_m: a point of the object is above the ground by 1.5 times its noise, within these bounds.
    ground_m: what is less above the ground is the ground; more where the noise is more.
    rim_px: what lies so near to the mask counts as the object, as masks are not exact; the second where the depth may
    be shifted. stray: so many points of other things may be noise.
    returns_m: where the depth is registered, each single return of other things keeps so far from the gripper.
    unreturned_m: a pixel of the mask without a return, so near to one of the object's, shows the object too.
    margin_m: bounds of the distance to keep from other things, twice the noise of the ground.
    support_margin_m: free height to keep above the ground, of which its noise is a part.
    grazes_m, own_inside: this share of the object's points may lie deeper than the first in the gripper, as noise; or
    than 1.5 times the ground's noise.
    behind_m: what is so far behind a surface is hidden. hidden_m: so far behind another thing's surface is that thing.
    behind: corners of the gripper that may be there. way_in_m: distances before the grasp at which that is asked.
    spare_m: how much wider than object and clearance the jaws come in where they cannot be wide open.
    """

    around_m: float = 0.30
    most_points: int = 24000
    most_own: int = 1200
    least_points: int = 12
    flying_m: float = 0.015
    least_above_m: float = 0.003
    most_above_m: float = 0.010
    ground_m: float = 0.008
    rim_px: tuple[int, int] = (3, 8)
    stray: int = 2
    returns_m: float = 0.0025
    unreturned_m: float = 0.015
    margin_m: tuple[float, float] = (0.005, 0.012)
    support_margin_m: float = 0.003
    grazes_m: float = 0.001
    own_inside: float = 0.01
    behind_m: float = 0.010
    hidden_m: float = 0.06
    behind: int = 3
    way_in_m: tuple[float, ...] = (0.0, 0.04, 0.08, 0.12)
    spare_m: float = 0.012


@dataclass(frozen=True)
class ProposalSettings:
    """How grasps are proposed by geometry; see `perception.grasping.propose`. Metres, and shares of a score of 1.

    pixels: of the mask that are tried. rated_pixels, rated: so many are looked at in a network's maps, and so many
    pairs of pixel and way are kept. candidates, batches: so many grasps are checked at once, and so many times.
    judged: so many at once where a judge ranks them.
    most_points: of the object's that are used.
    depth_px: window of the depth at a pixel. on_object_m: a pixel's point is so near to one of the object's.
    slab_m: part of the object, along the approach from the surface point, that comes between the jaws. breadth_m: half
    the breadth of the jaws there. gap_m: free room in which a jaw finds place. tip_x_m: end of the jaws, hand frame.
    align_about_m, align_points: points so near to the grasp, and at least so many, say how the object lies there.
    align_length, align_turn_rad: where it is so many times as long as broad, the jaws are turned by up to so much to
    close straight across it.
    hidden_share: of what a round thing hides on its far side, how much is added.
    worth_middle, off_m: lost where the mass is so far off the jaws. worth_overlap, overlap_m: lost where less than this
    lies between them. worth_width, width_m: lost from the first width to the second. worth_unseen: lost if the jaws
    close along the line of sight. worth_facing, flank_m: lost where no flank so deep is seen at the ends.
    worth_steep, tall_m: lost from above on what is as tall as the second, and from the side on what is as low as the
    first. worth_free, free_m: gained by free room. worth_hidden: lost if all of the gripper is hidden.
    """

    pixels: int = 14
    rated_pixels: int = 60
    rated: int = 48
    candidates: int = 24
    batches: int = 5
    judged: int = 48
    most_points: int = 400
    depth_px: int = 2
    on_object_m: float = 0.012
    slab_m: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"wrap": (-0.1, 0.060), "tips": (-0.1, 0.028)}
    )
    breadth_m: float = 0.02
    gap_m: float = 0.030
    tip_x_m: float = 0.04
    align_about_m: float = 0.12
    align_points: int = 30
    align_length: float = 1.5
    align_turn_rad: float = math.radians(46.0)
    hidden_share: float = 0.6
    worth_middle: float = 0.35
    off_m: float = 0.04
    worth_overlap: float = 0.2
    overlap_m: float = 0.03
    worth_width: float = 0.2
    width_m: tuple[float, float] = (0.06, 0.09)
    worth_unseen: float = 0.1
    worth_facing: float = 0.2
    flank_m: float = 0.008
    worth_steep: float = 0.15
    tall_m: tuple[float, float] = (0.06, 0.14)
    worth_free: float = 0.05
    free_m: float = 0.02
    worth_hidden: float = 0.1
    clearance: ClearanceSettings = field(default_factory=ClearanceSettings)
