"""Scoped blackboards: every tree and every SubTree has its own, joined only by the remapping in the file."""

from __future__ import annotations

from typing import Any

from trees.errors import ContractError

_UNSET = object()


class Blackboard:
    """The entries of one scope.

    remap: key here -> key in the parent. autoremap: all other keys but `_private` ones are the parent's of the same
    name. constants: entries written in the file, this scope's own. `@key` is the root's from any depth. path: of the
    subtree, for messages.
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
        self._constants = constants or {}
        self._entries: dict[str, Any] = dict(self._constants)

    def resolve(self, key: str) -> tuple[Blackboard, str]:
        """The scope and the key that really hold an entry."""
        if self._parent is None:
            return self, key.removeprefix("@")
        if key in self._constants:
            return self, key
        if key.startswith("@") or (key not in self._remap and self._autoremap and not key.startswith("_")):
            return self._parent.resolve(key)
        if key in self._remap:
            return self._parent.resolve(self._remap[key])
        return self, key

    def get(self, key: str, reader: str) -> Any:
        """The value. ContractError, naming reader, key and scope, if nobody has written it yet."""
        scope, name = self.resolve(key)
        value = scope._entries.get(name, _UNSET)
        if value is _UNSET:
            known = ", ".join(sorted(scope._entries)) or "none"
            where = scope.path or "the main tree"
            raise ContractError(f"{reader} reads {{{key}}}, which nobody has written yet. Keys of {where}: {known}")
        return value

    def set(self, key: str, value: Any) -> None:
        scope, name = self.resolve(key)
        scope._entries[name] = value

    def items(self) -> dict[str, Any]:
        """This scope's own entries, a copy."""
        return dict(self._entries)
