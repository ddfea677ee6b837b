"""states.csv: what was written is read back, from any part of the file; and what leaves may not see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import behaviours
from behaviours.leaves.base import RobotLeaf
from behaviours.recording.states import FILE, States, read_states
from behaviours.robot import GripperState
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from perception.base.errors import ConfigError
from perception.geometry import Pose

NUMBER = st.floats(-50.0, 50.0)
POSES = st.builds(Pose.from_rpy, st.tuples(*[st.floats(-1.5, 1.5)] * 3), st.tuples(NUMBER, NUMBER, NUMBER))
GRIPPERS = st.builds(GripperState, st.floats(0.0, 1.0), st.floats(0.0, 20.0), st.booleans())
ROWS = st.lists(st.tuples(POSES, POSES, GRIPPERS, NUMBER, POSES), min_size=1, max_size=4)


class Scripted:
    """A robot that is where the rows say, one a sample."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows, self.at = rows, 0

    def now(self) -> float:
        return 0.05 * self.at

    def body_pose(self) -> Pose:
        return self.rows[self.at][0]  # type: ignore[no-any-return]

    def hand_pose(self) -> Pose:
        return self.rows[self.at][1]  # type: ignore[no-any-return]

    def gripper(self) -> GripperState:
        return self.rows[self.at][2]  # type: ignore[no-any-return]

    def joints(self) -> Mapping[str, float]:
        return {"sh0": self.rows[self.at][3], "kn": math.nan}

    def foot_forces(self) -> Mapping[str, float]:
        return {"fl": self.rows[self.at][3], "hr": 0.0}

    def true_poses(self) -> Mapping[str, Pose]:
        return {"target": self.rows[self.at][4]}


def written(folder: Path, rows: list[Any]) -> bytes:
    path = folder / FILE
    path.unlink(missing_ok=True)
    robot = Scripted(rows)
    states = States(path, robot)  # type: ignore[arg-type]
    for robot.at in range(len(rows)):
        states.sample()
    states.close()
    states.close()
    states.sample()
    return path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, share=st.floats(0.0, 1.0))
def test_what_was_written_is_read_back_from_any_part_of_it(tmp_path: Path, rows: list[Any], share: float) -> None:
    content = written(tmp_path, rows)
    table = read_states(tmp_path)
    assert table.joints == ("sh0", "kn")
    assert table.objects == ("target",)
    assert table.feet == ("fl", "hr")
    assert np.allclose(table.time_s, 0.05 * np.arange(len(rows)))
    for row, (body, hand, gripper, angle, target) in zip(table.rows(), rows, strict=True):
        for name, pose in (("body", body), ("hand", hand), ("truth_target", target)):
            turn = [row[f"{name}_q{axis}"] for axis in "wxyz"]
            there = Pose.from_quaternion(turn, [row[f"{name}_{axis}_m"] for axis in "xyz"])
            assert there.distance_m(pose) < 2e-4
            assert there.angle_rad(pose) < 1e-4
        assert row["opening"] == pytest.approx(gripper.opening, abs=1e-5)
        assert row["torque_nm"] == pytest.approx(gripper.torque_nm, abs=1e-4)
        assert row["holding"] == gripper.holding
        assert row["joint_sh0_rad"] == pytest.approx(angle, abs=1e-4)
        assert math.isnan(row["joint_kn_rad"])
        assert row["foot_fl_n"] == row["joint_sh0_rad"]
    (tmp_path / FILE).write_bytes(content[: int(share * len(content))])
    part = read_states(tmp_path)
    assert len(part) <= len(table)
    if len(part):
        assert np.array_equal(part.values, table.values[: len(part)], equal_nan=True)


@pytest.mark.parametrize("cell", [b"x", b"inf", b"nan", b"1,2", b"-5"])
def test_a_damaged_row_ends_the_table(tmp_path: Path, cell: bytes) -> None:
    pose, gripper = Pose.identity(), GripperState(0.0, 0.0, False)
    content = written(tmp_path, [(pose, pose, gripper, 0.0, pose)] * 3)
    (tmp_path / FILE).write_bytes(content.replace(b"\n0.0500,", b"\n" + cell + b","))
    assert len(read_states(tmp_path)) == 1


def test_a_run_without_states_has_none_and_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert len(read_states(tmp_path)) == 0
    (tmp_path / FILE).write_bytes(b"hello\nworld\n")
    with pytest.raises(ConfigError, match="its first line names no columns"):
        read_states(tmp_path)
    (tmp_path / FILE).write_bytes(b"")
    assert len(read_states(tmp_path)) == 0
    with pytest.raises(ConfigError, match="has no column 'speed'"):
        read_states(tmp_path).column("speed")


def test_a_run_records_commands_with_one_outcome_each_and_no_leaf_sees_the_truth(tmp_path: Path) -> None:
    seen = []

    class Peeks(RobotLeaf):
        """Looks for what it may not see."""

        KIND = "Action"
        PORTS = ()

        def update(self) -> Any:
            seen.append([getattr(self.robot, name, None) for name in ("ground_truth", "true_poses")])
            return self.succeed()

    recording = behaviours.run("grasp_bottle", FakeRobot(FakeScript(misses=1)), out=tmp_path / "run")
    commands = [line for line in recording.lines if line["event"] == "command"]
    outcomes = [line for line in recording.lines if line["event"] == "outcome"]
    assert [line["number"] for line in commands] == list(range(1, len(commands) + 1))
    assert [line["number"] for line in outcomes] == [line["number"] for line in commands]
    assert all(after["t"] >= before["t"] for before, after in zip(commands, outcomes, strict=True))
    closing = [line for line in commands if line["command"] == "set_gripper" and line["arguments"]["opening"] == 0.0]
    assert [line["arguments"]["max_torque_nm"] for line in closing] == [3.0, 3.0]
    assert {line["state"] for line in outcomes} <= {"done", "failed", "cancelled"}
    peeking = tmp_path / "t.xml"
    peeking.write_text('<root BTCPP_format="4"><BehaviorTree ID="M"><Peeks/></BehaviorTree></root>', encoding="utf-8")
    assert callable(FakeRobot().true_poses)
    behaviours.run(peeking, FakeRobot(), out=tmp_path / "peek", leaves=[Peeks])
    assert seen == [[None, None]]


def test_the_states_of_a_run_are_those_of_the_robot(tmp_path: Path) -> None:
    followed = SimpleNamespace(poses=[])

    class Followed(FakeRobot):
        def sleep(self, seconds: float) -> None:
            followed.poses.append((self.now(), self.hand_pose(), self.gripper().opening))
            super().sleep(seconds)

    recording = behaviours.run("grasp_bottle", Followed(), out=tmp_path / "run")
    table = recording.states()
    assert np.allclose(table.time_s[: len(followed.poses)], [time_s for time_s, _, _ in followed.poses], atol=1e-4)
    places = [pose.position_m for _, pose, _ in followed.poses]
    assert np.allclose(table.poses("hand")[: len(places), :3], places, atol=1e-5)
    assert table.poses("truth_target")[-1, 2] > table.poses("truth_target")[0, 2] + 0.05, "it was lifted"
