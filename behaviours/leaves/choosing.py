"""Leaves that rate views of an object from several sides, and choose the side to grip it from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from py_trees.common import Status

from behaviours.leaves.base import DETECTION, OBJECT, RobotLeaf
from behaviours.limits import SHARE, TURN
from behaviours.settings import LookingSettings
from perception.geometry import wrapped_rad
from perception.surface.locate import ObjectLocation
from perception.types import Detection, Heatmap
from perception.view import View
from trees.data.ports import Direction, Port, input_port, output_port


@dataclass(frozen=True)
class Views:
    """The sides that an object was looked at from.

    seen: (direction from the object to the body, radians in the world frame; quality 0..1) of each.
    """

    seen: tuple[tuple[float, float], ...] = ()


VIEWS = Port("views", Views, Direction.INOUT, text="what was seen so far")


def best_quality(heatmap: Heatmap, detection: Detection, settings: LookingSettings) -> float:
    """Quality 0..1 of the best part of an object."""
    inside = np.sort(heatmap.quality[detection.mask])
    count = max(settings.best_px, int(settings.best_share * inside.size))
    return float(inside[-count:].mean()) if inside.size else 0.0


def _direction(location: ObjectLocation, body_m: np.ndarray) -> float:
    offset = body_m[:2] - location.position_m[:2]
    return float(np.arctan2(offset[1], offset[0]))


class ForgetViews(RobotLeaf):
    """Begin anew with no views."""

    NEVER_FAILS = True
    PORTS = (output_port("views", Views, text="no views"),)

    def update(self) -> Status:
        self.set("views", Views())
        return self.succeed()


class NoteView(RobotLeaf):
    """Note how well the object could be gripped from where the body stands now."""

    NEVER_FAILS = True
    PORTS = (
        OBJECT,
        DETECTION,
        input_port("heatmap", Heatmap, text="quality 0..1 for each pixel"),
        VIEWS,
    )

    def update(self) -> Status:
        view: View = self.get("detection")
        score = best_quality(self.get("heatmap"), view.detection, self.context.settings.looking)
        direction = _direction(self.get("object"), self.robot.body_pose().position_m)
        views = Views((*self.get("views").seen, (direction, score)))
        self.set("views", views)
        return self.succeed(f"view {len(views.seen)}: quality {score:.2f}")


class ChooseView(RobotLeaf):
    """The side with the best quality: how far to walk round the object to get there. FAILURE without any view."""

    PORTS = (
        VIEWS,
        OBJECT,
        output_port(
            "angle_rad", float, unit="rad", bounds=TURN, text="how far round it from here, counter-clockwise from above"
        ),
        output_port("score", float, bounds=SHARE, text="quality of that view"),
    )

    def update(self) -> Status:
        seen = self.get("views").seen
        if not seen:
            return self.fail("the object was seen from nowhere")
        direction, score = max(seen, key=lambda view: view[1])
        here = _direction(self.get("object"), self.robot.body_pose().position_m)
        angle = wrapped_rad(direction - here)
        self.set("angle_rad", angle)
        self.set("score", score)
        return self.succeed(f"the best of {len(seen)} views has quality {score:.2f}, {np.degrees(angle):.0f} degrees")
