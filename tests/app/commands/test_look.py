"""`spot-grasp look`: what a robot sees, as text, JSON and files; and it never moves one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.look.keep import Sight, keep_look, new_look
from app.parts import robots
from app.parts.genesis import GenesisKind
from behaviours.contract import CONTRACT
from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from perception.geometry import Pose, rotation_from_vector
from perception.types import Detection, Intrinsics, Rejection, RgbdFrame
from perception.view import View
from training.studies.annotated_frames import LEVEL, annotated_frames

MOTIONS = ("walk_to", "set_body", "self_right", "move_arm", "move_hand", "set_gripper", "pick_in_image", "sleep")


Body = type("Body", (FakeRobot,), {name: getattr(FakeRobot, name) for name in MOTIONS})
"""A fake robot that does move, behind a simulated Spot: that one sits down by itself."""


def look(folder: Path, *words: str) -> int:
    return main(["look", "--robot", "fake", "--out", str(folder / "looks"), *words], Interrupts())


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every motion of the fake robot is an error."""

    def moves(*_: Any, **__: Any) -> None:
        raise AssertionError("a look moved the robot")

    for name in MOTIONS:
        monkeypatch.setattr(FakeRobot, name, moves)


def test_the_contract_has_no_motion_that_is_not_watched() -> None:
    """What rules of the contract call on a robot is a motion of MOTIONS, or only looks."""
    looks = {"capture", "now", "gripper", "body_pose", "hand_pose", "stop", "model", "limits", "cameras"}
    looks |= {"simulated_time", "put_between_jaws"}
    used = {name for rule in CONTRACT for name in rule.__code__.co_names if hasattr(FakeRobot, name)}
    assert used <= looks | set(MOTIONS)


def test_a_look_is_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert look(tmp_path, "--label", "bottle") == 0
    told = capsys.readouterr().out
    assert "hand camera of fake: 640x480" in told
    assert "00 bottle" in told
    assert "m away" in told
    assert "grasp on 00: pixel" in told
    folder = tmp_path / "looks" / "001_hand"
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert names == {
        "rgb.png", "depth_mm.png", "meta.json", "masks/00_bottle.png", "detections.png", "grasp.png", "result.json",
    }  # fmt: skip
    meta, depth = json.loads((folder / "meta.json").read_text()), cv2.imread(str(folder / "depth_mm.png"), -1)
    mask = cv2.imread(str(folder / "masks" / "00_bottle.png"), -1) > 0
    assert len(meta["intrinsics"]) == 4
    assert {"tilt_deg", "roll_deg", "source"} <= set(meta)
    assert depth.dtype == np.uint16
    result = json.loads((folder / "result.json").read_text())
    (bottle,) = result["detections"]
    assert bottle["distance_m"] == pytest.approx(float(np.median(depth[mask])) / 1000, abs=0.1)
    u, v = result["grasp"]["pixel"]
    assert mask[v, u]


def test_a_kept_look_is_read_back_as_an_annotated_frame(tmp_path: Path) -> None:
    turned = rotation_from_vector([0.0, 0.4, 0.0]) @ LEVEL @ rotation_from_vector([0.0, 0.0, -0.2])
    picture, depth = np.full((48, 64, 3), 9, np.uint8), np.full((48, 64), 0.7, np.float32)
    frame = RgbdFrame(picture, depth, Intrinsics(64, 48, 55.0, 55.0, 32.0, 24.0), Pose(turned, np.zeros(3)), 0.0)
    mask = np.zeros((48, 64), bool)
    mask[10:20, 20:30] = True
    view = View(frame, Detection("mug", 0.9, mask, (20.0, 10.0, 30.0, 20.0)))
    keep_look(new_look(tmp_path, "hand"), Sight(frame, [view], 1, None, None, Rejection("none")), {})
    (read,) = annotated_frames(tmp_path, None)
    assert np.abs(read.frame.world_from_camera.rotation - turned).max() < 0.002
    assert read.frame.intrinsics == frame.intrinsics
    assert np.abs(read.frame.depth - depth).max() < 1e-6
    assert read.masks is not None
    ((label, drawn),) = read.masks
    assert label == "mug"
    assert np.array_equal(drawn, mask)


