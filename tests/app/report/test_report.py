"""Reports of runs: what was asked, seen and done; of killed and damaged runs as far as they go."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.report.attempts import attempts_of, grasp_words
from app.report.page import report
from app.report.story import read_story
from app.session.options import RunOptions
from app.session.run import run
from app.views.counts import NodeCounts
from behaviours.recording.events import Event
from behaviours.recording.result import Result
from behaviours.robots.fake import robot as fake
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from tests.app.replay.test_replay import DEMO, NODES, TREE, change, written
from tests.support.html_tags import HOSTILE, Tags, obeys_nothing_of
from trees import NodeView


@pytest.fixture(scope="module")
def missed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the fake whose first grasp misses."""
    place = tmp_path_factory.mktemp("report") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake, "FakeRobot", lambda *_, **__: FakeRobot(FakeScript(misses=1)))
        assert run(RunOptions("grasp_bottle", robot="fake", view="none", record=place, seed=5), Interrupts()) == 0
    return place


def test_each_attempt_has_its_pictures_its_grasp_and_what_came_of_it(missed: Path) -> None:
    first, second = attempts_of(read_story(missed))
    assert (first.number, second.number) == (1, 2)
    assert not first.good
    assert first.why == "CloseGripper: jaws met at 0% (object missed)"
    assert second.good
    assert first.end_s == second.begin_s
    for attempt in (first, second):
        assert {line["event"] for line in attempt.pictures} >= {"capture", "heatmap"}
        assert all(attempt.begin_s <= line["t"] < attempt.end_s for line in attempt.pictures)
        assert "from the side" in grasp_words(attempt.grasps[0])


