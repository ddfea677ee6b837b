"""`run --rerun`: what is shown while a run goes on is what an export shows afterwards; a viewer never holds a run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.export import rerun_stream
from app.export.items import Item, Record
from app.export.story import Moment, Story, moments
from app.session.options import RunOptions
from app.session.run import run
from behaviours import read_recording
from perception.base.errors import ConfigError
from tests.support.free_ports import free_port


class Shown:
    """In place of the stream to a viewer."""

    moments: list[Moment] = []  # noqa: RUF012  (a new list for each test)
    fails_after = 10**9
    held: threading.Event | None = None

    def __init__(self, *_: Any) -> None:
        type(self).moments = []

    def to_viewer(self, address: str | None) -> None:
        pass

    def write(self, time_s: float, item: Item) -> None:
        if self.held is not None:
            self.held.wait()
        if len(self.moments) >= self.fails_after:
            raise RuntimeError("the viewer is gone")
        self.moments.append((time_s, item))

    def close(self) -> None:
        pass


def run_shown(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> int:
    for name, value in changes.items():
        monkeypatch.setattr(Shown, name, value)
    monkeypatch.setattr(rerun_stream, "RerunStream", Shown)
    return run(RunOptions("grasp_bottle", robot="fake", view="none", record=folder, rerun=""), Interrupts())


def comparable(told: list[Moment]) -> set[tuple[float, str]]:
    """What was told when, in words; a line in full is not comparable, its words are."""
    return {(round(time_s, 4), repr(item)) for time_s, item in told if not isinstance(item, Record)}


def test_live_and_exported_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_shown(tmp_path / "run", monkeypatch) == 0
    recording = read_recording(tmp_path / "run")
    later = comparable(list(moments(recording, Story(tmp_path / "run", recording.nodes))))
    live = comparable(Shown.moments)
    assert len(live) > 1000
    only_later = [words for _, words in later - live]
    assert [words for words in only_later if "robot ready" not in words and "source='tree'" not in words] == []
    assert live <= later


def test_a_viewer_that_fails_ends_the_view_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_shown(tmp_path / "run", monkeypatch, fails_after=100) == 0
    assert "rerun shows no more of this run: the viewer is gone" in capsys.readouterr().err


def test_a_viewer_that_takes_nothing_holds_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.session import rerun

    monkeypatch.setattr(rerun, "LEAVE_S", 0.05)
    held = threading.Event()
    try:
        assert run_shown(tmp_path / "run", monkeypatch, held=held) == 0
    finally:
        held.set()


@pytest.mark.parametrize("address", ["nonsense", "rerun+http://127.0.0.1:{port}/proxy", "http://[", "x://h:999999"])
def test_without_a_viewer_nothing_moves(address: str, tmp_path: Path) -> None:
    pytest.importorskip("rerun")
    where = address.format(port=free_port())
    with pytest.raises(ConfigError, match=r"--rerun .*: no viewer of rerun there: .*start `rerun`"):
        run(RunOptions("grasp_bottle", robot="fake", view="none", record=tmp_path / "r", rerun=where), Interrupts())
    assert not (tmp_path / "r").exists()
