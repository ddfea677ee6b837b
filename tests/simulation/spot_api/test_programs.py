"""Programs that know nothing of the simulator run against it; payload services are found through its directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support.places import ROOT

pytest.importorskip("bosdyn.mission")

from bosdyn.api.mission import remote_pb2, remote_service_pb2_grpc
from bosdyn.client.directory_registration import DirectoryRegistrationClient
from bosdyn.client.server_util import GrpcServiceRunner, ResponseContext
from bosdyn.mission.remote_client import RemoteClient

from perception.base.errors import ConfigError
from simulation.spot_api.client.program import client_environment, run_program
from tests.support.spot_api import connect, spot

PROGRAM = """
    import time
    import bosdyn.client, bosdyn.client.util
    from bosdyn.client.lease import LeaseKeepAlive
    from bosdyn.client.robot_command import blocking_stand

    sdk = bosdyn.client.create_standard_sdk("somebody's program")
    robot = sdk.create_robot("127.0.0.1")
    bosdyn.client.util.authenticate(robot)
    robot.time_sync.wait_for_sync(timeout_sec=300)
    begin = time.time()
    with LeaseKeepAlive(robot.ensure_client("lease"), must_acquire=True, return_at_exit=True):
        robot.power_on(timeout_sec=300)
        blocking_stand(robot.ensure_client("robot-command"), timeout_sec=300)
        time.sleep(5)
        robot.power_off(cut_immediately=False, timeout_sec=300)
    assert time.time() - begin > 5
    print("it stood")
"""


@pytest.mark.slow
def test_a_program_runs_without_an_edit_and_sleeps_in_simulated_time(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "app", "simulate", "--robot", "fake", "--speed", "20", "--log", str(log)]
    environment = {**os.environ, "BOSDYN_CLIENT_PASSWORD": "a secret of the test"}
    done = subprocess.run(
        [*command, "--exec", f"python {program}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "it stood"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert "RobotCommandService.RobotCommand" in {line.get("rpc") for line in lines}
    for text in (done.stdout, done.stderr, log.read_text()):
        assert "a secret of the test" not in text


def test_the_exit_code_is_that_of_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "simulate", "--robot", "fake", "--log", str(tmp_path / "log.jsonl")]
    done = subprocess.run([*command, "--exec", "python -c 'raise SystemExit(7)'"], cwd=ROOT, timeout=300)
    assert done.returncode == 7


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no-such-program"):
        run_program(["no-such-program", "127.0.0.1"], {})


def test_only_the_program_gets_the_password(tmp_path: Path) -> None:
    with spot() as server:
        environment = client_environment(server, tmp_path, {"PATH": "/bin"})
        assert environment["BOSDYN_CLIENT_PASSWORD"] == server.password
        assert server.password not in " ".join(os.environ.values())
        assert all(server.password.encode() not in file.read_bytes() for file in tmp_path.iterdir())


class Mission:
    """A remote mission service that succeeds at its second tick."""

    def __init__(self) -> None:
        self.ticks = 0

    def _answer(self, response: Any, request: Any) -> Any:
        with ResponseContext(response, request):
            response.status = 1
        return response

    def EstablishSession(self, request: Any, context: Any) -> Any:  # noqa: N802  # the name of the RPC
        response = remote_pb2.EstablishSessionResponse(session_id="one")
        return self._answer(response, request)

    def Tick(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.ticks += 1
        response = remote_pb2.TickResponse()
        with ResponseContext(response, request):
            statuses = remote_pb2.TickResponse
            response.status = statuses.STATUS_SUCCESS if self.ticks > 1 else statuses.STATUS_RUNNING
        return response

    def Stop(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(remote_pb2.StopResponse(), request)

    def TeardownSession(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(remote_pb2.TeardownSessionResponse(), request)

    def GetRemoteMissionServiceInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        response = remote_pb2.GetRemoteMissionServiceInfoResponse()
        with ResponseContext(response, request):
            pass
        return response


def test_a_mission_is_registered_found_in_the_directory_and_ticked_through_it() -> None:
    kind = "bosdyn.api.mission.RemoteMissionService"
    with spot() as server:
        client = connect(server)
        runners = []
        missions = {"wrong-one": Mission(), "my-mission": Mission()}
        registration = client.robot.ensure_client(DirectoryRegistrationClient.default_service_name)
        try:
            for name, mission in missions.items():
                add = remote_service_pb2_grpc.add_RemoteMissionServiceServicer_to_server
                runners.append(GrpcServiceRunner(mission, add, force_sigint_capture=False))
                registration.register(name, kind, "remote-mission", "127.0.0.1", runners[-1].port)
            client.robot.sync_with_directory()
            assert "my-mission" in [entry.name for entry in client.robot.list_services()]
            client.robot.service_type_by_name["my-mission"] = kind
            client.robot.service_client_factories_by_type[kind] = RemoteClient
            remote = client.robot.ensure_client("my-mission")
            session = remote.establish_session(lease_resources=())
            states = [remote.tick(session, lease_resources=()).status for _ in range(2)]
            assert states == [remote_pb2.TickResponse.STATUS_RUNNING, remote_pb2.TickResponse.STATUS_SUCCESS]
            assert [mission.ticks for mission in missions.values()] == [0, 2]
            registration.unregister("my-mission")
            names = [entry.name for entry in client.robot.list_services()]
            assert "my-mission" not in names
        finally:
            for runner in runners:
                runner.stop()


def test_an_rpc_of_a_service_that_nobody_serves_is_unimplemented() -> None:
    with spot() as server:
        client = connect(server)
        channel = client.robot.ensure_secure_channel("nobody.spot.robot")
        call = channel.unary_unary("/bosdyn.api.mission.RemoteMissionService/Tick", None, None)
        with pytest.raises(grpc.RpcError) as error:
            call(b"", timeout=60)
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
