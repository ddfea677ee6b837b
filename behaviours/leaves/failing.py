"""Leaves that remember which objects could not be gripped, so that others are tried first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from py_trees.common import Status

from behaviours.leaves.base import OBJECT, RobotLeaf
from perception.surface.locate import ObjectLocation, detection_of
from perception.types import Detection, RgbdFrame
from trees.data.ports import Direction, Port, output_port

NEAR_M: Final = 0.05
"""What is seen so near to the middle of an object that failed is that object."""
REMEMBERED: Final = 8


@dataclass(frozen=True)
class Failures:
    """objects: those that could not be gripped, the latest last, at most REMEMBERED."""

    objects: tuple[ObjectLocation, ...] = ()

    def last(self, found: list[Detection], frame: RgbdFrame) -> list[Detection]:
        """The detections of a frame in their order, but those of objects that failed after all others."""

        def failed(one: Detection) -> bool:
            return any(detection_of([one], frame, known, NEAR_M) is not None for known in self.objects)

        return sorted(found, key=failed)


FAILURES = Port("failures", Failures, Direction.INOUT, text="objects that could not be gripped")


class ForgetFailures(RobotLeaf):
    """Begin anew with no failures, also after a success, when things lie otherwise."""

    PORTS = (output_port("failures", Failures, text="no failures"),)

    def update(self) -> Status:
        self.set("failures", Failures())
        return self.succeed()


class NoteFailure(RobotLeaf):
    """Note that an object could not be gripped."""

    PORTS = (OBJECT, FAILURES)

    def update(self) -> Status:
        failures = Failures((*self.get("failures").objects, self.get("object"))[-REMEMBERED:])
        self.set("failures", failures)
        return self.succeed(f"{len(failures.objects)} noted")
