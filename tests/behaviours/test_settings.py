"""Numbers that no port gives: read from a file, refused in one line, and used by a run."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

import behaviours
from behaviours.robots.fake.robot import FakeRobot
from behaviours.settings import Settings, read_settings
from perception.base.errors import ConfigError


def file(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def lines(table: str, values: Any) -> list[str]:
    """A dataclass as TOML."""
    own = {entry.name: getattr(values, entry.name) for entry in fields(values)}
    plain = [
        f"{key} = {list(value) if isinstance(value, tuple) else value}"
        for key, value in own.items()
        if not is_dataclass(value) and not isinstance(value, dict)
    ]
    inner = [(f"{table}.{key}".lstrip("."), value) for key, value in own.items() if is_dataclass(value)]
    head = [f"[{table}]"] if table and plain else []
    names = {word: list(names) for value in own.values() if isinstance(value, dict) for word, names in value.items()}
    words = [f"names.{word} = {those}" for word, those in names.items()]
    return [*head, *plain, *words, *(line for name, value in inner for line in lines(name, value))]


def test_every_number_can_be_written_and_is_read_back(tmp_path: Path) -> None:
    text = "\n".join(lines("", Settings()))
    assert "[surface.box]" in text
    assert "names.mug" in text
    assert asdict(read_settings(file(tmp_path, text))) == asdict(Settings())


def test_what_a_file_names_is_changed_and_nothing_else(tmp_path: Path) -> None:
    changed = read_settings(file(tmp_path, "motion_timeout_s = 5\n[grasp]\nlevel_rad = [0.1, 0.2]\n"))
    assert changed.motion_timeout_s == 5.0
    assert changed.grasp.level_rad == (0.1, 0.2)
    assert changed.grasp.candidates == Settings().grasp.candidates
    assert changed.surface == Settings().surface


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[grip]\n",
            "unknown key 'grip'; choose from: surface, things, judging, grasp, looking, placing, motion_timeout_s",
        ),
        ("[grasp]\nmargin = 1\n", "grasp: unknown key 'margin'; choose from: candidates"),
        ("grasp = 1\n", "grasp is a table; write [grasp]"),
        ("[grasp]\ncandidates = 1.5\n", "grasp: candidates: 1.5 is no whole number"),
        ("[grasp]\ncandidates = 0\n", "candidates: 0 must be above 0 and at most 10000"),
        ("[grasp]\nedge = true\n", "edge: True is no number"),
        ("[grasp]\nlevel_rad = [0.1]\n", "level_rad: [0.1] is no list of 2 numbers"),
        ("[placing]\nturns_rad = []\n", "turns_rad: [] is no list of some numbers"),
        ("[surface.box]\nyaw_steps = 100000\n", "yaw_steps: 100000 must be above 0"),
        ("names = 1\n", "names is a table; write [names]"),
        ("[names]\nmug = 'cup'\n", "names: mug: 'cup' is no list of names"),
        ("[surface.box\n", "not a settings file in TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings(file(tmp_path, text))
    assert words in str(raised.value)
    assert "settings.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_run_uses_them(tmp_path: Path) -> None:
    strict = read_settings(file(tmp_path, "[grasp]\nmin_quality = 2.0\n"))
    recording = behaviours.run("grasp_bottle", FakeRobot(), out=tmp_path / "run", settings=strict)
    assert recording.result.status == "failure"
    assert "reaches quality 2" in recording.result.reason


def test_the_command_reads_them_before_anything_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from app.base.interrupts import Interrupts
    from app.commands.dispatch import main

    words = ["run", "grasp_bottle", "--robot", "fake", "--view", "none", "--record", str(tmp_path / "run")]
    bad = file(tmp_path, "[grip]\n")
    assert main([*words, "--settings", str(bad)], Interrupts()) == 2
    assert not (tmp_path / "run").exists()
    assert "unknown key 'grip'" in capsys.readouterr().err
    assert main([*words, "--settings", str(file(tmp_path, "[grasp]\nmin_quality = 2.0\n"))], Interrupts()) == 1
    assert '"min_quality": 2.0' in (tmp_path / "run" / "config.json").read_text()
