"""The robot protocol, the leaves of a behaviour tree that are written against it, and the robots.

recording = behaviours.run("grasp_bottle", robot)   run a tree, recorded; recording.result, .statuses, .frames
recording = behaviours.read_recording(folder)       the same of a run folder

`from behaviours import ...` has everything that the author of a leaf or of a robot needs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from behaviours.contract import CONTRACT as CONTRACT
    from behaviours.leaves.base import (
        MotionLeaf as MotionLeaf,
        PlannedMotionLeaf as PlannedMotionLeaf,
        RobotLeaf as RobotLeaf,
        WorkLeaf as WorkLeaf,
    )
    from behaviours.limits import (
        RobotLimits as RobotLimits,
        require_body as require_body,
        require_limits as require_limits,
        require_pick as require_pick,
    )
    from behaviours.model import RobotModel as RobotModel
    from behaviours.recording.recording import Recording as Recording, read_recording as read_recording
    from behaviours.recording.result import Result as Result
    from behaviours.recording.states import StateTable as StateTable
    from behaviours.registry import LEAVES as LEAVES
    from behaviours.robot import (
        ArmPose as ArmPose,
        Command as Command,
        CommandState as CommandState,
        GripperState as GripperState,
        KnowsTruth as KnowsTruth,
        Outcome as Outcome,
        PicksInImage as PicksInImage,
        Robot as Robot,
        TellsFeet as TellsFeet,
        TellsJoints as TellsJoints,
    )
    from behaviours.robot_kind import RobotKind as RobotKind
    from behaviours.robots.fake.models import FakeDetector as FakeDetector, FakeHeatmap as FakeHeatmap
    from behaviours.robots.fake.robot import FakeRobot as FakeRobot, FakeScript as FakeScript
    from behaviours.run_loop import RunResult as RunResult, run_tree as run_tree
    from behaviours.runner import run as run
    from behaviours.services import NullRecorder as NullRecorder, Recorder as Recorder, Services as Services
    from behaviours.settings import Settings as Settings
    from behaviours.worker import Job as Job, Worker as Worker
    from perception.base.errors import RobotError as RobotError
    from perception.detection.detector import OnnxDetector as OnnxDetector
    from perception.geometry import Pose as Pose, Vector as Vector
    from perception.hand.gripper import GripperModel as GripperModel
    from perception.quality.heatmap import OnnxHeatmap as OnnxHeatmap
    from perception.grasping.reach import Arm as Arm
    from perception.networks.protocols import Detector as Detector, Enough as Enough, HeatmapModel as HeatmapModel
    from perception.types import (
        Approach as Approach,
        Detection as Detection,
        Grasp as Grasp,
        Heatmap as Heatmap,
        Intrinsics as Intrinsics,
        RgbdFrame as RgbdFrame,
    )
    from perception.view import View as View
    from py_trees.common import Status as Status
    from trees.data.ports import Bounds as Bounds, Port as Port, input_port as input_port, output_port as output_port
    from trees.engine.leaf import Leaf as Leaf, PortAccess as PortAccess
    from trees.engine.status import SKIPPED as SKIPPED
    from trees.errors import (
        ConfigError as ConfigError,
        ContractError as ContractError,
        LeafError as LeafError,
        LimitError as LimitError,
        SpotGraspError as SpotGraspError,
        TreeError as TreeError,
    )
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "behaviours.contract": ("CONTRACT",),
        "behaviours.leaves.base": ("MotionLeaf", "PlannedMotionLeaf", "RobotLeaf", "WorkLeaf"),
        "behaviours.limits": ("RobotLimits", "require_body", "require_limits", "require_pick"),
        "behaviours.model": ("RobotModel",),
        "behaviours.recording.recording": ("Recording", "read_recording"),
        "behaviours.recording.result": ("Result",),
        "behaviours.recording.states": ("StateTable",),
        "behaviours.registry": ("LEAVES",),
        "behaviours.robot": (
            "ArmPose", "Command", "CommandState", "GripperState", "KnowsTruth", "Outcome", "PicksInImage", "Robot",
            "TellsFeet", "TellsJoints",
        ),
        "behaviours.robot_kind": ("RobotKind",),
        "behaviours.robots.fake.models": ("FakeDetector", "FakeHeatmap"),
        "behaviours.robots.fake.robot": ("FakeRobot", "FakeScript"),
        "behaviours.run_loop": ("RunResult", "run_tree"),
        "behaviours.runner": ("run",),
        "behaviours.services": ("NullRecorder", "Recorder", "Services"),
        "behaviours.settings": ("Settings",),
        "behaviours.worker": ("Job", "Worker"),
        "perception.base.errors": ("RobotError",),
        "perception.detection.detector": ("OnnxDetector",),
        "perception.geometry": ("Pose", "Vector"),
        "perception.hand.gripper": ("GripperModel",),
        "perception.quality.heatmap": ("OnnxHeatmap",),
        "perception.grasping.reach": ("Arm",),
        "perception.networks.protocols": ("Detector", "Enough", "HeatmapModel"),
        "perception.types": ("Approach", "Detection", "Grasp", "Heatmap", "Intrinsics", "RgbdFrame"),
        "perception.view": ("View",),
        "py_trees.common": ("Status",),
        "trees.data.ports": ("Bounds", "Port", "input_port", "output_port"),
        "trees.engine.leaf": ("Leaf", "PortAccess"),
        "trees.engine.status": ("SKIPPED",),
        "trees.errors": ("ConfigError", "ContractError", "LeafError", "LimitError", "SpotGraspError", "TreeError"),
    })  # fmt: skip