def test_the_page_tells_all_of_it_in_one_file(missed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.html"
    assert main(["report", str(missed), "--out", str(out)], Interrupts()) == 0
    assert capsys.readouterr().out == f"{out}\n"
    text = out.read_text()
    config = json.loads((missed / "config.json").read_text())
    for words in ("success", "jaws met at 0% (object missed)", "Attempt 2", config["versions"]["numpy"], "tree sha256"):
        assert words in text
    read = Tags(text)
    pictures = [attributes for name, attributes in read.tags if name == "img"]
    assert len(pictures) >= 5
    assert all(str(attributes["src"]).startswith("data:image/jpeg;base64,") for attributes in pictures)
    assert all(attributes["alt"] for attributes in pictures)
    assert not [value for _, attributes in read.tags for value in attributes.values() if str(value).startswith("http")]
    assert text.count("<li ") >= len(read_story(missed).nodes)


def test_the_tree_counts_as_the_log_does(missed: Path) -> None:
    story = read_story(missed)
    lines = [json.loads(line) for line in (missed / "log.jsonl").read_text().splitlines()]
    counts = story.counts().by_uid
    for node in story.nodes:
        ends = [line["new"] for line in lines if line["event"] == "transition" and line["uid"] == node.uid]
        assert counts[node.uid].successes == ends.count("SUCCESS")
        assert counts[node.uid].failures == ends.count("FAILURE")
    closing = next(node.uid for node in story.nodes if node.tag == "CloseGripper")
    assert (counts[closing].runs, counts[closing].successes, counts[closing].failures) == (2, 1, 1)
    root = counts[story.nodes[0].uid]
    assert root.seconds == pytest.approx(story.recording.span_s[1], abs=0.1)  # type: ignore[union-attr]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["IDLE", "RUNNING", "SUCCESS", "FAILURE"])), max_size=40))
def test_counts_add_up(steps: list[tuple[int, str]]) -> None:
    nodes = [NodeView(uid, f"n{uid}", f"n{uid}", "A", "Action", 0, "IDLE", "", {}) for uid in (1, 2, 3)]
    counts, status = NodeCounts(nodes, spans=True), dict.fromkeys((1, 2, 3), "IDLE")
    for number, (uid, new) in enumerate(steps):
        counts.take(Event(float(number), "transition", {"uid": uid, "old": status[uid], "new": new}))
        status[uid] = new
    counts.close(float(len(steps)))
    for uid, count in counts.by_uid.items():
        assert count.seconds == sum(end - begin for begin, end, _ in count.spans or ())
        assert count.successes == sum(new == "SUCCESS" for one, new in steps if one == uid)
        assert count.runs <= count.successes + count.failures + count.halts + 1


def test_several_runs_have_an_index_with_links(missed: Path, tmp_path: Path) -> None:
    written(tmp_path)
    text = report([read_story(missed), read_story(tmp_path)])
    assert "<h1>2 runs, 1 succeeded</h1>" in text
    read = Tags(text)
    links = {attributes.get("href") for name, attributes in read.tags if name == "a"}
    assert {"#run-1", "#run-2"} <= links
    assert {"run-1", "run-2"} <= {attributes.get("id") for _, attributes in read.tags}
    assert "failed at Main/b: no" in text


def test_it_is_written_into_the_run_or_beside_the_runs(missed: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)
    assert main(["report", str(tmp_path / "a")], Interrupts()) == 0
    assert (tmp_path / "a" / "report.html").is_file()
    assert main(["report", str(tmp_path / "a"), str(tmp_path / "b" / "log.jsonl")], Interrupts()) == 0
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("keep", [["log.jsonl"], ["config.json"], ["result.json"], ["log.jsonl", "result.json"]])
def test_a_run_of_which_only_parts_are_left(missed: Path, tmp_path: Path, keep: list[str]) -> None:
    for name in keep:
        (tmp_path / name).write_bytes((missed / name).read_bytes())
    text = report([read_story(tmp_path)])
    assert "no such file" in text
    assert ('pill killed"' in text) is (keep == ["config.json"])


def test_a_killed_run_says_so_and_shows_what_there_is(missed: Path, tmp_path: Path) -> None:
    lines = (missed / "log.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:20])
    story = read_story(tmp_path)
    assert story.status == "killed"
    text = report([story])
    assert "it was killed, or it still goes on" in text
    assert "the log is cut in line" in text
    assert "Time of each stage" in text


@given(st.data())
def test_any_damage_to_a_log_leaves_a_report(missed: Path, data: st.DataObject) -> None:
    raw = bytearray((missed / "log.jsonl").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(len(raw) // 3, len(raw))) :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "log.jsonl").write_bytes(raw)
        (Path(folder) / "config.json").write_bytes(b"{}" if data.draw(st.booleans()) else b'{"options": []}')
        (Path(folder) / "result.json").write_bytes(b'{"status": "failure"}')
        assert "</html>" in report([read_story(Path(folder))])


@pytest.mark.parametrize("value", [None, "x", -1, 1e400, [HOSTILE], {"a": 1}, True])
def test_a_result_of_odd_values_is_shown(tmp_path: Path, value: Any) -> None:
    names = [entry.name for entry in fields(Result)]
    written(tmp_path, [*DEMO[:-1], {"t": 5.0, "event": "result", **dict.fromkeys(names, value)}])
    for count in (1, 2):
        obeys_nothing_of(report([read_story(tmp_path)] * count))


def test_what_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)], Interrupts()) == 2
    assert "no run of spot-grasp" in capsys.readouterr().err


def test_nothing_of_a_run_is_obeyed(tmp_path: Path) -> None:
    nodes = [{**node, "name": HOSTILE, "tag": HOSTILE, "path": HOSTILE, "ports": {HOSTILE: HOSTILE}} for node in NODES]
    grasp: dict[str, Any] = {"world_from_hand": {"rotation": HOSTILE}, "label": HOSTILE, "way": HOSTILE}
    lines = [
        {**TREE, "title": HOSTILE, "nodes": nodes},
        {**change(1.0, 2, "IDLE", "FAILURE", HOSTILE), "path": HOSTILE},
        {"t": 1.0, "event": "capture", "file": HOSTILE, "camera": HOSTILE},
        {"t": 1.0, "event": "heatmap", "file": "gone.png", "label": HOSTILE, "score": HOSTILE, "pixel_uv": HOSTILE},
        {"t": 1.0, "event": "blackboard", "scope": "Main", "key": HOSTILE, "value": grasp},
        {"t": 5.0, "event": "result", "status": HOSTILE, "reason": HOSTILE, "reports": [HOSTILE]},
    ]
    written(tmp_path, lines)
    (tmp_path / "config.json").write_text(json.dumps({"options": {HOSTILE: HOSTILE}, "versions": {HOSTILE: HOSTILE}}))
    for stories in ([read_story(tmp_path)], [read_story(tmp_path)] * 2):
        obeys_nothing_of(report(stories))


def test_a_film_is_part_of_it_unless_it_is_too_long(tmp_path: Path) -> None:
    written(tmp_path, DEMO)
    (tmp_path / "video.mp4").write_bytes(b"film")
    assert 'src="data:video/mp4;base64,ZmlsbQ=="' in report([read_story(tmp_path)])
    with (tmp_path / "video.mp4").open("ab") as film:
        film.truncate(20_000_000)
    text = report([read_story(tmp_path)])
    assert "The film is not part of this file" in text
    assert len(text) < 1_000_000
