"""Every leaf that a tree file can name."""

from __future__ import annotations

from collections.abc import Mapping

from behaviours.gripping import CloseGripper, OpenGripper, VerifyGrasp
from behaviours.moving import (
    FaceObject,
    LiftHand,
    LookAt,
    MoveArm,
    MoveToGrasp,
    MoveToPreGrasp,
    RetreatHand,
    WalkToObject,
)
from behaviours.seeing import Capture, ComputeGraspPose, DetectObject, InferHeatmap, LocateObject
from trees.leaf import Leaf

_CLASSES: tuple[type[Leaf], ...] = (
    Capture,
    CloseGripper,
    ComputeGraspPose,
    DetectObject,
    FaceObject,
    InferHeatmap,
    LiftHand,
    LocateObject,
    LookAt,
    MoveArm,
    MoveToGrasp,
    MoveToPreGrasp,
    OpenGripper,
    RetreatHand,
    VerifyGrasp,
    WalkToObject,
)
LEAVES: Mapping[str, type[Leaf]] = {leaf.tag(): leaf for leaf in _CLASSES}
