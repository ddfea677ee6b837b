"""The measurement of the detector: what it counts, on views whose objects a made-up network finds or not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from perception.base.errors import ConfigError
from perception.detection.detector import OnnxDetector
from perception.detection.settings import DetectionSettings
from tests.perception.detection.test_detector import row
from tests.support.onnx_files import segmentation_network
from training.studies.measure_detector import measure, overlap


def detector(folder: Path, boxes: list[tuple[float, float, float, float]]) -> Path:
    """It sees bottles at these boxes (of an input of 128 x 96) in every red picture."""
    prototypes = np.full((32, 24, 32), 20.0, np.float32)
    rows = np.stack([row(box, (0.9, 0.0, 0.0), 0) for box in boxes])
    return segmentation_network(folder / "detector.onnx", (96, 128), rows, prototypes)


def view(folder: Path, index: int, family: str, depth_m: float) -> Path:
    """A red picture; the object covers columns 200 to 300 and rows 100 to 400."""
    instances = np.zeros((480, 640), np.uint8)
    instances[100:400, 200:300] = 1
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[..., 0] = 255
    path = folder / f"view-{index:05d}-00.npz"
    depth = np.where(instances, depth_m * 1e4, 2e4).astype(np.uint16)
    facts = {"families": np.array([family]), "world_from_camera": np.eye(4)}
    np.savez(path, rgb=rgb, depth=depth, instances=instances, intrinsics=np.array([552.0, 552, 320, 240]), **facts)
    return path


def test_right_wrong_and_absent_are_counted(tmp_path: Path) -> None:
    paths = [view(tmp_path, 0, "bottle", 0.5), view(tmp_path, 1, "thermos", 0.8), view(tmp_path, 2, "can", 0.8)]
    good = OnnxDetector(detector(tmp_path, [(50, 50, 20, 60)]), settings=DetectionSettings(zooms=(1.0,)))
    found = measure(paths, good, seed=0)
    assert (found["views"], found["asked"], found["best_right"]) == (
        3,
        3,
        pytest.approx(2 / 3),
    )  # a thermos is a bottle
    assert found["iou_median"] > 0.9
    assert found["found_what_is_not_there"] == pytest.approx(1 / 6)  # the can is called a bottle
    assert found["found"] == {
        "0 to 0.6 m": {"objects": 1, "share": 1.0},
        "0.6 to 1 m": {"objects": 2, "share": 0.5},
    }
    elsewhere = OnnxDetector(detector(tmp_path, [(100, 50, 20, 60)]), settings=DetectionSettings(zooms=(1.0,)))
    assert measure(paths, elsewhere, seed=0)["best_right"] == 0.0
    with pytest.raises(ConfigError, match="no object shows"):
        measure([view(tmp_path, 3, "carton", 0.5)], good, seed=0)


def test_overlap() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert overlap(one, other) == 0.0
    one[:2], other[1:3] = True, True
    assert overlap(one, other) == pytest.approx(1 / 3)


@pytest.mark.slow
def test_the_command_prints_one_object_or_one_line(tmp_path: Path) -> None:
    weights = detector(tmp_path, [(50, 50, 20, 60)])
    view(tmp_path, 0, "bottle", 0.5)
    command = [sys.executable, "-m", "training.studies.measure_detector", "--detector", str(weights), "--views"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["asked"] == 1
    wrong = subprocess.run([*command, str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "no view-*.npz files here" in wrong.stderr
    assert "Traceback" not in wrong.stderr
