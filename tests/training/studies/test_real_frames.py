"""The measurement on real pictures: what it reads and what it counts, on made-up frames."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from perception.base.errors import ConfigError
from perception.types import Detection, RgbdFrame
from tests.support.places import SHARED
from training.studies.annotated_frames import AnnotatedFrame, Mask, annotated_frames
from training.studies.real_frames import Together, measure_any, measure_words

PARTS = {"bottle": slice(2, 12), "can": slice(20, 30), "other": slice(40, 50)}


def part(name: str) -> Mask:
    mask = np.zeros((48, 64), bool)
    mask[10:40, PARTS[name]] = True
    return mask


def saved(folder: Path, *names: str) -> None:
    """A frame of 64 x 48 at 0.7 m, tilted by 30 degrees, with masks of these parts."""
    (folder / "masks").mkdir(parents=True)
    cv2.imwrite(str(folder / "rgb.png"), np.full((48, 64, 3), 90, np.uint8))
    cv2.imwrite(str(folder / "depth_mm.png"), np.full((48, 64), 700, np.uint16))
    (folder / "meta.json").write_text(json.dumps({"intrinsics": [60, 60, 32, 24], "tilt_deg": 30, "roll_deg": 0}))
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / "masks" / f"{index:02d}_{name}.png"), np.uint8(255) * part(name).astype(np.uint8))


def found(label: str, score: float, shown: str) -> Detection:
    return Detection(label, score, part(shown), (0.0, 0.0, 1.0, 1.0))


def frames(folder: Path) -> list[AnnotatedFrame]:
    saved(folder / "a", "bottle", "can")
    saved(folder / "b", "bottle", "other")
    return list(annotated_frames(folder, None))


def test_frames_are_read_in_both_forms(tmp_path: Path) -> None:
    read = frames(tmp_path / "one")
    assert [(each.name, [label for label, _ in each.masks or ()]) for each in read] == [
        ("a", ["bottle", "can"]),
        ("b", ["bottle", "other"]),
    ]
    frame = read[0].frame
    assert frame.registered
    assert frame.depth[0, 0] == pytest.approx(0.7)
    assert frame.world_from_camera.rotation[2, 2] == pytest.approx(-0.5)  # the optical axis goes down by 30 degrees
    meta = tmp_path / "one" / "a" / "meta.json"
    meta.write_text(
        meta.read_text().replace('"roll_deg": 0', '"roll_deg": 90').replace('"tilt_deg": 30', '"tilt_deg": 0')
    )
    rolled = next(annotated_frames(tmp_path / "one", None)).frame.world_from_camera
    assert rolled.rotation @ [1.0, 0.0, 0.0] == pytest.approx([0.0, 0.0, 1.0])  # to the left: the right side is up
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "rgb_x.png"), np.full((48, 64, 3), 90, np.uint8))
    np.save(other / "depth_x.npy", np.full((48, 64), 700, np.uint16))
    (plain,) = annotated_frames(other, (60.0, 60.0, 32.0, 24.0))
    assert (plain.name, plain.masks, plain.frame.registered) == ("x", None, False)
    with pytest.raises(ConfigError, match="give --intrinsics"):
        list(annotated_frames(other, None))
    with pytest.raises(ConfigError, match="neither FRAME"):
        list(annotated_frames(tmp_path / "none", None))


def test_right_wrong_and_absent_are_counted(tmp_path: Path) -> None:
    both = frames(tmp_path)
    answers = {
        "bottle": [found("bottle", 0.6, "bottle"), found("bottle", 0.5, "other")],
        "can": [found("can", 0.4, "can")],
        "mug": [],
    }
    figures = measure_words(both, lambda _, word: answers[word])
    # what is not there: can in b, mug in both; a tenth of three is none, so the threshold is that of the can in b
    assert (figures["without_the_word"], figures["alarms"], figures["threshold"]) == (3, 0, 0.4)
    assert (figures["objects"], figures["found"], figures["wrong_objects"]) == (3, 2, 2)
    assert figures["at_any_score"] == 3
    assert figures["by"]["bottle"] == {"objects": 2, "found": 2}
    assert figures["by"]["0.6 to 0.9 m"] == {"objects": 3, "found": 2}
    with pytest.raises(ConfigError, match="no mask is named"):
        measure_words([AnnotatedFrame("x", both[0].frame, ())], lambda _, word: answers[word])


def test_things_without_a_word_are_counted_whatever_their_label(tmp_path: Path) -> None:
    figures = measure_any(frames(tmp_path), lambda *_: [found("any", 0.6, "bottle"), found("any", 0.5, "other")])
    assert (figures["objects"], figures["found"], figures["detections"]) == (4, 3, 4)
    assert figures["missed"] == ["a: can"]


class Stub:
    """Knows one name, and sees it where the bottle is."""

    def __init__(self, name: str) -> None:
        self.labels = (name,)

    def detect(self, frame: RgbdFrame, labels: object, min_score: float, enough: object = None) -> list[Detection]:
        del frame, labels, min_score, enough
        return [found(self.labels[0], 0.5, "bottle")]


def test_several_detectors_count_as_one(tmp_path: Path) -> None:
    together = Together([Stub("bottle"), Stub("cup"), Stub("chair")], {"cup": "mug"})
    assert together.labels == ("bottle", "mug", "chair")
    frame = frames(tmp_path)[0].frame
    assert [one.label for one in together.detect(frame, ["mug", "bottle"], 0.1)] == ["bottle", "mug"]


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "real_scenes").is_dir(), reason="the real scenes are not here")
def test_depth_helps_the_shipped_detector_on_real_pictures() -> None:
    from perception.detection.detector import OnnxDetector
    from perception.detection.look import look_for

    scenes = list(annotated_frames(SHARED / "real_scenes", None))
    detector = OnnxDetector()
    judged = measure_words(scenes, lambda frame, word: look_for(detector, frame, [word], 0.15))
    plain = measure_words(scenes, lambda frame, word: detector.detect(frame, [word], 0.05))
    assert judged["found"] >= plain["found"] + 3
    assert judged["share"] >= 0.6
