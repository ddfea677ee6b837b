"""Scripted leaves for tests of the tree language: they do what their attributes say and write down what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from py_trees.common import Status

import trees
from trees.data.ports import input_port, output_port
from trees.engine.leaf import Leaf
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError

_STATUS: dict[str, Returned] = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "K": SKIPPED}


class Act(Leaf):
    """Returns seq[k] at its k-th tick: S, F, R, or K for skipped (which real leaves never do), X raises.

    The last letter repeats; a new entry starts over unless persist is true. context: the list of events.
    """

    PORTS = (input_port("seq", str), input_port("persist", bool, default=False))
    persists: ClassVar[bool] = False

    def __init__(self, name: str, ports: Any, context: list[str]) -> None:
        super().__init__(name, ports, context)
        self._k = 0

    def initialise(self) -> None:
        if not (self.persists or self.get("persist")):
            self._k = 0

    def update(self) -> Returned:  # type: ignore[override]
        letters = self.get("seq")
        letter = letters[min(self._k, len(letters) - 1)]
        self._k += 1
        self.context.append(f"{self.name}:{letter}")
        if letter == "X":
            raise RuntimeError(f"{self.name} broke")
        self.feedback_message = f"{self.name} said {letter}"
        return _STATUS[letter]

    def terminate(self, new_status: Status) -> None:
        if self.status == Status.RUNNING and new_status == Status.INVALID:
            self.context.append(f"halt {self.name}")


class Cond(Act):
    """As Act, but goes on where it was at every entry."""

    KIND = "Condition"
    persists = True


class Read(Leaf):
    """Writes down what it reads; FAILURE if there is nothing."""

    PORTS = (input_port("in", str),)

    def update(self) -> Status:
        try:
            self.context.append(f"{self.name}={self.get('in')}")
        except ContractError:
            self.context.append(f"{self.name}=<unset>")
            return Status.FAILURE
        return Status.SUCCESS


class ReadInt(Read):
    PORTS = (input_port("in", int),)


class Out(Leaf):
    """Writes its value to a key."""

    PORTS = (input_port("value", str), output_port("out", str))

    def update(self) -> Status:
        value = self.get("value")
        self.context.append(f"{self.name}={value}")
        self.set("out", value)
        return Status.SUCCESS


class OutInt(Out):
    PORTS = (input_port("value", int), output_port("out", int))


LEAVES: dict[str, type[Leaf]] = {leaf.tag(): leaf for leaf in (Act, Cond, Read, ReadInt, Out, OutInt)}


class Run:
    """A tree, its events and its clock, ticked with `tick`."""

    def __init__(self, folder: Path, body: str, leaves: dict[str, type[Leaf]] | None = None, **enums: int) -> None:
        if "<BehaviorTree" not in body:
            body = f'<BehaviorTree ID="T">{body}</BehaviorTree>'
        file = folder / "tree.xml"
        file.write_text(f'<root BTCPP_format="4" main_tree_to_execute="T">{body}</root>', encoding="utf-8")
        self.events: list[str] = []
        self.now_s = 0.0
        document = trees.load(file, {**LEAVES, **(leaves or {})}, unwritten=True)
        self.tree = trees.build(document, self.events, lambda: self.now_s, enums=enums)

    def tick(self, after_s: float = 0.0) -> list[str]:
        """The result of a tick and its events."""
        self.now_s += after_s
        self.events.clear()
        return [self.tree.tick_exactly_once(), *self.events]


def act(name: str, seq: str, more: str = 'persist="true"') -> str:
    return f'<Act name="{name}" seq="{seq}" {more}/>'
