"""The run folder: everything that one run saw, decided and did.

    config.json        the options, versions, the processor, and the hashes of the networks
    tree.xml           the tree file as it was read; what it includes lies beside it
    substitutions.json the file of --substitute, if given
    tree.btlog         every change of status, for Groot2
    log.jsonl          one JSON object per line; `t` is the robot's clock in seconds
    states.csv         poses, joints and gripper after each tick; in simulation also where the objects truly are
    frames/*.png       pictures of the camera
    depth/*.png        depth of the same frames: uint16, millimetres, 0 = no return
    masks/*.png        what was detected in a frame: 255 on the object
    quality/*.png      grasp quality on the object that a grasp was chosen by: uint16, 65535 = 1
    heatmaps/*.png     the same as a picture, with the chosen pixel
    video.mp4          the run from outside, with --video
    spot_api.jsonl     the calls that the simulated Spot received, with --hostname sim
    result.json        written last; a run that was killed has none

Logs, states and video grow during the run. Every other file is written under another name and renamed, so it is
complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from behaviours.recording.pictures import FOLDERS, Pictures
from behaviours.recording.writing import RecordError, append, write_json, write_whole
from perception.base.errors import ConfigError
from perception.base.files import open_append
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from perception.types import Detection, Grasp, Heatmap, RgbdFrame
    from trees import Document

RUNS: Final = Path("runs")


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
        self._finished = False
        self._followers: list[Callable[[Mapping[str, Any]], None]] = []
        try:
            for name in FOLDERS:
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
                self._tell,
                structlog.processors.JSONRenderer(serializer=_serialise),
            ],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=False,
        )
        self._pictures = Pictures(path, self.log)

    def follow(self, take: Callable[[Mapping[str, Any]], None]) -> None:
        """Give every line of the log to `take` from now on, as it is written, on the thread that writes it. Pictures
        that a line names are in the folder by then."""
        self._followers.append(take)

    def _tell(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for take in self._followers:
            take(event)
        return event

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
        self._pictures.frame(name, frame)

    def heatmap(self, name: str, frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> None:
        """Store the quality, and as a picture with the chosen pixel if there is a grasp."""
        self._pictures.heatmap(name, frame, detection, heatmap, grasp)

    def value(self, value: Any) -> None:
        """Store what a value of the blackboard shows as a picture: the mask of a detection."""
        self._pictures.value(value)

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
