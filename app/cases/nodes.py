"""The nodes of an expanded tree with their elements in the file, and the patterns that name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.session.substitute import paths_of
from app.session.substitution_file import Rule
from perception.base.errors import ConfigError
from trees.reading.names import nearest

if TYPE_CHECKING:
    from trees import Document, NodeView
    from trees.reading.elements import Element


def matching(pattern: str, nodes: Sequence[NodeView], place: str) -> list[NodeView]:
    """The nodes that a pattern names: a name, a tag, or a path with * and ?. ConfigError, after `place`, for none."""
    rule = Rule(pattern, "", None)
    found = [node for node in nodes if rule.matches(node.name, node.tag, *paths_of(node))]
    if not found:
        names = sorted({name for node in nodes for name in (node.name, node.tag)})
        raise ConfigError(
            f"{place}: '{pattern}' matches no node.{nearest(pattern, names)} A pattern is a name, a tag or a path with "
            f"* and ?, as */Recover/*"
        )
    return found


@dataclass(frozen=True)
class Origin:
    """The element of a node in the file. tree_id: of the tree that it stands in. path: from there, by names."""

    element: Element
    tree_id: str
    path: str


def origins(document: Document) -> list[Origin]:
    """The element of each node of the expanded tree, in the order of the nodes: uid 1 is the first."""
    rows: list[Origin] = []
    left = [(document.trees[document.main], document.main, document.main)]
    while left:
        element, tree_id, above = left.pop()
        attributes = element.attributes
        name = attributes.get("name") or attributes.get("ID") or element.tag
        path = f"{above}/{name}"
        rows.append(Origin(element, tree_id, path))
        if element.tag == "SubTree":
            left.append((document.trees[attributes["ID"]], attributes["ID"], attributes["ID"]))
        else:
            left.extend((child, tree_id, path) for child in element.children[::-1])
    return rows
