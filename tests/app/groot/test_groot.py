"""What Groot2 and other clients get: decoded by a client of our own that was written from the protocol alone."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

import trees
from app.groot.publisher import LARGEST_REQUEST, Publisher
from app.groot.source import MOST_TRANSITIONS, Source
from behaviours.recording.statuses import StatusBoard
from perception.base.errors import ConfigError
from tests.app.groot.watched import LEAVES, Watched, build
from tests.support.groot_client import IDLE, RUNNING, SUCCESS, Client, records


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    yield found
    found.publisher.close()


@pytest.fixture
def client(watched: Watched) -> Iterator[Client]:
    with Client(watched.port) as found:
        yield found


def test_the_full_tree_has_every_subtree_with_its_path_and_every_node_with_its_uid(client: Client) -> None:
    root = ElementTree.fromstring(client.tree())
    assert root.tag == "root"
    assert root.get("BTCPP_format") == "4"
    parts = [(tree.get("ID"), tree.get("_fullpath")) for tree in root.iter("BehaviorTree")]
    assert parts == [
        ("Main", ""), ("Sub", "Sub::3"), ("Deep", "Sub::3/Deep::7"), ("Sub", "again"), ("Deep", "again/Deep::13"),
    ]  # fmt: skip
    uids = [int(node.attrib["_uid"]) for node in root.iter() if "_uid" in node.attrib]
    assert sorted(uids) == list(range(1, 16))
    first = root.find(".//Out")
    assert first is not None
    assert first.attrib == {"name": "first", "_uid": "2", "value": 'a & "b"', "out": "{k}"}
    used = [
        (node.get("_fullpath"), node.get("name"), len(node)) for node in root.iter("SubTree") if "_uid" in node.attrib
    ]
    paths = ["Sub::3", "again", "Sub::3/Deep::7", "again/Deep::13"]
    assert used == [(path, None, 0) for path in paths]
    models = root.find("TreeNodesModel")
    assert models is not None
    listed = {(model.tag, model.get("ID")) for model in models}
    assert {("Action", "Act"), ("Control", "Sequence"), ("Decorator", "ForceSuccess")} <= listed
    port = models.find("Action[@ID='Out']/output_port")
    assert port is not None
    assert port.get("name") == "out"
    palette = ElementTree.fromstring(trees.palette_xml(LEAVES)).find("TreeNodesModel")
    assert palette is not None
    written = {leaf.get("ID"): ElementTree.tostring(leaf) for leaf in palette}
    for tag in ("Act", "Out"):  # one writer for both: defaults as a file has them, limits, "optional"
        live = models.find(f"Action[@ID='{tag}']")
        assert live is not None
        assert ElementTree.tostring(live) == written[tag]


def test_the_tree_keeps_its_uuid_and_another_tree_has_another(watched: Watched, client: Client, tmp_path: Path) -> None:
    client.tree()
    first = client.uuid
    client.statuses()
    assert client.uuid == first
    assert len(first) == 16
    document, tree = build(tmp_path)
    watched.publisher.serve(Source(tree, document.main, "<root/>", StatusBoard(tree.nodes())))
    assert client.tree() == "<root/>"
    assert client.uuid != first


def test_statuses_are_those_of_behaviortree_cpp(watched: Watched, client: Client) -> None:
    assert client.statuses() == dict.fromkeys(range(1, 16), IDLE)
    watched.tree.tick()
    after = client.statuses()
    assert after[1] == RUNNING  # the sequence
    assert after[2] == SUCCESS  # its finished child keeps its status until the sequence ends
    assert after[3] == SUCCESS
    assert [after[uid] for uid in (4, 5, 6)] == [10 + SUCCESS] * 3  # all below it went back to idle when it ended
    assert [after[uid] for uid in (7, 8)] == [IDLE] * 2  # never entered
    assert after[15] == RUNNING
    watched.tree.tick()
    watched.tree.tick()
    ended = client.statuses()
    assert ended[1] == 10 + SUCCESS
    assert ended[15] == 10 + SUCCESS


def test_what_a_reactive_node_sets_back_in_every_tick_is_idle(tmp_path: Path) -> None:
    xml = """<root BTCPP_format="4" main_tree_to_execute="Main"><BehaviorTree ID="Main"><ReactiveSequence>
    <Act seq="S"/><Act seq="RRRR"/></ReactiveSequence></BehaviorTree></root>"""
    watched = Watched(tmp_path, xml)
    try:
        with Client(watched.port) as client:
            for _ in range(2):
                watched.tree.tick()
                assert client.statuses() == {1: RUNNING, 2: 10 + SUCCESS, 3: RUNNING}
    finally:
        watched.publisher.close()


def test_a_halted_node_was_running(watched: Watched, client: Client) -> None:
    watched.tree.tick()
    watched.tree.halt()
    after = client.statuses()
    assert after[1] == 10 + RUNNING
    assert after[15] == 10 + RUNNING
    assert after[2] == 10 + SUCCESS


def test_blackboards_by_name_with_what_is_remapped_into_them(watched: Watched, client: Client) -> None:
    assert client.blackboard("Main") == {"Main": {}}
    watched.tree.tick()
    found = client.blackboard("Main;Sub::3;again;nonsense;Main")
    assert found == {
        "Main": {"k": 'a & "b"'},
        "Sub::3": {"constant": 7, "in": 'a & "b"'},
        "again": {"constant": 8, "in": 'a & "b"'},
    }
    assert client.blackboard("nonsense") == {}
    assert set(client.blackboard("")) == {"Main", "Sub::3", "Sub::3/Deep::7", "again", "again/Deep::13"}


def test_transitions_are_recorded_between_start_and_stop(watched: Watched, client: Client) -> None:
    watched.tree.tick()
    assert client.transitions() == []
    _, start = client.parts("r", b"start")
    assert abs(int(start) / 1e6 - time.time()) < 60
    watched.tree.tick()
    watched.tree.tick()
    assert len(client.parts("r", b"stop")) == 1
    watched.tree.halt()
    found = client.transitions()
    ended = [(15, SUCCESS), (1, SUCCESS), *[(uid, IDLE) for uid in (2, 3, 9, 15, 1)]]
    assert [(uid, status) for _, uid, status in found] == ended
    assert all(0 <= at < 60_000_000 for at, _, _ in found)
    assert client.transitions() == []


def test_a_recording_that_nobody_reads_stays_bounded(tmp_path: Path) -> None:
    document, tree = build(tmp_path)
    now = [0]
    source = Source(tree, document.main, "", StatusBoard(tree.nodes()), lambda: now[0])
    source.start_recording()
    for step in range(5 * MOST_TRANSITIONS):
        now[0] = step * 1000
        source.changed(0.0, [(1, 1)])
    found = records(source.take_transitions())
    assert len(found) == MOST_TRANSITIONS
    assert found[-1] == (5 * MOST_TRANSITIONS - 1, 1, 1)


HOOK = {"enabled": True, "uid": 1, "mode": 1, "once": False, "desired_status": "FAILURE", "position": 0}


@pytest.mark.parametrize("kind", ["I", "R", "U"])
def test_hooks_are_refused(client: Client, kind: str) -> None:
    answer = client.parts(kind, json.dumps(HOOK).encode())
    assert answer[0] == b"error"
    assert b"refused" in answer[1]
    assert client.parts("D")[1] == b"[]"
    assert len(client.parts("A")) == len(client.parts("X")) == 1


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([b""], b"wrong request header"),
        ([b"\x02T"], b"wrong request header"),
        ([b"\x02T\0\0\0\0\0"], b"wrong request header"),
        ([b"\x02T\0\0\0\0", b"", b""], b"wrong request header"),
        ([b"\x02?\0\0\0\0"], b"not recognized"),
        ([b"\x02B\0\0\0\0"], b"2 parts"),
        ([b"\x02B\0\0\0\0", b"\xff\xfe"], b"UTF-8"),
        ([b"\x02r\0\0\0\0", b"pause"], b"'start' or 'stop'"),
        ([b"\x02r\0\0\0\0"], b"2 parts"),
    ],
)
def test_a_malformed_request_gets_an_error_and_the_next_an_answer(
    client: Client, parts: list[bytes], words: bytes
) -> None:
    client.socket.send_multipart(parts)
    answer = client.socket.recv_multipart()
    assert answer[0] == b"error"
    assert words in answer[1]
    assert len(client.statuses()) == 15


def test_the_protocols_number_is_not_looked_at(client: Client) -> None:
    client.socket.send_multipart([b"\x01S\0\0\0\0"])
    assert len(client.socket.recv_multipart()[1]) == 45


def test_whatever_comes_is_answered(client: Client) -> None:
    @given(
        st.lists(
            st.binary(max_size=40) | st.sampled_from([b"\x02" + bytes([i]) + b"abcd" for i in range(256)]),
            min_size=1,
            max_size=3,
        )
    )
    def answered(parts: list[bytes]) -> None:
        client.socket.send_multipart(parts)
        answer = client.socket.recv_multipart()
        assert 1 <= len(answer) <= 2
        assert answer[0] == b"error" or len(answer[0]) == 22

    answered()


def test_an_oversized_request_is_cut_off_and_others_are_served(watched: Watched, client: Client) -> None:
    with Client(watched.port, timeout_ms=300) as hostile, pytest.raises(TimeoutError):
        hostile.parts("B", b"x" * (LARGEST_REQUEST + 1))
    assert len(client.statuses()) == 15


def test_a_client_that_speaks_no_zmq_at_all_disturbs_nobody(watched: Watched, client: Client) -> None:
    with socket.create_connection(("127.0.0.1", watched.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 40)
        assert len(client.statuses()) == 15


def test_clients_that_ask_and_never_read_do_not_hold_up_the_tree_nor_each_other(
    watched: Watched, client: Client
) -> None:
    context = zmq.Context()
    try:
        for _ in range(5):
            flood = context.socket(zmq.DEALER)
            flood.setsockopt(zmq.RCVHWM, 1)
            flood.setsockopt(zmq.SNDTIMEO, 1000)
            flood.connect(f"tcp://127.0.0.1:{watched.port}")
            for _ in range(50):
                flood.send_multipart([b"", b"\x02T\0\0\0\0"])
        for _ in range(3):
            watched.tree.tick()
        assert client.statuses()[1] == 10 + SUCCESS
    finally:
        context.destroy(linger=0)


def test_a_port_in_use_is_a_clear_error_and_both_are_free_again(watched: Watched) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{watched.port}.*--groot PORT"):
        Publisher(watched.port)
    watched.publisher.close()
    watched.publisher.close()
    Publisher(watched.port).close()


@pytest.mark.parametrize("port", [0, -1, 65_535, 70_000])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match="not a port"):
        Publisher(port)


def test_only_this_computer_is_listened_to(watched: Watched) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others:
        if str(address).startswith("127."):
            continue
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((str(address), watched.port), timeout=1.0)


def test_closing_ends_the_thread(watched: Watched) -> None:
    def threads() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "groot"]

    running = len(threads())
    assert running >= 1
    watched.publisher.close()
    assert len(threads()) == running - 1
