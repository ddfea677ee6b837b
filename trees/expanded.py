"""The expanded tree as BehaviorTree.CPP numbers and names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trees.checking.kinds import tag_of
from trees.reading.elements import Element

if TYPE_CHECKING:
    from trees.load import Document

NodeRow = tuple[int, str, str, str, str]
"""(uid, kind, registration, name, full path)."""


def expand(document: Document) -> Iterator[NodeRow]:
    """Every node in pre-order, a SubTree before its content.

    uid: from 1. kind: Action, Condition, Control, Decorator or SubTree. registration: the tag, `SubTree` for those.
    name: as written, else the registration, of a SubTree its ID. full path: the SubTrees on the way and the name;
    a node without a name of its own is `Tag::uid`.
    """
    uid = 0
    left: list[tuple[Element, str]] = [(document.trees[document.main], "")]
    while left:
        element, prefix = left.pop()
        uid += 1
        is_subtree = element.tag == "SubTree"
        tag = tag_of(element)
        called = element.attributes["ID"] if is_subtree else tag
        name = element.attributes.get("name")
        path = prefix + (f"{called}::{uid}" if name is None or name == called else name)
        kind = "SubTree" if is_subtree else document.class_of(element).KIND
        yield uid, kind, tag, called if name is None else name, path
        if is_subtree:
            inside = f"{called}::{uid}" if name is None else name  # a name counts here even if it is the ID
            left.append((document.trees[called], f"{prefix}{inside}/"))
        else:
            left.extend((child, prefix) for child in reversed(element.children))
