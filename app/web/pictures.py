"""The pictures of a run for its pages: which there are, from the lines of the log, and their files.

The tree takes the pictures; a page never asks the robot for one, because that would change the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from behaviours.recording.recording import LOG_BYTES
from perception.base.errors import ConfigError
from perception.base.files import open_file, parse_json, read_bytes

if TYPE_CHECKING:
    from behaviours.recording.recording import Recording

FOLDERS: Final = {"capture": "frames", "detection": "masks", "heatmap": "heatmaps"}
"""Where the files of a line of the log lie, by its event."""
PICTURE_BYTES: Final = 32_000_000
READ_BYTES: Final = 1 << 20
"""Of the log at once."""
STEP_PX: Final = 3
"""Every third pixel of a row and column is a point of a cloud."""
FAR_M: Final = 6.0
"""Points further from the camera are left out."""


class Pictures:
    """The pictures of one run folder, in order. `items` grows: [number, seconds, event, name, words]."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, Mapping[str, Any]] = {}
        self._cloud: tuple[str, bytes] = ("", b"")
        self.items: list[list[Any]] = []
        self.reports: list[str] = []

    def take(self, line: Mapping[str, Any]) -> None:
        """A line of the log; one that is not about a picture or a report is left out."""
        kind, file, time_s = line.get("event"), line.get("file"), line.get("t")
        if kind == "report":
            self.reports.append(str(line.get("text", "")))
        if kind not in FOLDERS or not isinstance(file, str) or Path(file).name != file:
            return
        name = f"{FOLDERS[kind]}/{file}"
        self._lines[name] = line
        seconds = float(time_s) if isinstance(time_s, int | float) else 0.0
        self.items.append([len(self.items), seconds, kind, name, words_of(line)])

    def picture(self, name: str) -> bytes | None:
        """The file of a picture that was taken. None for another name, or if the file lacks."""
        if name not in self._lines:
            return None
        try:
            return read_bytes(self._folder / name, "picture of a run", PICTURE_BYTES)
        except ConfigError:
            return None

    def cloud(self, name: str) -> bytes | None:
        """What the depth of a picture shows, see `cloud`. None for another name, or if a file lacks or is damaged."""
        line = self._lines.get(name)
        if line is None or line["event"] != "capture":
            return None
        if self._cloud[0] != name:
            try:
                self._cloud = name, cloud(self._folder, line)
            except ConfigError:
                return None
        return self._cloud[1]


class LogTail:
    """Reads the lines about pictures and reports from a log that is being written."""

    EVENTS: Final = tuple(f'"event": "{name}"'.encode() for name in (*FOLDERS, "report"))

    def __init__(self, log: Path) -> None:
        self._log, self._at, self._rest = log, 0, b""

    def lines(self) -> list[Mapping[str, Any]]:
        """Those written since the last call, up to READ_BYTES of the log. ConfigError if it cannot be read."""
        with open_file(self._log, "log of a run", LOG_BYTES) as file:
            file.seek(self._at)
            data = file.read(READ_BYTES)
        self._at += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        return list(_parsed(text for text in whole if any(event in text for event in self.EVENTS)))


def picture_lines(recording: Recording) -> list[Mapping[str, Any]]:
    """The lines of a recording that are about pictures, in order of time."""
    pictures = [line for line in recording.lines if line["event"] in FOLDERS]
    return sorted(pictures, key=lambda line: line["t"] if isinstance(line.get("t"), int | float) else 0.0)


def _parsed(texts: Iterable[bytes]) -> Iterable[Mapping[str, Any]]:
    for text in texts:
        try:
            value = parse_json(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def words_of(line: Mapping[str, Any]) -> str:
    """A picture in words: what was found, and the grasp."""
    if line.get("event") == "capture":
        return f"camera {line.get('camera', '')}"
    if line.get("event") == "detection":
        return f"{line.get('label', '')} {_number(line.get('score'), '.2f')} detected"
    words = [f"{line.get('label', '')} {_number(line.get('detection_score'), '.2f')}".strip()]
    if line.get("pixel_uv") is not None:
        score, width = _number(line.get("score"), ".2f"), _number(line.get("width_m"), ".3f")
        words.append(f"grasp {score} at pixel {line['pixel_uv']}, {_number(line.get('depth_m'), '.3f')} m away, "
                     f"object {width} m wide")  # fmt: skip
    else:
        words.append("no grasp")
    return ", ".join(words)


def _number(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, int | float) else "?"


def cloud(folder: Path, line: Mapping[str, Any]) -> bytes:
    """The points of a picture in the world: u32 N, then (N, 3) float32 metres, then (N, 3) uint8 RGB, little-endian.
    ConfigError if a file lacks or is damaged."""
    import numpy as np

    from behaviours.recording.pictures import read_frame

    frame = read_frame(folder, line)
    depth = frame.depth[::STEP_PX, ::STEP_PX]
    rows, columns = np.nonzero((depth > 0) & (depth < FAR_M))
    metres = depth[rows, columns]
    points = frame.intrinsics.back_project(columns * STEP_PX, rows * STEP_PX, metres)
    world = frame.world_from_camera.transform(points).astype("<f4")
    colours = frame.rgb[::STEP_PX, ::STEP_PX][rows, columns]
    return len(world).to_bytes(4, "little") + world.tobytes() + np.ascontiguousarray(colours).tobytes()
