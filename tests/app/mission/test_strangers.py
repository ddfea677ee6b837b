"""What a stranger who reaches the mission service can do: get nothing, move nothing, end nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bosdyn.mission")

import grpc
from bosdyn.api import lease_pb2
from bosdyn.api import service_customization_pb2 as custom
from bosdyn.api.mission import remote_pb2, remote_service_pb2_grpc
from bosdyn.client.lease import LeaseKeepAlive

from app.mission.parametrised import read
from app.mission.serve import Served, ServeOptions, serving
from app.mission.server import MAX_MESSAGE_BYTES, WORKERS
from app.mission.session_ids import MAX_ENDED, SessionIds
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap
from simulation.spot_api import SpotServer
from simulation.spot_api.faults.spec import FaultSpec
from tests.support.spot_api import Client, connect, spot, wait_for
from tests.support.spot_robot import target_of

pytestmark = pytest.mark.slow

ARM = """<root BTCPP_format="4" main_tree_to_execute="Main"><BehaviorTree ID="Main">
<MoveArm pose="ready" max_joint_speed_radps="{speed}"/></BehaviorTree>
<TreeNodesModel><SubTree ID="Main"><input_port name="speed" type="float" default="0.02"/></SubTree></TreeNodesModel>
</root>"""
TICK = remote_pb2.TickResponse
SLOWLY = 0.02
"""rad/s: the arm is on its way for longer than a test takes."""


@contextmanager
def served(tmp_path: Path, **options: Any) -> Iterator[tuple[SpotServer, Served, Client]]:
    """A served tree that moves the arm, and the client of a mission with lease, power and a standing robot."""
    file = tmp_path / "tree.xml"
    file.write_text(ARM)
    with (
        spot() as server,
        serving(
            target_of(server),
            read(file),
            ServeOptions(**{"record": tmp_path / "runs", "silence_s": 60.0, **options}),
            FakeDetector(),
            FakeHeatmap(),
        ) as service,
    ):
        mission = connect(server, "mission")
        with LeaseKeepAlive(mission.leases, must_acquire=True, return_at_exit=True):
            mission.power_on_and_stand()
            yield server, service, mission


def stub(service: Served) -> Any:
    """A caller of its own, without any credential."""
    channel = grpc.insecure_channel(f"127.0.0.1:{service.port}", options=[("grpc.use_local_subchannel_pool", 1)])
    return remote_service_pb2_grpc.RemoteMissionServiceStub(channel)


def tick(caller: Any, session: str, lease: Any, speed: float = SLOWLY) -> Any:
    params = custom.DictParam()
    params.values["speed"].double_value.value = speed
    leases = [] if lease is None else [lease]
    return caller.Tick(remote_pb2.TickRequest(session_id=session, leases=leases, params=params), timeout=30)


def establish(caller: Any, lease: Any = None) -> Any:
    leases = [] if lease is None else [lease]
    return caller.EstablishSession(remote_pb2.EstablishSessionRequest(leases=leases), timeout=30)


def begun(service: Served, mission: Client) -> tuple[Any, str]:
    """The mission's own caller, and the session in which its tree runs."""
    caller = stub(service)
    session = establish(caller).session_id
    assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
    return caller, session


def advanced(mission: Client) -> Any:
    return mission.robot.lease_wallet.advance().lease_proto


def results(tmp_path: Path) -> list[dict[str, Any]]:
    folders = sorted((tmp_path / "runs").iterdir()) if (tmp_path / "runs").is_dir() else []
    return [json.loads((folder / "result.json").read_text()) for folder in folders]


def ours(server: SpotServer) -> int:
    """Robot commands of the service."""
    return sum(item.client.startswith("spot-grasp") for item in server.log.of("RobotCommand"))


def forged(mission: Client) -> list[Any]:
    """Leases that somebody makes up who has seen none: of any epoch, of any age, of the wrong resource, empty."""
    lease, sequence = lease_pb2.Lease, list(mission.robot.lease_wallet.get_lease().lease_proto.sequence)
    return [
        lease(resource="body", epoch="spot", sequence=[1]),
        lease(resource="body", epoch="", sequence=[2**32 - 1]),
        lease(resource="body", epoch="0", sequence=[1, 2**32 - 1], client_names=["somebody"] * 100),
        lease(resource="body"),
        lease(resource="body", sequence=[0] * 1000),
        lease(resource="body", epoch="x" * 2000, sequence=[1]),
        lease(resource="body", epoch="x", sequence=[1], client_names=["x"] * 2000),
        lease(resource="body", epoch="guess", sequence=sequence),
    ]


def test_a_stranger_gets_nothing_moves_nothing_and_ends_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as (server, service, mission):
        caller, session = begun(service, mission)
        stranger, sent, answers = stub(service), ours(server), []
        for lease in [*forged(mission), None]:
            established = establish(stranger, lease)
            answers += [established, established]
            own = established.session_id or establish(stranger).session_id
            halves = (session[:32] + own[32:], own[:32] + session[32:])
            for guess in (own, session[:-1], *halves, "", "0" * 64, "é" * 64):
                answers.append(tick(stranger, guess, lease))
                assert answers[-1].status not in (TICK.STATUS_SUCCESS, TICK.STATUS_UNKNOWN)
            for guess in (session.upper(), session[:-1], session + " ", own, ""):
                answers.append(stranger.Stop(remote_pb2.StopRequest(session_id=guess), timeout=30))
                teardown = remote_pb2.TeardownSessionRequest(session_id=guess)
                answers.append(stranger.TeardownSession(teardown, timeout=30))
        assert tick(stranger, own, None).status == TICK.STATUS_INVALID_SESSION_ID, "it was torn down"
        assert ours(server) == sent
        everything = " ".join(map(str, answers))
        for secret in (mission.robot.lease_wallet.get_lease().lease_proto.epoch, session, mission.robot.client_name):
            assert secret not in everything
        assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
        assert len(list((tmp_path / "runs").iterdir())) == 1
        caller.Stop(remote_pb2.StopRequest(session_id=session), timeout=30)
    (result,) = results(tmp_path)
    assert result["reason"] == "stopped by the mission"


