"""The conditions that any node of a file may have: scripts before its tick, after its end, and on its halt.

Before: `_failureIf`, `_successIf`, `_skipIf`, in this order, where the node is idle; then `_while`, at every tick,
which halts a running node that it no longer allows. After: `_onSuccess` or `_onFailure`, then `_post`, also where a
condition decided; nothing after SKIPPED. `_onHalted` after a halt of a running node.
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

BEFORE: Final = ("_failureIf", "_successIf", "_skipIf", "_while")
_DECIDES: Final[Mapping[str, Returned]] = {
    "_failureIf": Status.FAILURE, "_successIf": Status.SUCCESS, "_skipIf": SKIPPED,
}  # fmt: skip


class Ticked(Protocol):
    """What conditions need of the node that has them: a `trees.engine.seat.Seat`. decided: why it was not asked.
    perform: one tick of the node itself."""

    behaviour: Behaviour
    runtime: Runtime
    perform: Callable[[], Returned]
    decided: str

    def halt(self) -> None:
        """Stop the node and all below it."""


class Conditions:
    """The conditions of one node. board: of the scope that the node's tag is in, also for a SubTree."""

    def __init__(self, scripts: Mapping[str, Script], board: Blackboard) -> None:
        self._board = board
        self._idle = [(name, scripts[name], _DECIDES[name]) for name in BEFORE if name in scripts and name in _DECIDES]
        self._while = scripts.get("_while")
        self._ends = {
            status: [scripts[name] for name in (own, "_post") if name in scripts]
            for status, own in ((Status.SUCCESS, "_onSuccess"), (Status.FAILURE, "_onFailure"))
        }
        self._halted = scripts.get("_onHalted")

    @classmethod
    def of(cls, attributes: Mapping[str, str], board: Blackboard) -> Conditions | None:
        """The conditions among a tag's attributes, None if there are none. ScriptError if one cannot be read."""
        scripts = {name: compile_script(attributes[name]) for name in CONDITIONS if name in attributes}
        return cls(scripts, board) if scripts else None

    def tick(self, seat: Ticked) -> Returned:
        """One tick of the node with its conditions."""
        seat.decided = ""
        returned = self._decide(seat)
        if returned is None:
            returned = seat.perform()
        if returned is Status.SUCCESS or returned is Status.FAILURE:
            for script in self._ends[returned]:
                script.run(self._board, seat.runtime.enums)
        return returned

    def _decide(self, seat: Ticked) -> Returned | None:
        enums = seat.runtime.enums
        if seat.behaviour.status is Status.INVALID:
            for name, script, answer in self._idle:
                if script.holds(self._board, enums):
                    seat.decided = f"{name}: {script.text}"
                    return answer
            if self._while is not None and not self._while.holds(self._board, enums):
                seat.decided = f"_while: {self._while.text}"
                return SKIPPED
            return None
        if seat.behaviour.status is not Status.RUNNING or self._while is None or self._while.holds(self._board, enums):
            return None
        seat.halt()
        seat.decided = f"_while: {self._while.text}"
        return SKIPPED

    def halted(self, seat: Ticked) -> None:
        """The node was running and has been halted."""
        if self._halted is not None:
            self._halted.run(self._board, seat.runtime.enums)


def check_conditions(attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """(attribute, what is wrong) of every condition that cannot be read."""
    found = []
    for name in CONDITIONS:
        if name in attributes:
            try:
                compile_script(attributes[name])
            except ScriptError as error:
                found.append((name, f"'{name}' is no script: {error}"))
    return found
