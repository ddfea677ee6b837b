"""Breakpoints and injected results: they work in simulation when asked for, and nothing can hold a tree for ever."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from py_trees.common import Status

from app.groot.hooks import SILENCE_S, Hooks
from app.groot.protocol import BadRequestError, Request
from tests.app.groot.watched import Watched
from tests.support.groot_client import Client

XML = """<root BTCPP_format="4" main_tree_to_execute="Main"><BehaviorTree ID="Main">
<Sequence><Act name="a" seq="RRS"/><Act name="b" seq="F"/></Sequence></BehaviorTree></root>"""
HOOK = {"enabled": True, "uid": 2, "mode": 1, "once": False, "desired_status": "SUCCESS", "position": 0}
LONG_S = 60.0
PROBE = 0
"""No node's number."""


def request(kind: str, value: Any = None) -> Request:
    return Request(kind.encode(), 1, None if value is None else json.dumps(value).encode())


class Hooked(Watched):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, XML)
        self.stopping = False
        self.now_s = 0.0
        self.hooks = Hooks(frozenset(range(1, 4)), lambda: self.stopping, lambda: self.now_s)
        self.tree.intercept(self.hooks)
        self.publisher.serve(self.source, self.hooks)
        self.events: list[str] = self.tree._context
        self.result: Status | None = None

    def tick_aside(self) -> threading.Thread:
        def tick() -> None:
            self.result = self.tree.tick()

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[Hooked]:
    found = Hooked(tmp_path)
    yield found
    found.publisher.close()


@pytest.fixture
def client(hooked: Hooked) -> Iterator[Client]:
    with Client(hooked.port) as found:
        while not found.notices.poll(10):  # what is published before a subscription has arrived is lost
            hooked.hooks.notify(0, PROBE)
        yield found


def next_notice(client: Client) -> list[bytes]:
    """The next one of a node."""
    while True:
        found: list[bytes] = client.notices.recv_multipart()
        if found[1] != str(PROBE).encode():
            return found


def insert(client: Client, **changes: Any) -> None:
    assert len(client.parts("I", json.dumps({**HOOK, **changes}).encode())) == 1


def test_a_result_is_given_in_a_nodes_place(hooked: Hooked, client: Client) -> None:
    insert(client)
    insert(client, uid=3)
    assert hooked.tree.tick() == Status.SUCCESS
    assert hooked.events == []
    assert next_notice(client)[1] == b"2"


def test_a_running_leaf_is_halted_before_it_is_answered_for(hooked: Hooked, client: Client) -> None:
    hooked.tree.tick()
    insert(client, desired_status="FAILURE")
    assert hooked.tree.tick() == Status.FAILURE
    assert hooked.events == ["a:R", "halt a"]


def test_a_result_is_changed_after_the_tick(hooked: Hooked, client: Client) -> None:
    insert(client)
    insert(client, uid=3, position=1)
    assert hooked.tree.tick() == Status.SUCCESS
    assert hooked.events == ["b:F"]


def test_a_hook_for_once_goes_after_it_was_used(hooked: Hooked, client: Client) -> None:
    insert(client, desired_status="FAILURE", once=True)
    assert json.loads(client.parts("D")[1]) == [{**HOOK, "desired_status": "FAILURE", "once": True}]
    assert hooked.tree.tick() == Status.FAILURE
    assert json.loads(client.parts("D")[1]) == []
    hooked.tree.tick()
    assert hooked.events == ["a:R"]


def test_a_breakpoint_holds_the_tree_and_tells_the_client_until_it_is_let_go(hooked: Hooked, client: Client) -> None:
    client.statuses()
    insert(client, mode=0, desired_status="SKIPPED")
    thread = hooked.tick_aside()
    notice = next_notice(client)
    assert notice[0][:2] == b"\x02N"
    assert notice[1] == b"2"
    assert thread.is_alive()
    assert len(client.statuses()) == 3  # the publisher answers while the tree is held
    unlock = {"uid": 2, "position": 0, "desired_status": "SKIPPED", "remove_when_done": True}
    client.parts("U", json.dumps(unlock).encode())
    thread.join(LONG_S)
    assert hooked.result == Status.RUNNING
    assert hooked.events == ["a:R"]
    assert json.loads(client.parts("D")[1]) == []


@pytest.mark.parametrize("way", ["removed", "removed all", "disabled", "silent", "interrupted", "closed"])
def test_whatever_becomes_of_the_client_a_held_tree_goes_on(hooked: Hooked, client: Client, way: str) -> None:
    insert(client, mode=0, desired_status="FAILURE")
    thread = hooked.tick_aside()
    next_notice(client)
    assert thread.is_alive()
    match way:
        case "removed":
            client.parts("R", b'{"uid": 2, "position": 0}')
        case "removed all":
            client.parts("A")
        case "disabled":
            client.parts("X")
        case "silent":
            hooked.now_s += SILENCE_S + 0.1
        case "interrupted":
            hooked.stopping = True
        case "closed":
            hooked.publisher.close()
    thread.join(LONG_S)
    assert not thread.is_alive()
    assert hooked.result == Status.RUNNING  # nothing was injected
    assert hooked.events == ["a:R"]


def test_hooks_of_a_silent_client_sleep_until_one_is_heard(hooked: Hooked, client: Client) -> None:
    insert(client, desired_status="FAILURE")
    hooked.now_s += SILENCE_S + 0.1
    assert hooked.tree.tick() == Status.RUNNING
    client.statuses()
    assert hooked.tree.tick() == Status.FAILURE


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("I", {**HOOK, "uid": 99}, "no node 99"),
        ("I", {**HOOK, "uid": True}, "'uid'"),
        ("I", {**HOOK, "position": 2}, "position"),
        ("I", {**HOOK, "mode": -1}, "mode"),
        ("I", {**HOOK, "desired_status": "RUNNING"}, "SUCCESS, FAILURE, SKIPPED"),
        ("I", {**HOOK, "enabled": 1}, "'enabled'"),
        ("I", [HOOK, 3], "'uid'"),
        ("I", None, "2 parts"),
        ("R", {"uid": 2, "position": 0}, "not found"),
        ("R", [], "'uid'"),
        ("U", {"uid": 2, "position": 0, "desired_status": "SUCCESS", "remove_when_done": False}, "not found"),
        ("?", {}, "not recognized"),
    ],
)
def test_bad_hooks_are_refused_and_leave_nothing(kind: str, value: Any, words: str) -> None:
    hooks = Hooks(frozenset([1, 2, 3]))
    with pytest.raises(BadRequestError, match=words):
        hooks.answer(request(kind, value))
    assert hooks.answer(request("D")) == b"[]"


@pytest.mark.parametrize("payload", [b"{", b"[" * 100_000, b"\xff"])
def test_a_payload_that_is_no_json_is_refused(payload: bytes) -> None:
    with pytest.raises(BadRequestError, match=r"not JSON|not UTF-8"):
        Hooks(frozenset([1])).answer(Request(b"I", 1, payload))
