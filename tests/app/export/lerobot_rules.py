"""The rules of LeRobot's format v3.0, checked with pyarrow and ffmpeg; nothing of the exporter is used."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pyarrow.parquet as pq

DEFAULTS = {"timestamp": "float32", **dict.fromkeys(("frame_index", "episode_index", "index", "task_index"), "int64")}


def decode(video: Path, height: int, width: int) -> np.ndarray[Any, Any]:
    """(T, H, W, 3) uint8 of all frames."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(video), "-f", "rawvideo"]
    raw = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def check(root: Path) -> list[dict[str, Any]]:
    """Assert that a folder is a data set of version 3.0; returns its episodes."""
    info = json.loads((root / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    features = info["features"]
    assert DEFAULTS.items() <= {name: feature["dtype"] for name, feature in features.items()}.items()
    tasks = pq.read_table(root / "meta/tasks.parquet")
    described = json.loads(tasks.schema.metadata[b"pandas"])
    names = tasks.column(described["index_columns"][0]).to_pylist()
    assert tasks.column("task_index").to_pylist() == list(range(len(names)))
    assert info["total_tasks"] == len(names) == len(set(names))
    episodes: list[dict[str, Any]] = pq.read_table(sorted((root / "meta/episodes").glob("*/*.parquet"))[0]).to_pylist()
    assert [episode["episode_index"] for episode in episodes] == list(range(info["total_episodes"]))
    assert info["splits"] == {"train": f"0:{len(episodes)}"}
    frames = 0
    for episode in episodes:
        place = {name: episode[f"data/{name}"] for name in ("chunk_index", "file_index")}
        table = pq.read_table(root / info["data_path"].format(**place))
        own = table.filter(np.asarray(table.column("episode_index")) == episode["episode_index"])
        check_frames(own, episode, info, frames)
        assert set(episode["tasks"]) == {names[task] for task in own.column("task_index").to_pylist()}
        check_videos(root, episode, info)
        frames += len(own)
    assert frames == info["total_frames"]
    check_stats(json.loads((root / "meta/stats.json").read_text()), features, frames)
    return episodes


def check_frames(own: Any, episode: dict[str, Any], info: dict[str, Any], start: int) -> None:
    count = episode["length"]
    assert (episode["dataset_from_index"], episode["dataset_to_index"]) == (start, start + count)
    assert own.column("index").to_pylist() == list(range(start, start + count))
    assert own.column("frame_index").to_pylist() == list(range(count))
    assert np.allclose(own.column("timestamp").to_numpy(), np.arange(count) / info["fps"], atol=1e-4)
    assert set(own.schema.names) == {name for name, feature in info["features"].items() if feature["dtype"] != "video"}
    for name in own.schema.names:
        feature, kind = info["features"][name], own.schema.field(name).type
        if feature["shape"] == [1]:
            assert str(kind).replace("float", "float32").replace("float3232", "float32") == feature["dtype"]
        else:
            assert kind.list_size == feature["shape"][0] == len(feature["names"])
            assert np.isfinite(np.stack(own.column(name).to_numpy())).all()


def check_videos(root: Path, episode: dict[str, Any], info: dict[str, Any]) -> None:
    for name, feature in info["features"].items():
        if feature["dtype"] == "video":
            place = {part: episode[f"videos/{name}/{part}"] for part in ("chunk_index", "file_index")}
            height, width, _ = feature["shape"]
            shown = decode(root / info["video_path"].format(video_key=name, **place), height, width)
            begin, end = (episode[f"videos/{name}/{part}_timestamp"] for part in ("from", "to"))
            assert round((end - begin) * info["fps"]) == episode["length"]
            assert len(shown) >= round(end * info["fps"])


def check_stats(stats: dict[str, Any], features: dict[str, Any], frames: int) -> None:
    assert stats.keys() == features.keys()
    for name, spread in stats.items():
        shape = (3, 1, 1) if features[name]["dtype"] == "video" else tuple(features[name]["shape"])
        least, mean, greatest = (np.array(spread[part]) for part in ("min", "mean", "max"))
        assert least.shape == np.shape(spread["std"]) == shape
        assert (least <= mean + 1e-6).all()
        assert (mean <= greatest + 1e-6).all()
        assert spread["count"] == [frames]
