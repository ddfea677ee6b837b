"""The leaf that hands an object over to the robot's own pick."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.leaves.base import DETECTION, MotionLeaf
from behaviours.leaves.seeing import ApproachName
from behaviours.limits import MOST, SHARE, up_to
from behaviours.robot import Command, picking
from behaviours.vocabulary import NO_PICK
from perception.base.errors import ConfigError
from perception.types import Grasp
from perception.view import View
from trees.data.ports import input_port


def middle_of(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """The pixel (u, v) of an (H, W) mask that is furthest from its edge."""
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    v, u = np.unravel_index(int(inside.argmax()), mask.shape)
    return int(u), int(v)


class PickInImage(MotionLeaf):
    """Let the robot's own pick grip the detected object, without walking; FAILURE if it holds nothing afterwards.

    The robot plans the grasp and moves at speeds of its own.
    """

    ACTUATORS = frozenset({"base", "arm", "gripper"})
    PORTS = (
        DETECTION,
        input_port("grasp", Grasp, default=None, text="its pixel is gripped; without it, the middle of the object"),
        input_port("approach", ApproachName, names="pick", text="from where the hand comes: any, side or top"),
        input_port(
            "palm_to_fingertip",
            float,
            default=0.5,
            bounds=SHARE,
            text="where in the jaws, 0 at the palm .. 1 at the finger tips",
        ),
        input_port(
            "max_torque_nm",
            float,
            unit="N·m",
            bounds=up_to(MOST.jaw_torque_nm),
            text="limit of the jaw joint's torque once the object is held",
        ),
    )

    def start(self) -> Command:
        robot = picking(self.robot)
        if robot is None:
            raise ConfigError(f"{self.name}: the robot {NO_PICK}")
        view: View = self.get("detection")
        grasp: Grasp | None = self.get("grasp")
        return robot.pick_in_image(
            view.frame,
            middle_of(view.detection.mask) if grasp is None else grasp.pixel_uv,
            approach=self.get("approach").value,
            palm_to_fingertip=self.get("palm_to_fingertip"),
            max_torque_nm=self.get("max_torque_nm"),
        )
