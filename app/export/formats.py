"""The formats by name: which runs become which file or folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.base.output import warn
from behaviours.recording.recording import read_recording
from perception.base.errors import ConfigError, SpotGraspError
from perception.base.files import replacing

if TYPE_CHECKING:
    from app.export.story import Moment
    from behaviours.recording.recording import Recording


@dataclass(frozen=True)
class Format:
    """suffix: of the file or folder of one run. folder: it is a folder. write: makes it."""

    suffix: str
    folder: bool
    write: Callable[[Path, Recording], None]


def _mcap(out: Path, recording: Recording) -> None:
    from app.export.mcap_file import write_mcap

    write_mcap(out, _told(recording), recording.title)


def _rrd(out: Path, recording: Recording) -> None:
    from app.export.rerun_stream import write_rrd

    write_rrd(out, _told(recording), recording.title)


def _rosbag2(out: Path, recording: Recording) -> None:
    from app.export.ros_bag import write_rosbag

    write_rosbag(out, _told(recording), recording.title)


def _csv(out: Path, recording: Recording) -> None:
    from app.export.tables import write_tables

    write_tables(out, recording)


LEROBOT: Final = "lerobot"
OF_ONE_RUN: Final = {
    "mcap": Format(".mcap", False, _mcap),
    "rrd": Format(".rrd", False, _rrd),
    "rosbag2": Format("-rosbag2", True, _rosbag2),
    "csv": Format("-csv", True, _csv),
}
FORMATS: Final = (*OF_ONE_RUN, LEROBOT)


def export(runs: Sequence[Path], name: str, out: Path | None) -> list[Path]:
    """Write runs in a format of FORMATS; returns the files or folders.

    out: of the only run, or the folder for those of several; None puts each beside its run. A data set (lerobot) is one
    folder and needs it. What a damaged run lacks is left out, with a warning. ConfigError for a run that cannot be
    read, a missing package, or a folder that is there already.
    """
    if name == LEROBOT:
        if out is None:
            raise ConfigError("--format lerobot makes one folder of all runs; name it with --out DIR")
        from app.export.lerobot.dataset import write_lerobot

        with _new_folder(out):
            write_lerobot(out, runs, warn)
        return [out]
    form = OF_ONE_RUN[name]
    return [_export_one(run, form, _place(run, form, out, several=len(runs) > 1)) for run in runs]


def _place(run: Path, form: Format, out: Path | None, *, several: bool) -> Path:
    folder = run.parent if run.is_file() else run
    name = f"{folder.resolve().name}{form.suffix}"
    if out is None:
        return folder.parent / name
    return out / name if several else out


def _export_one(run: Path, form: Format, out: Path) -> Path:
    recording = read_recording(run)
    if recording.cut:
        warn(f"{recording.path}: {recording.cut}; exported up to there")
    if form.folder:
        with _new_folder(out):
            form.write(out, recording)
    else:
        with replacing(out, parents=True) as part:
            form.write(part, recording)
    return out


def _told(recording: Recording) -> Iterator[Moment]:
    """The moments of a run, and afterwards warnings of what was left out."""
    from app.export.story import Story, moments

    story = Story(recording.path.parent, recording.nodes)
    yield from moments(recording, story)
    for words in story.trouble:
        warn(f"{recording.path.parent}: {words}")


@contextmanager
def _new_folder(out: Path) -> Iterator[None]:
    """A folder that the block makes; nothing of it is left if the block fails. ConfigError if it is there already."""
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} is there already; name a new folder with --out DIR")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, SpotGraspError):
            raise ConfigError(f"cannot write {out}: {error.strerror or error}") from error
        raise
