"""The pictures of a run for its pages: read from a log while it grows; nothing outside the folder is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import pictures
from app.web.pictures import LogTail, Pictures, words_of
from behaviours.recording.folder import RunFolder
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame


def frame(depth_m: float = 1.0) -> RgbdFrame:
    camera = Intrinsics(64, 48, 60.0, 60.0, 32.0, 24.0)
    rgb = np.full((48, 64, 3), (10, 20, 30), np.uint8)
    depth = np.full((48, 64), depth_m, np.float32)
    depth[:, :32] = 0.0
    return RgbdFrame(rgb, depth, camera, Pose(np.eye(3), np.array([1.0, 2.0, 3.0])), 0.5)


def test_what_a_run_takes_is_announced_and_served(tmp_path: Path) -> None:
    shown, tail = Pictures(tmp_path), LogTail(tmp_path / "log.jsonl")
    with RunFolder(tmp_path) as record:
        record.clock = lambda: 0.5
        assert tail.lines() == []
        record.frame("Capture", frame())
        record.report("a mug on a shelf")
        for line in tail.lines():
            shown.take(line)
    (item,) = shown.items
    assert item == [0, 0.5, "capture", "frames/001_Capture.png", "camera hand"]
    assert shown.reports == ["a mug on a shelf"]
    assert shown.picture(item[3]) == (tmp_path / "frames" / "001_Capture.png").read_bytes()


def test_a_cloud_is_what_the_depth_shows_in_the_world(tmp_path: Path) -> None:
    shown, tail = Pictures(tmp_path), LogTail(tmp_path / "log.jsonl")
    with RunFolder(tmp_path) as record:
        record.clock = lambda: 0.5
        record.frame("Capture", frame())
        record.frame("Far", frame(9.0))
    for line in tail.lines():
        shown.take(line)
    data = shown.cloud("frames/001_Capture.png")
    assert data is not None
    count = int.from_bytes(data[:4], "little")
    points = np.frombuffer(data, "<f4", 3 * count, 4).reshape(-1, 3)
    colours = np.frombuffer(data, np.uint8, 3 * count, 4 + 12 * count).reshape(-1, 3)
    assert count == 16 * 11  # every third pixel, the right half of 64 columns
    assert np.allclose(points[:, 2], 4.0)
    assert points[:, 0].min() >= 1.0
    assert (colours == (10, 20, 30)).all()
    assert shown.cloud("frames/002_Far.png") == b"\0\0\0\0"


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "frames/../../x", "", ".", "..", "a/b.png", 7, None, "a\0b"]
)
def test_a_line_that_names_a_file_elsewhere_serves_nothing(tmp_path: Path, name: Any) -> None:
    run = tmp_path / "run"
    (run / "frames").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    shown = Pictures(run)
    shown.take({"t": 0.0, "event": "capture", "file": name})
    for asked in (f"frames/{name}", str(name), "frames/../../secret", "../secret"):
        assert shown.picture(asked) is None
        assert shown.cloud(asked) is None


def test_a_file_that_is_gone_damaged_or_no_file_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    shown = Pictures(tmp_path)
    for name in ("gone.png", "folder.png", "text.png"):
        shown.take({"t": "x", "event": "capture", "file": name, "world_from_camera": "?"})
    (tmp_path / "frames" / "folder.png").mkdir()
    (tmp_path / "frames" / "text.png").write_text("no picture")
    assert shown.picture("frames/gone.png") is None
    assert shown.picture("frames/folder.png") is None
    assert shown.cloud("frames/text.png") is None


@given(st.lists(st.integers(1, 400), max_size=20), st.integers(20, 200))
def test_a_log_is_read_in_any_pieces(sizes: list[int], most: int) -> None:
    import tempfile

    events = ["capture", "transition", "report", "heatmap", "detection"]
    lines = [
        json.dumps({"n": n, "event": events[n % 5], "text": '"event": "capture"' if n % 2 else "é"}) for n in range(30)
    ]
    data = ("\n".join(lines) + '\nnot json "event": "report"\n').encode()
    read: list[int] = []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "READ_BYTES", most)
        path = Path(folder) / "log.jsonl"
        path.write_bytes(b"")
        tail, at = LogTail(path), 0
        for size in [*sizes, len(data)]:
            with path.open("ab") as log:
                log.write(data[at : at + size])
            at += size
            for _ in range(len(data) // most + 2):
                read += [int(line["n"]) for line in tail.lines()]
    assert read == [n for n in range(30) if n % 5 != 1]


KEYS = st.sampled_from(["event", "label", "score", "pixel_uv", "depth_m", "width_m", "camera"])


@given(st.dictionaries(KEYS, st.none() | st.text() | st.integers() | st.lists(st.integers())))
def test_any_line_has_words(line: dict[str, Any]) -> None:
    assert isinstance(words_of(line), str)
