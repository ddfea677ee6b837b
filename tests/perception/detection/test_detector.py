"""The YOLO runner against tiny networks whose answers are known, and against files that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from perception.base.errors import ConfigError, ModelError
from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector, suppress_overlaps
from perception.detection.letterbox import Letterbox
from perception.detection.settings import DetectionSettings
from perception.geometry import Pose
from perception.networks.onnx_session import OnnxSession
from perception.networks.protocols import Enough
from perception.types import Intrinsics, RgbdFrame
from tests.support.onnx_files import channel_network, segmentation_network

CAMERA = Intrinsics(640, 480, 552.0, 552.0, 320.0, 240.0)


def frame(colour: tuple[int, int, int]) -> RgbdFrame:
    rgb = np.full((480, 640, 3), colour, np.uint8)
    return RgbdFrame(rgb, np.zeros((480, 640), np.float32), CAMERA, Pose.identity(), 0.0)


def row(box: tuple[float, float, float, float], scores: tuple[float, ...], prototype: int) -> np.ndarray:
    """box: centre u, v, width, height in input pixels."""
    coefficients = np.zeros(32)
    coefficients[prototype] = 1.0
    return np.concatenate([box, scores, coefficients]).astype(np.float32)


def network(folder: Path, size: tuple[int, int], rows: list[np.ndarray], names: str | None = None) -> OnnxDetector:
    """Prototype 0 is positive everywhere, 1 in the left half of the input, 2 nowhere."""
    prototypes = np.full((32, size[0] // 4, size[1] // 4), -20.0, np.float32)
    prototypes[0] = 20.0
    prototypes[1, :, : size[1] // 8] = 20.0
    path = folder / "detector.onnx"
    if names is None:
        segmentation_network(path, size, np.stack(rows), prototypes)
    else:
        segmentation_network(path, size, np.stack(rows), prototypes, names)
    return OnnxDetector(path, settings=DetectionSettings(zooms=(1.0,)))


def test_box_and_mask_come_back_in_picture_pixels(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 128), [row((40, 48, 20, 60), (0.9, 0.1, 0.1), 0)])  # scale 0.2, no border
    (found,) = detector.detect(frame((255, 0, 0)), ["bottle"], 0.3)
    assert found.label == "bottle"
    assert found.score == pytest.approx(0.9, abs=1e-5)
    assert found.box_uv == pytest.approx((150, 90, 250, 390), abs=1e-3)
    v, u = np.nonzero(found.mask)
    assert (u.min(), v.min(), u.max(), v.max()) == (150, 90, 249, 389)
    assert found.mask.sum() == pytest.approx(100 * 300, rel=0.05)  # without its corners


def test_letterbox_border_is_taken_off(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 96), [row((48, 48, 96, 40), (1.0, 0.0, 0.0), 1)])  # scale 0.15, border 12 px
    (found,) = detector.detect(frame((255, 0, 0)), ["bottle"], 0.1)
    v, u = np.nonzero(found.mask)
    assert found.box_uv == pytest.approx((0, (28 - 12) / 0.15, 640, (68 - 12) / 0.15), abs=1e-3)
    assert u.min() == 0
    assert u.max() == pytest.approx(320, abs=6)  # the prototype's half, one prototype pixel is 27 picture pixels
    assert v.min() == pytest.approx(106, abs=1)


def test_a_network_of_free_size_gets_no_more_than_the_zoomed_picture(tmp_path: Path) -> None:
    rows = np.stack([row((40, 38, 20, 40), (1.0, 0.0, 0.0), 0)])
    path = segmentation_network(tmp_path / "free.onnx", (96, 128), rows, np.ones((32, 16, 16), np.float32), free=True)
    (found,) = OnnxDetector(path, settings=DetectionSettings(zooms=(0.5,))).detect(frame((255, 0, 0)), ["bottle"], 0.05)
    assert found.score == pytest.approx(0.75 + 0.25 * 114 / 255, abs=1e-3)  # 64 x 48 of a 64 x 64 input, the rest grey
    assert found.box_uv == pytest.approx((300, 100, 500, 480), abs=1e-3)  # scale 0.1, border 8 px


def test_a_network_of_free_size_must_say_its_usual_one(tmp_path: Path) -> None:
    rows, path = np.stack([row((40, 38, 20, 40), (1.0, 0.0, 0.0), 0)]), tmp_path / "free.onnx"
    segmentation_network(path, (96, 128), rows, np.ones((32, 16, 16), np.float32), free=True)
    model = onnx.load(str(path))
    del model.metadata_props[1:]  # the names stay
    onnx.save(model, str(path))
    with pytest.raises(ModelError, match="imgsz"):
        OnnxDetector(path)


def test_channels_are_rgb_from_zero_to_one(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 128), [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)])
    (half,) = detector.detect(frame((128, 0, 255)), ["bottle"], 0.01)
    assert half.score == pytest.approx(128 / 255, abs=1e-3)
    assert detector.detect(frame((0, 255, 255)), ["bottle"], 0.01) == []


def test_scores_labels_and_overlaps_decide(tmp_path: Path) -> None:
    rows = [
        row((30, 48, 20, 40), (0.5, 0.0, 0.0), 0),
        row((31, 48, 20, 40), (0.8, 0.0, 0.0), 0),  # the same object, better
        row((90, 48, 20, 40), (0.1, 0.7, 0.0), 0),  # a can
        row((60, 48, 8, 8), (0.0, 0.0, 0.9), 2),  # a mug whose mask is empty
    ]
    detector = network(tmp_path, (96, 128), rows)
    picture = frame((255, 0, 0))
    assert [d.label for d in detector.detect(picture, ["bottle"], 0.3)] == ["bottle"]
    both = detector.detect(picture, ["can", "bottle"], 0.3)
    assert [(d.label, round(d.score, 3)) for d in both] == [("bottle", 0.8), ("can", 0.7)]
    assert detector.detect(picture, ["bottle", "can"], 0.85) == []
    assert detector.detect(picture, ["mug"], 0.3) == []


def test_what_looks_more_like_something_else_is_not_asked_for(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 128), [row((60, 48, 20, 40), (0.7, 0.8, 0.0), 0)])
    picture = frame((255, 0, 0))
    assert detector.detect(picture, ["bottle"], 0.3) == []
    assert [d.label for d in detector.detect(picture, ["bottle", "can"], 0.3)] == ["can"]


def test_unknown_label_names_the_choices(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 128), [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)])
    with pytest.raises(ConfigError, match=r"does not know: botle\. It knows: bottle, can, mug"):
        detector.detect(frame((0, 0, 0)), ["botle"], 0.3)
    with pytest.raises(ConfigError, match="nothing"):
        detector.detect(frame((0, 0, 0)), [], 0.3)


def test_same_picture_same_answer(tmp_path: Path) -> None:
    detector = network(tmp_path, (96, 128), [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)])
    first, second = (detector.detect(frame((200, 3, 4)), ["bottle"], 0.1)[0] for _ in range(2))
    assert first.score == second.score
    assert np.array_equal(first.mask, second.mask)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02junk" * 99, b"hello"])
def test_file_that_is_no_network(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "junk.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"junk\.onnx: .*detector") as caught:
        OnnxDetector(path)
    assert "\n" not in str(caught.value)
    assert "--detector" in str(caught.value)


def test_truncated_network(tmp_path: Path) -> None:
    network(tmp_path, (96, 128), [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)])
    path = tmp_path / "detector.onnx"
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(ModelError, match="detector network"):
        OnnxDetector(path)


def test_missing_folder_and_pointer_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no such file.*training\.export detector"):
        OnnxDetector(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="is a folder"):
        OnnxDetector(tmp_path)
    pointer = tmp_path / "pointer.onnx"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ModelError, match="git lfs pull"):
        OnnxDetector(pointer)


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected one input \(1, 3"):
        OnnxDetector(channel_network(tmp_path / "heatmap.onnx", 0))
    with pytest.raises(ModelError, match="no class names"):
        OnnxDetector(channel_network(tmp_path / "one.onnx", 0, channels=3))


@pytest.mark.parametrize("names", ["", "{}", "{1: 'bottle'}", "bottle", "__import__('os')"])
def test_metadata_without_class_names(tmp_path: Path, names: str) -> None:
    with pytest.raises(ModelError, match="class names"):
        network(tmp_path, (96, 128), [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)], names)


def test_outputs_that_do_not_fit_the_names(tmp_path: Path) -> None:
    rows = [row((64, 48, 20, 20), (1.0, 0.0, 0.0), 0)]
    with pytest.raises(ModelError, match=r"first output is \(1, 39, 1\); expected one of \(1, 37, anchors\)"):
        network(tmp_path, (96, 128), rows, "{0: 'bottle'}")


def test_suppression_keeps_the_best_of_each_cluster() -> None:
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [20, 0, 30, 10], [5, 5, 5, 5]], float)
    assert suppress_overlaps(corners, np.array([0.5, 0.9, 0.3, 0.3, 0.1]), 0.5) == [1, 2, 4]
    assert suppress_overlaps(np.zeros((0, 4)), np.zeros(0), 0.5) == []


@pytest.mark.parametrize("size", [(480, 640), (640, 640), (320, 320), (96, 128)])
def test_letterbox_maps_corners_back(size: tuple[int, int]) -> None:
    box = Letterbox.fit((480, 640), size)
    corners = np.array([[0.0, 0.0, 640.0, 480.0]])
    inside = corners * box.scale + [box.left, box.top, box.left, box.top]
    assert inside[0, 2] <= size[1] + 1e-9
    assert inside[0, 3] <= size[0] + 1e-9
    assert box.boxes(inside) == pytest.approx(corners)


@pytest.mark.skipif(not DEFAULT_WEIGHTS.exists(), reason="no detector weights in this checkout")
def test_shipped_weights_open_and_answer() -> None:
    detector = OnnxDetector()
    assert "bottle" in detector.labels
    assert detector.detect(frame((90, 90, 90)), ["bottle"], 0.9) == []


def test_an_object_seen_at_several_zooms_is_one(tmp_path: Path) -> None:
    once = network(tmp_path, (96, 128), [row((40, 48, 20, 60), (0.9, 0.1, 0.1), 0)])
    twice = OnnxDetector(tmp_path / "detector.onnx", settings=DetectionSettings(zooms=(1.0, 1.0)))
    (expected,), (found,) = (one.detect(frame((255, 0, 0)), ["bottle"], 0.3) for one in (once, twice))
    assert found.box_uv == expected.box_uv
    assert np.array_equal(found.mask, expected.mask)


def test_a_smaller_zoom_still_answers_in_picture_pixels(tmp_path: Path) -> None:
    network(tmp_path, (96, 128), [row((64, 48, 20, 40), (0.9, 0.1, 0.1), 0)])  # the middle of the input
    (found,) = OnnxDetector(tmp_path / "detector.onnx", settings=DetectionSettings(zooms=(0.5,))).detect(
        frame((255, 0, 0)), ["bottle"], 0.3
    )
    assert found.box_uv == pytest.approx(
        (220, 40, 420, 440), abs=1e-3
    )  # scale 0.2 halved: 200 x 400 px about (320, 240)


def test_the_largest_zoom_draws_what_another_is_surer_of(tmp_path: Path) -> None:
    """Redder than the picture is the border that a smaller zoom leaves."""
    network(tmp_path, (96, 128), [row((64, 48, 20, 40), (0.9, 0.0, 0.0), 0)])
    detectors = [
        OnnxDetector(tmp_path / "detector.onnx", settings=DetectionSettings(zooms=zooms))
        for zooms in ((1.0,), (0.8,), (0.8, 1.0))
    ]
    large, small, both = (detector.detect(frame((50, 0, 0)), ["bottle"], 0.1) for detector in detectors)
    assert small[0].score > large[0].score
    assert [(one.score, one.box_uv) for one in both] == [(small[0].score, large[0].box_uv)]
    assert np.array_equal(both[0].mask, large[0].mask)


def test_it_stops_looking_when_it_is_sure_of_what_is_wanted(tmp_path: Path) -> None:
    """The network says the same at every zoom, which is another place in the picture: who looks twice finds two."""
    network(tmp_path, (96, 128), [row((90, 60, 20, 24), (0.9, 0.0, 0.0), 0)])
    rules, picture = DetectionSettings(zooms=(0.5, 1.0)), frame((255, 0, 0))
    both = OnnxDetector(tmp_path / "detector.onnx", settings=rules).detect(picture, ["bottle"], 0.1)
    assert [found.box_uv for found in both] == [  # best first: at half the zoom three quarters of the input are grey
        pytest.approx((400, 240, 500, 360), abs=1e-3),
        pytest.approx((480, 240, 640, 480), abs=1e-3),
    ]
    large, small = both

    def seen(enough: Enough | None, min_score: float = 0.1) -> list[float]:
        detector = OnnxDetector(tmp_path / "detector.onnx", settings=rules)
        return [one.score for one in detector.detect(picture, ["bottle"], min_score, enough)]

    rules = replace(rules, sure=small.score - 0.01)
    assert seen(lambda _: True) == [small.score]
    assert seen(lambda one: one.box_uv == large.box_uv) == [large.score]
    assert seen(lambda _: True, large.score + 0.01) == []
    rules = replace(rules, near=0.51)  # its box is half as high as the picture
    assert seen(lambda _: True) == [large.score]
    rules = replace(rules, near=0.49)
    assert seen(lambda _: True) == [small.score]
    rules = replace(rules, sure=small.score + 0.01)
    assert seen(lambda _: True) == [large.score]


def test_after_two_looks_anything_wanted_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network(tmp_path, (96, 128), [row((90, 60, 8, 8), (0.9, 0.0, 0.0), 0)])  # too small to be plain
    detector = OnnxDetector(tmp_path / "detector.onnx", settings=DetectionSettings(zooms=(0.6, 0.8, 1.0)))
    picture = frame((255, 0, 0))

    run, inputs = OnnxSession.run, []
    monkeypatch.setattr(OnnxSession, "run", lambda self, tensor: run(self, inputs.append(tensor) or tensor))

    def looks(enough: Enough | None, min_score: float = 0.1) -> int:
        inputs.clear()
        detector.detect(picture, ["bottle"], min_score, enough)
        return len(inputs)

    assert looks(None) == 3
    assert looks(lambda _: True) == 2
    assert looks(lambda one: one.score > 0.8) == 3, "only the last look is so sure"
    assert looks(lambda _: True, min_score=0.8) == 3, "the first two find nothing"
    assert looks(lambda _: False) == 3


def test_what_is_seen_between_nearer_things_counts_half(tmp_path: Path) -> None:
    rows = [row((64, 48, 12, 40), (0.9, 0.0, 0.0), 0), row((100, 48, 12, 40), (0.6, 0.0, 0.0), 0)]
    detector, picture = network(tmp_path, (96, 128), rows), frame((255, 0, 0))
    assert [found.score for found in detector.detect(picture, ["bottle"], 0.3)] == pytest.approx([0.9, 0.6], abs=1e-5)
    depth = np.full((480, 640), 0.6, np.float32)
    depth[:, 290:350] = 0.9
    behind = replace(picture, depth=depth)
    found = detector.detect(behind, ["bottle"], 0.3)
    assert [one.score for one in found] == pytest.approx([0.6, 0.45], abs=1e-5)
    assert found[1].box_uv[0] == pytest.approx(290)
    assert len(detector.detect(behind, ["bottle"], 0.5)) == 1
    first, *_ = detector.detect(behind, ["bottle"], 0.3, lambda _: True)
    assert first.score == pytest.approx(0.6, abs=1e-5), "the doubted one is enough, but another is better"
    (only,) = detector.detect(picture, ["bottle"], 0.3, lambda _: True)
    assert only.score == pytest.approx(0.9, abs=1e-5), "the best is enough, the other is not drawn"
