"""What a publisher publishes: the tree's XML, its statuses, blackboards and transitions, safe to read from a thread."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from app.groot import msgpack, protocol
from behaviours.recording.btlog import transition
from behaviours.recording.plain_values import plain
from behaviours.recording.statuses import IDLE_FROM, StatusBoard
from trees.tree import subtrees

if TYPE_CHECKING:
    from trees import Tree
    from trees.data.blackboard import Blackboard

MOST_TRANSITIONS: Final = 1000
_NOTHING: Final = object()


class Source:
    """One tree as its monitors see it. The tick thread calls `changed`, the publisher's thread all the others.

    tree_uuid: 16 bytes, new for each tree, so that clients notice another. xml: see `tree_xml`.
    """

    def __init__(
        self,
        tree: Tree,
        main: str,
        xml: str,
        board: StatusBoard,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.tree_uuid = uuid.uuid4().bytes
        self.xml = xml
        self._tree, self._board, self._clock = tree, board, clock
        self._scopes = _scopes(tree, main)
        self._lock = threading.Lock()
        self._recorded: deque[bytes] = deque(maxlen=MOST_TRANSITIONS)
        self._since_ns: int | None = None

    def changed(self, _time_s: float, changes: Sequence[tuple[int, int]]) -> None:
        """Note changes, (uid, code 0..3), if a client records; costs next to nothing if none does. Their times are the
        wall clock's, because a client lines them up with its own."""
        if self._since_ns is None:
            return
        with self._lock:
            if self._since_ns is not None:
                time_us = (self._clock() - self._since_ns) // 1000
                self._recorded.extend(transition(time_us, uid, code) for uid, code in changes)

    def statuses(self) -> bytes:
        """uid and code of every node. What reactive nodes set back to idle without a word is asked of the tree."""
        codes = bytearray(self._board.codes)
        for index, stored in enumerate(self._tree.statuses()):
            if stored == "IDLE" and 0 < codes[index] < IDLE_FROM:
                codes[index] += IDLE_FROM
        return protocol.statuses(self._board.uids, codes)

    def start_recording(self) -> str:
        """Microseconds since 1970, decimal, that the recorded times count from."""
        with self._lock:
            self._recorded.clear()
            self._since_ns = self._clock()
            return str(time.time_ns() // 1000)

    def stop_recording(self) -> None:
        """What was recorded stays until it is read."""
        with self._lock:
            self._since_ns = None

    def take_transitions(self) -> bytes:
        """What was recorded since the last call, the newest 1000."""
        with self._lock:
            data = b"".join(self._recorded)
            self._recorded.clear()
            return data

    def blackboards(self, names: str) -> bytes:
        """MessagePack of {name: {key: value}} for the subtrees named, joined by `;`. Unknown names are left out;
        no name at all means every subtree, which BehaviorTree.CPP answers with nothing."""
        asked = names.split(";") if names else self._scopes
        wanted = dict.fromkeys(name for name in asked if name in self._scopes)
        return msgpack.pack({name: {key: plain(value) for key, value in self._entries(name)} for name in wanted})

    def _entries(self, name: str) -> list[tuple[str, Any]]:
        """What can be read under a name in this scope, whether it is its own or comes from the tree above."""
        scope, keys = self._scopes[name]
        entries = _items(scope)
        for key in keys - entries.keys():
            holder, held = scope.resolve(key)
            value = _items(holder).get(held, _NOTHING)
            if value is not _NOTHING:
                entries[key] = value
        return sorted(entries.items())


def _items(scope: Blackboard) -> dict[str, Any]:
    """A copy of the entries. The tick thread may add one while they are copied; then they are copied again."""
    while True:
        try:
            return scope.items()
        except RuntimeError:  # the dictionary changed its size
            continue


def _scopes(tree: Tree, main: str) -> dict[str, tuple[Blackboard, frozenset[str]]]:
    """By name: the blackboard of each subtree, and the keys that its nodes are wired to."""
    from trees.data.literals import key_of

    nodes, boards = tree.nodes(), tree.scopes()
    keys: dict[str, set[str]] = {}
    for node in nodes:
        named = (key_of(text, port) for port, text in node.ports.items())
        keys.setdefault(node.subtree, set()).update(key for key in named if key)
    return {
        subtree.board: (boards[subtree.node_uid], frozenset(keys.get(subtree.path, ())))
        for subtree in subtrees(main, nodes)
    }
