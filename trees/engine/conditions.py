"""The conditions of a node: scripts that run before its tick, after it has ended, and when it is halted.

Before the tick of an idle node: `_failureIf`, `_successIf`, `_skipIf`, in this order. Then, at every tick, `_while`; if
it is false, a running node is halted. After the end: `_onSuccess` or `_onFailure`, then `_post`, even if a condition
replaced the tick; nothing after SKIPPED. After a halt of a running node: `_onHalted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.data.blackboard import Blackboard
from trees.engine.runtime import Runtime
from trees.engine.status import SKIPPED, Returned
from trees.reading.names import CONDITIONS
from trees.script import Script, ScriptError, compile_script

_REPLACES: Final[Mapping[str, Returned]] = {
    "_failureIf": Status.FAILURE, "_successIf": Status.SUCCESS, "_skipIf": SKIPPED,
}  # fmt: skip


class ConditionalNode(Protocol):
    """What conditions need of their node, a `trees.engine.node.TreeNode`.

    perform: one tick without conditions. preempted_by: the condition that replaced the last tick, "" if none did.
    """

    behaviour: Behaviour
    runtime: Runtime
    perform: Callable[[], Returned]
    preempted_by: str

    def halt(self) -> None:
        """Stop the node and all below it."""


class Conditions:
    """The conditions of one node.

    scripts: by the name of the condition. board: of the scope that the node's tag is in, for a SubTree the outer one.
    """

    def __init__(self, scripts: Mapping[str, Script], board: Blackboard) -> None:
        self._board = board
        self._idle = [(name, scripts[name], status) for name, status in _REPLACES.items() if name in scripts]
        self._while = scripts.get("_while")
        self._ends = {
            status: [scripts[name] for name in (own, "_post") if name in scripts]
            for status, own in ((Status.SUCCESS, "_onSuccess"), (Status.FAILURE, "_onFailure"))
        }
        self._halted = scripts.get("_onHalted")

    @classmethod
    def of(cls, attributes: Mapping[str, str], board: Blackboard) -> Conditions | None:
        """The conditions among the attributes of a tag, None if there are none. ScriptError if one cannot be parsed."""
        scripts = {name: compile_script(attributes[name]) for name in CONDITIONS if name in attributes}
        return cls(scripts, board) if scripts else None

    def tick(self, node: ConditionalNode) -> Returned:
        """One tick of the node including its conditions."""
        node.preempted_by = ""
        returned = self._preempt(node)
        if returned is None:
            returned = node.perform()
        if returned is Status.SUCCESS or returned is Status.FAILURE:
            for script in self._ends[returned]:
                script.run(self._board, node.runtime.enums)
        return returned

    def _preempt(self, node: ConditionalNode) -> Returned | None:
        enums = node.runtime.enums
        if node.behaviour.status is Status.INVALID:
            for name, script, status in self._idle:
                if script.holds(self._board, enums):
                    node.preempted_by = f"{name}: {script.text}"
                    return status
            if self._while is not None and not self._while.holds(self._board, enums):
                node.preempted_by = f"_while: {self._while.text}"
                return SKIPPED
            return None
        if node.behaviour.status is not Status.RUNNING or self._while is None or self._while.holds(self._board, enums):
            return None
        node.halt()
        node.preempted_by = f"_while: {self._while.text}"
        return SKIPPED

    def halted(self, node: ConditionalNode) -> None:
        """Run `_onHalted`; the node was running and has been halted."""
        if self._halted is not None:
            self._halted.run(self._board, node.runtime.enums)


def check_conditions(attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """(attribute, message) for every condition that cannot be parsed."""
    errors = []
    for name in CONDITIONS:
        if name in attributes:
            try:
                compile_script(attributes[name])
            except ScriptError as error:
                errors.append((name, f"'{name}' is no script: {error}"))
    return errors
