"""Damaged and killed runs: every format goes as far as the record does, and says what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.export.formats import FORMATS, OF_ONE_RUN, export
from app.export.items import Picture, Words
from app.export.story import Story, moments
from behaviours import Recording, read_recording
from perception.base import extras
from perception.base.errors import ConfigError

NEEDS = {"mcap": "foxglove", "rrd": "rerun", "rosbag2": "rosbags", "lerobot": "pyarrow"}


def kinds(folder: Path) -> tuple[list[str], list[str]]:
    """(kinds of pictures, trouble) of a run folder."""
    recording = read_recording(folder)
    story = Story(folder, recording.nodes)
    items = [item for _, item in moments(recording, story)]
    return [item.kind for item in items if isinstance(item, Picture)], story.trouble


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(at=st.floats(0.0, 1.0), of_states=st.floats(0.0, 1.0))
def test_a_run_that_was_killed_anywhere_is_told_to_there(copy: Path, at: float, of_states: float) -> None:
    log, states = (copy / "log.jsonl"), (copy / "states.csv")
    whole = [file.read_bytes() for file in (log, states)]
    try:
        for file, content, share in zip((log, states), whole, (at, of_states), strict=True):
            file.write_bytes(content[: int(share * len(content))])
        try:
            recording = read_recording(copy)
        except ConfigError as error:
            assert "no tree in it" in str(error)  # noqa: PT017  (it is one of two good outcomes)
            return
        story = Story(copy, recording.nodes)
        told = [item for _, item in moments(recording, story)]
        assert sum(isinstance(item, Words) for item in told) == len(recording.lines)
        assert not story.trouble
    finally:
        for file, content in zip((log, states), whole, strict=True):
            file.write_bytes(content)


def test_pictures_that_lack_or_are_damaged_are_left_out_and_told(copy: Path) -> None:
    before, trouble = kinds(copy)
    assert not trouble
    first, second = sorted((copy / "frames").iterdir())[:2]
    first.unlink()
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 0xFF
    second.write_bytes(content)
    mask = next((copy / "masks").iterdir())
    mask.write_bytes(b"GIF89a")
    after, trouble = kinds(copy)
    assert len(before) - len(after) == 5, "two pictures with their depths, and a mask"
    assert all(any(file.name in words for words in trouble) for file in (first, second, mask))
    assert len(trouble) == 3


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "", 7, None, "x\0.png"])
def test_a_log_cannot_name_files_outside_its_folder(copy: Path, name: object) -> None:
    lines = [json.loads(line) for line in (copy / "log.jsonl").read_text().splitlines()]
    for line in lines:
        if line["event"] in ("capture", "detection", "heatmap"):
            line["file"] = name
    (copy / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pictures, trouble = kinds(copy)
    assert pictures == []
    assert len(trouble) >= 4


@pytest.mark.parametrize(
    "change",
    [
        {"world_from_camera": [[1, 0], [0, 1]]}, {"world_from_camera": "far away"}, {"intrinsics": [0, 0, 0, 0]},
        {"intrinsics": None}, {"camera": ["hand"]}, {"value": {"label": "x"}}, {"value": {"width_m": "wide"}},
        {"uid": 10**9}, {"uid": "first"}, {"new": None}, {"level": 5}, {"nodes": 3}, {"t": "soon"},
    ],
)  # fmt: skip
def test_lines_that_make_no_sense_harm_no_others(copy: Path, change: dict[str, object]) -> None:
    lines = [json.loads(line) for line in (copy / "log.jsonl").read_text().splitlines()]
    changed = [{**line, **{key: value for key, value in change.items() if key in line}} for line in lines]
    (copy / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:2] + changed[2:]))
    recording = read_recording(copy)
    story = Story(copy, recording.nodes)
    assert sum(1 for _ in moments(recording, story)) > len(lines)


@pytest.mark.parametrize("name", FORMATS)
def test_a_killed_run_is_exported_to_each_format(copy: Path, name: str, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    for file in ("log.jsonl", "states.csv"):
        content = (copy / file).read_bytes()
        (copy / file).write_bytes(content[: len(content) * 2 // 3])
    (copy / "result.json").unlink()
    (made,) = export([copy], name, tmp_path / "made")
    assert made.is_file() or any(made.iterdir())


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_without_the_package_it_says_what_to_install(
    recording: Recording, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_is_there", lambda package: package != NEEDS[name])
    with pytest.raises(ConfigError, match=rf"--format {name} needs the package '{NEEDS[name]}'.*install"):
        export([recording.path.parent], name, tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", OF_ONE_RUN)
def test_a_failure_in_the_middle_leaves_nothing_behind(
    copy: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])

    def breaks(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Recording, "timed_lines", breaks)
    with pytest.raises(KeyboardInterrupt):
        export([copy], name, tmp_path / "out" / "made")
    assert list((tmp_path / "out").iterdir()) == []


def test_several_runs_go_to_a_folder_and_nothing_is_overwritten(
    recording: Recording, copy: Path, tmp_path: Path
) -> None:
    made = export([recording.path.parent, copy], "csv", tmp_path / "out")
    assert [path.name for path in made] == ["bottle-csv", "damaged-csv"]
    with pytest.raises(ConfigError, match="bottle-csv is there already"):
        export([recording.path], "csv", tmp_path / "out" / "bottle-csv")
    assert (tmp_path / "out" / "bottle-csv" / "log.csv").stat().st_size > 1000
    (beside,) = export([copy], "csv", None)
    assert beside == copy.parent / "damaged-csv"
