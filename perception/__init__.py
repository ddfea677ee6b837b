"""What a robot sees: value types (frames, poses, detections, grasps) and the numpy and OpenCV functions on them.

result = perception.perceive(frame, detector, heatmap_model, ["bottle"])    one frame -> a grasp, or a reason why not
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perception.base.errors import (
        ConfigError as ConfigError,
        ContractError as ContractError,
        LimitError as LimitError,
        ModelError as ModelError,
        RobotError as RobotError,
        SpotGraspError as SpotGraspError,
        WriteError as WriteError,
    )
    from perception.detection.detector import OnnxDetector as OnnxDetector
    from perception.geometry import Pose as Pose, Vector as Vector
    from perception.heatmap import OnnxHeatmap as OnnxHeatmap
    from perception.models import Detector as Detector, HeatmapModel as HeatmapModel
    from perception.pipeline import Perception as Perception, perceive as perceive, warm_up as warm_up
    from perception.rejection import Rejection as Rejection
    from perception.types import (
        Detection as Detection,
        Grasp as Grasp,
        Heatmap as Heatmap,
        Intrinsics as Intrinsics,
        RgbdFrame as RgbdFrame,
    )
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "perception.base.errors": (
            "ConfigError", "ContractError", "LimitError", "ModelError",
            "RobotError", "SpotGraspError", "WriteError",
        ),
        "perception.detection.detector": ("OnnxDetector",),
        "perception.geometry": ("Pose", "Vector"),
        "perception.heatmap": ("OnnxHeatmap",),
        "perception.models": ("Detector", "HeatmapModel"),
        "perception.pipeline": ("Perception", "perceive", "warm_up"),
        "perception.rejection": ("Rejection",),
        "perception.types": ("Detection", "Grasp", "Heatmap", "Intrinsics", "RgbdFrame"),
    })  # fmt: skip
