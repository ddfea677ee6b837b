"""What is particular to the Genesis robot, without building a scene where it can be avoided."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from behaviours import read_recording
from perception.base.errors import ConfigError, RobotError
from simulation.robot_files.spot_model import ARM_JOINTS, JAW_JOINT, LEG_JOINTS
from tests.support.genesis_runs import run, succeeded

pytestmark = pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed")


@pytest.mark.simulation
def test_an_interrupted_start_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from simulation.genesis import robot as genesis_robot

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(genesis_robot.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(genesis_robot.scenes, "add_to_scene", interrupt)
    with pytest.raises(KeyboardInterrupt):
        genesis_robot.GenesisRobot("bottle", 0).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_outside_its_context_it_refuses_to_move() -> None:
    from simulation.genesis.robot import GenesisRobot

    robot = GenesisRobot("bottle", 0)
    with pytest.raises(RobotError, match="with GenesisRobot"):
        robot.sleep(0.1)
    robot.stop()


def test_an_unknown_scene_is_known_before_anything_starts() -> None:
    from simulation.genesis.robot import GenesisRobot

    with pytest.raises(ConfigError, match="bottle"):
        GenesisRobot("botle", 0)


@pytest.mark.simulation
def test_the_tree_lifts_the_bottle_with_the_networks_that_ship(tmp_path: Path) -> None:
    """The main job, whole: real networks, sensor noise, physics. Two runs of a seed are the same on one machine."""
    first, again = (
        run("grasp_bottle", "bottle", 0, tmp_path / "one"),
        run("grasp_bottle", "bottle", 0, tmp_path / "two"),
    )
    for key in ("status", "object_lift_m", "held_s", "sim_s", "attempts"):
        assert first[key] == again[key], key
    lifted = first if first["status"] == "success" else succeeded("grasp_bottle", "bottle", tmp_path)
    assert lifted["object_lift_m"] >= 0.10
    assert lifted["held_s"] >= 2.0
    states = read_recording(lifted["run"]).states()
    assert {*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT} == set(states.joints)
    assert states.objects[0] == "target"
    height = states.poses("truth_target")[:, 2]
    assert height[-1] - height[0] == pytest.approx(lifted["object_lift_m"], abs=0.05), "it may lean in the jaws"
    jaw = states.column(f"joint_{JAW_JOINT}_rad")
    assert np.allclose(-jaw / (np.pi / 2), states.column("opening"), atol=0.02)
