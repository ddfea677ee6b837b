"""Whole runs of the fake, watched: the last words, the log, the btlog, Groot2's clients, and what it costs."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.session.groot import Groot
from app.session.options import RunOptions
from app.session.run import run
from behaviours.robots.fake import robot as fake
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from perception.base.errors import ConfigError
from tests.support.free_ports import free_port
from tests.support.groot_client import FAILURE, IDLE, RUNNING, SUCCESS, Client, read_btlog


def ran(folder: Path, tree: str = "grasp_bottle", **options: Any) -> tuple[int, Path, dict[str, Any]]:
    """A run of the fake in a folder: exit code, run folder, result."""
    place = folder / "run"
    code = run(RunOptions(tree, robot="fake", view="none", record=place, **options), Interrupts())
    return code, place, json.loads((place / "result.json").read_text())


def events(place: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == kind]


def scripted(monkeypatch: pytest.MonkeyPatch, **script: Any) -> None:
    monkeypatch.setattr(fake, "FakeRobot", functools.partial(FakeRobot, FakeScript(**script)))


def test_the_last_words_of_a_failed_run_are_path_attempt_and_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, misses=99)
    code, _, result = ran(tmp_path)
    assert code == 1
    assert result["reason"].startswith("failed at GraspBottle/")
    path, _, words = result["reason"].removeprefix("failed at ").partition(", ")
    assert path.endswith("/GraspOnce/Sequence/CloseGripper")
    assert words == "attempt 3 of 3: jaws met at 0% (object missed)"
    assert result["attempts"] == 3


def test_where_retries_stand_within_each_other_each_tells_its_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, hidden_captures=99)
    _, _, result = ran(tmp_path)
    assert "/LookAgain/Look/DetectObject, attempt 3 of 3: " in result["reason"]


def test_the_log_tells_the_tree_its_changes_and_its_blackboards(tmp_path: Path) -> None:
    _, place, _ = ran(tmp_path)
    (tree,) = events(place, "tree")
    assert tree["main"] == "GraspBottle"
    assert [node["uid"] for node in tree["nodes"]] == list(range(1, len(tree["nodes"]) + 1))
    paths = {node["uid"]: node["path"] for node in tree["nodes"]}
    changes = events(place, "transition")
    assert all(paths[change["uid"]] == change["path"] for change in changes)
    assert [change["t"] for change in changes] == sorted(change["t"] for change in changes)
    written = {(entry["scope"], entry["key"]): entry["value"] for entry in events(place, "blackboard")}
    assert written["GraspBottle", "object"]["label"] == "bottle"
    (frame,) = [value for (scope, key), value in written.items() if key == "frame" and "FindObject" in scope]
    assert frame["depth"] == "480x640 float32"
    assert any(said["feedback"] for said in events(place, "feedback"))


def test_the_btlog_holds_every_change_at_the_robots_times(tmp_path: Path) -> None:
    _, place, _ = ran(tmp_path)
    xml, start_us, found = read_btlog(place / "tree.btlog")
    assert 'BehaviorTree ID="GraspBottle" _fullpath=""' in xml
    assert start_us > 1_700_000_000_000_000
    changes = [(round(change["t"] * 1e6), change["uid"], change["new"]) for change in events(place, "transition")]
    codes = {"IDLE": IDLE, "RUNNING": RUNNING, "SUCCESS": SUCCESS, "FAILURE": FAILURE}
    told = [(uid, code) for _, uid, code in found if code != IDLE]
    assert told == [(uid, codes[new]) for _, uid, new in changes if new != "IDLE"]
    assert max(abs(at - when) for (at, _, code), (when, _, _) in zip(
        [record for record in found if record[2] != IDLE], [change for change in changes if change[2] != "IDLE"],
        strict=True,
    )) <= 100  # fmt: skip
    state: dict[int, int] = {}
    for _, uid, code in found:
        assert state.get(uid, IDLE) != code  # each record is a change
        state[uid] = code
    assert set(state.values()) == {IDLE}  # at the end all is idle again


@pytest.mark.slow
def test_a_client_sees_a_run_and_its_blackboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The robot's time stands still between two ticks until the client has looked once more: nothing turns on speed."""
    port = free_port()
    seen: dict[str, Any] = {"statuses": set(), "boards": {}}
    looked, done = threading.Semaphore(0), threading.Event()

    class Waits(FakeRobot):
        def sleep(self, seconds: float) -> None:
            assert looked.acquire(timeout=300), "the client does not look any more"
            super().sleep(seconds)

    def look() -> None:
        while not done.is_set():  # a client that got no answer cannot ask again, the next one can
            with Client(port, timeout_ms=2000) as client, contextlib.suppress(TimeoutError):
                while not done.is_set():
                    if client.parts("S")[0] == b"error":
                        continue
                    seen["statuses"] |= set(client.statuses().values())
                    seen["boards"].update(client.blackboard("GraspBottle"))
                    seen["tree"] = client.tree()
                    looked.release()

    monkeypatch.setattr(fake, "FakeRobot", Waits)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        code, place, _ = ran(tmp_path, groot=port)
    finally:
        done.set()
        thread.join()
    assert code == 0
    assert seen["tree"] == read_btlog(place / "tree.btlog")[0]
    assert {IDLE, RUNNING, SUCCESS, 10 + SUCCESS} <= seen["statuses"]
    assert seen["boards"]["GraspBottle"]["object"]["label"] == "bottle"


