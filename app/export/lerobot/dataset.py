"""A LeRobot data set of many runs. The only file that knows pyarrow.

meta/info.json                           features, rate, counts; written last
meta/stats.json                          least, greatest, mean and spread of each feature
meta/tasks.parquet                       the tasks in words
meta/episodes/chunk-000/file-000.parquet a row for each run: its frames, files, result and reason
data/chunk-000/file-000.parquet          a row for each frame
videos/KEY/chunk-NNN/file-NNN.mp4        the newest picture of each frame, a file for each run
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.export.lerobot.episode import ACTION, FPS, Episode, observed, read_episode
from app.export.lerobot.stats import Spread, pictures_spread
from app.export.lerobot.video import CODEC, write_video
from behaviours.recording.recording import Recording, read_recording
from perception.base.errors import ConfigError
from perception.base.extras import require, unusable
from perception.base.files import write_atomic
from perception.base.plain_json import json_text

VERSION: Final = "v3.0"
CHUNK: Final = 1000
"""Files in a folder."""
CAMERA: Final = "observation.images.hand"
DATA: Final = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO: Final = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES: Final = "meta/episodes/chunk-000/file-000.parquet"
COUNTERS: Final = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64",
                   "task_index": "int64"}  # fmt: skip


def write_lerobot(out: Path, runs: Sequence[Path], tell: Callable[[str], None]) -> int:
    """Make the folder of a data set; returns the number of episodes. ConfigError if no run can be used, or pyarrow
    lacks.

    runs: run folders. tell: is given a line for each run that is left out, with the reason.
    """
    require("--format lerobot", "lerobot")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise unusable("--format lerobot", "lerobot", error) from error
    columns = _columns(runs)
    tasks: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    spreads: dict[str, Spread] = {}
    size: tuple[int, ...] | None = None
    frames = 0
    schema = _schema(pa, len(columns))
    (out / DATA.format(chunk_index=0, file_index=0)).parent.mkdir(parents=True)
    with pq.ParquetWriter(out / DATA.format(chunk_index=0, file_index=0), schema) as data:
        for recording in _readable(runs, tell):
            try:
                episode = read_episode(recording, columns)
            except ConfigError as error:
                tell(f"left out: {error}")
                continue
            size = size or episode.shots[0][1].shape
            if episode.shots[0][1].shape != size:
                tell(f"left out: {recording.path.parent}: its pictures have another size")
                continue
            number, task = len(rows), tasks.setdefault(episode.task, len(tasks))
            place = {"chunk_index": number // CHUNK, "file_index": number % CHUNK}
            write_video(out / VIDEO.format(video_key=CAMERA, **place), episode.repeats(), FPS)
            table = _table(episode, number, frames, task)
            data.write_table(pa.table(table, schema=schema))
            spread = _spreads(episode, table)
            spreads = {name: part if name not in spreads else spreads[name] + part for name, part in spread.items()}
            rows.append(_row(episode, number, frames, place, spread))
            frames += len(episode)
    if not rows or size is None:
        raise ConfigError(f"--format lerobot: none of the {len(runs)} runs can be an episode; see the lines above")
    _write_table(pa, pq, out / EPISODES, pa.Table.from_pylist(rows))
    _write_table(pa, pq, out / "meta/tasks.parquet", _task_table(pa, list(tasks)))
    _write_json(out / "meta/stats.json", {name: part.as_json() for name, part in spreads.items()})
    _write_json(out / "meta/info.json", _info(columns, size, len(rows), frames, len(tasks)))
    return len(rows)


def _columns(runs: Sequence[Path]) -> tuple[str, ...]:
    """What all runs have observed, in the order of the first that has states."""
    common: tuple[str, ...] | None = None
    for recording in _readable(runs, lambda _: None):
        try:
            table = recording.states()
        except ConfigError:
            continue
        if len(table):
            names = observed(table)
            common = names if common is None else tuple(name for name in common if name in names)
    if common is None:
        raise ConfigError(f"--format lerobot: none of the {len(runs)} runs has states.csv; newer runs write it")
    return common


def _readable(runs: Sequence[Path], tell: Callable[[str], None]) -> Iterator[Recording]:
    for run in runs:
        try:
            recording = read_recording(run)
        except ConfigError as error:
            tell(f"left out: {error}")
            continue
        yield recording


def _schema(pa: Any, width: int) -> Any:
    vectors = {"observation.state": width, "action": len(ACTION)}
    fields = [(name, pa.list_(pa.float32(), size)) for name, size in vectors.items()]
    fields += [("next.done", pa.bool_()), ("next.success", pa.bool_())]
    fields += [(name, pa.float32() if kind == "float32" else pa.int64()) for name, kind in COUNTERS.items()]
    return pa.schema(fields)


def _table(episode: Episode, number: int, start: int, task: int) -> dict[str, Any]:
    count = len(episode)
    last = np.arange(count) == count - 1
    return {
        "observation.state": list(episode.state),
        "action": list(episode.action),
        "next.done": last,
        "next.success": last & episode.success,
        "timestamp": episode.time_s,
        "frame_index": np.arange(count),
        "episode_index": np.full(count, number),
        "index": np.arange(start, start + count),
        "task_index": np.full(count, task),
    }


def _spreads(episode: Episode, table: dict[str, Any]) -> dict[str, Spread]:
    vectors: dict[str, NDArray[Any]] = {name: np.asarray(values, np.float64) for name, values in table.items()}
    spreads = {name: Spread.of(values.reshape(len(episode), -1)) for name, values in vectors.items()}
    return {**spreads, CAMERA: pictures_spread(episode.repeats())}


def _row(
    episode: Episode, number: int, start: int, place: dict[str, int], spreads: dict[str, Spread]
) -> dict[str, Any]:
    """What the data set says of an episode."""
    row: dict[str, Any] = {
        "episode_index": number, "tasks": [episode.task], "length": len(episode),
        "dataset_from_index": start, "dataset_to_index": start + len(episode),
        "data/chunk_index": 0, "data/file_index": 0,
        **{f"videos/{CAMERA}/{name}": value for name, value in place.items()},
        f"videos/{CAMERA}/from_timestamp": 0.0, f"videos/{CAMERA}/to_timestamp": len(episode) / FPS,
        "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0,
        "run": episode.run, "success": episode.success, "reason": episode.reason,
    }  # fmt: skip
    for name, spread in spreads.items():
        row |= {f"stats/{name}/{what}": values for what, values in spread.as_json().items()}
    return row


def _task_table(pa: Any, tasks: list[str]) -> Any:
    """Tasks are the index of this table, as pandas writes one."""
    index = "__index_level_0__"
    described = {"index_columns": [index], "column_indexes": [], "columns": [
        {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64",
         "metadata": None},
        {"name": None, "field_name": index, "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
    ]}  # fmt: skip
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), index: pa.array(tasks, pa.string())})
    return table.replace_schema_metadata({"pandas": json_text(described)})


def _info(columns: Sequence[str], size: tuple[int, ...], episodes: int, frames: int, tasks: int) -> dict[str, Any]:
    height, width, _ = size
    video = {
        "video.height": height, "video.width": width, "video.codec": CODEC, "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False, "video.fps": FPS, "video.channels": 3, "has_audio": False,
    }  # fmt: skip
    one = {"shape": [1], "names": None}
    features = {
        "observation.state": {"dtype": "float32", "shape": [len(columns)], "names": list(columns)},
        "action": {"dtype": "float32", "shape": [len(ACTION)], "names": list(ACTION)},
        CAMERA: {"dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"],
                 "info": video},
        "next.done": {"dtype": "bool", **one},
        "next.success": {"dtype": "bool", **one},
        **{name: {"dtype": kind, **one} for name, kind in COUNTERS.items()},
    }  # fmt: skip
    return {
        "codebase_version": VERSION, "robot_type": "spot", "total_episodes": episodes, "total_frames": frames,
        "total_tasks": tasks, "chunks_size": CHUNK, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200,
        "fps": FPS, "splits": {"train": f"0:{episodes}"}, "data_path": DATA, "video_path": VIDEO,
        "features": features,
    }  # fmt: skip


def _write_table(pa: Any, pq: Any, path: Path, table: Any) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    write_atomic(path, sink.getvalue().to_pybytes(), parents=True, sync=False)


def _write_json(path: Path, value: Any) -> None:
    write_atomic(path, (json_text(value, indent=4, ensure_ascii=False) + "\n").encode(), parents=True, sync=False)
