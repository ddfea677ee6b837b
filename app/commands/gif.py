"""`spot-grasp gif`: an animated picture from the video of a run, made by the ffmpeg that imageio-ffmpeg carries."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from perception.base.errors import ConfigError
from perception.base.extras import require
from perception.base.files import open_file, replacing

VIDEO_BYTES = 2_000_000_000
GUARDS = ("-f", "mp4", "-protocol_whitelist", "file", "-max_pixels", "16000000", "-max_alloc", "500000000")
"""Only an MP4 is read: no list of other files, no picture that would fill the memory."""
COLOURS = 96
"""Size of the palette; a simulated picture needs no more."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO", help="video.mp4 of a run folder")
    parser.add_argument("out", type=Path, metavar="OUT", help="the .gif file to write")
    parser.add_argument("--width", type=int, default=480, help="pixels (default 480)")
    parser.add_argument("--fps", type=int, default=10, help="pictures a second (default 10)")
    parser.add_argument("--speed", type=float, default=2.0, help="how many times faster than the video (default 2)")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    make_gif(arguments.video, arguments.out, width=arguments.width, fps=arguments.fps, speed=arguments.speed)
    return SUCCESS


def gif_filter(*, width: int, fps: int, speed: float) -> str:
    """The ffmpeg filter graph: faster, fewer frames, smaller, with one palette for the whole video."""
    return (
        f"setpts=PTS/{speed:g},fps={fps},scale={width}:-2:flags=lanczos,split[a][b];"
        f"[a]palettegen=max_colors={COLOURS}:stats_mode=diff[p];[b][p]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"
    )


def make_gif(video: Path, out: Path, *, width: int, fps: int, speed: float) -> None:
    """Write `out` from `video`; the file appears whole or not at all. ConfigError for anything that cannot be used.

    width: pixels. fps: pictures a second of the result. speed: how many times faster than the video.
    """
    try:
        open_file(video, "video", VIDEO_BYTES).close()
    except ConfigError as error:
        raise ConfigError(f"{error}; `spot-grasp run grasp_bottle --video` makes one in its run folder") from error
    if out.suffix.lower() != ".gif":
        raise ConfigError(f"{out}: the animated picture is a GIF; give a name that ends in .gif")
    if not (16 <= width <= 4096 and 1 <= fps <= 50 and 0.1 <= speed <= 100):
        raise ConfigError("width must be 16..4096 pixels, fps 1..50 and speed 0.1..100")
    require("gif", "sim", "imageio_ffmpeg")
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *GUARDS, "-i", f"file:{video}"]
    command += ["-vf", gif_filter(width=width, fps=fps, speed=speed), "-loop", "0"]
    with replacing(out, parents=True) as part:
        done = subprocess.run(
            [*command, str(part)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            words = done.stderr.strip().splitlines()
            raise ConfigError(f"{video}: ffmpeg cannot turn it into a picture: {words[-1] if words else 'no reason'}")


COMMAND = Command(add_arguments, run)
