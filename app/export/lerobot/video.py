"""The video of an episode, by the ffmpeg that imageio-ffmpeg carries."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perception.base.errors import ConfigError
from perception.base.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CODEC: Final = "h264"
LOOK: Final = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-g", "10", "-pix_fmt", "yuv420p")


def write_video(path: Path, pictures: Iterable[tuple[NDArray[np.uint8], int]], fps: int) -> None:
    """Write an MP4. pictures: (H, W, 3) uint8 RGB, all of one size with even sides, each with how often it is shown.
    ConfigError if ffmpeg fails."""
    import imageio_ffmpeg

    shown = iter(pictures)
    first, count = next(shown)
    height, width, _ = first.shape
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *source, "-an", *LOOK]
    with replacing(path, parents=True, sync=False) as part:
        ffmpeg = subprocess.Popen([*command, str(part)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert ffmpeg.stdin is not None
        try:
            for picture, times in ((first, count), *shown):
                data = picture.tobytes()
                for _ in range(times):
                    ffmpeg.stdin.write(data)
        except BrokenPipeError:
            pass  # its own words follow
        _, words = ffmpeg.communicate()
        if ffmpeg.returncode != 0:
            last = words.decode(errors="replace").strip().splitlines()
            raise ConfigError(f"{path}: ffmpeg cannot write the video: {last[-1] if last else 'no reason'}")
