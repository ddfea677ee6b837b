"""Every leaf that a tree file can name."""

from __future__ import annotations

from collections.abc import Mapping

from behaviours.leaves.choosing import ChooseView, ForgetViews, NoteView
from behaviours.leaves.failing import ForgetFailures, NoteFailure
from behaviours.leaves.gripping import AwaitPull, CloseGripper, OpenGripper, VerifyGrasp
from behaviours.leaves.looking import LookAt, LookTowards
from behaviours.leaves.moving import (
    FaceObject,
    LiftHand,
    MoveArm,
    MoveJawToObject,
    MoveToGrasp,
    MoveToPreGrasp,
    RetreatHand,
    WalkToObject,
)
from behaviours.leaves.picking import PickInImage
from behaviours.leaves.places import OffsetPose, RememberPlace, RememberPose
from behaviours.leaves.placing import HoldAt, LowerObject, MoveToPlace, StandsUpright
from behaviours.leaves.seeing import Capture, ComputeGraspPose, DetectObject, InferHeatmap, LocateObject
from behaviours.leaves.telling import Report
from behaviours.leaves.uprighting import AsIfUpright
from behaviours.leaves.walking import SelfRight, SetBodyPose, WalkAround, WalkTo
from trees.engine.leaf import Leaf

_CLASSES: tuple[type[Leaf], ...] = (
    AsIfUpright,
    AwaitPull,
    Capture,
    ChooseView,
    CloseGripper,
    ComputeGraspPose,
    DetectObject,
    FaceObject,
    ForgetFailures,
    ForgetViews,
    HoldAt,
    InferHeatmap,
    LiftHand,
    LocateObject,
    LookAt,
    LookTowards,
    LowerObject,
    MoveArm,
    MoveJawToObject,
    MoveToGrasp,
    MoveToPlace,
    MoveToPreGrasp,
    NoteFailure,
    NoteView,
    OffsetPose,
    OpenGripper,
    PickInImage,
    RememberPlace,
    RememberPose,
    Report,
    RetreatHand,
    SelfRight,
    SetBodyPose,
    StandsUpright,
    VerifyGrasp,
    WalkAround,
    WalkTo,
    WalkToObject,
)
LEAVES: Mapping[str, type[Leaf]] = {leaf.tag(): leaf for leaf in _CLASSES}
