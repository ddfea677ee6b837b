"""Loops: the child is run once for each item of a queue."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from py_trees.common import Status

from trees.data.literals import convert, key_of, type_name
from trees.data.ports import input_port, output_port
from trees.data.values import UNSET
from trees.engine.control import DecoratorNode
from trees.engine.status import Returned, TickStatus
from trees.errors import ContractError


class _Loop(DecoratorNode):
    """Takes the first item off `queue`, writes it to `value` and ticks the child until it ends; RUNNING after every
    item.

    A FAILURE of the child ends the loop. An empty queue gives `if_empty`. queue: `1;2;3`, which restarts whenever the
    loop starts; or a {key} of a list or such a text, copied whenever the loop starts; or of a deque, which is used up.
    ContractError if the key holds none of these.
    """

    item: ClassVar[type]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        text = self.wiring.texts.get("queue", "")
        self._key = key_of(text, "queue")
        self._fixed = () if self._key is not None else _items(text, self.item)
        self._queue: deque[Any] | None = None
        self._child_runs = False

    @classmethod
    def check(cls, attributes: dict[str, str]) -> list[tuple[str, str]]:
        text = attributes.get("queue", "")
        try:
            if key_of(text, "queue") is None:
                _items(text, cls.item)
        except ValueError as error:
            return [("queue", f"port 'queue' is '{text}': {error} between semicolons")]
        return []

    def run(self) -> Returned:
        if self.status is Status.INVALID:  # without a reset, a loop that has ended has no items left
            self._child_runs = False
            self._queue = None
        if not self._child_runs:
            self._queue = self._read_queue()
            if not self._queue:
                self.culprit = None
                self.feedback_message = "the queue is empty"
                answer: TickStatus = self.port("if_empty")
                return answer.returned
            self.wiring.set("value", self._queue.popleft())
        self.status = Status.RUNNING
        returned = self.tick_child()
        self._child_runs = returned is Status.RUNNING
        return Status.FAILURE if returned is Status.FAILURE else Status.RUNNING

    def _read_queue(self) -> deque[Any] | None:
        if self._key is None:
            return deque(self._fixed) if self._queue is None else self._queue
        entry = self.wiring.scope.find(self._key)
        if entry is None:
            return self._queue
        value = entry.value
        if isinstance(value, deque):
            return value
        if self._queue is not None:
            return self._queue
        if isinstance(value, str):
            try:
                return deque(_items(value, self.item))
            except ValueError as error:
                raise ContractError(f"{self.name}: {{{self._key}}} is '{value}': {error}") from error
        if isinstance(value, list | tuple):
            return deque(value)
        held = "nothing yet" if value is UNSET else f"a {type(value).__name__}"
        raise ContractError(f"{self.name}: {{{self._key}}} holds {held}, not a list of {type_name(self.item)}")


def _items(text: str, kind: type) -> tuple[Any, ...]:
    """The items of `1;2;3`. ValueError if one is not of the kind."""
    parts = text.split(";")
    if parts[-1] == "":
        parts.pop()
    return tuple(convert(part, kind) for part in parts)


def _loop(name: str, kind: type) -> type[_Loop]:
    ports = (
        input_port("queue", object, text="items separated by ;, or a key of a list"),
        input_port("if_empty", TickStatus, default=TickStatus.SUCCESS, text="result once nothing is left"),
        output_port("value", kind, default=None, text="the item"),
    )
    return type(name, (_Loop,), {"item": kind, "PORTS": ports, "__doc__": _Loop.__doc__, "__module__": __name__})


LoopInt, LoopBool = _loop("LoopInt", int), _loop("LoopBool", bool)
LoopDouble, LoopString = _loop("LoopDouble", float), _loop("LoopString", str)
