"""One tree file run twice, by BehaviorTree.CPP 4.8.2 (the wheel `behaviortreepy`) and by this project, step by step.

Both read the same text. Leaves are `Act` and `Cond` without ports: what they return is in a plan, by the node's name.
Every node has a name of its own, because the library's own log, which tells of every change of status, shows names.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import behaviortreepy as bt
from py_trees.common import Status

import trees
from trees.data.values import UNSET, to_text
from trees.engine.leaf import Leaf
from trees.engine.node import TreeNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError, TreeError
from trees.nodes.branch import IfThenElse, WhileDoElse
from trees.nodes.order import Fallback, Sequence
from trees.nodes.scripting import Precondition
from trees.nodes.timing import Delay, Sleep

Plan = dict[str, tuple[str, bool]]
"""Leaf name -> (what it returns at its k-th tick: S, F, R, K for skipped; whether it goes on after its end)."""
_OURS: Final[dict[str, Returned]] = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "K": SKIPPED}
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


class Act(Leaf):
    """A leaf by the plan, as a StatefulActionNode: where its parent has not reset it, it is not asked again."""

    context: Ours

    def initialise(self) -> None:
        if not self._has_ended():
            self.context.script.start(self.name)

    def _has_ended(self) -> bool:
        return self.KIND == "Action" and self.status in (Status.SUCCESS, Status.FAILURE)

    def update(self) -> Returned:  # type: ignore[override]
        if self._has_ended():
            return self.status
        self.context.boards[self.name] = self._ports.scope  # type: ignore[attr-defined]
        return _OURS[self.context.script.tick(self.name)]

    def terminate(self, new_status: Status) -> None:
        if self.status == Status.RUNNING and new_status == Status.INVALID:
            self.context.script.events.append(f"halt {self.name}")


class Cond(Act):
    """A condition by the plan."""

    KIND = "Condition"


LEAVES: dict[str, type[Leaf]] = {"Act": Act, "Cond": Cond}


class Ours:
    """This project, with what differs on purpose turned back, so that all else can be compared."""

    def __init__(self, file: Path, plan: Plan, before: str) -> None:
        self.script, self.boards = Script(plan), dict[str, Any]()
        self.stopped_waiting = False
        """A Delay or Sleep was halted. There, a timer thread may end the next one at once, or not."""
        document = trees.load(file, LEAVES, unwritten=True)
        self.tree = trees.build(document, self, lambda: 0.0)
        self.tree.run_script(before)
        for built in self.tree._nodes:
            self._as_there(built.node.behaviour)

    def _as_there(self, node: Any) -> None:
        if isinstance(node, Precondition):
            node.forget = lambda: None  # type: ignore[method-assign]  # there it goes on as if it had not been halted
        if isinstance(node, IfThenElse | WhileDoElse):
            node.child_nodes = (_Raising(node.child_nodes[0]), *node.child_nodes[1:])  # type: ignore[assignment]
        if isinstance(node, Sequence | Fallback):
            run = node.run

            def run_on() -> Returned:
                """One that its parent has not reset goes on counting what was skipped."""
                if node.status is not Status.INVALID:
                    node.status = Status.RUNNING
                return run()

            node.run = run_on  # type: ignore[method-assign]
        if isinstance(node, Delay | Sleep):
            forget = node.forget

            def stop() -> None:
                self.stopped_waiting = self.stopped_waiting or node.status is Status.RUNNING
                forget()

            node.forget = stop  # type: ignore[method-assign]

    def run_script(self, text: str) -> None:
        self.tree.run_script(text)

    def command(self, word: str) -> str | None:
        if word == "H":
            self.tree.halt()
            return None
        return self.tree.tick_exactly_once() if word == "E" else self.tree.tick_once()

    def statuses(self) -> dict[str, str]:
        nodes = zip(self.tree.nodes(), self.tree.statuses(), strict=True)
        return {node.name: status for node, status in nodes if status != "IDLE"}

    def board_items(self) -> dict[str, dict[str, str]]:
        boards = {"": self.tree.blackboard, **self.boards}
        return {
            name: {key: to_text(value) for key, value in board.items().items() if value is not UNSET}
            for name, board in boards.items()
        }


class _Raising:
    """The node of a condition, as IfThenElse and WhileDoElse there see it: one that skips is an exception."""

    def __init__(self, node: TreeNode) -> None:
        self._node = node

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def execute(self) -> Returned:
        returned = self._node.execute()
        if returned is SKIPPED:
            raise ContractError("the condition skipped")
        return returned


def compare(file: Path, plan: Plan, before: str, commands: list[str]) -> int:
    """Run the commands in both: E one tick, O ticks while nodes ask for more, H a halt, else a script. AssertionError
    where something differs. The number of commands that were compared, -1 if both refuse the file."""
    refused: dict[str, str] = {}
    try:
        theirs = Theirs(file, plan, before)
    except TreeError as error:
        refused["the library"] = str(error)
    try:
        ours = Ours(file, plan, before)
    except TreeError as error:
        refused["we"] = str(error)
    assert len(refused) != 1, f"only one refuses it: {refused}"
    if refused:
        return -1
    try:
        return _steps(theirs, ours, commands)
    finally:
        theirs.close()


def _steps(theirs: Theirs, ours: Ours, commands: list[str]) -> int:
    for number, command in enumerate(commands):
        where = f"step {number} ({command})"
        results = []
        for run in (theirs, ours):
            try:
                if command in ("E", "O", "H"):
                    results.append(run.command(command))
                else:
                    results.append(run.run_script(command))
            except (RuntimeError, TreeError, ContractError) as error:
                results.append(f"raised {type(error).__name__}")
                told = error
        if ours.stopped_waiting:
            return number
        raised = [str(result).startswith("raised") for result in results]
        assert raised[0] == raised[1], f"{where}: {results}, {told}"
        there, here = theirs.script.taken(), ours.script.taken()
        if raised[0]:
            assert here[: len(there)] == there, where  # what raised halts the whole tree here, and nothing there
            return number + 1
        assert results[0] == results[1], where
        if command == "H" and theirs.stuck():
            return number  # something below a node that was skipped still runs there: halting it has a test of its own
        assert here == there, where
        assert ours.statuses() == theirs.statuses(), where
        assert ours.board_items() == theirs.board_items(), where
    return len(commands)
