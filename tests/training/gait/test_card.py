"""The terrain table in a gait policy's card."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perception.base.errors import ConfigError
from training.gait.card import write_terrain
from training.studies import measure_gait

STAND = {"falls": 0, "drift_m": 0.014}
AHEAD = {"falls": 1, "share": 0.9776}
ALL_FELL = {"falls": 20, "share": None}


def test_the_table_stands_at_the_end_of_the_card_once(tmp_path: Path) -> None:
    card = tmp_path / "gait.md"
    card.write_text("# Gait policy\n\n## Limits\n\nSome.\n")
    for _ in range(2):
        write_terrain(
            card, 20, 3, {"gait": {"stand": STAND, "ahead": AHEAD}, "judo": {"stand": STAND, "ahead": ALL_FELL}}
        )
    text = card.read_text()
    assert text.startswith("# Gait policy\n\n## Limits\n\nSome.\n\n## Terrain\n\n20 robots a row, seed 3: ")
    assert text.endswith(
        "| | gait | judo |\n|---|---|---|\n| stand | 0, 0.01 m | 0, 0.01 m |\n| ahead | 1, 0.978 | 20, none |\n"
    )
    assert text.count("## Terrain") == 1


def test_a_card_that_is_not_there_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "gait.md"
    monkeypatch.setattr(sys, "argv", ["measure_gait", "--policy", "judo", "--card", str(card)])
    with pytest.raises(ConfigError, match=r"gait\.md: no such file; give the gait\.md beside a policy"):
        measure_gait.main()


def test_policies_of_one_file_name_each_have_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class World:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> World:
            return self

        def __exit__(self, *_: object) -> None: ...

    card, names = tmp_path / "gait.md", ["a/gait.onnx", "b/gait.onnx"]
    card.write_text("# Gait policy\n")
    monkeypatch.setattr(measure_gait, "GaitWorld", World)
    monkeypatch.setattr(measure_gait, "require", lambda *_: None)
    monkeypatch.setattr(measure_gait, "gait_file", lambda name: name)
    monkeypatch.setattr(measure_gait, "read_chain", lambda name: name)
    monkeypatch.setattr(measure_gait, "measure", lambda *_: AHEAD)
    words = [word for name in names for word in ("--policy", name)]
    monkeypatch.setattr(sys, "argv", ["measure_gait", *words, "--rows", "ahead", "--card", str(card)])
    measure_gait.main()
    assert "| | a/gait.onnx | b/gait.onnx |" in card.read_text()
