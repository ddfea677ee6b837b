"""The fake robot's networks: they see what the fake world draws."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from behaviours.robots.fake.world import BOTTLE_RGB
from perception.base.errors import ConfigError
from perception.networks.protocols import Enough
from perception.types import Detection, Heatmap, RgbdFrame
from perception.view import View


class FakeDetector:
    """Finds the fake bottles by their colour, the largest in the picture first. Implements
    `perception.networks.protocols.Detector`; of the other labels it knows it finds none."""

    labels = ("bottle", "can", "mug")

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        unknown = [label for label in labels if label not in self.labels]
        if unknown:
            raise ConfigError(f"the detector does not know {unknown[0]!r}; it knows: {', '.join(self.labels)}")
        if "bottle" not in labels or min_score > 0.99:
            return []
        mask = np.abs(frame.rgb.astype(np.int16) - np.array(BOTTLE_RGB, np.int16)).max(axis=-1) < 30
        count, parts, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        detections = []
        for part in sorted(range(1, count), key=lambda part: -int(boxes[part, cv2.CC_STAT_AREA])):
            u0, v0, width, height, area = (int(value) for value in boxes[part])
            if area >= 50:
                detections.append(
                    Detection(
                        "bottle", 0.99, parts == part, (float(u0), float(v0), float(u0 + width), float(v0 + height))
                    )
                )
        return detections


class FakeHeatmap:
    """Quality grows with the distance from the outline. Implements `perception.networks.protocols.HeatmapModel`."""

    def predict(self, view: View) -> Heatmap:
        inside = cv2.distanceTransform(view.detection.mask.astype(np.uint8), cv2.DIST_L2, 3)
        return Heatmap((inside / max(float(inside.max()), 1e-6)).astype(np.float32))
