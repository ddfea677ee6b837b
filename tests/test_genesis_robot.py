"""What is particular to the Genesis robot, without building a scene where it can be avoided."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from perception.errors import ConfigError, RobotError

pytestmark = pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed")


def test_an_interrupted_start_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from simulation import genesis_robot

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(genesis_robot.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(genesis_robot.scenes, "add_to_scene", interrupt)
    with pytest.raises(KeyboardInterrupt):
        genesis_robot.GenesisRobot("bottle", 0).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_outside_its_context_it_refuses_to_move() -> None:
    from simulation.genesis_robot import GenesisRobot

    robot = GenesisRobot("bottle", 0)
    with pytest.raises(RobotError, match="with GenesisRobot"):
        robot.sleep(0.1)
    robot.stop()


def test_an_unknown_scene_is_known_before_anything_starts() -> None:
    from simulation.genesis_robot import GenesisRobot

    with pytest.raises(ConfigError, match="bottle"):
        GenesisRobot("botle", 0)


def test_the_tree_lifts_the_bottle_with_the_networks_that_ship(tmp_path: Path) -> None:
    """The main job, whole: real networks, sensor noise, physics. Two runs of a seed are the same."""
    import json

    from app.cli import main
    from app.interrupts import Interrupts

    results = []
    for name in ("first", "second"):
        arguments = ["run", "grasp_bottle", "--robot", "genesis", "--seed", "0", "--view", "none"]
        assert main([*arguments, "--record", str(tmp_path / name)], Interrupts()) == 0
        results.append(json.loads((tmp_path / name / "result.json").read_text()))
    first, second = results
    assert first["status"] == "success"
    assert first["object_lift_m"] >= 0.10
    assert first["held_s"] >= 2.0
    assert first["peak_gripper_torque_nm"] <= 3.0 + 1e-6
    for key in ("object_lift_m", "held_s", "sim_s", "attempts"):
        assert first[key] == second[key], key
