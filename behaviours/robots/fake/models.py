"""The fake robot's networks: they see what the fake world draws."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.robots.fake.world import LABEL_RGB, LABELS
from perception.base.errors import ConfigError
from perception.networks.protocols import Enough
from perception.types import Detection, Heatmap, RgbdFrame
from perception.view import View


class FakeDetector:
    """Finds the fake objects by their colours, the largest in the picture first. Implements
    `perception.networks.protocols.Detector`."""

    labels = LABELS[:-1]

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        unknown = [label for label in labels if label not in self.labels]
        if unknown:
            raise ConfigError(f"the detector does not know {unknown[0]!r}; it knows: {', '.join(self.labels)}")
        if min_score > 0.99:
            return []
        sized = [found for label in dict.fromkeys(labels) for found in _of_colour(frame.rgb, label)]
        return [detection for _, detection in sorted(sized, key=lambda found: -found[0])]


def _of_colour(rgb: NDArray[np.uint8], label: str) -> list[tuple[int, Detection]]:
    """(pixels, detection) of every object with the colour of a label."""
    color = np.array(LABEL_RGB[label], np.int16)
    mask = cv2.inRange(rgb, *(np.clip(color + by, 0, 255).astype(np.uint8) for by in (-29, 29)))
    if not mask.any():
        return []
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(mask)
    found = []
    for part in range(1, count):
        u0, v0, width, height, area = (int(value) for value in boxes[part])
        if area >= 50:
            box = float(u0), float(v0), float(u0 + width), float(v0 + height)
            found.append((area, Detection(label, 0.99, parts == part, box)))
    return found


class FakeHeatmap:
    """Quality grows with the distance from the outline. Implements `perception.networks.protocols.HeatmapModel`."""

    def predict(self, view: View) -> Heatmap:
        inside = cv2.distanceTransform(view.detection.mask.astype(np.uint8), cv2.DIST_L2, 3)
        return Heatmap((inside / max(float(inside.max()), 1e-6)).astype(np.float32))
