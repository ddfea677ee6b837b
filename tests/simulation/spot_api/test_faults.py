"""Faults on purpose: what the script may say, and what each does to a client."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.client.exceptions import LeaseUseError, RpcError, TimedOutError
from bosdyn.client.image import ImageClient
from bosdyn.client.robot_command import RobotCommandBuilder
from bosdyn.client.robot_state import RobotStateClient
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from simulation.spot_api.faults.spec import KINDS, FaultSpec, matches, read_faults
from tests.support.spot_api import connect, spot, standing, wait_for

pytestmark = pytest.mark.slow

STAND = RobotCommandBuilder.synchro_stand_command()


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_script_is_read_from_toml_and_json(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"faults.{suffix}"
    entries = [
        {"kind": "rpc_delay", "on": "GetImage", "seconds": 0.2},
        {"kind": "object_bumped", "offset_m": [0, 0.1, 0]},
    ]
    if suffix == "json":
        file.write_text(json.dumps({"faults": entries}))
    else:
        file.write_text(
            '[[faults]]\nkind = "rpc_delay"\non = "GetImage"\nseconds = 0.2\n'
            '[[faults]]\nkind = "object_bumped"\noffset_m = [0, 0.1, 0]\n'
        )
    assert read_faults(file) == [
        FaultSpec("rpc_delay", on="GetImage", seconds=0.2),
        FaultSpec("object_bumped", offset_m=(0, 0.1, 0)),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[faults]]\nkind = "leese_stolen"\n', "lease_stolen"),
        ("[[faults]]\nat_s = 1\n", "no kind"),
        ('[[faults]]\nkind = "motors_off"\nwhenn = "walking"\n', "whenn"),
        ('[[faults]]\nkind = "motors_off"\nwhen = "flying"\n', "flying"),
        ('[[faults]]\nkind = "motors_off"\nat_s = "soon"\n', "soon"),
        ("faults = 3\n", "list"),
        ("[[faults", "in TOML: "),
    ],
)
def test_what_a_script_may_not_say_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words) as error:
        read_faults(file)
    assert "faults.toml" in str(error.value)


KEYS = st.sampled_from([item.name for item in fields(FaultSpec)])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([1e308, -1e308, 10**40, "*" * 3000, "", "soon", [], [1, 2], ["a", "b", "c"], [0, 0, 1e300], {}]),
    st.lists(st.floats(), min_size=3, max_size=3),
    st.text(),
)


@settings(max_examples=int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "300")))
@given(kind=st.sampled_from(KINDS), key=KEYS, value=VALUES)
def test_a_value_of_any_type_is_a_fault_that_can_happen_or_one_line(kind: str, key: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "faults.json"
        file.write_text(json.dumps({"faults": [{"kind": kind, key: value}]}))
        try:
            [spec] = read_faults(file)
        except ConfigError as error:
            said = str(error)
        else:
            said = ""
    if said:
        assert "faults.json" in said
        assert len(said) < 1000
        return
    assert matches(spec.rpc, "ImageService.GetImage") in (True, False)
    numbers = (spec.at_s, spec.for_s or 0.0, spec.seconds, spec.rate, spec.nth, spec.times or 1, *spec.offset_m)
    assert all(abs(number) <= 1e9 for number in numbers)
    assert spec.seconds <= 60.0 or kind == "clock_skew"


def test_patterns_match_the_rpc_or_service_and_rpc() -> None:
    assert matches("GetImage", "ImageService.GetImage")
    assert matches("LeaseService.*", "LeaseService.RetainLease")
    assert not matches("Get", "ImageService.GetImage")


def test_rpcs_are_delayed_unavailable_or_too_late() -> None:
    with spot() as server:
        client = connect(server)
        states = client.robot.ensure_client(RobotStateClient.default_service_name)
        server.faults.add(FaultSpec("rpc_delay", rpc="GetRobotState", seconds=0.4, times=1))
        begin = time.monotonic()
        states.get_robot_state()
        assert time.monotonic() - begin >= 0.4
        server.faults.add(FaultSpec("rpc_unavailable", rpc="GetRobotState", times=1))
        with pytest.raises(RpcError):
            states.get_robot_state()
        server.faults.add(FaultSpec("rpc_deadline", rpc="GetRobotState", times=1))
        with pytest.raises(TimedOutError):
            states.get_robot_state(timeout=0.3)
        states.get_robot_state()


def test_the_connection_is_cut_and_comes_back_on_the_same_port() -> None:
    with spot() as server:
        client = connect(server)
        port = server.port
        server.cut_connection()
        with pytest.raises(RpcError):
            client.robot.ensure_client("robot-state").get_robot_state(timeout=1.0)
        server.restore_connection()
        assert server.port == port

        def answered() -> bool:
            try:
                client.robot.ensure_client("robot-state").get_robot_state(timeout=1.0)
            except RpcError:
                return False
            return True

        wait_for(answered)


def test_a_lease_is_stolen_at_the_second_command() -> None:
    faults = [FaultSpec("lease_stolen", on="RobotCommand", nth=2)]
    with spot(faults=faults) as server:
        client = connect(server)
        client.leases.acquire()
        client.robot.power_on(timeout_sec=5)
        client.send(STAND)
        with pytest.raises(LeaseUseError):
            client.send(STAND)
        assert server.faults.happened["lease_stolen"] == 1


def test_a_walk_is_blocked_and_an_arm_stalls() -> None:
    with standing() as (server, client):
        server.faults.add(FaultSpec("walk_blocked", when="walking"))
        number = client.send(RobotCommandBuilder.synchro_se2_trajectory_point_command(2, 0, 0, "vision"), 60)
        answer = wait_for(lambda: f if (f := client.mobility(number).se2_trajectory_feedback).status == 1 else None)
        assert answer.final_goal_status == 3  # blocked
        assert 0.0 < server.world.snapshot.body.position_m[0] < 1.9
        server.faults.add(FaultSpec("arm_stalled", when="arm_moving"))
        number = client.send(RobotCommandBuilder.arm_pose_command(0.8, 0, 0.4, 1, 0, 0, 0, "body", 2))
        wait_for(lambda: client.arm(number).arm_cartesian_feedback.status == 4)


def test_pictures_go_black_stale_or_without_depth() -> None:
    with spot() as server:
        images = connect(server).robot.ensure_client(ImageClient.default_service_name)

        def take() -> tuple[np.ndarray, float, int]:
            both = images.get_image_from_sources(["left_fisheye_image", "hand_depth_in_hand_color_frame"])
            data = np.frombuffer(both[1].shot.image.data, "<u2")
            stamp = both[0].shot.acquisition_time
            return data, stamp.seconds + stamp.nanos / 1e9, len(both[0].shot.image.data)

        depth, first, size = take()
        assert depth.any()
        fault = server.faults.add(FaultSpec("depth_zero", for_s=2.0))
        assert not take()[0].any()
        wait_for(lambda: fault.over)
        assert take()[0].any()
        server.faults.add(FaultSpec("image_black"))
        assert take()[2] < size
        server.faults.clear()
        before = take()[1]
        assert before > first
        server.faults.add(FaultSpec("image_stale"))
        wait_for(lambda: server.now() > before + 1.0)
        assert take()[1] == before


def test_the_clock_is_skewed_and_drifts() -> None:
    with spot() as server:

        def offset() -> float:
            """Read when nothing came between the two."""
            return max(server.now() - server.world.snapshot.simulated_s for _ in range(20))

        before = offset()
        server.faults.add(FaultSpec("clock_skew", seconds=37.5))
        assert abs(offset() - before - 37.5) < 0.2
        server.faults.clear()
        server.faults.add(FaultSpec("clock_drift", rate=0.5))
        wait_for(lambda: offset() > before + 1.0)


@pytest.mark.slow
def test_motors_off_estop_and_behaviour_fault_stop_a_walk() -> None:
    for kind in ("motors_off", "estop_pressed", "behavior_fault"):
        with standing() as (server, client):
            server.faults.add(FaultSpec(kind, when="walking"))  # type: ignore[arg-type]
            number = client.send(RobotCommandBuilder.synchro_se2_trajectory_point_command(3, 0, 0, "vision"), 60)
            wait_for(lambda: client.mobility(number).status != 1)  # noqa: B023
            place = server.world.snapshot.body.position_m[0]
            time.sleep(0.2)
            assert abs(server.world.snapshot.body.position_m[0] - place) < 0.01
            assert place < 2.9


def test_the_object_is_bumped_and_slips() -> None:
    robot = FakeRobot()
    with spot(robot) as server:
        before = robot.objects()["target"].position_m
        server.faults.add(FaultSpec("object_bumped", offset_m=(0.05, 0.0, 0.0)))
        assert np.allclose(robot.objects()["target"].position_m - before, [0.05, 0, 0])
