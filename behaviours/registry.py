"""Every leaf that a tree file can name."""

from __future__ import annotations

from collections.abc import Mapping

from behaviours.choosing import ChooseView, ForgetViews, NoteView
from behaviours.gripping import AwaitPull, CloseGripper, OpenGripper, VerifyGrasp
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
from behaviours.places import OffsetPose, RememberPlace, RememberPose
from behaviours.placing import HoldAt, LowerObject, MoveToPlace, StandsUpright
from behaviours.seeing import Capture, ComputeGraspPose, DetectObject, InferHeatmap, LocateObject
from behaviours.telling import Report
from behaviours.walking import WalkAround, WalkTo
from trees.leaf import Leaf

_CLASSES: tuple[type[Leaf], ...] = (
    AwaitPull,
    Capture,
    ChooseView,
    CloseGripper,
    ComputeGraspPose,
    DetectObject,
    FaceObject,
    ForgetViews,
    HoldAt,
    InferHeatmap,
    LiftHand,
    LocateObject,
    LookAt,
    LowerObject,
    MoveArm,
    MoveToGrasp,
    MoveToPlace,
    MoveToPreGrasp,
    NoteView,
    OffsetPose,
    OpenGripper,
    RememberPlace,
    RememberPose,
    Report,
    RetreatHand,
    StandsUpright,
    VerifyGrasp,
    WalkAround,
    WalkTo,
    WalkToObject,
)
LEAVES: Mapping[str, type[Leaf]] = {leaf.tag(): leaf for leaf in _CLASSES}
