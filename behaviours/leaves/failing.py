"""Leaves that remember which objects could not be gripped, so that others are tried first."""

from __future__ import annotations

from dataclasses import dataclass

from py_trees.common import Status

from behaviours.leaves.base import OBJECT, RobotLeaf
from perception.surface.locate import ObjectLocation, detection_of
from perception.types import Detection, RgbdFrame
from trees.data.ports import Direction, Port, output_port


@dataclass(frozen=True)
class Failures:
    """objects: those that could not be gripped, the latest last."""

    objects: tuple[ObjectLocation, ...] = ()

    def last(self, detections: list[Detection], frame: RgbdFrame, near_m: float) -> list[Detection]:
        """The detections of a frame in their order, but those within near_m of objects that failed after all others."""

        def failed(detection: Detection) -> bool:
            return any(detection_of([detection], frame, known, near_m) is not None for known in self.objects)

        return sorted(detections, key=failed)

    def without(self, detections: list[Detection], frame: RgbdFrame, near_m: float) -> list[Detection]:
        """The detections of a frame in their order, but those within near_m of places that were noted twice or more."""

        def noted(detection: Detection) -> int:
            return sum(detection_of([detection], frame, known, near_m) is not None for known in self.objects)

        return [detection for detection in detections if noted(detection) < 2]


FAILURES = Port("failures", Failures, Direction.INOUT, text="objects that could not be gripped")


class ForgetFailures(RobotLeaf):
    """Begin anew with no failures, also after a success, when things lie otherwise."""

    NEVER_FAILS = True
    PORTS = (output_port("failures", Failures, text="no failures"),)

    def update(self) -> Status:
        self.set("failures", Failures())
        return self.succeed()


class NoteFailure(RobotLeaf):
    """Note that an object could not be gripped."""

    NEVER_FAILS = True
    PORTS = (OBJECT, FAILURES)

    def update(self) -> Status:
        failures = Failures(
            (*self.get("failures").objects, self.get("object"))[-self.context.settings.grasp.remembered :]
        )
        self.set("failures", failures)
        return self.succeed(f"{len(failures.objects)} noted")
