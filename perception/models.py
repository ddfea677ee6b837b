"""The two networks as leaves see them; onnxruntime implements them in `detector.py` and `heatmap.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from perception.types import Detection, Heatmap, RgbdFrame


class Detector(Protocol):
    """Finds objects in a frame."""

    def detect(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        """Detections with one of the labels and at least min_score, best first. ConfigError for an unknown label."""


class HeatmapModel(Protocol):
    """Predicts grasp quality for every pixel."""

    def predict(self, frame: RgbdFrame, detection: Detection) -> Heatmap:
        """Heatmap of the frame's size; pixels off the detection's mask may hold any value."""
