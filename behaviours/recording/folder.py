"""The run folder: everything that one run saw, decided and did.

    config.json        the options, versions, the processor, and the hashes of the networks
    tree.xml           the tree file as it was read; what it includes lies beside it
    substitutions.json the file of --substitute, if given
    tree.btlog         every change of status, for Groot2
    log.jsonl          one JSON object per line; `t` is the robot's clock in seconds
    frames/*.png       pictures of the camera
    depth/*.png        depth of the same frames: uint16, millimetres, 0 = no return
    heatmaps/*.png     grasp quality over the picture, with the chosen pixel
    video.mp4          the run from outside, with --video
    spot_api.jsonl     the calls that the simulated Spot received, with --hostname sim
    result.json        written last; a run that was killed has none

Logs and video grow during the run. Every other file is written under another name and renamed, so it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from perception.base.errors import ConfigError, SpotGraspError, WriteError
from perception.base.files import open_append, write_atomic
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from perception.types import Detection, Grasp, Heatmap, RgbdFrame
    from trees import Document

RUNS: Final = Path("runs")
PNG_LEVEL: Final = 1  # zlib level: 3 times quicker than OpenCV's default for 15 % more bytes


class RecordError(SpotGraspError):
    """The run folder cannot be written any more, e.g. because the disk is full."""


def write_whole(path: Path, data: bytes) -> None:
    """Write the file so that it is either absent or complete. RecordError if the disk refuses."""
    try:
        write_atomic(path, data, sync=False)  # a tick may wait for it
    except WriteError as error:
        raise RecordError(str(error)) from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole; RecordError if the disk refuses."""
    write_whole(path, (json_text(value, indent=2, ensure_ascii=False, default=str) + "\n").encode())


def append(file: BinaryIO, path: Path, data: bytes) -> None:
    """Add to a file that grows during the run, in one unbuffered write. RecordError if the disk refuses."""
    try:
        if file.write(data) != len(data):
            raise OSError("short write, the disk is full")
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror or error}") from error


def new_folder(where: Path | None, tree_name: str, seed: int, now: datetime) -> Path:
    """Make the empty folder of one run and return it; `where` None makes runs/TIME-TREE-SEED.

    ConfigError if the place cannot be written or already holds something.
    """
    first = where if where is not None else RUNS / f"{now:%Y%m%d-%H%M%S}-{tree_name}-{seed}"
    folder, count = first, 1
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=where is not None)
            occupied = any(folder.iterdir())
        except FileExistsError:
            if where is not None:
                raise ConfigError(f"{folder} is a file; --record wants a folder") from None
            occupied = True
        except OSError as error:
            raise ConfigError(
                f"cannot make the run folder {folder}: {error.strerror or error}; choose another with --record DIR"
            ) from error
        if not occupied:
            return folder
        if where is not None:
            raise ConfigError(f"{folder} is not empty; give --record a new or empty folder")
        count += 1
        folder = first.with_name(f"{first.name}-{count}")


