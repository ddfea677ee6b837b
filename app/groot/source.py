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
from trees.assembly.tree import subtrees

if TYPE_CHECKING:
    from trees import Tree
    from trees.data.blackboard import Blackboard

MOST_TRANSITIONS: Final = 1000
_NOTHING: Final = object()


class Source:
    """One tree for its clients. The tick thread calls `changed`, the publisher's thread all other methods.

    tree_uuid: 16 bytes, new for each tree. xml: see `trees.groot_xml`. board: the statuses, written by the tick thread.
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
        """Keep changes, (uid, code 0..3), while a client records. Their times are the wall clock's, as clients
        expect."""
        if self._since_ns is None:
            return
        with self._lock:
            if self._since_ns is not None:
                time_us = (self._clock() - self._since_ns) // 1000
                self._recorded.extend(transition(time_us, uid, code) for uid, code in changes)

    def statuses(self) -> bytes:
        """uid and code of every node. The tree is asked too: reactive nodes reset children without a transition."""
        codes = bytearray(self._board.codes)
        for index, stored in enumerate(self._tree.statuses()):
            if stored == "IDLE" and 0 < codes[index] < IDLE_FROM:
                codes[index] += IDLE_FROM
        return protocol.statuses(self._board.uids, codes)

    def start_recording(self) -> str:
        """Start recording. Returns the time zero of the recorded times: microseconds since 1970, decimal."""
        with self._lock:
            self._recorded.clear()
            self._since_ns = self._clock()
            return str(time.time_ns() // 1000)

    def stop_recording(self) -> None:
        """Stop recording; what was recorded stays until it is read."""
        with self._lock:
            self._since_ns = None

    def take_transitions(self) -> bytes:
        """The changes recorded since the last call, at most the newest 1000."""
        with self._lock:
            data = b"".join(self._recorded)
            self._recorded.clear()
            return data

    def blackboards(self, names: str) -> bytes:
        """MessagePack of {name: {key: value}}. names: of subtrees, joined by `;`; unknown ones are ignored. An empty
        text means every subtree, where BehaviorTree.CPP answers with nothing."""
        requested = names.split(";") if names else self._scopes
        known = dict.fromkeys(name for name in requested if name in self._scopes)
        return msgpack.pack({name: {key: plain(value) for key, value in self._entries(name)} for name in known})

    def _entries(self, name: str) -> list[tuple[str, Any]]:
        """The entries that nodes of this subtree can read, its own and those remapped to the tree above."""
        scope, keys = self._scopes[name]
        entries = _items(scope)
        for key in keys - entries.keys():
            holder, held = scope.resolve(key)
            value = _items(holder).get(held, _NOTHING)
            if value is not _NOTHING:
                entries[key] = value
        return sorted(entries.items())


def _items(scope: Blackboard) -> dict[str, Any]:
    """A copy of the entries, repeated if the tick thread adds one meanwhile."""
    while True:
        try:
            return scope.items()
        except RuntimeError:  # the dictionary changed its size
            continue


def _scopes(tree: Tree, main: str) -> dict[str, tuple[Blackboard, frozenset[str]]]:
    """For each subtree, by name: its blackboard and the keys that its nodes are wired to."""
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
