"""Finds the blackboard entries that were written since the last look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trees.data.blackboard import Blackboard

_NEVER = object()


class BlackboardChanges:
    """Compares entries by identity: values on a blackboard are replaced, never changed.

    scopes: each blackboard by the name of its subtree.
    """

    def __init__(self, scopes: Mapping[str, Blackboard]) -> None:
        self._scopes = tuple(scopes.items())
        self._seen: list[dict[str, Any]] = [{} for _ in self._scopes]

    def take(self) -> list[tuple[str, str, Any]]:
        """(subtree, key, value) of every entry written since the last call, in the order of the tree."""
        written = []
        for place, (name, scope) in enumerate(self._scopes):
            entries, before = scope.items(), self._seen[place]
            for key, value in entries.items():
                if before.get(key, _NEVER) is not value:
                    written.append((name, key, value))
            self._seen[place] = entries
        return written
