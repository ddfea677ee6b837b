"""A leaf that writes what the tree has to say into the record of the run."""

from __future__ import annotations

from py_trees.common import Status

from behaviours.leaves.base import RobotLeaf
from perception.surface.locate import ObjectLocation
from trees.data.ports import Bounds, input_port


class Report(RobotLeaf):
    """Write a text into the record and the result of the run, with the position of an object if one is given."""

    NEVER_FAILS = True
    PORTS = (
        input_port("text", str, bounds=Bounds(1, 10_000), text="the words"),
        input_port("object", ObjectLocation, default=None, text="an object to tell the place of"),
    )

    def update(self) -> Status:
        words, location = self.get("text"), self.get("object")
        if location is not None:
            x, y, z = location.position_m
            words = f"{words}: {location.label} at ({x:.2f}, {y:.2f}, {z:.2f}) m"
        self.context.recorder.report(words)
        return self.succeed(words)
