"""The two networks as leaves see them; `detection/detector.py` and `grasping/heatmap.py` implement them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from perception.types import Detection, Heatmap, RgbdFrame
from perception.view import View

Enough = Callable[[Detection], bool]


class Detector(Protocol):
    """Finds objects in a frame."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that it knows."""

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        """Detections with one of the labels and at least min_score, best first. ConfigError for an unknown label.

        enough: the detector may stop looking, to save time, once it is sure of a detection for which this holds; then
        others may be missing. None: everything that can be found is wanted.
        """


class Glances(Protocol):
    """What a `Detector` may offer besides: a quick look, for parts of a picture."""

    def glance(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        """As `Detector.detect`, in less time, for a frame in which things are small. Without it, `detect` is asked."""


class HeatmapModel(Protocol):
    """Predicts grasp quality for every pixel."""

    def predict(self, view: View) -> Heatmap:
        """Heatmap of the frame's size; pixels off the detection's mask may hold any value."""
