"""A gripper's jaws as numbers, for whoever decides where a hand may go."""

from __future__ import annotations

from dataclasses import dataclass

from perception.geometry import Pose, Vector, rotation_from_vector


@dataclass(frozen=True, eq=False)
class GripperHulls:
    """A gripper's convex parts, as their corners (V, 3), metres.

    fixed: in the hand frame. moving: of the moving jaw, in the frame of its hinge, as when it is closed. hinge_m: (3,)
    the hinge in the hand frame, about whose y axis the jaw turns. open_rad: how far it opens.
    """

    fixed: tuple[Vector, ...]
    moving: tuple[Vector, ...]
    hinge_m: Vector
    open_rad: float

    def jaw_at(self, opened_rad: float) -> list[Vector]:
        """The moving jaw's parts in the hand frame, opened by an angle."""
        hinge = Pose(rotation_from_vector([0.0, -opened_rad, 0.0]), self.hinge_m)
        return [hinge.transform(part) for part in self.moving]


@dataclass(frozen=True)
class GripperModel:
    """A gripper with one fixed and one moving jaw, in the hand frame: x out of the palm, open along +z. Metres.

    fixed_jaw_z_m: inner side of the fixed jaw. clearance_m: room to leave between the fixed jaw and the object on
    the way in; close_gap_m: that when the jaws close. min_depth_m, max_depth_m: how far behind the hand's origin
    the object's near surface may lie; deeper, it meets the palm. round_depth_m: that of a round body at most; jaws that
    meet it deeper close on its far flank and drive it out. max_width_m: widest object that fits between the jaws.
    half_breadth_m: half the extent along y. open_z_m: lowest and highest z of the open jaws. low_x_m: the part along x
    that comes near the support. hulls: its exact shape, where that is known.
    """

    fixed_jaw_z_m: float
    clearance_m: float
    close_gap_m: float
    min_depth_m: float
    max_depth_m: float
    round_depth_m: float
    max_width_m: float
    half_breadth_m: float
    open_z_m: tuple[float, float]
    low_x_m: tuple[float, float]
    hulls: GripperHulls | None = None

    def depth_m(self, width_m: float, *, flat: bool) -> float:
        """How far behind the hand's origin the near surface of an object comes to lie, metres: half its width, within
        limits. flat: whether flat faces of the object are between the jaws."""
        deepest = self.max_depth_m if flat else self.round_depth_m
        return min(max(width_m / 2, self.min_depth_m), deepest)
