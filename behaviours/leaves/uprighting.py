"""A leaf for setting up what has fallen over: gripped as it lies, put down as it should stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from py_trees.common import Status

from behaviours.leaves.base import DETECTION, OBJECT, WorkLeaf
from perception.geometry import Pose, Vector
from perception.grasping.lying import Lying, how_it_lies
from perception.surface.locate import ObjectLocation
from perception.types import Grasp, Rejection
from perception.view import View
from trees.data.ports import input_port, output_port


def raised(lying: Lying) -> Vector:
    """(3, 3) rotation in the world that sets a lying object up, about a level axis."""
    side = np.cross(lying.along, [0.0, 0.0, 1.0])
    lies = np.stack([lying.along, side, [0.0, 0.0, 1.0]], axis=1)
    stands = np.stack([[0.0, 0.0, 1.0], side, -lying.along], axis=1)
    return np.asarray(stands @ lies.T)


def as_if_upright(lying: Lying, location: ObjectLocation, grasp: Grasp) -> tuple[ObjectLocation, Grasp]:
    """The object standing on its foot where that is, and the same grasp of it."""
    turn, foot, hand = raised(lying), lying.foot_m, grasp.world_from_hand
    upright = Pose(turn @ hand.rotation, foot + turn @ (hand.position_m - foot))
    middle = foot + np.array([0.0, 0.0, lying.length_m / 2])
    standing = replace(
        location,
        position_m=middle,
        surface_m=middle - 0.5 * location.width_m * lying.along,
        bottom_z_m=float(foot[2]),
        top_z_m=float(foot[2]) + lying.length_m,
    )
    return standing, replace(grasp, world_from_hand=upright)


class AsIfUpright(WorkLeaf[Lying]):
    """Take a long object that was gripped lying as if it had been gripped standing on its wider end.

    MoveToPlace and LowerObject then turn it and set it up. What stands is left as it is. The wider end is the foot.
    """

    PORTS = (
        DETECTION,
        OBJECT,
        input_port("grasp", Grasp, text="how it was gripped"),
        output_port("standing", ObjectLocation, text="the object, standing"),
        output_port("upright", Grasp, text="the same grasp of it"),
    )
    NEVER_FAILS = True

    def work(self) -> Callable[[], Lying | Rejection]:
        view: View = self.get("detection")
        return lambda: how_it_lies(view)

    def update(self) -> Status:
        if not self.answered():
            return self.run_on("at work")
        result = self.result()
        if isinstance(result, Rejection):
            self.set("standing", self.get("object"))
            self.set("upright", self.get("grasp"))
            return self.succeed(f"as it is: {result}")
        return self.take(result)

    def take(self, result: Lying) -> Status:
        standing, upright = as_if_upright(result, self.get("object"), self.get("grasp"))
        self.set("standing", standing)
        self.set("upright", upright)
        heading = np.degrees(np.arctan2(result.along[1], result.along[0]))
        return self.succeed(f"{result.length_m:.2f} m long, points to {heading:.0f} degrees")
