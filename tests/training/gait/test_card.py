"""The terrain table in a gait policy's card."""

from __future__ import annotations

from pathlib import Path

from training.gait.card import write_terrain

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
