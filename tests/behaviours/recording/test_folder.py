"""The run folder: whole or absent, readable, and clear when the disk says no."""

from __future__ import annotations

import errno
import json
import os
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from behaviours.recording.folder import RunFolder, new_folder
from behaviours.recording.overlay import heatmap_picture
from behaviours.recording.pictures import read_mask, read_quality
from behaviours.recording.writing import RecordError, write_whole
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.hand.family import WAYS
from perception.types import Detection, Grasp, Heatmap, Intrinsics, RgbdFrame, WayMaps
from perception.view import View

NOW = datetime(2030, 1, 2, 3, 4, 5)
CAMERA = Intrinsics(64, 48, 55.2, 55.2, 32.0, 24.0)


def make_frame() -> RgbdFrame:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[..., 0] = 200  # red: catches a swap of channels
    depth = np.full((48, 64), 0.5014, np.float32)
    depth[:10] = 0.0
    depth[10] = 70.0  # beyond what uint16 millimetres can hold
    return RgbdFrame(rgb, depth, CAMERA, Pose.identity(), 1.25)


def make_detection() -> Detection:
    mask = np.zeros((48, 64), np.bool_)
    mask[15:40, 20:40] = True
    return Detection("bottle", 0.9, mask, (20.0, 15.0, 40.0, 40.0))


def log_lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture
def record(tmp_path: Path) -> RunFolder:
    return RunFolder(new_folder(tmp_path / "run", "t", 0, NOW))


def test_default_names_do_not_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = []
    for _ in range(3):
        folder = new_folder(None, "grasp_bottle", 7, NOW)
        (folder / "x").touch()
        names.append(folder.as_posix())
    assert names == [f"runs/20300102-030405-grasp_bottle-7{end}" for end in ("", "-2", "-3")]


def test_two_empty_default_folders_are_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert new_folder(None, "t", 0, NOW) != new_folder(None, "t", 0, NOW)


def test_an_existing_empty_folder_is_taken_and_a_used_one_refused(tmp_path: Path) -> None:
    assert new_folder(tmp_path, "t", 0, NOW) == tmp_path
    (tmp_path / "old.txt").touch()
    with pytest.raises(ConfigError, match="not empty"):
        new_folder(tmp_path, "t", 0, NOW)
    with pytest.raises(ConfigError, match="is a file"):
        new_folder(tmp_path / "old.txt", "t", 0, NOW)
    with pytest.raises(ConfigError, match="cannot make the run folder"):
        new_folder(tmp_path / "old.txt" / "deeper", "t", 0, NOW)


def test_an_unwritable_place_is_a_config_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ConfigError, match=r"cannot make the run folder .*Permission denied; choose another"):
        new_folder(tmp_path / "run", "t", 0, NOW)


