"""What Groot2 and other clients get: decoded by a client of our own that was written from the protocol alone."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgpack
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

import trees
from app.groot import msgpack as packer
from app.groot.publisher import LARGEST_REQUEST, Publisher
from app.groot.source import MOST_TRANSITIONS, Source
from behaviours.recording.btlog import BtLog, transition
from behaviours.recording.folder import RecordError
from behaviours.recording.plain_values import brief, plain
from behaviours.recording.statuses import StatusBoard
from perception.base.errors import ConfigError
from tests.support.free_ports import free_port
from tests.support.groot_client import IDLE, RUNNING, SUCCESS, Client, read_btlog, records
from tests.support.trees_leaves import Act, Out, Read
from trees.groot_xml import tree_xml
from trees.tree import subtrees

LEAVES = {"Act": Act, "Out": Out, "Read": Read}
XML = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence>
  <Out name="first" value="a &amp; &quot;b&quot;" out="{k}"/>
  <SubTree ID="Sub" in="{k}" constant="7"/>
  <SubTree ID="Sub" name="again" in="{k}" constant="8"/>
  <Act name="&lt;last&gt;" seq="RRS"/>
</Sequence></BehaviorTree>
<BehaviorTree ID="Sub"><ForceSuccess><Fallback><Read in="{in}"/>
<SubTree ID="Deep" _autoremap="1"/></Fallback></ForceSuccess></BehaviorTree>
<BehaviorTree ID="Deep"><Act name="deep" seq="F"/></BehaviorTree>
</root>"""


def build(folder: Path, xml: str = XML, leaves: Any = None) -> tuple[trees.Document, trees.Tree]:
    path = folder / "tree.xml"
    path.write_text(xml)
    document = trees.load(path, leaves or LEAVES)
    return document, trees.build(document, [], lambda: 0.0)


class Watched:
    """A tree with all that publishes it, without a robot."""

    def __init__(self, folder: Path, xml: str = XML, port: int | None = None) -> None:
        self.document, self.tree = build(folder, xml)
        self.board = StatusBoard(self.tree.nodes())
        text = tree_xml(self.document.main, self.tree.nodes(), LEAVES)
        self.source = Source(self.tree, self.document.main, text, self.board)
        self.tree.on_transition(self._changed)
        self.port = port or free_port()
        self.publisher = Publisher(self.port)
        self.publisher.serve(self.source)

    def _changed(self, uid: int, path: str, old: str, new: str, feedback: str) -> None:
        self.source.changed(0.0, self.board.transition(uid, new))


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


def test_full_paths_are_behaviortree_cpps(tmp_path: Path) -> None:
    document, tree = build(tmp_path)
    paths = [node.full_path for node in tree.nodes()]
    assert paths == [row[-1] for row in document.nodes()]
    assert paths[:8] == [
        "Sequence::1", "first", "Sub::3", "Sub::3/ForceSuccess::4", "Sub::3/Fallback::5", "Sub::3/Read::6",
        "Sub::3/Deep::7", "Sub::3/Deep::7/deep",
    ]  # fmt: skip
    assert paths[-1] == "<last>"
    assert next(subtree.board for subtree in subtrees(document.main, tree.nodes())) == "Main"


def test_hostile_names_stay_xml(tmp_path: Path) -> None:
    nodes = [
        trees.NodeView(1, "p", "a\x00\x1b<>&\"'\ud800", "My Node", "Control", 0, "IDLE", "", {"port": "]]>\n"}, {}),
        trees.NodeView(2, "p", "", "1", "Action", 1, "IDLE", "", {}, {"_skipIf": "a < b && c"}),
    ]
    root = ElementTree.fromstring(tree_xml("M&M", nodes, {}))
    node = root.find("BehaviorTree/My_Node")
    assert node is not None
    assert node.get("port") == "]]>\n"
    child = node.find("_1")
    assert child is not None
    assert child.get("_skipIf") == "a < b && c"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=30,
)


@given(JSON)
def test_messagepack_is_read_back_by_another_implementation(value: Any) -> None:
    if "\ud800" <= max(repr(value)) <= "\udfff":
        return
    assert msgpack.unpackb(packer.pack(value), strict_map_key=False) == value


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_messagepack_at_the_borders_of_its_forms(size: int) -> None:
    for value in ("x" * size, list(range(size)), {str(i): i for i in range(size)}):
        assert msgpack.unpackb(packer.pack(value)) == value
    with pytest.raises(TypeError, match="bytes"):
        packer.pack(b"")


def test_values_are_told_whole_if_small_and_in_brief_if_large() -> None:
    assert plain(np.zeros((480, 640, 3), np.uint8)) == "480x640x3 uint8"
    assert plain(np.array([1.0, 2.5])) == [1.0, 2.5]
    assert plain(float("nan")) == "nan"
    assert plain(2**70) == str(2**70)
    assert plain({"a": object()}) == {"a": "object"}
    assert len(plain("x" * 10_000)) == 1000  # type: ignore[arg-type]
    loop: list[Any] = []
    loop.append(loop)
    assert plain(loop) == [[[["list"]]]]
    assert brief({"a": [1.23456, "x\ny"]}) == "{a: [1.235, x y]}"
    assert len(brief("y" * 500)) == 80


@given(st.integers(0, 2**48 - 1), st.integers(0, 65_535), st.integers(0, 3))
def test_a_transition_is_nine_bytes(time_us: int, uid: int, code: int) -> None:
    data = transition(time_us, uid, code)
    assert len(data) == 9
    assert records(data) == [(time_us, uid, code)]


def test_times_outside_48_bits_are_held_at_the_border() -> None:
    assert records(transition(-5, 1, 1)) == [(0, 1, 1)]
    assert records(transition(2**60, 1, 1)) == [(2**48 - 1, 1, 1)]


def test_a_log_is_read_back_also_when_its_writer_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "tree.btlog"
    log = BtLog(path, "<root>ü</root>", 1_700_000_000_000_000)
    log.append(0.0, [(1, 1), (2, 1)])
    log.append(1.5, [])
    log.append(2.25, [(2, 2), (2, 0)])
    assert read_btlog(path) == (  # before it is closed
        "<root>ü</root>", 1_700_000_000_000_000, [(0, 1, 1), (0, 2, 1), (2_250_000, 2, 2), (2_250_000, 2, 0)]
    )  # fmt: skip
    log.close()
    log.append(3.0, [(1, 0)])
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    assert len(read_btlog(path)[2]) == 3


def test_a_log_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no_such_folder"):
        BtLog(tmp_path / "no_such_folder" / "tree.btlog", "", 0)
    full = Path("/dev/full")
    if full.exists():
        link = tmp_path / "tree.btlog"
        log = BtLog(link, "", 0)
        log._file = open(full, "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(RecordError, match=r"tree.btlog: No space"):
            log.append(0.0, [(1, 1)])
