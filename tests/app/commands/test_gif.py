"""The animated picture is made from a video, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.commands.gif import make_gif
from perception.base.errors import ConfigError

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    writer = imageio_ffmpeg.write_frames(str(path), (64, 48), fps=10, macro_block_size=2, ffmpeg_log_level="error")
    writer.send(None)
    for step in range(20):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[:, step * 3 : step * 3 + 3] = 255
        writer.send(frame)
    writer.close()
    return path


def test_a_gif_is_half_as_long_at_twice_the_speed(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "demo.gif"
    make_gif(video, out, width=32, fps=10, speed=2.0)
    assert out.read_bytes()[:6] == b"GIF89a"
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(out))
    assert 9 <= frames <= 11
    assert 0.8 <= seconds <= 1.2
    assert [file.name for file in out.parent.iterdir()] == ["demo.gif"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"video": Path("none.mp4")}, "none.mp4: no such file"),
        ({"out": Path("demo.mp4")}, r"ends in \.gif"),
        ({"width": 0}, "width must be"),
        ({"speed": float("nan")}, "speed"),
    ],
)
def test_bad_input_is_one_clear_line(video: Path, tmp_path: Path, changes: dict[str, object], words: str) -> None:
    arguments = {"video": video, "out": tmp_path / "a.gif", "width": 32, "fps": 10, "speed": 1.0, **changes}
    with pytest.raises(ConfigError, match=words):
        make_gif(**arguments)  # type: ignore[arg-type]


def test_a_file_that_is_no_video_leaves_nothing(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"junk" * 100)
    with pytest.raises(ConfigError, match=r"junk\.mp4: ffmpeg cannot"):
        make_gif(junk, tmp_path / "a.gif", width=32, fps=10, speed=1.0)
    assert [file.name for file in tmp_path.iterdir()] == ["junk.mp4"]
