"""One tree file run by BehaviorTree.CPP 4.8.2, with scripted leaves that write down what happens."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import behaviortreepy as bt

from trees.errors import TreeError

Plan = dict[str, tuple[str, bool]]
"""Leaf name -> (what it returns at its k-th tick: S, F, R, K for skipped; whether it goes on after its end)."""


_THEIRS: Final = {
    "S": bt.NodeStatus.SUCCESS, "F": bt.NodeStatus.FAILURE, "R": bt.NodeStatus.RUNNING, "K": bt.NodeStatus.SKIPPED,
}  # fmt: skip


_LINE = re.compile(r"\[[0-9.]+\]: (\S+) .*-> \S*?([A-Z]+)\S*$", re.MULTILINE)


Step = tuple[str, list[str], dict[str, str], dict[str, dict[str, str]]]
"""Result, events of the leaves, status of every node that is not IDLE, blackboards: of the root, and by leaf."""


class Script:
    """What the leaves of one run do, and what they did."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.events = plan, list[str]()
        self._k: dict[str, int] = {}

    def start(self, name: str) -> None:
        if not self.plan[name][1]:
            self._k[name] = 0

    def tick(self, name: str) -> str:
        k = self._k.get(name, 0)
        self._k[name] = k + 1
        letters = self.plan[name][0]
        letter = letters[min(k, len(letters) - 1)]
        self.events.append(f"{name}:{letter}")
        return letter

    def taken(self) -> list[str]:
        events, self.events = self.events, []
        return events


class Theirs:
    """The library. TreeError if it does not take the file."""

    factory: ClassVar[Any] = None
    script: ClassVar[Script]
    boards: ClassVar[dict[str, Any]]

    def __init__(self, file: Path, plan: Plan, before: str) -> None:
        Theirs.script, Theirs.boards = Script(plan), {}
        self._log = open(os.memfd_create("log"), "wb+", buffering=0)  # noqa: SIM115  # closed by `close`
        self._read = 0
        self._statuses: dict[str, str] = {}
        self._board = bt.Blackboard.create()
        try:
            self.tree = _factory().create_tree_from_file(str(file), self._board)
        except RuntimeError as error:
            self._log.close()
            raise TreeError(str(error)) from error
        self.run_script(before)
        self._logger = bt.StdCoutLogger(self.tree)

    def close(self) -> None:
        del self._logger, self.tree
        Theirs.boards.clear()
        self._log.close()

    def run_script(self, text: str) -> None:
        code = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        wrapped = f'<root BTCPP_format="4"><BehaviorTree ID="X_"><Script code="{code}"/></BehaviorTree></root>'
        _factory().create_tree_from_text(wrapped, self._board).tick_exactly_once()

    def command(self, word: str) -> str | None:
        with _stdout_into(self._log.fileno()):
            if word == "H":
                return self._halt()
            tick = self.tree.tick_exactly_once if word == "E" else self.tree.tick_once
            return str(tick().name)

    def _halt(self) -> None:
        """The whole tree. A halt there runs `_onHalted` of idle nodes, and of all twice, so it begins at the root and
        only what has not been reached then, below a node that was skipped, is halted by the tree."""
        if self.tree.root_node().status() == bt.NodeStatus.RUNNING:
            self.tree.root_node().halt_node()

    def stuck(self) -> bool:
        return set(self.statuses().values()) != set()

    def statuses(self) -> dict[str, str]:
        text = os.pread(self._log.fileno(), 10_000_000, self._read).decode()
        self._read += len(text.encode())
        self._statuses.update(_LINE.findall(text))
        return {name: status for name, status in self._statuses.items() if status != "IDLE"}

    def board_items(self) -> dict[str, dict[str, str]]:
        return {name: _theirs(board) for name, board in {"": self._board, **Theirs.boards}.items()}

    def halt_the_rest(self) -> None:
        with _stdout_into(self._log.fileno()):
            self.tree.halt_tree()


def _theirs(board: Any) -> dict[str, str]:
    found = {}
    for key in board.get_keys():
        with contextlib.suppress(RuntimeError):  # nothing has been written
            found[str(key)] = str(board.get_string(key)).replace("-nan", "nan")
    return found


@contextlib.contextmanager
def _stdout_into(file: int) -> Iterator[None]:
    """The library prints its log on the process's stdout."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(file, 1)
    try:
        yield
    finally:
        os.dup2(own, 1)
        os.close(own)


def _factory() -> Any:
    if Theirs.factory is None:

        def tick(node: Any) -> Any:
            Theirs.boards[node.name()] = node.config().blackboard
            return _THEIRS[Theirs.script.tick(node.name())]

        def start(node: Any) -> Any:
            Theirs.script.start(node.name())
            return tick(node)

        def halted(node: Any) -> None:
            Theirs.script.events.append(f"halt {node.name()}")

        Theirs.factory = bt.BehaviorTreeFactory()
        Theirs.factory.register_simple_stateful_action("Act", start, tick, halted)
        Theirs.factory.register_simple_condition("Cond", tick)
    return Theirs.factory
