"""The room that a gripper takes up for each opening of its jaws: on its way in, and while they close."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from perception.hand.clearance import SweptRoom
from perception.hand.gripper import GripperHulls, GripperModel

OPENINGS_RAD: Final = tuple(float(np.radians(angle)) for angle in (20, 30, 40, 50, 60, 75, 90))
"""Angles of the jaws that are tried before closing, narrow first."""
NARROWER_RAD: Final = tuple(float(np.radians(angle)) for angle in (5, 12))
"""Angles that the jaws only pass while they close."""
INNER_X_M: Final = -0.03
"""The gap between the jaws counts from here to their tips, hand frame."""


@dataclass(frozen=True, eq=False)
class JawRoom:
    """The gripper with its jaws at one of OPENINGS_RAD.

    gap_m: room between the jaws. coming: the whole gripper and its way in. closing: the moving jaw, from there half way
    to the next narrower angle.
    """

    hulls: GripperHulls
    fixed_jaw_z_m: float
    opened_rad: float
    step_rad: float
    back_m: float

    @cached_property
    def gap_m(self) -> float:
        jaw = self.hulls.jaw_at(self.opened_rad)
        return min(float(part[part[:, 0] > INNER_X_M, 2].min(initial=0.16)) for part in jaw) - self.fixed_jaw_z_m

    @cached_property
    def coming(self) -> SweptRoom:
        return SweptRoom([*self.hulls.fixed, *self.hulls.jaw_at(self.opened_rad)], self.back_m)

    @cached_property
    def closing(self) -> SweptRoom:
        angles = (self.opened_rad, self.opened_rad - self.step_rad / 2)
        return SweptRoom([part for angle in angles for part in self.hulls.jaw_at(angle)], 0.0)


@dataclass(frozen=True, eq=False)
class GripperRooms:
    """A gripper at all of OPENINGS_RAD, and at NARROWER_RAD. clearance_m: room beside the fixed jaw on the way in.
    aside_m: of which `family.beside` takes up so much before the jaws close."""

    jaws: tuple[JawRoom, ...]
    narrower: tuple[JawRoom, ...]
    clearance_m: float
    aside_m: float

    def index_for(self, width_m: float, spare_m: float) -> int:
        """The narrowest of the openings for an object of this width; the widest if none is wide enough."""
        needed = width_m + self.clearance_m + spare_m
        return next((index for index, jaw in enumerate(self.jaws) if jaw.gap_m >= needed), len(self.jaws) - 1)

    def opening(self, index: int) -> float:
        """As a share of the widest."""
        return self.jaws[index].opened_rad / self.jaws[-1].opened_rad


@lru_cache(maxsize=4)
def rooms_of(gripper: GripperModel, back_m: float) -> GripperRooms:
    """The rooms of a gripper that comes from `back_m` before the grasp; kept. ValueError for one without hulls."""
    if gripper.hulls is None:
        raise ValueError("the rooms of a gripper need its hulls")
    angles = (*NARROWER_RAD, *OPENINGS_RAD)
    jaws = tuple(
        JawRoom(gripper.hulls, gripper.fixed_jaw_z_m, opened, float(step), back_m)
        for opened, step in zip(angles, np.diff((0.0, *angles)), strict=True)
    )
    first = len(NARROWER_RAD)
    return GripperRooms(jaws[first:], jaws[:first], gripper.clearance_m, gripper.clearance_m - gripper.close_gap_m)
