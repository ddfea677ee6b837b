"""A tree as a RemoteMissionService, called through the robot's directory as a mission does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT

pytest.importorskip("bosdyn.mission")

from bosdyn.api import service_customization_pb2 as custom
from bosdyn.api.mission import remote_pb2
from bosdyn.client.lease import LeaseKeepAlive
from bosdyn.client.robot import UnregisteredServiceNameError
from bosdyn.mission.constants import Result
from bosdyn.mission.remote_client import InvalidSessionId, MissingLeases, RemoteClient, tree_status_from_tick_status

from app.base.interrupts import Interrupts
from app.mission.parametrised import read
from app.mission.serve import LOOPBACK, Served, ServeOptions, serving
from app.replay.player import replay
from app.session.options import RunOptions
from app.session.run import run
from behaviours.recording.recording import read_recording
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap
from simulation.spot_api import SpotServer
from tests.support.signalled import HEED_HANGUP
from tests.support.spot_api import Client, connect, spot, wait_for
from tests.support.spot_robot import target_of
from trees.library import find_tree

pytestmark = pytest.mark.slow

WALK = """<root BTCPP_format="4" main_tree_to_execute="Main"><BehaviorTree ID="Main"><Sequence>
<MoveArm pose="ready" max_joint_speed_radps="{speed}"/>
<OpenGripper opening="{opening}" max_torque_nm="2.0"/></Sequence></BehaviorTree>
<TreeNodesModel><SubTree ID="Main"><input_port name="speed" type="float" default="1.5">joint speed</input_port>
<input_port name="opening" type="float">how far</input_port></SubTree></TreeNodesModel></root>"""


@contextmanager
def service(
    tmp_path: Path, tree: Path | None = None, speed: float = 8.0
) -> Iterator[tuple[SpotServer, Served, Client, Any]]:
    """A served tree, and a client that has power and a standing robot and calls the service through the directory."""
    file = tree or tmp_path / "tree.xml"
    if tree is None:
        file.write_text(WALK)
    options = ServeOptions(record=tmp_path / "runs")
    with (
        spot(speed=speed) as server,
        serving(target_of(server), read(file), options, FakeDetector(), FakeHeatmap()) as served,
    ):
        mission = connect(server, "mission")
        mission.robot._name = "mission"
        with LeaseKeepAlive(mission.leases, must_acquire=True, return_at_exit=True):
            mission.power_on_and_stand()
            mission.robot.service_client_factories_by_type[RemoteClient.service_type] = RemoteClient
            mission.robot.sync_with_directory()
            yield server, served, mission, mission.robot.ensure_client(served.name)


def tick(remote: Any, mission: Client, session: str, **values: Any) -> Any:
    """One Tick as the mission service sends it: with a newer lease each time."""
    lease = mission.robot.lease_wallet.advance()
    params = custom.DictParam()
    for name, value in values.items():
        params.values[name].double_value.value = value
    return remote.tick(session, leases=[lease], params=params)


def until_over(remote: Any, mission: Client, session: str, limit_s: float = 120.0, **values: Any) -> Any:
    end = time.monotonic() + limit_s
    while True:
        answer = tick(remote, mission, session, **values)
        if tree_status_from_tick_status(answer.status) is not Result.RUNNING:
            return answer
        assert time.monotonic() < end, "the mission does not end"
        time.sleep(0.05)


def results(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted((tmp_path / "runs").glob("*/result.json"))]


def test_a_mission_calls_the_tree_through_the_directory(tmp_path: Path) -> None:
    with service(tmp_path) as (server, served, mission, remote):
        entries = {entry.name: entry for entry in mission.robot.list_services()}
        assert entries[served.name].type == "bosdyn.api.mission.RemoteMissionService"
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        answer = until_over(remote, mission, session, opening=0.5)
        assert answer.status == remote_pb2.TickResponse.STATUS_SUCCESS, answer
        assert mission.state().manipulator_state.gripper_open_percentage == pytest.approx(50.0, abs=3.0)
        assert server.log.claw_torques() == [2.0]
        clients = {item.client for item in server.log.of("RobotCommand")}
        assert len(clients) == 2, "the mission's own client and ours"
        assert len(server.log.of("AcquireLease")) == 1, "only the mission's own client has acquired a lease"
        assert server.log.of("ReturnLease") == []
        assert server.log.of("RegisterEstopEndpoint") == []
        remote.teardown_session(session)
        with pytest.raises(InvalidSessionId):
            tick(remote, mission, session, opening=0.5)
    (result,) = results(tmp_path)
    assert result["status"] == "success"


def test_the_whole_bottle_tree_runs_in_a_mission(tmp_path: Path) -> None:
    with service(tmp_path, find_tree("grasp_bottle")) as (server, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        answer = until_over(remote, mission, session)
        assert answer.status == remote_pb2.TickResponse.STATUS_SUCCESS, answer.error_message
        assert mission.state().manipulator_state.is_gripper_holding_item
        assert set(server.log.claw_torques()) == {3.0}
    (result,) = results(tmp_path)
    assert result["status"] == "success"
    (heatmaps,) = (tmp_path / "runs").glob("*/heatmaps")
    recording = read_recording(heatmaps.parent)
    assert len(recording.heatmaps()) == result["attempts"] == 1
    assert (recording.heatmaps()[0] > 0).any()


def test_a_mission_leaves_a_run_folder_like_the_command_and_replay_plays_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(tmp_path) as (_, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        until_over(remote, mission, session, opening=0.5)
    (folder,) = (tmp_path / "runs").iterdir()
    options = RunOptions(str(tmp_path / "tree.xml"), robot="fake", view="none", record=tmp_path / "command")
    (tmp_path / "tree.xml").write_text(WALK.replace("{speed}", "1.5").replace("{opening}", "0.5"))
    with Interrupts() as interrupts:
        assert run(options, interrupts) == 0
    files, of_command = ({file.name for file in place.iterdir()} for place in (folder, tmp_path / "command"))
    assert files - of_command <= {"mission.xml"}, "what hands the values in"
    assert of_command <= files
    mine, theirs = (json.loads((place / "result.json").read_text()) for place in (folder, tmp_path / "command"))
    assert mine.keys() == theirs.keys()
    assert (mine["status"], mine["exit_code"], mine["robot"]) == ("success", None, "spot")
    recording = read_recording(folder)
    assert [node.name for node in recording.nodes] == ["Main", "Sequence", "MoveArm", "OpenGripper"]
    assert recording.result is not None
    assert recording.result.as_json() == mine
    assert (folder / "tree.btlog").read_bytes()[:18] == b"BTCPP4-FileLogger2"
    capsys.readouterr()
    assert replay(folder, plain=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "success"
    assert "RUNNING -> SUCCESS" in lines[-2]


def test_after_its_end_and_after_a_stop_it_begins_anew(tmp_path: Path) -> None:
    with service(tmp_path) as (server, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        for opening in (0.8, 0.3):
            answer = until_over(remote, mission, session, opening=opening)
            assert answer.status == remote_pb2.TickResponse.STATUS_SUCCESS
            percent = mission.state().manipulator_state.gripper_open_percentage
            assert percent == pytest.approx(100 * opening, abs=3.0)
        tick(remote, mission, session, opening=0.1, speed=0.2)
        remote.stop(session)
        joints = server.world.snapshot.arm.copy()
        time.sleep(0.3)
        assert abs(server.world.snapshot.arm - joints).max() < 0.02
        assert until_over(remote, mission, session, opening=0.1).status == remote_pb2.TickResponse.STATUS_SUCCESS
    assert [result["status"] for result in results(tmp_path)] == ["success", "success", "interrupted", "success"]


def test_without_a_lease_or_with_one_for_something_else_nothing_is_ticked(tmp_path: Path) -> None:
    with service(tmp_path) as (server, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        before = len(server.log.of("RobotCommand"))
        arm = mission.robot.lease_wallet.advance().lease_proto
        arm.resource = "arm"
        with pytest.raises(MissingLeases) as caught:
            remote.tick(session, leases=[arm])
        assert list(caught.value.response.missing_lease_resources) == ["body"]
        assert len(server.log.of("RobotCommand")) == before


def test_a_lease_stolen_from_the_mission_is_reported_and_nothing_more_is_sent(tmp_path: Path) -> None:
    with service(tmp_path) as (server, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        lease = mission.robot.lease_wallet.advance()
        params = custom.DictParam()
        params.values["opening"].double_value.value = 0.5
        assert remote.tick(session, leases=[lease], params=params).status == remote_pb2.TickResponse.STATUS_RUNNING
        connect(server, "thief").leases.take()
        wait_for(lambda: server.world.snapshot.gripper is not None)
        remote.stop(session)
        sent = len(server.log.of("RobotCommand"))
        raw = remote.tick(session, leases=[lease], params=params, disable_error_handler=True)
        assert raw.status == remote_pb2.TickResponse.STATUS_RUNNING
        (use,) = raw.lease_use_results
        assert (use.status, use.attempted_lease) == (use.STATUS_OLDER, lease.lease_proto)
        assert "STATUS_OLDER" in raw.error_message
        assert "thief" not in str(raw), "who holds the robot is told to nobody who does not hold it"
        assert len(server.log.of("RobotCommand")) <= sent


def test_motors_that_go_off_are_a_failure_and_the_next_mission_may_begin(tmp_path: Path) -> None:
    with service(tmp_path) as (server, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        tick(remote, mission, session, opening=0.5, speed=0.3)
        server.machine.cut()
        answer = until_over(remote, mission, session, opening=0.5)
        assert answer.status == remote_pb2.TickResponse.STATUS_FAILURE
        assert "motors" in answer.error_message or "e-stop" in answer.error_message
        mission.power_on_and_stand()
        assert until_over(remote, mission, session, opening=0.5).status == remote_pb2.TickResponse.STATUS_SUCCESS


def test_a_tree_that_was_broken_while_it_was_served_is_a_failure_with_a_closed_folder(tmp_path: Path) -> None:
    with service(tmp_path) as (_, _, mission, remote):
        session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
        (tmp_path / "tree.xml").write_text("<root")
        answer = tick(remote, mission, session, opening=0.5)
        assert answer.status == remote_pb2.TickResponse.STATUS_FAILURE
        assert "tree.xml" in answer.error_message
    (result,) = results(tmp_path)
    assert result["status"] == "error"


def test_at_the_end_the_service_leaves_the_directory_and_the_robot_stands_still(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(WALK)
    with spot() as server:
        looker = connect(server, "looker", sync=False)
        with serving(target_of(server), read(file), ServeOptions(), FakeDetector(), FakeHeatmap()) as served:
            assert served.name in {entry.name for entry in looker.robot.list_services()}
        assert served.name not in {entry.name for entry in looker.robot.list_services()}
        with pytest.raises(UnregisteredServiceNameError):
            connect(server, "late").robot.ensure_client(served.name)
    wait_for(lambda: not any(thread.name.startswith("mission") for thread in threading.enumerate()))


def test_it_binds_loopback_unless_told_otherwise() -> None:
    assert ServeOptions().listen == LOOPBACK == "127.0.0.1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_robot_and_takes_the_name_out(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(WALK)
    with spot() as server:
        environment = {"BOSDYN_CLIENT_USERNAME": server.username, "BOSDYN_CLIENT_PASSWORD": server.password}
        target = ["--hostname", "127.0.0.1", "--port", str(server.port), "--certificate", str(server.ca_file)]
        record = ["--record", str(tmp_path / "runs")]
        process = subprocess.Popen(
            [sys.executable, "-c", HEED_HANGUP, "mission", "serve", str(file), *target, *record],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            assert process.stderr is not None
            assert "mission service 'spot-grasp-main' of 'Main' listens on 127.0.0.1" in process.stderr.readline()
            mission = connect(server, "mission")
            with LeaseKeepAlive(mission.leases, must_acquire=True, return_at_exit=True):
                mission.power_on_and_stand()
                mission.robot.service_client_factories_by_type[RemoteClient.service_type] = RemoteClient
                mission.robot.sync_with_directory()
                remote = mission.robot.ensure_client("spot-grasp-main")
                answer = tick(remote, mission, remote.establish_session(), opening=0.5, speed=0.1)
                assert answer.status == remote_pb2.TickResponse.STATUS_RUNNING
                process.send_signal(number)
                assert process.wait(120) == 130
                joints = server.world.snapshot.arm.copy()
                time.sleep(0.3)
                assert abs(server.world.snapshot.arm - joints).max() < 0.02
                names = {entry.name for entry in mission.robot.list_services()}
        finally:
            process.kill()
        assert "spot-grasp-main" not in names
    (result,) = results(tmp_path)
    assert result["status"] == "interrupted"
