"""A robot and a detector of another package, from its wheel beside ours in an environment of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.free_ports import free_port
from tests.support.groot_client import Client
from tests.support.installed import ROOT, Installed, wheel_of

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.slow]


@pytest.fixture(scope="module")
def toy(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The environment with the example package in it."""
    installed.install(wheel_of(ROOT / "tests" / "example_robot", tmp_path_factory.mktemp("robot")))
    return installed


def test_it_keeps_the_contract(toy: Installed, tmp_path: Path) -> None:
    done = toy.run(str(toy.command), "contract", "toy", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {row["state"] for row in json.loads(done.stdout)["rules"]} == {"kept"}


def test_it_grasps_before_the_live_view_and_the_run_is_replayed(toy: Installed, tmp_path: Path) -> None:
    words = ("run", "grasp_bottle", "--robot", "toy", "--detector", "toy-colour", "--view", "live", "--record", "here")
    words += ("--block-x", "1.82", "--seed", "7")
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask_for_the_tree, port)
        shown = on_a_terminal(toy, *words, "--groot", str(port), folder=tmp_path)
    assert "VerifyGrasp" in asked.result()
    assert "GraspBottle" in shown
    result = json.loads((tmp_path / "here" / "result.json").read_text())
    assert (result["status"], result["robot"]) == ("success", "toy"), shown[-2000:]
    assert result["object_lift_m"] > 0.1
    kept = {entry.name for entry in (tmp_path / "here").iterdir()}
    assert {"config.json", "log.jsonl", "tree.btlog", "frames"} <= kept
    config = json.loads((tmp_path / "here" / "config.json").read_text())
    assert (config["options"]["block_x"], config["options"]["seed"]) == (1.82, 7)
    assert config["plugins"]["robot"] == "the plug-in example_robot.robot:ToyRobot of example-robot 1.0"
    done = toy.run(str(toy.command), "replay", "here", "--plain", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "VerifyGrasp  RUNNING -> SUCCESS" in done.stdout


def test_its_options_are_its_own(toy: Installed, tmp_path: Path) -> None:
    def told(*words: str) -> str:
        done = toy.run(str(toy.command), *words, folder=tmp_path)
        assert done.returncode == 2
        return done.stderr.splitlines()[-1]

    assert (
        "options of --robot toy:"
        in toy.run(str(toy.command), "run", "--robot", "toy", "--help", folder=tmp_path).stdout
    )
    assert told("run", "search", "--robot", "toy", "--block-x", "3") == (
        "spot-grasp: robot 'toy': the plug-in example_robot.robot:ToyRobot of example-robot 1.0 cannot be made: "
        "--block-x 3 must be from 1.75 to 1.85"
    )
    assert told("contract", "toy", "--block-x", "3").endswith("--block-x 3 must be from 1.75 to 1.85")
    assert told("run", "search", "--robot", "fake", "--block-x", "1.8").endswith(
        "unrecognized arguments: --block-x 1.8; --block-x is an option of --robot toy"
    )
    assert told("run", "search", "--robot", "toy", "--scene", "bottle") == (
        "spot-grasp: --scene: not for --robot toy; leave it out or take --robot genesis"
    )


def test_its_labels_and_cameras_are_known_to_check(toy: Installed, tmp_path: Path) -> None:
    chosen = ("--robot", "toy", "--detector", "toy-colour")
    assert toy.run(str(toy.command), "check", "grasp_bottle", *chosen, folder=tmp_path).returncode == 0
    file = tmp_path / "tree.xml"
    file.write_text(
        '<root BTCPP_format="4"><BehaviorTree ID="T"><Sequence><Capture camera="rear" frame="{f}"/>'
        '<DetectObject frame="{f}" labels="mug" detection="{d}"/></Sequence></BehaviorTree></root>'
    )
    done = toy.run(str(toy.command), "check", str(file), *chosen, folder=tmp_path)
    assert done.returncode == 2
    assert "the robot 'toy' does not know 'rear'" in done.stdout
    assert "the detector toy-colour does not know 'mug'" in done.stdout


def ask_for_the_tree(port: int) -> str:
    """As Groot2 does; the answer comes once the tree is there."""
    with Client(port) as client:
        return client.tree()


def on_a_terminal(installed: Installed, *words: str, folder: Path) -> str:
    """What a command shows on a terminal, until it ends."""
    here, there = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"TERM": "xterm"}
    command = [str(installed.command), *words]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=there, stdout=there, stderr=there) as process:
        os.close(there)
        shown = b""
        try:
            while part := os.read(here, 65536):
                shown += part
        except OSError:  # the other side is closed
            pass
        os.close(here)
        assert process.wait(300) == 0, shown.decode(errors="replace")[-2000:]
    return shown.decode(errors="replace")