def test_the_port_is_free_after_the_run_and_a_taken_one_stops_it_before_a_folder_is_made(tmp_path: Path) -> None:
    port = free_port()
    with Groot(RunOptions("t", robot="fake", groot=port)):
        with pytest.raises(ConfigError, match="--groot PORT"):
            ran(tmp_path, groot=port)
        assert not (tmp_path / "run").exists()
    assert ran(tmp_path, groot=port)[0] == 0


def test_hooks_are_for_simulated_robots_with_a_publisher() -> None:
    with pytest.raises(ConfigError, match="--groot-hooks: not with --robot spot"):
        Groot(RunOptions("t", robot="spot", groot=1667, groot_hooks=True))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="--groot-hooks needs --groot"):
        Groot(RunOptions("t", robot="fake", groot_hooks=True))


def test_watched_keys_reach_the_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections.abc import Callable

    from app.views.model import NoView, Snapshot

    shown: list[Snapshot] = []

    class Keeps(NoView):
        def publish(self, newest: Callable[[], Snapshot]) -> None:
            shown.append(newest())

    monkeypatch.setattr("app.session.run.make_view", lambda kind: Keeps())
    ran(tmp_path, watch=("object", "GraspBottle/object", "nonsense"))
    first, last = dict(shown[0].watched), dict(shown[-1].watched)
    assert first["object"] == "not written yet"
    assert last["object"] == last["GraspBottle/object"]
    assert last["object"].startswith("{label: bottle, position_m: [2.")
    assert last["nonsense"] == "not written yet"
    assert shown[-1].ticks.count > 100
    assert len(shown[-1].recent) == 6


def test_a_reactive_nodes_unchanged_answers_are_no_news(tmp_path: Path) -> None:
    tree = tmp_path / "tree.xml"
    tree.write_text(
        '<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><ReactiveSequence>'
        '<AlwaysSuccess name="asked"/><Sleep msec="2000"/></ReactiveSequence></BehaviorTree></root>'
    )
    code, place, _ = ran(tmp_path, str(tree))
    assert code == 0
    told = [(change["uid"], change["new"]) for change in events(place, "transition")]
    assert told == [(2, "SUCCESS"), (3, "RUNNING"), (1, "RUNNING"), (3, "SUCCESS"), (1, "SUCCESS")]
