"""Nodes that write entries of the blackboard or check whether they were written."""

from __future__ import annotations

from typing import Any, ClassVar

from py_trees.common import Status

from trees.data.blackboard import AnyPort, AnyValue
from trees.data.literals import convert, key_of, type_name
from trees.data.ports import Direction, Port, input_port
from trees.data.values import UNSET
from trees.engine.control import BuiltInLeaf, ControlNode, DecoratorNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError


class SetBlackboard(BuiltInLeaf):
    """Writes a literal, or another entry, to the entry whose name is `output_key` (without braces)."""

    PORTS = (
        input_port("value", object, text="a literal or a {key}"),
        Port("output_key", str, Direction.INOUT, text="name of the entry to write"),
    )

    def run(self) -> Returned:
        name, scope = self.port("output_key"), self.wiring.scope
        text = self.wiring.texts["value"]
        key = key_of(text, "value")
        value: Any = text
        target = scope.find(name)
        if key is not None:
            source = scope.find(key)
            if source is None:
                raise ContractError(f"{self.name}: there is no entry '{key}' to copy")
            value = source.value
            target = target or scope.declare(name, source.kind)
        if value is UNSET:
            self.feedback_message = f"{{{key}}} has not been written yet"
            return self.fail(None)
        if target is None:
            target = scope.declare(name, str)
        elif isinstance(value, str) and target.kind is AnyValue:
            raise ContractError(f"{self.name}: '{name}' has no type that the text '{value}' could be turned into")
        elif isinstance(value, str) and target.kind not in (None, str, AnyPort):
            try:
                value = convert(value, target.kind)
            except ValueError as error:
                raise ContractError(
                    f"{self.name}: '{value}' cannot be written to '{name}' of type {type_name(target.kind)}: {error}"
                ) from error
        kind = target.kind
        scope.set(name, value)
        if kind in (AnyPort, AnyValue) and scope.resolve(name)[0] is scope:
            target.kind = AnyValue
        return Status.SUCCESS


class UnsetBlackboard(BuiltInLeaf):
    """Removes an entry of this tree's blackboard; SUCCESS even without such an entry."""

    PORTS = (input_port("key", str, text="name of the entry, without braces"),)

    def run(self) -> Returned:
        self.wiring.scope.unset(self.port("key"))
        return Status.SUCCESS


class _Updated(ControlNode):
    """Checks whether an entry was written since the last check, even with an equal value."""

    PORTS = (input_port("entry", object, text="the {key} to watch"),)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        text = self.wiring.texts.get("entry", "")
        self._key = key_of(text, "entry") or text
        self._seen = 0

    def updated(self) -> bool:
        entry = self.wiring.scope.find(self._key)
        if entry is None:
            return False
        before, self._seen = self._seen, entry.sequence
        return before != entry.sequence


class WasEntryUpdated(_Updated, BuiltInLeaf):
    """SUCCESS if the entry was written since the last tick, else FAILURE."""

    def run(self) -> Returned:
        if self.updated():
            return Status.SUCCESS
        self.feedback_message = f"{{{self._key}}} has not been written again"
        return self.fail(None)


class _IfUpdated(_Updated, DecoratorNode):
    """Ticks the child if the entry was written since the last check, and then until the child has ended."""

    otherwise: ClassVar[Returned]

    def forget(self) -> None:
        self._child_runs = False

    def run(self) -> Returned:
        if not self._child_runs and not self.updated():
            return self.otherwise
        returned = self.tick_child()
        self._child_runs = returned is Status.RUNNING
        return returned


class SkipUnlessUpdated(_IfUpdated):
    """Ticks the child if the entry was written since the last check, else SKIPPED."""

    otherwise = SKIPPED


class WaitValueUpdate(_IfUpdated):
    """RUNNING until the entry is written, then ticks the child."""

    otherwise = Status.RUNNING
