"""Runs as a LeRobot data set: by the rules of the format, with the numbers of the runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("imageio_ffmpeg")
import pyarrow.parquet as pq

import behaviours
from app.export.formats import export
from behaviours import Recording
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from perception.base.errors import ConfigError
from tests.app.export import lerobot_rules


@pytest.mark.slow
def test_good_failed_and_killed_runs_make_one_data_set(
    recording: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = recording.path.parent
    failed = behaviours.run("grasp_bottle", FakeRobot(FakeScript(misses=9)), out=tmp_path / "failed").path.parent
    killed = Path(shutil.copytree(good, tmp_path / "killed"))
    log = (killed / "log.jsonl").read_bytes()
    (killed / "log.jsonl").write_bytes(log[: len(log) // 2])
    (killed / "result.json").unlink()
    empty = tmp_path / "empty"
    empty.mkdir()
    (folder,) = export([good, failed, empty, killed], "lerobot", tmp_path / "set")
    assert "empty" in capsys.readouterr().err
    episodes = lerobot_rules.check(folder)
    assert [(episode["run"], episode["success"]) for episode in episodes] == [
        (good.name, True), ("failed", False), ("killed", False),
    ]  # fmt: skip
    assert "jaws met" in episodes[1]["reason"]
    assert episodes[2]["reason"] == "killed before its end"
    frames = pq.read_table(folder / "data/chunk-000/file-000.parquet").slice(0, episodes[0]["length"])
    states = recording.states()
    names = [name for name in states.columns if name != "t_s" and not name.startswith("truth_")]
    seen = np.stack(frames.column("observation.state").to_numpy())
    assert np.allclose(seen, np.stack([states.column(name) for name in names], axis=1)[::2], atol=1e-5)
    action = np.stack(frames.column("action").to_numpy())
    assert np.allclose(action[:-1, :14], seen[1:, :14])
    assert frames.column("next.success").to_pylist() == [False] * (len(frames) - 1) + [True]
    first = recording.frames()[0]
    height, width, _ = first.rgb.shape
    shown = lerobot_rules.decode(folder / "videos/observation.images.hand/chunk-000/file-000.mp4", height, width)
    at = round((first.time_s - states.time_s[0]) * 10)
    assert np.abs(shown[at + 1].astype(int) - first.rgb).mean() < 5.0
    assert shown[0].max() < 30, "black before the first picture"


def test_runs_without_states_are_no_data_set(copy: Path, tmp_path: Path) -> None:
    (copy / "states.csv").unlink()
    with pytest.raises(ConfigError, match=r"none of the 1 runs has states\.csv"):
        export([copy], "lerobot", tmp_path / "set")
    assert not (tmp_path / "set").exists()
    with pytest.raises(ConfigError, match="--out DIR"):
        export([copy], "lerobot", None)