def test_the_next_look_has_a_folder_of_its_own_and_json_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        assert look(tmp_path, "--json", "--as", "my thermos") == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["folder"].endswith(f"{number:03d}_hand")
    masks = sorted(file.name for file in (tmp_path / "looks").rglob("masks/*"))
    assert masks == ["00_my thermos.png"] * 2


def test_nothing_sure_is_a_reason_and_still_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert look(tmp_path, "--label", "mug") == 1
    assert "no mug in the picture" in capsys.readouterr().err
    assert (tmp_path / "looks" / "001_hand" / "rgb.png").is_file()
    assert look(tmp_path, "--label", "bottle", "--min-score", "0.995") == 1
    assert "unsure" in capsys.readouterr().out
    assert list((tmp_path / "looks" / "002_hand" / "masks").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--label", "cupp"], "does not know 'cupp'"),
        (["--camera", "left"], "unknown camera 'left'"),
        (["--robot", "spot"], "needs --hostname"),
        (["--robot", "spot", "--hostname", "h", "--take-lease"], "--take-lease: nothing is taken and nothing moves"),
        (["--robot", "spot", "--hostname", "h", "--undock", "--at-end", "sit"], "--undock, --at-end: nothing is"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert look(tmp_path, *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "looks").exists()


def test_a_real_robot_of_a_package_must_offer_to_be_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kind:
        def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> Any:
            return argparse.Namespace(simulated_time=False)

    class Offers(Kind):
        def make_onlooker(self, options: argparse.Namespace, *, seed: int) -> Any:
            return "an onlooker"

    monkeypatch.setattr(robots, "robot_kind", lambda name: Kind())
    with pytest.raises(ConfigError, match=r"robot 'rover' cannot be looked through .* make_onlooker"):
        robots.onlooker("rover", argparse.Namespace(), 0)
    monkeypatch.setattr(robots, "robot_kind", lambda name: Offers())
    assert robots.onlooker("rover", argparse.Namespace(), 0) == "an onlooker"


@pytest.mark.parametrize(
    "robot",
    [
        ["genesis"],
        pytest.param(["spot", "--hostname", "sim"], marks=pytest.mark.slow),
    ],
    ids=["genesis", "simulated Spot"],
)
def test_simulated_robots_are_looked_through_with_the_options_of_a_run(
    robot: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake robot stands in for the physics."""
    if "spot" in robot:
        pytest.importorskip("bosdyn.client")
    asked: list[Any] = []

    def make(_: Any, options: argparse.Namespace, *, seed: int, folder: Path | None) -> FakeRobot:
        asked.append((options.scene, options.ideal_depth, seed, folder))
        body: FakeRobot = Body()
        return body

    monkeypatch.setattr(GenesisKind, "make", make)
    words = ["--robot", *robot, "--scene", "mug", "--ideal-depth", "--seed", "3", "--label", "bottle"]
    assert main(["look", *words, "--min-score", "0", "--out", str(tmp_path)], Interrupts()) == 0
    assert asked == [("mug", True, 3, None)]
    assert f"hand camera of {robot[0]}: 640x480" in capsys.readouterr().out
    assert (tmp_path / "001_hand" / "depth_mm.png").is_file()


@pytest.mark.simulation
@pytest.mark.slow
def test_a_look_in_physics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("genesis")
    words = ["--robot", "genesis", "--scene", "bottle", "--label", "bottle", "--out", str(tmp_path)]
    assert main(["look", *words], Interrupts()) in (0, 1)  # what the network is sure of is measured elsewhere
    assert "hand camera of genesis: 640x480, depth on" in capsys.readouterr().out
    assert (tmp_path / "001_hand" / "rgb.png").is_file()
