"""The number and the paths of every node of an expanded tree: one scheme for logs, Groot2 and `Document.nodes`.

uid        from 1 in pre-order; a SubTree comes before the tree that it holds
path       the ID of the main tree and the names of all nodes on the way: Main/Retry/Close; for people and logs
full path  BehaviorTree.CPP's: the SubTrees on the way and the node's name, `Tag::uid` for a node without a name
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trees.checking.kinds import tag_of
from trees.reading.elements import Element

MAIN: Final = ""
"""The full path of the main tree."""


@dataclass(frozen=True)
class NodePath:
    """Where a node is. name: as written, else its tag, of a SubTree its ID. subtree: full path of the tree that it
    belongs to. inside: full path of the tree that its children belong to; another one for a SubTree only."""

    uid: int
    name: str
    path: str
    full_path: str
    subtree: str
    inside: str

    def child(self, element: Element, uid: int) -> NodePath:
        """The paths of an element below this one."""
        is_subtree = element.tag == "SubTree"
        called = element.attributes["ID"] if is_subtree else tag_of(element)
        written, numbered = element.attributes.get("name"), f"{called}::{uid}"
        prefix = f"{self.inside}/" if self.inside else ""
        name = written or called
        full_path = prefix + (written if written and written != called else numbered)
        # the name of a SubTree counts for what is inside it even if it is the ID
        inside = prefix + (written or numbered) if is_subtree else self.inside
        return NodePath(uid, name, f"{self.path}/{name}", full_path, self.inside, inside)


def above_root(main: str) -> NodePath:
    """What the root of the main tree is a child of. main: the tree's ID."""
    return NodePath(0, main, main, MAIN, MAIN, MAIN)
