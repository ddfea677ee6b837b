"""A detector that goes by colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from behaviours import ConfigError, Detection, Enough, RgbdFrame
from example_robot.world import BLOCK_RGB

LEAST_PIXELS = 50


class ColourDetector:
    """Finds the one orange thing in a picture. Implements `perception.networks.protocols.Detector`."""

    labels = ("bottle",)

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        for label in labels:
            if label not in self.labels:
                raise ConfigError(f"the detector does not know {label!r}; it knows: {', '.join(self.labels)}")
        mask = (frame.rgb == BLOCK_RGB).all(axis=-1)
        if mask.sum() < LEAST_PIXELS or min_score > 1.0:
            return []
        v, u = np.nonzero(mask)
        box = (float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1))
        return [Detection("bottle", 1.0, mask, box)]