def test_sessions_of_strangers_push_no_session_out(tmp_path: Path) -> None:
    with served(tmp_path) as (_, service, mission):
        caller = stub(service)
        waiting = establish(caller).session_id
        _, playing = begun(service, mission)
        for _ in range(300):
            establish(stub(service) if _ % 100 == 0 else caller)
        assert tick(caller, playing, advanced(mission)).status == TICK.STATUS_RUNNING
        assert tick(caller, waiting, advanced(mission)).status == TICK.STATUS_RUNNING


def test_an_id_is_known_by_its_seal_and_an_ended_one_is_not() -> None:
    ids, others = SessionIds(), SessionIds()
    first = ids.issue()
    assert ids.valid(first)
    assert not others.valid(first)
    ids.revoke(first)
    assert not ids.valid(first)
    for _ in range(MAX_ENDED):
        ids.revoke(ids.issue())
    assert ids.valid(first), "only the last MAX_ENDED are remembered as ended"


def test_a_lost_lease_ends_a_session_once(tmp_path: Path) -> None:
    with served(tmp_path) as (server, service, mission):
        caller, session = begun(service, mission)
        thief = connect(server, "thief")
        lease = advanced(mission)
        thief.leases.return_lease(thief.leases.take())
        for _ in range(20):
            answer = tick(caller, session, lease)
            assert answer.status == TICK.STATUS_RUNNING
            assert answer.lease_use_results[0].status not in (0, 1)
        assert len(list((tmp_path / "runs").iterdir())) == 1
        mission.leases.acquire()
        told = tick(caller, session, advanced(mission))
        assert told.status == TICK.STATUS_FAILURE
        assert "lease" in told.error_message
        assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
    assert [result["status"] for result in results(tmp_path)] == ["error", "interrupted"]
    assert "lease" in results(tmp_path)[0]["reason"]


def test_without_ticks_the_robot_stops_and_the_next_one_says_why(tmp_path: Path) -> None:
    with served(tmp_path, silence_s=0.6) as (server, service, mission):
        caller, session = begun(service, mission)
        wait_for(lambda: results_written(tmp_path))
        joints = server.world.snapshot.arm.copy()
        told = tick(caller, session, advanced(mission))
        assert told.status == TICK.STATUS_FAILURE
        assert "no Tick for" in told.error_message
        assert abs(server.world.snapshot.arm - joints).max() < 0.02
        assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
        caller.Stop(remote_pb2.StopRequest(session_id=session), timeout=30)
    assert [result["reason"][:11] for result in results(tmp_path)] == ["no Tick for", "stopped by "]


def results_written(tmp_path: Path) -> bool:
    return bool(list((tmp_path / "runs").glob("*/result.json")))


def test_an_older_lease_neither_takes_over_nor_ends_what_runs(tmp_path: Path) -> None:
    with served(tmp_path) as (server, service, mission):
        old, whole = advanced(mission), lease_pb2.Lease()
        whole.CopyFrom(old)
        del whole.sequence[1:]
        caller, session = begun(service, mission)
        other = establish(caller).session_id
        sent = ours(server)
        for lease in (old, whole):
            for one in (other, session):  # a Tick that was late, too
                answer = tick(caller, one, lease)
                assert [use.status for use in answer.lease_use_results] == [lease_pb2.LeaseUseResult.STATUS_OLDER]
        assert ours(server) == sent
        assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
        assert tick(caller, other, advanced(mission)).status == TICK.STATUS_RUNNING
        displaced = tick(caller, session, advanced(mission))
        assert displaced.status == TICK.STATUS_FAILURE
        assert "another session" in displaced.error_message
    assert [result["reason"][:15] for result in results(tmp_path)] == ["another session", "the service has"]


def test_half_calls_and_large_ones_keep_no_mission_waiting(tmp_path: Path) -> None:
    with served(tmp_path) as (_, service, mission):
        caller, session = begun(service, mission)
        over = threading.Event()

        def never() -> Iterator[bytes]:
            over.wait(120)
            yield b""

        path = "/bosdyn.api.mission.RemoteMissionService/Tick"
        channels = [
            grpc.insecure_channel(f"127.0.0.1:{service.port}", options=[("grpc.use_local_subchannel_pool", 1)])
            for _ in range(4)
        ]
        halves = [
            channel.stream_unary(path, None, None).future(never(), metadata=(("half", "call"),))
            for channel in channels
            for _ in range(WORKERS)
        ]
        with pytest.raises(grpc.RpcError) as caught:
            tick(stub(service), "x" * 2 * MAX_MESSAGE_BYTES, None)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for _ in range(5):
            assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
        assert not any(half.done() for half in halves)
        over.set()
        for channel in channels:
            channel.close()


def test_a_robot_that_does_not_judge_the_lease_begins_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as (server, service, mission):
        caller = stub(service)
        session = establish(caller).session_id
        server.faults.add(FaultSpec("rpc_unavailable", rpc="RetainLease"))
        answer = tick(caller, session, advanced(mission))
        assert answer.status == TICK.STATUS_FAILURE
        assert "does not answer" in answer.error_message
        server.faults.clear()
        assert ours(server) == 0
        assert tick(caller, session, advanced(mission)).status == TICK.STATUS_RUNNING
