"""A tree run from a program in one line: its folder, its result, and what it gives back as values."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from py_trees.common import Status

import behaviours
from app.replay.player import replay
from behaviours.leaves.base import RobotLeaf
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from perception.base.errors import ConfigError, RobotError
from trees import LeafError, TreeError


def tree(folder: Path, inside: str) -> Path:
    file = folder / "t.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{inside}</BehaviorTree></root>')
    return file


def test_the_bottle_tree_is_run_and_recorded_like_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    robot = FakeRobot()
    recording = behaviours.run("grasp_bottle", robot, out=tmp_path / "run")
    assert recording.result is not None
    assert (recording.result.status, recording.result.attempts, recording.result.reason) == ("success", 1, "")
    assert robot.stops >= 1
    assert len(repr(recording)) < 1000, "a notebook prints it"
    names = {file.name for file in (tmp_path / "run").iterdir()}
    assert names >= {"config.json", "tree.xml", "tree.btlog", "log.jsonl", "result.json", "frames", "depth", "heatmaps"}
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "success"
    assert set(json.loads((tmp_path / "run" / "config.json").read_text())) >= {"versions", "processor", "tree_file"}
    assert replay(tmp_path / "run", plain=True) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "success"


def test_statuses_over_time_are_those_of_the_log(tmp_path: Path) -> None:
    inside = (
        '<Sequence name="all"><MoveArm name="arm" pose="ready" max_joint_speed_radps="1.0"/>'
        '<AlwaysFailure name="no"/></Sequence>'
    )
    recording = behaviours.run(tree(tmp_path, inside), FakeRobot(), out=tmp_path / "run")
    assert [node.name for node in recording.nodes] == ["all", "arm", "no"]
    first, last = recording.span_s
    statuses = recording.statuses([first - 1.0, (first + last) / 2, last - 1e-6])
    assert statuses.dtype == np.uint8
    assert statuses.tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0]]
    assert recording.statuses([]).shape == (0, 3)
    assert recording.statuses([last]).tolist() == [[0, 0, 0]], "a root that has ended is idle, and so is all below it"
    assert recording.result is not None
    assert recording.result.reason.startswith("failed at T/all/no")


def test_pictures_are_the_frames_that_the_tree_has_seen(tmp_path: Path) -> None:
    seen = []

    class Watched(FakeRobot):
        def capture(self, camera: str) -> Any:
            seen.append(super().capture(camera))
            return seen[-1]

    recording = behaviours.run("grasp_bottle", Watched(), out=tmp_path / "run")
    frames = recording.frames()
    assert len(frames) == len(recording.captures) >= 2
    for frame in frames:
        original = min(seen, key=lambda each: abs(each.time_s - frame.time_s))
        assert (frame.rgb == original.rgb).all()
        assert np.abs(frame.depth - original.depth).max() <= 0.0005 + 1e-6
        assert frame.intrinsics == original.intrinsics
        assert frame.time_s == pytest.approx(original.time_s, abs=1e-4)
        assert frame.world_from_camera.distance_m(original.world_from_camera) < 1e-4
        assert frame.world_from_camera.angle_rad(original.world_from_camera) < 1e-4
    (picture,) = recording.heatmaps()
    assert picture.shape == frames[0].rgb.shape
    assert picture.std() > 10


def test_a_run_folder_with_a_picture_gone_or_a_bad_line_is_told(tmp_path: Path) -> None:
    recording = behaviours.run("grasp_bottle", FakeRobot(), out=tmp_path / "run")
    log = tmp_path / "run" / "log.jsonl"
    text = log.read_text()
    first = recording.captures[0]["file"]
    log.write_text(text.replace(first, "../result.json"))
    with pytest.raises(ConfigError, match="names no file"):
        behaviours.read_recording(tmp_path / "run").frames()
    log.write_text(
        text.replace('"intrinsics": [', '"intrinsics": [null, ').replace('"intrinsics":[', '"intrinsics":[null,')
    )
    with pytest.raises(ConfigError, match="damaged"):
        behaviours.read_recording(tmp_path / "run").frames()
    (tmp_path / "run" / "frames" / first).unlink()
    with pytest.raises(ConfigError, match=first):
        recording.frames()


def test_leaves_of_the_program_may_stand_in_the_tree(tmp_path: Path) -> None:
    class Greets(RobotLeaf):
        """Says hello."""

        KIND = "Action"
        PORTS = ()

        def update(self) -> Status:
            return self.succeed("hello")

    recording = behaviours.run(tree(tmp_path, "<Greets/>"), FakeRobot(), out=tmp_path / "run", leaves=[Greets])
    assert [event.data["feedback"] for event in recording.events if event.data.get("new") == "SUCCESS"] == ["hello"]


@pytest.mark.parametrize("inside", ["<Nonsense/>", '<DetectObject frame="{f}" label="unicorn" detection="{d}"/>'])
def test_a_tree_that_cannot_be_run_is_refused_before_there_is_a_folder(tmp_path: Path, inside: str) -> None:
    robot = FakeRobot()
    with pytest.raises(TreeError):
        behaviours.run(tree(tmp_path, inside), robot, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert not robot.commands


@pytest.mark.parametrize(
    ("robot", "detector", "message"),
    [
        ("fake", None, "'fake' is no robot: it lacks limits"),
        (FakeRobot, None, "FakeRobot'> is a class of robots: make one of it"),
        (FakeRobot(), "toy-colour", "'toy-colour' is no detector: it lacks labels, detect"),
    ],
)
def test_a_value_that_is_no_robot_or_no_detector_is_refused(
    tmp_path: Path, robot: Any, detector: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        behaviours.run("search", robot, detector=detector, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        ({"Raises": RobotLeaf}, r"leaves is dict: expected a list of Leaf classes, as leaves=\[MyLeaf\]"),
        (None, "leaves is NoneType: expected a list of Leaf classes"),
        (["Raises"], "leaves has 'Raises': expected a class derived from trees.Leaf"),
    ],
)
def test_a_value_that_is_no_list_of_leaves_is_refused(tmp_path: Path, leaves: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        behaviours.run("search", FakeRobot(), leaves=leaves, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


class Raises(RobotLeaf):
    """Starts the arm, and raises what the test asks for."""

    KIND = "Action"
    PORTS = ()
    error: BaseException = RuntimeError("broken")

    def update(self) -> Status:
        self.robot.move_arm("ready", max_joint_speed_radps=1.0)
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (RuntimeError("broken"), LeafError, "error"),
        (RobotError("the robot is lost"), RobotError, "error"),
        (KeyboardInterrupt(), KeyboardInterrupt, "interrupted"),
    ],
)
def test_whatever_ends_a_run_the_robot_is_stopped_and_the_folder_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, raised: type[BaseException], status: str
) -> None:
    monkeypatch.setattr(Raises, "error", error)
    robot = FakeRobot()
    before = threading.active_count()
    with pytest.raises(raised):
        behaviours.run(tree(tmp_path, "<Raises/>"), robot, out=tmp_path / "run", leaves=[Raises])
    recording = behaviours.read_recording(str(tmp_path / "run"))
    assert recording.result is not None
    assert recording.result.status == status
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == status
    assert robot.stops >= 1
    assert threading.active_count() == before


def test_a_simulated_robot_has_a_seed_and_a_judge(tmp_path: Path) -> None:
    class Judged(FakeRobot):
        seed = 7

        def ground_truth(self) -> dict[str, float]:
            return {"object_lift_m": 0.15, "held_s": 2.0}

    result = behaviours.run(tree(tmp_path, "<AlwaysSuccess/>"), Judged(), out=tmp_path / "run").result
    assert result is not None
    assert (result.seed, result.object_lift_m, result.held_s) == (7, 0.15, 2.0)


def test_warnings_about_the_tree_go_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tree(tmp_path, '<SubTree ID="U" bb="2"/></BehaviorTree><BehaviorTree ID="U"><AlwaysSuccess/>')
    model = '<TreeNodesModel><SubTree ID="U"><input_port name="b" default="1"/></SubTree></TreeNodesModel></root>'
    file.write_text(file.read_text().replace("</root>", model))
    behaviours.run(file, FakeRobot(), out=tmp_path / "run", main="T")
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "behaviours"]
    assert "port 'bb' is not in the model of 'U'" in warning


def test_the_time_limit_ends_a_run(tmp_path: Path) -> None:
    robot = FakeRobot(FakeScript())
    recording = behaviours.run(tree(tmp_path, '<Sleep msec="60000"/>'), robot, out=tmp_path / "run", time_limit_s=1.0)
    assert recording.result is not None
    assert (recording.result.status, recording.result.reason) == (
        "failure", "not done after the time limit of 1 s",
    )  # fmt: skip
    assert recording.result.sim_s == pytest.approx(1.0, abs=0.1)


def test_an_occupied_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ConfigError, match="not empty"):
        behaviours.run("grasp_bottle", FakeRobot(), out=tmp_path)