def test_pictures_read_back_as_they_were(record: RunFolder) -> None:
    record.clock = lambda: 12.3456789
    frame = make_frame()
    record.frame("look/../around", frame)
    file = next((record.path / "frames").iterdir())
    assert file.name == "001_look____around.png"
    assert np.array_equal(cv2.imread(str(file))[..., ::-1], frame.rgb)
    depth = cv2.imread(str(record.path / "depth" / file.name), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert (depth[20, 20], depth[0, 0], depth[10, 0]) == (501, 0, 65535)
    line = log_lines(record.path)[0]
    assert line["t"] == 12.3457
    assert (line["event"], line["file"], line["valid_depth"]) == ("capture", file.name, round(38 / 48, 4))


def test_the_heatmap_picture_marks_the_grasp_and_colours_only_the_mask(record: RunFolder) -> None:
    frame, detection = make_frame(), make_detection()
    quality = np.zeros((48, 64), np.float32)
    quality[:, 30:] = 1.0
    grasp = Grasp((25, 30), 0.5, np.zeros(3), np.array([0.0, 0.0, -1.0]), Pose.identity(), 0.07, 0.83)
    record.heatmap("grasp", frame, detection, Heatmap(quality), None)
    record.heatmap("grasp", frame, detection, Heatmap(quality), grasp)
    plain, marked = (cv2.imread(str(file)) for file in sorted((record.path / "heatmaps").iterdir()))
    assert len(np.unique(plain[2].reshape(-1, 3), axis=0)) == 1, "outside the mask the picture is grey"
    blue, red = plain[20, 24].astype(int), plain[20, 36].astype(int)
    assert blue[0] > blue[2], "quality 0 is blue"
    assert red[2] > red[0], "quality 1 is red"
    assert not np.array_equal(plain[20:40, 15:35], marked[20:40, 15:35])
    line = log_lines(record.path)[-1]
    assert (line["pixel_uv"], line["score"], line["best_quality"]) == ([25, 30], 0.83, 1.0)


def test_the_heatmap_picture_shows_the_map_of_the_way_that_was_chosen() -> None:
    frame, detection = make_frame(), make_detection()
    maps = np.zeros((len(WAYS), 16, 16), np.float32)
    maps[3, :, 9:] = 1.0
    ways = WayMaps(maps, (12.2, 3.2), 1.5)
    side = np.full((48, 64), 0.5, np.float32)
    grasp = Grasp((25, 36), 0.5, np.zeros(3), np.array([0.0, 0.0, 1.0]), Pose.identity(), 0.07, 0.8, way=WAYS[3].name)
    shown = heatmap_picture(frame, detection, Heatmap(side, ways), grasp)[20].astype(int)
    liked = [u for u in range(22, 36) if ways.at((u, 20))[3] > 0]
    other = [u for u in range(22, 36) if ways.at((u, 20))[3] == 0]
    assert liked
    assert other
    assert all(shown[u, 2] > shown[u, 0] for u in liked), "quality 1 is red"
    assert all(shown[u, 0] > shown[u, 2] for u in other), "quality 0 is blue"
    by_shape = heatmap_picture(frame, detection, Heatmap(side), grasp)[20]
    assert (by_shape[liked + other, 0] == by_shape[liked + other, 2]).all(), "no network chose it"


def test_masks_and_quality_read_back_and_a_detection_is_kept_once(record: RunFolder) -> None:
    frame, detection = make_frame(), make_detection()
    view = View(frame, detection)
    record.frame("look", frame)
    for value in (view, view, "else", View(frame, detection)):
        record.value(value)
    quality = np.random.default_rng(0).random((48, 64)).astype(np.float32)
    record.heatmap("grasp", frame, detection, Heatmap(quality), None)
    lines = log_lines(record.path)
    assert [line["event"] for line in lines] == ["capture", "detection", "detection", "heatmap"]
    assert {line.get("frame", lines[0]["file"]) for line in lines} == {lines[0]["file"]}
    assert (read_mask(record.path, lines[1]) == detection.mask).all()
    inside = np.where(detection.mask, quality, 0.0)
    assert np.abs(read_quality(record.path, lines[3]) - inside).max() < 1e-5


def test_an_empty_mask_is_recorded_all_the_same(record: RunFolder) -> None:
    nothing = Detection("bottle", 0.1, np.zeros((48, 64), np.bool_), (0.0, 0.0, 0.0, 0.0))
    record.heatmap("x", make_frame(), nothing, Heatmap(np.zeros((48, 64), np.float32)), None)
    assert log_lines(record.path)[-1]["best_quality"] is None


def test_the_result_is_last_and_the_first_counts(record: RunFolder) -> None:
    record.log.info("start", path=Path("a"), value=np.float32(0.5))
    assert not (record.path / "result.json").exists()
    record.finish({"status": "success"})
    record.finish({"status": "error"})
    assert json.loads((record.path / "result.json").read_text()) == {"status": "success"}
    events = [line["event"] for line in log_lines(record.path)]
    assert events == ["start", "result"]
    record.log.info("too late")  # a worker that ends after the run
    assert len(log_lines(record.path)) == 2


def test_a_folder_left_without_finish_is_closed_and_has_no_result(record: RunFolder) -> None:
    def killed() -> None:
        with record:
            record.log.info("start")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert [line["event"] for line in log_lines(record.path)] == ["start"]
    assert not (record.path / "result.json").exists()


@pytest.mark.parametrize("stage", ["write", "replace"])
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    monkeypatch.setattr(*((Path, "write_bytes") if stage == "write" else (os, "replace")), full)
    with pytest.raises(RecordError, match=r"cannot write .*a\.png: No space left on device") as caught:
        write_whole(target, b"new")
    assert not isinstance(caught.value, ConfigError)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
    assert target.read_bytes() == b"old"


def test_an_interrupted_write_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.png", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
def test_a_log_on_a_full_disk_is_a_record_error(tmp_path: Path) -> None:
    record = RunFolder(tmp_path)
    record._lines._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115  (closed by the record)
    with pytest.raises(RecordError, match=r"log\.jsonl: No space left"):
        record.log.info("start")
