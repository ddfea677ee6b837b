"""All stages run once before the first real picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.detection.detector import OnnxDetector
from perception.networks.protocols import Enough
from perception.pipeline import WARM_UPS, warm_up
from perception.types import Detection, Heatmap, RgbdFrame
from perception.view import View


def test_warming_up_runs_both_networks_and_refuses_an_unknown_label() -> None:
    counts = {"detector": 0, "heatmap": 0}

    class Detector:
        labels = ("bottle",)

        def detect(
            self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
        ) -> list[Detection]:
            counts["detector"] += 1
            return []

    class Model:
        def predict(self, view: View) -> Heatmap:
            counts["heatmap"] += 1
            return Heatmap(view.detection.mask.astype(np.float32))

    warm_up(Detector(), Model(), ("bottle",), SPOT.gripper)
    assert counts == {"detector": WARM_UPS, "heatmap": WARM_UPS}
    with pytest.raises(ConfigError, match="does not know: violin"):
        warm_up(OnnxDetector(), Model(), ("violin",), SPOT.gripper)
