"""Scoped blackboards: every SubTree has its own, connected only by the remapping in the file."""

from __future__ import annotations

import math
import re
from typing import Any

from trees.data.literals import convert, fits, type_name
from trees.data.values import INT64, UNSET, is_number, to_int
from trees.errors import ContractError

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_REAL = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PLAIN = (bool, int, float, str)
"""Types that an entry keeps once it has one."""


class AnyPort:
    """The type of an entry that ports of any type share; only stubs have such ports."""


class AnyValue:
    """The type of such an entry after SetBlackboard: BehaviorTree.CPP 4.10 does not convert it from a text again."""


_OPEN = (None, AnyPort, AnyValue)
"""Types that the next writer may change."""


class Entry:
    """An entry of a blackboard. kind: the type of its first port or writer, None for any. sequence: number of writes,
    including those of an equal value."""

    __slots__ = ("kind", "sequence", "value")

    def __init__(self, kind: Any = None) -> None:
        self.value: Any = UNSET
        self.kind = None if kind is object else kind
        self.sequence = 0

    def write(self, value: Any) -> None:
        self.value = value
        self.sequence += 1


def typed_constant(text: str) -> int | float | str:
    """A constant of a SubTree tag: an int if possible, else a float, else the text."""
    if _WHOLE.fullmatch(text) and -INT64 <= int(text) < INT64:
        return int(text)
    if _REAL.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else text
    return text


class Blackboard:
    """The entries of one scope.

    parent: None for the main tree. remap: key here -> key in the parent. autoremap: every other key except `_private`
    ones is the parent's key of the same name. constants: entries of this scope that the file sets. path: of the
    subtree, for messages. `@key` is the main tree's key at any depth.
    """

    def __init__(
        self,
        parent: Blackboard | None = None,
        *,
        remap: dict[str, str] | None = None,
        autoremap: bool = False,
        constants: dict[str, str] | None = None,
        path: str = "",
    ) -> None:
        self._parent, self._remap, self._autoremap = parent, remap or {}, autoremap
        self.path = path
        self._entries: dict[str, Entry] = {}
        for key, text in (constants or {}).items():
            entry = self._entries[key] = Entry()
            entry.write(typed_constant(text))

    def top(self) -> Blackboard:
        """The main tree's blackboard."""
        scope: Blackboard = self
        while scope._parent is not None:
            scope = scope._parent
        return scope

    def resolve(self, key: str) -> tuple[Blackboard, str]:
        """The scope that holds an entry, and its key there."""
        scope: Blackboard = self
        while True:
            if key[:1] == "@":
                scope, key = scope.top(), key[1:]
                continue
            parent = scope._parent
            if parent is None or key in scope._entries:
                return scope, key
            if key in scope._remap:
                scope, key = parent, scope._remap[key]
            elif scope._autoremap and key[:1] != "_":
                scope = parent
            else:
                return scope, key

    def find(self, key: str) -> Entry | None:
        """The entry in whichever scope holds it, None if there is none."""
        scope, name = self.resolve(key)
        return scope._entries.get(name)

    def declare(self, key: str, kind: Any = None) -> Entry:
        """The entry, created if needed. kind: the type of the port, None for any."""
        scope, name = self.resolve(key)
        entry = scope._entries.get(name)
        if entry is None:
            entry = scope._entries[name] = Entry(kind)
        return entry

    def get(self, key: str, reader: str) -> Any:
        """The value. reader: for messages. ContractError, naming reader, key and scope, if it was never written."""
        scope, name = self.resolve(key)
        entry = scope._entries.get(name)
        if entry is None or entry.value is UNSET:
            known = ", ".join(sorted(scope.items())) or "none"
            where = scope.path or "the main tree"
            raise ContractError(f"{reader} reads {{{key}}}, which nobody has written yet. Keys of {where}: {known}")
        return entry.value

    def set(self, key: str, value: Any) -> None:
        """Write an entry. ContractError if it has a plain type to which `value` cannot be converted."""
        entry = self.find(key)
        if entry is None:
            entry = self.declare(key, None if isinstance(value, str) else type(value))
        elif entry.kind in _PLAIN:
            value = _into(key, entry.kind, value)
        elif entry.kind in _OPEN:
            entry.kind = type(value)
        entry.write(value)

    def unset(self, key: str) -> None:
        """Remove an entry of this scope; remapped entries stay."""
        self._entries.pop(key, None)

    def items(self) -> dict[str, Any]:
        """A copy of the written entries of this scope."""
        return {key: entry.value for key, entry in self._entries.items() if entry.value is not UNSET}


def _into(key: str, kind: Any, value: Any) -> Any:
    try:
        if kind is not str and isinstance(value, str):
            return convert(value, kind)
        if is_number(value) and kind in (int, bool):
            whole = to_int(value)
            if kind is bool and whole not in (0, 1):
                raise ValueError(f"{whole} is neither true nor false")
            return kind(whole)
    except ValueError as error:
        raise ContractError(f"{{{key}}} is of type {type_name(kind)}: {error}") from error
    if not fits(value, kind):
        raise ContractError(f"{{{key}}} is of type {type_name(kind)}, it cannot become a {type(value).__name__}")
    return float(value) if kind is float else value