class _LineFile:
    """A structlog logger that writes each event as one line with a single unbuffered write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_append(path)

    def msg(self, line: bytes) -> None:
        if self._file.closed:  # a worker may end after the run
            return
        append(self._file, self._path, line + b"\n")

    debug = info = warning = error = msg

    def close(self) -> None:
        if not self._file.closed:
            try:
                os.fsync(self._file.fileno())
            finally:
                self._file.close()


class RunFolder:
    """The recorder of one run: a `behaviours.services.Recorder` for the leaves, and the log.

    path: an empty folder, see `new_folder`. clock: the robot's time in seconds, None before there is a robot.
    ConfigError if the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        import structlog

        self.path = path
        self.clock: Callable[[], float] | None = None
        self.reports: list[str] = []
        self._count = 0
        self._finished = False
        try:
            for name in ("frames", "depth", "heatmaps"):
                (path / name).mkdir()
            self._lines = _LineFile(path / "log.jsonl")
        except OSError as error:
            raise ConfigError(f"cannot write into the run folder {path}: {error.strerror or error}") from error
        self.log: Any = structlog.wrap_logger(
            self._lines,
            processors=[
                structlog.processors.add_log_level,
                self._stamp,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(serializer=_serialise),
            ],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._lines.close()

    def _stamp(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        stamped: dict[str, Any] = {"t": None if self.clock is None else round(self.clock(), 4)}
        stamped.update(event)
        return stamped

    def write_config(self, config: dict[str, Any]) -> None:
        """Store how the run was asked for; RecordError if the disk refuses."""
        write_json(self.path / "config.json", config)

    def copy_tree(self, document: Document) -> None:
        """Store the tree's files as they were read: the first as tree.xml, those below its folder at the same relative
        path so that the copy runs too, and the others in `elsewhere`."""
        folder, own = Path(os.path.abspath(document.path.parent)), Path(os.path.abspath(self.path))
        for number, (name, raw) in enumerate(document.files.items()):
            part = Path(os.path.abspath(name))  # links are not resolved: they may have changed since
            if number == 0:
                copy = self.path / "tree.xml"
            elif part.is_relative_to(own):
                continue
            elif part.is_relative_to(folder):
                copy = self.path / part.relative_to(folder)
            else:
                copy = self.path / "elsewhere" / f"{number}_{part.name}"
            if copy.exists():  # the run folder uses this name itself
                continue
            try:
                copy.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RecordError(f"cannot make {copy.parent}: {error.strerror or error}") from error
            write_whole(copy, raw)

    def copy_substitutions(self, text: str) -> None:
        """Store the file of --substitute as it was read."""
        write_whole(self.path / "substitutions.json", text.encode())

    def frame(self, name: str, frame: RgbdFrame) -> None:
        """Store a picture and its depth. name: of the leaf."""
        import numpy as np

        self._count += 1
        file = f"{self._count:03d}_{_file_name(name)}.png"
        write_whole(self.path / "frames" / file, _png(np.ascontiguousarray(frame.rgb[..., ::-1])))
        millimetres = np.clip(np.rint(frame.depth * 1000.0), 0, 65535).astype(np.uint16)
        write_whole(self.path / "depth" / file, _png(millimetres))
        camera = frame.intrinsics
        self.log.info(
            "capture",
            file=file,
            camera=frame.camera,
            time_s=round(frame.time_s, 4),
            valid_depth=round(float((frame.depth > 0).mean()), 4),
            intrinsics=[camera.fx, camera.fy, camera.cx, camera.cy],
            world_from_camera=np.round(frame.world_from_camera.matrix(), 5).tolist(),
        )

    def heatmap(self, name: str, frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> None:
        """Store the quality over the picture, with the chosen pixel if there is a grasp."""
        from behaviours.recording.overlay import heatmap_picture

        self._count += 1
        file = f"{self._count:03d}_{_file_name(name)}.png"
        write_whole(self.path / "heatmaps" / file, _png(heatmap_picture(frame, detection, heatmap, grasp)))
        inside = heatmap.quality[detection.mask]
        details: dict[str, Any] = {}
        if grasp is not None:
            details = {
                "pixel_uv": [int(value) for value in grasp.pixel_uv],
                "depth_m": round(float(grasp.depth_m), 4),
                "width_m": round(float(grasp.width_m), 4),
                "score": round(float(grasp.score), 4),
                "point_world_m": [round(float(value), 4) for value in grasp.point_world_m],
            }
        self.log.info(
            "heatmap",
            file=file,
            label=detection.label,
            detection_score=round(detection.score, 4),
            best_quality=round(float(inside.max()), 4) if inside.size else None,
            **details,
        )

    def report(self, words: str) -> None:
        """Store a report of the tree; it also goes into the result, in order."""
        self.reports.append(words)
        self.log.info("report", text=words)

    def finish(self, result: dict[str, Any]) -> None:
        """Close the log, then write result.json, last. Safe to call twice; the first result counts."""
        if self._finished:
            return
        self._finished = True
        try:
            self.log.info("result", **{key: value for key, value in result.items() if key != "event"})
            self._lines.close()
        finally:
            write_json(self.path / "result.json", result)


def _serialise(event: dict[str, Any], **options: Any) -> bytes:
    return json_text(event, ensure_ascii=False, default=str).encode()


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:60] or "frame"


def _png(picture: Any) -> bytes:
    """(H, W) uint16 or (H, W, 3) uint8 in BGR order to the bytes of a PNG file."""
    import cv2

    good, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    if not good:
        raise RecordError(f"OpenCV could not encode a picture of shape {picture.shape} as PNG")
    return bytes(data.tobytes())
