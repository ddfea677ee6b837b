"""What a robot sees: value types (frames, poses, detections, grasps) and the numpy and OpenCV functions on them.

result = perception.perceive(frame, detector, heatmap_model, labels=["bottle"], gripper=robot.model.gripper)

From one frame to a grasp, or to the reason why there is none.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perception.base.errors import ModelError as ModelError, RobotError as RobotError, WriteError as WriteError
    from perception.detection.detector import OnnxDetector as OnnxDetector
    from perception.geometry import Pose as Pose, Vector as Vector
    from perception.grasping.choose import choose_grasp as choose_grasp
    from perception.hand.family import JawTips as JawTips
    from perception.grasping.grasp import compute_grasp as compute_grasp
    from perception.hand.gripper import GripperModel as GripperModel
    from perception.quality.heatmap import OnnxHeatmap as OnnxHeatmap
    from perception.grasping.reach import Arm as Arm, Reach as Reach
    from perception.grasping.settings import GraspSettings as GraspSettings
    from perception.networks.protocols import Detector as Detector, Enough as Enough, HeatmapModel as HeatmapModel
    from perception.pipeline import Perception as Perception, perceive as perceive, warm_up as warm_up
    from perception.types import (
        Detection as Detection,
        Grasp as Grasp,
        Heatmap as Heatmap,
        Intrinsics as Intrinsics,
        Rejection as Rejection,
        RgbdFrame as RgbdFrame,
    )
    from perception.view import View as View
    from trees.errors import (
        ConfigError as ConfigError,
        ContractError as ContractError,
        LimitError as LimitError,
        SpotGraspError as SpotGraspError,
    )
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "perception.base.errors": ("ModelError", "RobotError", "WriteError"),
        "perception.detection.detector": ("OnnxDetector",),
        "perception.geometry": ("Pose", "Vector"),
        "perception.grasping.choose": ("choose_grasp",),
        "perception.hand.family": ("JawTips",),
        "perception.grasping.grasp": ("compute_grasp",),
        "perception.hand.gripper": ("GripperModel",),
        "perception.quality.heatmap": ("OnnxHeatmap",),
        "perception.grasping.reach": ("Arm", "Reach"),
        "perception.grasping.settings": ("GraspSettings",),
        "perception.networks.protocols": ("Detector", "Enough", "HeatmapModel"),
        "perception.pipeline": ("Perception", "perceive", "warm_up"),
        "perception.types": ("Detection", "Grasp", "Heatmap", "Intrinsics", "Rejection", "RgbdFrame"),
        "perception.view": ("View",),
        "trees.errors": ("ConfigError", "ContractError", "LimitError", "SpotGraspError"),
    })  # fmt: skip
