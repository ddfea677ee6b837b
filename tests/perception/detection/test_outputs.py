"""Every form in which ultralytics exports a network is understood; anything else is refused with what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception.base.errors import ModelError
from perception.detection.detector import OnnxDetector
from perception.detection.settings import DetectionSettings
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame
from tests.support.yolo_files import answering, end_to_end, plain, prototypes

SIZE = (96, 128)
CAMERA = Intrinsics(640, 480, 552.0, 552.0, 320.0, 240.0)  # five pixels for one of the input
CUP, BOTTLE = ((40.0, 30.0, 60.0, 70.0), 0, 0.9), ((90.0, 30.0, 104.0, 80.0), 2, 0.6)
TABLE_M, CUP_M = 1.2, 0.8


LEVEL = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.array([0.0, 0.0, 0.3]))
"""A camera that looks ahead, 0.3 m above z = 0."""
DOWN = Pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, TABLE_M]))


def frame(camera: Pose = LEVEL) -> RgbdFrame:
    """A cup (its box is u 200..300, v 150..350), narrower than its box, before a wall; from above on a floor."""
    depth = np.full((480, 640), TABLE_M, np.float32)
    depth[150:350, 220:280] = CUP_M
    return RgbdFrame(np.full((480, 640, 3), 90, np.uint8), depth, CAMERA, camera, 0.0)


def opened(path: Path) -> OnnxDetector:
    return OnnxDetector(path, settings=DetectionSettings(zooms=(1.0,)))


FORMS: dict[str, tuple[list[Any], bool]] = {
    "plain with masks": ([plain([CUP, BOTTLE], masks=True), prototypes(SIZE)], True),
    "plain": ([plain([CUP, BOTTLE])], False),
    "end to end with masks": ([end_to_end([CUP, BOTTLE], masks=True), prototypes(SIZE)], True),
    "end to end": ([end_to_end([CUP, BOTTLE])], False),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "how", [{}, {"half": True}, {"free": True}, {"open_shapes": True}, {"free": True, "half": True}]
)
def test_every_form_gives_the_same_boxes(form: str, how: dict[str, bool], tmp_path: Path) -> None:
    outputs, masks = FORMS[form]
    detector = opened(answering(tmp_path / "net.onnx", outputs, SIZE, **how))
    cup, bottle = detector.detect(frame(), ["cup", "bottle"], 0.2)
    assert (cup.label, bottle.label) == ("cup", "bottle")
    assert (cup.score, bottle.score) == pytest.approx((0.9, 0.6), abs=1e-3)
    assert cup.box_uv == pytest.approx((200, 150, 300, 350), abs=0.5)
    rows, columns = (np.flatnonzero(cup.mask.any(axis=axis)) for axis in (1, 0))
    if masks:  # the prototype is the picture's upper half
        assert rows[[0, -1]] == pytest.approx([150, 239], abs=15)
        assert columns[[0, -1]] == pytest.approx([200, 299], abs=1)
    else:  # depth
        assert rows[[0, -1]] == pytest.approx([150, 349], abs=2)
        assert columns[[0, -1]] == pytest.approx([220, 279], abs=2)


def test_a_box_without_depth_is_an_ellipse(tmp_path: Path) -> None:
    detector = opened(answering(tmp_path / "net.onnx", [plain([CUP])], SIZE))
    blind = replace(frame(), depth=np.zeros((480, 640), np.float32))
    (cup,) = detector.detect(blind, ["cup"], 0.2)
    assert cup.mask.sum() == pytest.approx(np.pi / 4 * 100 * 200, rel=0.03)
    assert cup.mask[250, 250]
    assert not cup.mask[152, 202]


def test_the_plane_below_is_cut_off(tmp_path: Path) -> None:
    """A camera that looks level over a table, on which a cup stands."""
    rows = np.arange(480)[:, None] - CAMERA.cy
    table = np.where(rows > 60, 0.3 * CAMERA.fy / np.maximum(rows, 1), 3.0)  # the table's height is 0
    depth = np.repeat(table, 640, axis=1).astype(np.float32)
    foot = round(CAMERA.cy + 0.3 * CAMERA.fy / CUP_M)
    depth[foot - 80 : foot, 220:280] = CUP_M
    view = replace(frame(), depth=depth)
    box = (40.0, (foot - 90) / 5, 60.0, (foot + 15) / 5)  # a little of the table is in it
    (cup,) = opened(answering(tmp_path / "net.onnx", [plain([(box, 0, 0.9)])], SIZE)).detect(view, ["cup"], 0.2)
    true = np.zeros((480, 640), bool)
    true[foot - 80 : foot, 220:280] = True
    assert (cup.mask & true).sum() / (cup.mask | true).sum() > 0.85


def test_a_flat_top_seen_from_above_is_no_ground(tmp_path: Path) -> None:
    (cup,) = opened(answering(tmp_path / "net.onnx", [plain([CUP])], SIZE)).detect(frame(DOWN), ["cup"], 0.2)
    columns = np.flatnonzero(cup.mask.any(axis=0))
    assert columns[[0, -1]] == pytest.approx([220, 279], abs=2)


REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "pose": ([plain([CUP], classes=54)], {"metadata": {"task": "pose"}}, r"the task 'pose', and its first output is"),
    "classification": ([np.zeros((1, 1000), np.float32)], {}, r"first output is \(1, 1000\); expected one of"),
    "YOLOv5": ([np.zeros((1, 250, 8), np.float32)], {}, r"first output is \(1, 250, 8\); expected one of"),
    "open": ([np.zeros((1, 250, 8), np.float32)], {"open_shapes": True}, r"first output is \(1, 250, 8\)"),
    "no prototypes": ([plain([CUP], masks=True)], {}, "expected mask prototypes .* has one output"),
    "other prototypes": (
        [plain([CUP], masks=True), np.zeros((1, 16, 24, 32), np.float32)], {}, r"\(1, 32, h, w\), got \(1, 16",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_none_of_these_is_refused_when_it_is_opened(what: str, tmp_path: Path) -> None:
    outputs, how, words = REFUSED[what]
    with pytest.raises(ModelError, match=words) as caught:
        opened(answering(tmp_path / "net.onnx", outputs, SIZE, **how))
    assert "net.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_batch_of_several_pictures_is_refused(tmp_path: Path) -> None:
    import onnx

    path = answering(tmp_path / "net.onnx", [plain([CUP])], SIZE)
    model = onnx.load(str(path))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 8
    onnx.save(model, str(path))
    with pytest.raises(ModelError, match=r"expected one input \(1, 3"):
        opened(path)
