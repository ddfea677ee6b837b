"""One tree file run twice, by BehaviorTree.CPP 4.8.2 (the wheel `behaviortreepy`) and by this project, step by step.

Both read the same text. Leaves are `Act` and `Cond` without ports: what they return is in a plan, by the node's name.
Every node has a name of its own, because the library's own log, which tells of every change of status, shows names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from py_trees.common import Status

import trees
from tests.trees.engine.theirs import Plan, Script, Theirs
from trees.data.values import UNSET, to_text
from trees.engine.leaf import Leaf
from trees.engine.node import TreeNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError, TreeError
from trees.nodes.branch import IfThenElse, WhileDoElse
from trees.nodes.order import Fallback, Sequence
from trees.nodes.scripting import Precondition
from trees.nodes.timing import Delay, Sleep

_OURS: Final[dict[str, Returned]] = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "K": SKIPPED}


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
        for node in self.tree.root.iterate():
            self._as_there(node)

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
