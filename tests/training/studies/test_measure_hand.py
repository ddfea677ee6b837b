"""The hand's error in recorded runs: none in the fake robot's, and that of poses that were changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from training.studies.measure_hand import measure


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hand") / "run"
    assert (
        main(["run", "grasp_bottle", "--robot", "fake", "--view", "none", "--record", str(folder)], Interrupts()) == 0
    )
    return folder


def test_a_hand_that_comes_where_it_is_sent_has_no_error(run: Path) -> None:
    figures = measure([run, run])
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    done = [
        line
        for line in log
        if (line["event"], line.get("command"), line.get("state")) == ("outcome", "move_hand", "done")
    ]
    assert figures["runs"] == 2
    assert figures["motions"] == 2 * len(done) > 0
    assert figures["distance_mm"]["most"] < 0.1
    assert figures["angle_deg"]["most"] < 0.1


def test_a_hand_that_is_20_mm_off_has_an_error_of_20_mm(run: Path, tmp_path: Path) -> None:
    header, *rows = (run / "states.csv").read_text().splitlines()
    place = header.split(",").index("hand_z_m")
    for number, row in enumerate(rows):
        values = row.split(",")
        values[place] = str(float(values[place]) + 0.02)
        rows[number] = ",".join(values)
    (tmp_path / "states.csv").write_text("\n".join([header, *rows]) + "\n")
    (tmp_path / "log.jsonl").write_bytes((run / "log.jsonl").read_bytes())
    assert list(measure([tmp_path])["distance_mm"].values()) == pytest.approx([20.0] * 3, abs=0.1)


def test_without_a_motion_of_the_hand_there_is_nothing_to_tell(run: Path, tmp_path: Path) -> None:
    lines = [line for line in (run / "log.jsonl").read_text().splitlines() if '"move_hand"' not in line]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "states.csv").write_bytes((run / "states.csv").read_bytes())
    with pytest.raises(ConfigError, match="no move_hand was done"):
        measure([tmp_path])
