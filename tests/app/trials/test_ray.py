"""`spot-grasp test --ray`: the same results over Ray as by local processes. Ray is not installed by `dev`."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.trials.study import RESULTS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")]
FAILING = '<root BTCPP_format="4"><BehaviorTree ID="Main"><AlwaysFailure name="never"/></BehaviorTree></root>'


def trials(folder: Path, tree: Path, *more: str) -> list[dict[str, Any]]:
    """The outcomes of a test without what depends on the machine's time and on the folder."""
    words = ["test", "search", str(tree), "--robot", "fake", "--seeds", "0-1", "--at-least", "0"]
    assert main([*words, "--record", str(folder), *more], Interrupts()) == 0
    outcomes = json.loads((folder / RESULTS).read_text())["trials"]
    return [{key: value for key, value in each.items() if key not in ("wall_s", "run")} for each in outcomes]


def test_over_ray_the_outcomes_are_those_of_local_processes(tmp_path: Path) -> None:
    tree = tmp_path / "failing.xml"
    tree.write_text(FAILING)
    local, over_ray = trials(tmp_path / "local", tree), trials(tmp_path / "ray", tree, "--ray")
    assert over_ray == local
    assert [each["status"] for each in over_ray] == ["success", "success", "failure", "failure"]
    assert (tmp_path / "ray" / "failing-0" / "log.jsonl").is_file(), "Ray on this machine keeps the folders here"
