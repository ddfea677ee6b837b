"""A replay as a source of pages: each place shows what the log says, forward and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replay.deck import Deck
from app.replay.web import ReplayPages
from app.views.robot_track import RobotTrack, robot_track
from behaviours.recording.recording import Recording, read_recording
from perception.base.errors import ConfigError
from tests.app.replay.test_replay import written


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return read_recording(written(tmp_path))


def still(recording: Recording) -> tuple[ReplayPages, Deck]:
    deck = Deck(recording)
    deck.paused = True
    return ReplayPages(recording, deck), deck


def test_the_keys_and_the_time_line_move_it(recording: Recording) -> None:
    pages, deck = still(recording)
    assert pages.act("end", 0.0)
    look = pages.look()
    assert look.now["ended"] == ("failure", "failed at Main/b: no")
    assert [row[0] for row in look.rows] == ["FAILURE", "SUCCESS", "FAILURE"]
    assert len(look.now["log"]) == 6
    assert pages.act("seek", 1.2)
    look = pages.look()
    assert (look.now["t"], len(look.now["log"])) == (1.2, 2)
    assert [row[0] for row in look.rows] == ["RUNNING", "RUNNING", "IDLE"]
    assert pages.act("right", 0.0)
    assert pages.look().now["t"] == 3.0
    for name in ("stop", "q", "pause", "up", "x"):
        assert not pages.act(name, 0.0)
    assert not deck.done
    assert pages.about()["actions"] == []


@given(st.lists(st.floats(allow_nan=False) | st.sampled_from(["left", "right", "home", "end"]), max_size=12))
def test_any_way_to_a_place_shows_the_same(steps: list[Any]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        recording = read_recording(written(Path(folder)))
    pages, deck = still(recording)
    for step in steps:
        assert pages.act("seek", step) if isinstance(step, float) else pages.act(step, 0.0)
        look = pages.look()
        straight, other = still(recording)
        straight.act("seek", deck.time_s)
        assert straight.look().rows == look.rows
        assert straight.look().now["log"] == look.now["log"]
        del other


def test_a_run_without_result_is_told_as_killed(tmp_path: Path) -> None:
    from tests.app.replay.test_replay import DEMO

    pages, _ = still(read_recording(written(tmp_path, DEMO[:-1])))
    assert pages.look().now["ended"][0] == "killed"


class Stated:
    """A recording with states, as far as a track asks for them."""

    def __init__(self, rows: int, fails: bool = False) -> None:
        self.time_s = np.arange(rows) * 0.5
        self._fails = fails

    def states(self) -> Stated:
        if self._fails:
            raise ConfigError("no states")
        return self

    def column(self, name: str) -> np.ndarray[Any, Any]:
        return {"opening": self.time_s / 10, "torque_nm": self.time_s, "holding": self.time_s > 1}[name].astype(float)

    def poses(self, name: str) -> np.ndarray[Any, Any]:
        turned = np.tile([1.0, 2.0, 3.0, 1.0, 0.0, 0.0, 0.0], (len(self.time_s), 1))
        turned[:, 0] += self.time_s + (name == "hand")
        return turned


def test_a_track_says_where_the_robot_last_was() -> None:
    track = robot_track(Stated(5))  # type: ignore[arg-type]
    assert track.at(-0.1) is None
    sample = track.at(1.7)
    assert sample is not None
    assert (sample.robot_s, sample.torque_nm, sample.holding) == (1.5, 1.5, True)
    assert sample.world_from_body.position_m.tolist() == [2.5, 2.0, 3.0]
    assert sample.world_from_hand.position_m.tolist() == [3.5, 2.0, 3.0]
    assert track.grips(3) == [[0, 0.0, 0.0, 0.0], [1, 1.0, 0.1, 1.0], [2, 2.0, 0.2, 2.0]]


def test_a_damaged_or_missing_track_is_empty(recording: Recording) -> None:
    assert len(robot_track(Stated(3, fails=True))) == 0  # type: ignore[arg-type]
    poses = np.full((2, 7), np.nan)
    damaged = RobotTrack([0.0, 1.0], poses, poses, np.full((2, 3), np.nan))
    assert damaged.at(0.5) is None
    assert damaged.grips(9) == []
    assert RobotTrack().at(1.0) is None
    assert len(robot_track(recording)) in (0, 1)
